"""A whole house in a directory of its own, and all that a scenario does to it and asks of it."""

import hmac
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import redis
import requests
from celery import Celery
from standardwebhooks import Webhook

from config.template_files import load_templates
from postroom.domain.channels import ChannelName
from postroom.domain.links import documents_under
from postroom.domain.meta_templates import meta_definition
from postroom.services.keeper import Keeper
from postroom.services.leash import Leash
from postroom.services.supervisor import SERVERS, House
from postroom.store.clock import FRESH_SECONDS, SharedClock, set_pace
from postroom.store.engine import connect
from tests.builders import query
from tests.faults.injection import Failpoints, Injected
from tests.faults.news import WABA_ID, News, webhook_body
from tests.faults.patience import eventually
from tests.faults.witness import Witness, table

ROOT = Path(__file__).resolve().parents[2]
UNNEEDED = frozenset({"flower", "beat"})
ALONE = {"DATABASE_URL": "", "REDIS_URL": "", "WHATSAPP_ACCESS_TOKEN": "", "SMTP_URL": ""}
"""Whatever the developer's own environment says."""
PACKAGES = ("config", "postroom", "sandbox", "scheduler", "webhooks", "workers")
BESIDE = ("Procfile", "pyproject.toml")
BATCH = 100


class Scene:
    """One running house. Every process in it is one of the operating system's; nothing is called from within."""

    def __init__(self, house: House, failpoints: Failpoints) -> None:
        self.house = house
        self.injected = Injected()
        self.answered: dict[UUID, News] = {}
        """Every event that the door said 2xx to, by the id that it gave."""
        environment = house.environment
        self.engine = connect(environment["DATABASE_URL"], process="faults")
        self.clock = SharedClock(self.engine)
        self.redis = redis.Redis.from_url(environment["REDIS_URL"])
        self.witness = Witness(environment["SANDBOX_URL"])
        self._failpoints = failpoints
        self._door = f"http://127.0.0.1:{environment['WEB_PORT']}"
        self._session = requests.Session()
        self._celery = Celery("faults", broker=environment["REDIS_URL"], set_as_current=False)

    def close(self) -> None:
        """Hang up; the house goes on."""
        self._celery.close()
        self._session.close()
        self.witness.close()
        self.redis.close()
        self.engine.dispose()

    # At the door ---------------------------------------------------------------------------------------------------

    def post(self, *news: News) -> list[UUID]:
        """Post events as Odoo does, signed; returns the door's ids."""
        ids: list[UUID] = []
        for start in range(0, len(news), BATCH):
            part = news[start : start + BATCH]
            ids += self._post_batch([one.event for one in part])
        self.answered |= dict(zip(ids, news, strict=True))
        return ids

    def _post_batch(self, events: Sequence[Mapping[str, Any]]) -> list[UUID]:
        single = len(events) == 1
        body = json.dumps(events[0] if single else events)
        media_type = "application/cloudevents+json" if single else "application/cloudevents-batch+json"
        secret = dict(entry.split("=", 1) for entry in self.house.environment["EVENT_SECRETS"].split(";"))["odoo"]
        now, webhook_id = datetime.now(UTC), str(events[0]["id"])
        answer = self._session.post(
            f"{self._door}/v1/events",
            data=body.encode(),
            headers={
                "content-type": media_type,
                "webhook-id": webhook_id,
                "webhook-timestamp": str(int(now.timestamp())),
                "webhook-signature": Webhook(secret.split()[0]).sign(webhook_id, now, body),
            },
            timeout=30,
        )
        assert answer.status_code == 202, answer.text
        return [UUID(one["id"]) for one in answer.json()["events"]]

    def post_receipts(self, *receipts: Mapping[str, Any]) -> None:
        """Post receipts in one webhook as Meta does, signed."""
        assert self.post_webhook(webhook_body(*receipts)) == 200

    def post_webhook(self, body: bytes) -> int:
        """Post a body to Meta's door with Meta's signature; the answer's status."""
        secret = self.house.environment["SANDBOX_SECRET"].encode()
        signature = hmac.new(secret, body, "sha256").hexdigest()
        headers = {"content-type": "application/json", "x-hub-signature-256": f"sha256={signature}"}
        return requests.post(f"{self._door}/webhooks/meta", data=body, headers=headers, timeout=30).status_code

    # In the store --------------------------------------------------------------------------------------------------

    def ask(self, sql: str, **values: Any) -> Sequence[Any]:
        """Ask the database anything."""
        return query(self.engine, sql, **values)

    def legs(self, news: News) -> dict[str, Any]:
        """The legs of an event's message, by channel."""
        rows = self.ask(
            "select m.* from inbox e join intent i on i.event_id = e.id join message_log m on m.intent_id = i.id "
            "where e.source = :source and e.key = :key",
            source=news.event["source"],
            key=news.key,
        )
        return {row.channel: row for row in rows}

    def leg(self, news: News, channel: str = "whatsapp") -> Any:
        """One leg of an event's message; None while it is not written."""
        return self.legs(news).get(channel)

    def leg_in(self, news: News, *states: str, channel: str = "whatsapp", within: float = 20.0) -> Any:
        """The leg, as soon as it is in one of these states."""

        def there() -> Any:
            leg = self.leg(news, channel)
            return leg if leg is not None and leg.state in states else None

        return eventually(there, within=within, what=f"the {channel} leg of {news.key} in state {' or '.join(states)}")

    def attempts(self, news: News, channel: str = "whatsapp") -> Sequence[Any]:
        """The attempts of one leg, oldest first."""
        leg = self.leg(news, channel)
        return self.ask("select * from attempt where message_id = :id order by number", id=leg.id)

    def count(self, news: Sequence[News], *states: str, channel: str = "whatsapp") -> int:
        """How many of these messages have a leg of that channel in one of these states; in any, if none is named."""
        [row] = self.ask(
            "select count(*) as n from inbox e join intent i on i.event_id = e.id "
            "join message_log m on m.intent_id = i.id "
            "where e.key = any(:keys) and m.channel = :channel and (:any or m.state = any(:states))",
            keys=[one.key for one in news],
            channel=channel,
            any=not states,
            states=list(states),
        )
        return int(row.n)

    @contextmanager
    def paused(self, channel: str) -> Iterator[None]:
        """Nothing of a channel is claimed meanwhile, as after `postroom pause channel`."""
        self.ask("insert into pause (scope, value) values ('channel', :channel)", channel=channel)
        try:
            yield
        finally:
            self.ask("delete from pause where scope = 'channel' and value = :channel", channel=channel)

    # Clocks and hints ----------------------------------------------------------------------------------------------

    def let_pass(self, span: timedelta) -> None:
        """Business time jumps forward, for all processes."""
        set_pace(self.engine, self.clock, 1.0, start=self.clock.now() + span)

    def go_to(self, moment: datetime) -> None:
        """Business time jumps there, and every process has noticed."""
        self.let_pass(moment - self.clock.now())
        time.sleep(FRESH_SECONDS + 0.2)
        self.note(f"the clock jumped to {moment:%Y-%m-%d %H:%M}")

    def hurry(self, rate: float) -> datetime:
        """Business time runs at this rate from now on; what it is now."""
        now = self.clock.now()
        set_pace(self.engine, self.clock, rate, start=now)
        return now

    def hint(self, channel: str, lane: str) -> None:
        """One more Celery message for a lane, past the hints' own modesty."""
        self._celery.send_task("deliver", args=(channel, lane), queue=f"{channel}.{lane}", ignore_result=True)

    def call(self, task: str, *, queue: str) -> None:
        """Ask for one of our tasks, as beat does."""
        self._celery.send_task(task, queue=queue, ignore_result=True)

    def let_consume(self, queue: str, worker: str, *, not_: str | None = None) -> None:
        """Let one worker listen to a queue, and another one no longer."""
        if not_ is not None:
            self._tell(not_, "cancel_consumer", queue)
        self._tell(worker, "add_consumer", queue)

    def _tell(self, worker: str, command: str, queue: str) -> None:
        node = f"{worker}@{socket.gethostname()}"
        replies = self._celery.control.broadcast(
            command, arguments={"queue": queue}, destination=[node], reply=True, timeout=5, limit=1
        )
        assert replies, f"{node} does not answer {command}"

    def waiting_in(self, queue: str) -> int:
        """How many Celery messages wait in a queue."""
        return int(self.redis.llen(queue))

    def wait_for_worker(self, name: str) -> None:
        """Return when a Celery worker of this name answers."""

        def answers() -> bool:
            replies = self._celery.control.ping(timeout=0.5) or []
            return any(node.startswith(f"{name}@") for reply in replies for node in reply)

        eventually(answers, within=40, what=f"worker {name} answers")

    def cli(self, *words: object, code: int = 0) -> str:
        """What an operator types in another terminal, and what is said to it; it must end with that code."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        ended = subprocess.run(
            [sys.executable, "-m", "postroom", *map(str, words)],
            check=False,
            cwd=self.house.root,
            env={**kept, "POSTROOM_DIR": str(self.house.directory)},
            text=True,
            capture_output=True,
            timeout=60,
        )
        assert ended.returncode == code, ended.stdout + ended.stderr
        return ended.stdout + ended.stderr

    # Faults --------------------------------------------------------------------------------------------------------

    def note(self, fault: str) -> None:
        """Write down a fault that is proven to have struck."""
        self.injected.note(fault)

    def armed(self, fault: str) -> AbstractContextManager[None]:
        """Arm a fault for the next process that reaches its point; at the end it must have struck."""
        return self._failpoints.armed(fault, self.injected)

    def kill(self, name: str) -> None:
        """SIGKILL one process of the house; its keeper starts it again."""
        pid = self.house.process(name).pid
        os.kill(pid, signal.SIGKILL)
        self.note(f"kill -9 {name}")

    @contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """One process stands still meanwhile, as on a machine that is out of breath."""
        pid = self.house.process(name).pid
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)
        self.note(f"{name} stood still")

    def put_down(self, name: str) -> None:
        """SIGKILL one process and leave it dead until the house launches it again."""
        keeper = self.house.process(name)
        keeper.ask_to_stop()
        keeper.kill()
        keeper.stop()

    def lose_redis(self) -> None:
        """SIGKILL Redis and throw away all that it knew; an empty one takes its place."""
        self.redis.set("postroom:faults:mark", 1)
        self.kill("valkey")
        self.house.halt("valkey")  # its keeper may have been quicker: then that one is stopped, too
        shutil.rmtree(self.house.directory / "valkey")
        self.house.launch("valkey")
        eventually(self._redis_answers, what="an empty Redis answers")
        assert self.redis.get("postroom:faults:mark") is None
        self.note("Redis replaced by an empty one")

    def _redis_answers(self) -> bool:
        try:
            return bool(self.redis.ping())
        except redis.RedisError:
            return False

    def replace_worker(self, name: str, script: Path) -> None:
        """Let a process run the same command under a script that changes it."""
        self.put_down(name)
        keeper = self.house.process(name)
        program = keeper.program
        # argv is [celery, …]: the script patches what it patches, then becomes celery.
        python = str(Path(program.argv[0]).with_name("python"))
        keeper.program = replace(program, argv=(python, str(script), *program.argv[1:]))
        self.house.launch(name)
        self.wait_for_worker(name)

    @contextmanager
    def second_worker(self, name: str) -> Iterator[list[str]]:
        """One more process like that one, under another name; what it says, line by line."""
        said: list[str] = []
        first = self.house.process(name).program
        other = f"{name}-2"
        argv = tuple(word.replace(f"{name}@", f"{other}@") for word in first.argv)
        log = self.house.directory / "logs" / f"{other}.log"
        with ExitStack() as stack:
            leash = stack.enter_context(Leash())
            keeper = Keeper(
                replace(first, name=other, argv=argv), leash, log=log, say=lambda _, line: said.append(line)
            )
            keeper.start()
            stack.callback(keeper.stop)
            self.wait_for_worker(other)
            yield said

    # For people ----------------------------------------------------------------------------------------------------

    def story(self) -> str:
        """What the witness counted, what the store says, and who died, for the reader of a failure."""
        states = self.ask(
            "select channel, state, coalesce(reason, '-') as reason, count(*) as n from message_log "
            "group by 1, 2, 3 order by 1, 2, 3"
        )
        ended = {name: self.house.process(name).restarts for name in self.house.processes}
        return "\n".join(
            [
                table(self.witness.requests()),
                "legs: " + "; ".join(f"{row.n} {row.channel} {row.state} ({row.reason})" for row in states),
                "restarts: " + ", ".join(f"{name} {n}" for name, n in ended.items() if n),
                "injected: " + ", ".join(self.injected.struck),
            ]
        )


def register_templates(house: House) -> None:
    """Put our templates before the sandbox's Meta, as `postroom up` does."""
    for version in load_templates().matching(channel=ChannelName.WHATSAPP):
        answer = requests.post(
            f"{house.environment['SANDBOX_URL']}/v23.0/{WABA_ID}/message_templates",
            json=meta_definition(version, documents_under(house.environment["PUBLIC_URL"])),
            headers={"authorization": f"Bearer {house.environment['SANDBOX_SECRET']}"},
            timeout=10,
        )
        assert answer.ok, (version.title, answer.text)


@contextmanager
def running_scene(settings: Mapping[str, str], files: Mapping[str, str]) -> Iterator[Scene]:
    """A house with these settings and files of configuration, its templates known to the provider, no fault armed."""
    directory = Path(tempfile.mkdtemp(prefix="pr-", dir="/tmp")).resolve()  # short, for sockets
    directory.chmod(0o711)  # PostgreSQL's account walks through it
    points = Failpoints(directory / "markers")
    root = checkout(directory / "checkout", files) if files else ROOT
    house = House(root, {**ALONE, **settings, **points.environment()}, directory=directory / "house", without=UNNEEDED)
    try:
        with house:
            house.wait_ready()
            register_templates(house)
            scene = Scene(house, points)
            try:
                yield scene
            finally:
                scene.close()
                for name in set(house.processes) - set(SERVERS):
                    scene.put_down(name)
    finally:
        shutil.rmtree(directory)


def checkout(root: Path, files: Mapping[str, str]) -> Path:
    """The code as it stands, with other files in its config/, as an operator changes them."""
    root.mkdir(mode=0o755)
    for name in PACKAGES:
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in BESIDE:
        shutil.copy(ROOT / name, root)
    for name, text in files.items():
        (root / "config" / name).write_text(text, "utf-8")
    return root
