"""Setting a house up: start it with its progress on the terminal, introduce our templates, say where things are."""

import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from celery import Celery
from rich.console import Console
from rich.markup import escape
from rich.status import Status
from rich.table import Table

from config.companies import load_companies
from config.settings import HOUSE, ROOT
from config.template_files import load_templates
from postroom.cli.faults import Refused
from postroom.cli.nearby import nearby
from postroom.domain.channels import ChannelName
from postroom.domain.links import documents_under
from postroom.domain.meta_templates import meta_definition
from postroom.services.faults import Unready
from postroom.services.supervisor import SANDBOX, House
from postroom.store.engine import Engine, connect
from postroom.store.heartbeats import ages
from workers.queues import Queue

WORKERS_READY = 60
"""Seconds."""
WABA_ID = "200000000000001"
OF_THE_KEEPER = re.compile(r"ended with |did not stop|takes nothing from ")
"""What the supervisor says of a process; everything else that is no JSON is a server's or a library's own talk."""
LOUD = frozenset({"warning", "error", "critical"})


class Voice:
    """What the processes say, as far as somebody at the terminal wants to hear it; all of it is in the logs."""

    def __init__(self, console: Console, *, verbose: bool) -> None:
        self._console = console
        self._verbose = verbose
        self.status: Status | None = None

    def __call__(self, name: str, line: str) -> None:
        """Called from the keepers' threads."""
        words = _worth_hearing(name, line, verbose=self._verbose)
        if words and self.status is not None and not self._verbose:
            self.status.update(f"{name}: {escape(words[:100])}")
        elif words:
            self._console.print(f"[dim]{name:9}[/] {escape(words)}", soft_wrap=True)


def _worth_hearing(name: str, line: str, *, verbose: bool) -> str:
    if verbose or name == "house" or OF_THE_KEEPER.match(line):
        return line
    try:
        told = json.loads(line)
    except ValueError:
        return ""
    if not isinstance(told, dict) or told.get("level") not in LOUD:
        return ""
    rest = [f"{name}={value}" for name, value in told.items() if name not in {"event", "level", "at", "logger"}]
    return " ".join((str(told.get("event")), *rest))


@contextmanager
def standing_house(console: Console, overrides: Mapping[str, str], *, verbose: bool) -> Iterator[House]:
    """A whole house, ready; everything of it is gone when the block ends. Raises CannotStart."""
    voice = Voice(console, verbose=verbose)
    with House(ROOT, overrides, directory=HOUSE, say=voice) as house:
        with console.status("starting every process") as status:
            voice.status = status
            house.wait_ready()
            if SANDBOX in house.processes:
                introduce_templates(house.environment)
            wait_for_workers(house.environment)
            voice.status = None
        yield house
        console.print("[dim]stopping; what is on the wire is finished first[/]")


def keep_up(house: House) -> None:
    """Watch over a house until a signal (KeyboardInterrupt) ends it."""
    engine = connect(house.environment["DATABASE_URL"], process="postroom-up", pool=1)
    try:
        house.stay(lambda: ages(engine))
    finally:
        engine.dispose()


def wait_for_workers(environment: Mapping[str, str]) -> None:
    """Return when every queue is worked on: the door is ready long before the last worker. Raises Unready."""
    engine = connect(environment["DATABASE_URL"], process="postroom-up", pool=1)
    started = time.monotonic()
    publisher = Celery("postroom-up", broker=environment["REDIS_URL"], set_as_current=False)
    try:
        for queue in Queue:
            publisher.send_task("canary", args=(queue.value,), queue=queue.value, ignore_result=True)
        while silent := _silent_queues(engine, since=started):
            if time.monotonic() - started > WORKERS_READY:
                raise Unready(f"No worker takes anything from {', '.join(silent)}. Its log is in {HOUSE / 'logs'}.")
            time.sleep(0.1)
    finally:
        publisher.close()
        engine.dispose()


def _silent_queues(engine: Engine, *, since: float) -> list[Queue]:
    seen = {name: age.total_seconds() for name, age in ages(engine).items()}
    return [queue for queue in Queue if seen.get(f"queue:{queue}", float("inf")) > time.monotonic() - since]


def introduce_templates(environment: Mapping[str, str]) -> int:
    """Put our WhatsApp templates before the sandbox, as one puts them before Meta. Returns how many it approved."""
    version = environment.get("WHATSAPP_API_VERSION") or "v23.0"
    account = environment.get("SANDBOX_WABA_ID") or WABA_ID
    url = f"{environment['SANDBOX_URL']}/{version}/{account}/message_templates"
    headers = {"Authorization": f"Bearer {environment['SANDBOX_SECRET']}"}
    versions = load_templates().matching(channel=ChannelName.WHATSAPP)
    documents = documents_under(load_companies().default.address or environment["PUBLIC_URL"])
    with nearby() as session:
        for each in versions:
            answer = session.post(url, json=meta_definition(each, documents), headers=headers, timeout=10)
            if not answer.ok:
                words = f"The sandbox does not approve the template {each.title!r}: {answer.text[:300]}"
                raise Refused(words, "postroom templates lint")
    return len(versions)


def addresses(environment: Mapping[str, str], *, sandbox: bool) -> dict[str, str]:
    """Where a browser finds things, the most interesting first."""
    flower = f"http://{environment['FLOWER_USER']}:{environment['FLOWER_PASSWORD']}@127.0.0.1"
    places = {
        "inbox": environment["SANDBOX_URL"] + "/" if sandbox else "",
        "door": environment["PUBLIC_URL"],
        "docs": f"{environment['PUBLIC_URL']}/docs",
        "flower": f"{flower}:{environment['FLOWER_PORT']}/",
    }
    return {name: url for name, url in places.items() if url}


TITLES = {
    "inbox": "The inbox: each message as its receiver sees it",
    "door": "The door: POST /v1/events",
    "docs": "Its API",
    "flower": "Flower: what the workers do",
}


def places(urls: Mapping[str, str]) -> Table:
    """The addresses as a table that a terminal makes clickable."""
    grid = Table.grid(padding=(0, 2))
    for name, url in urls.items():
        grid.add_row(f"[dim]{TITLES[name]}[/]", f"[bold cyan]{escape(url)}[/]")
    return grid
