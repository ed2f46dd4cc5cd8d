"""Where the benchmarks happen: a whole house of its own whose WhatsApp leads to the stub, and room for baselines."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.provider import Provider
from postroom.services.leash import Leash
from postroom.services.ports import free_port
from postroom.services.program import Program
from postroom.services.servers import wait_until_ready
from postroom.services.supervisor import House

ROOT = Path(__file__).resolve().parent.parent

NOBODYS = {
    # Whatever the user has set: no real database, no real sender, no ceiling, and the defaults of everything else.
    **dict.fromkeys(("DATABASE_URL", "REDIS_URL", "WHATSAPP_ACCESS_TOKEN", "SMTP_URL", "EVENT_SECRETS"), ""),
    "HOURLY_CEILING": "10000000",
    "SEND_RATES": "whatsapp=100000 email=100000",
}


@dataclass(frozen=True, slots=True)
class Stage:
    """The house, the stub provider, and a leash for the baselines' processes."""

    house: House
    provider: Provider
    directory: Path
    _leash: Leash

    @property
    def environment(self) -> Mapping[str, str]:
        """What the house's processes are told."""
        return self.house.environment

    @property
    def baseline_broker(self) -> str:
        """The same Valkey as the house's, another database of it."""
        return self.environment["REDIS_URL"].rpartition("/")[0] + "/9"

    @property
    def event_secret(self) -> str:
        """The secret that Odoo signs with."""
        secrets = dict(entry.split("=", 1) for entry in self.environment["EVENT_SECRETS"].split(";"))
        return secrets["odoo"].split()[0]

    @property
    def thinkers(self) -> tuple[str, ...]:
        """The house's own processes behind the door: all but the servers and the door."""
        return tuple(name for name in self.house.processes if name not in {"postgres", "valkey", "web"})

    @contextlib.contextmanager
    def running(self, name: str, *argv: str, **environment: str) -> Iterator["subprocess.Popen[bytes]"]:
        """Another process beside the house, ended with the block, or with us when we are killed."""
        with start(self._leash, self.directory, name, argv, environment) as child:
            yield child

    @contextlib.contextmanager
    def resting(self, names: Iterable[str]) -> Iterator[None]:
        """Freeze some of the house's processes for the block: what they do not take, others have."""
        groups = [self.house.process(name).pid for name in names]
        with frozen(groups):
            yield


@contextlib.contextmanager
def stage() -> Iterator[Stage]:
    """Set it up in a directory of its own, and leave nothing behind."""
    directory = Path(tempfile.mkdtemp(prefix="postroom-bench-", dir="/tmp")).resolve()
    directory.chmod(0o711)
    try:
        with Leash() as leash, _stub(leash, directory) as provider:
            overrides = {**NOBODYS, "SANDBOX_URL": provider.url}
            with House(ROOT, overrides, directory=directory / "house", without=frozenset({"sandbox"})) as house:
                house.wait_ready()
                yield Stage(house, provider, directory, leash)
    finally:
        shutil.rmtree(directory)


@contextlib.contextmanager
def _stub(leash: Leash, directory: Path) -> Iterator[Provider]:
    port = free_port()
    with start(leash, directory, "stub", (sys.executable, "-m", "bench.stub", str(port)), {}) as child:
        provider = Provider(port)
        log = directory / "stub.log"
        wait_until_ready("stub", provider.answers, lives=lambda: child.poll() is None, log=log)
        yield provider


@contextlib.contextmanager
def start(
    leash: Leash, directory: Path, name: str, argv: Iterable[str], environment: Mapping[str, str]
) -> Iterator["subprocess.Popen[bytes]"]:
    """One process in a group of its own."""
    program = Program(name, tuple(argv), {**os.environ, **environment, "PYTHONPATH": str(ROOT)}, cwd=ROOT)
    with (directory / f"{name}.log").open("ab") as output:
        child = leash.spawn(program, output)
    try:
        yield child
    finally:
        child.send_signal(program.stop_signal)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(program.grace.total_seconds())
        leash.forget(child)
        child.wait()


@contextlib.contextmanager
def frozen(groups: Iterable[int]) -> Iterator[None]:
    """Stop whole process groups in their tracks, and let them go on afterwards."""
    stopped: list[int] = []
    try:
        for group in groups:
            os.killpg(group, signal.SIGSTOP)
            stopped.append(group)
        yield
    finally:
        for group in stopped:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGCONT)
