"""A whole house: its servers and processes, started in order, watched, and stopped without a trace."""

import contextlib
import os
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Self

from postroom.services import procfile
from postroom.services.environment import Plan, live_senders, plan, publish, sandbox_environment
from postroom.services.faults import Unready
from postroom.services.keeper import HOUSE, Keeper, Say
from postroom.services.leash import Leash
from postroom.services.liveness import Watched, stuck
from postroom.services.lock import Lock
from postroom.services.ports import Claims
from postroom.services.program import Program
from postroom.services.seat import leave_seat, private
from postroom.services.servers import Server, last_words, wait_until_ready
from postroom.store.engine import StoreError
from postroom.store.migrate import upgrade

Heartbeats = Callable[[], Mapping[str, timedelta]]

SANDBOX = "sandbox"
SERVERS = ("postgres", "valkey")
FALSE_STARTS = 4
"""A server may refuse to start while the last of its crashed self is still going; not as often as this."""
WORKER_GRACE = timedelta(seconds=40)
"""Longer than one attempt's deadline: a worker that is asked to stop first ends what is on the wire."""
GRACE = timedelta(seconds=10)
READY = timedelta(seconds=60)
WATCH = timedelta(seconds=5)


def _silent(_name: str, _line: str) -> None:
    """Every line is in the logs anyway."""


class House:
    """The Procfile's processes, and the servers that nobody else provides.

    `start`, `stop` and everything else are called from one thread; nothing outlives the process that made the house.
    """

    def __init__(
        self,
        root: Path,
        overrides: Mapping[str, str] | None = None,
        *,
        directory: Path | None = None,
        say: Say = _silent,
        without: frozenset[str] = frozenset(),
    ) -> None:
        """`directory`: where it keeps its things (default `.postroom`); `without`: processes not to start."""
        self.root = root.resolve()
        self.directory = (directory or self.root / ".postroom").resolve()
        self._overrides = dict(overrides or {})
        self._say = say
        self._without = without
        self._keepers: dict[str, Keeper] = {}
        self._plan: Plan | None = None
        self._rest = contextlib.ExitStack()
        self._leash: Leash

    # What it is ------------------------------------------------------------------------------------------------

    @property
    def environment(self) -> Mapping[str, str]:
        """What its processes are told; for commands that shall find this house. Holds secrets."""
        if self._plan is None:
            raise LookupError("the house has not been started")
        return self._plan.environment

    def process(self, name: str) -> Keeper:
        """One process or server by its name; `.pid`, `.lives`, `.restarts`, `.kill()`."""
        if name not in self._keepers:
            raise LookupError(f"there is no process '{name}' in this house; there are {', '.join(self._keepers)}")
        return self._keepers[name]

    @property
    def processes(self) -> tuple[str, ...]:
        """The names of everything that it keeps running, in the order of starting."""
        return tuple(self._keepers)

    # Starting and stopping -------------------------------------------------------------------------------------

    def start(self) -> Self:
        """Start everything; `wait_ready` tells when it answers. Raises CannotStart, leaving nothing behind."""
        with contextlib.ExitStack() as stack:
            private(self.directory, None)
            lock = Lock(self.directory / "lock")
            stack.callback(lock.release)
            claims = Claims()
            stack.callback(claims.release)
            self._plan = plan(self.root, self.directory, self._overrides, os.environ, claims)
            self._leash = stack.enter_context(Leash(keep_open=(lock.fileno(),)))
            stack.callback(self._stop_all)
            self._start_servers(self._plan)
            publish(self.directory / "run.env", self.environment)
            stack.callback((self.directory / "run.env").unlink, missing_ok=True)
            stack.callback(self._stop_processes)
            self._start_processes(self._plan)
            self._rest = stack.pop_all()
        return self

    def stop(self) -> None:
        """Stop everything, the servers last, and let go of the directory. May be called twice."""
        self._rest.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def halt(self, name: str) -> None:
        """Stop one process and leave it stopped."""
        self.process(name).stop()

    def launch(self, name: str) -> None:
        """Start again what `halt` stopped."""
        self.process(name).start()

    def restart(self, name: str) -> None:
        """Stop one process and start it again."""
        self.process(name).restart()

    def kill(self) -> None:
        """SIGKILL every process group at once; `stop` then finds nothing to wait for."""
        for keeper in self._keepers.values():
            keeper.ask_to_stop()
            keeper.kill()

    # Readiness -------------------------------------------------------------------------------------------------

    def wait_ready(self, within: timedelta = READY) -> None:
        """Return when the door says that it is ready. Raises Unready with the last words of what is not."""
        deadline = time.monotonic() + within.total_seconds()
        while not self.is_ready():
            if time.monotonic() > deadline:
                raise Unready(self._what_is_missing(within))
            time.sleep(0.1)

    def is_ready(self) -> bool:
        """Whether every process runs and the door answers 200 at /readyz."""
        return all(keeper.lives for keeper in self._keepers.values()) and self._answers("WEB_PORT", "/readyz")

    def _answers(self, port: str, path: str) -> bool:
        url = f"http://127.0.0.1:{self.environment[port]}{path}"
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def _what_is_missing(self, within: timedelta) -> str:
        fallen = [keeper for keeper in self._keepers.values() if not keeper.lives or keeper.restarts]
        words = [f"{keeper.program.name} keeps ending. {last_words(keeper.log)}" for keeper in fallen]
        if not words:
            words = [f"/readyz does not answer 200. {last_words(self.process('web').log)}"]
        return "\n".join((f"The house was not ready after {within.total_seconds():.0f} s.", *words))

    # Watching --------------------------------------------------------------------------------------------------

    def check_liveness(self, heartbeats: Heartbeats) -> list[str]:
        """Restart each worker whose queue's canary is silent while it runs; says which."""
        watched = [
            Watched(name, keeper.program.queues, keeper.age) for name, keeper in self._keepers.items() if keeper.lives
        ]
        found = stuck(watched, heartbeats())
        for name, queue, silence in found:
            self._say(
                HOUSE, f"{name} takes nothing from '{queue}' since {silence.total_seconds():.0f} s: restarting it"
            )
            self._keepers[name].restart()
        return [name for name, _, _ in found]

    def stay(self, heartbeats: Heartbeats) -> None:
        """Keep watch until a signal (KeyboardInterrupt) ends it: over the warden, and over the queues' canaries."""
        while True:
            time.sleep(WATCH.total_seconds())
            self._leash.renew_if_lost()
            with contextlib.suppress(StoreError):  # PostgreSQL is away: the canaries say nothing about the workers
                self.check_liveness(heartbeats)

    # Steps -----------------------------------------------------------------------------------------------------

    def _start_servers(self, plan: Plan) -> None:
        for server in (plan.postgres, plan.valkey):
            if server is not None:
                self._start_server(server)
        if plan.postgres is not None:
            plan.postgres.ensure_database()
        self._say(HOUSE, "bringing the database to the newest schema")
        upgrade(plan.environment["DATABASE_URL"])

    def _start_server(self, server: Server) -> None:
        server.prepare()
        keeper = self._keep(server.program(), before=server.prepare)
        wait_until_ready(
            keeper.program.name,
            server.is_ready,
            lives=lambda: keeper.restarts < FALSE_STARTS,
            log=keeper.log,
        )

    def _start_processes(self, plan: Plan) -> None:
        _empty(Path(plan.environment["METRICS_DIR"]))
        absent = set(self._without)
        if not plan.sandbox:
            absent.add(SANDBOX)
            reasons = " and ".join(live_senders(plan.environment))
            self._say(HOUSE, f"the sandbox stays out, beside a live sender: {reasons} is set")
        entries = [entry for entry in procfile.read_procfile(self.root / "Procfile") if entry.name not in absent]
        for program in [self._program(entry, plan.environment) for entry in entries]:
            self._keep(program)

    def _program(self, entry: procfile.Entry, environment: Mapping[str, str]) -> Program:
        env = sandbox_environment(environment) if entry.name == SANDBOX else environment
        return Program(
            name=entry.name,
            argv=procfile.argv(entry, environment),
            env={**env, "POSTROOM_PROCESS": entry.name},
            cwd=self.root,
            grace=WORKER_GRACE if entry.queues else GRACE,
            queues=entry.queues,
        )

    def _keep(self, program: Program, before: Callable[[], None] = lambda: None) -> Keeper:
        log = self.directory / "logs" / f"{program.name}.log"
        keeper = Keeper(program, self._leash, log=log, say=self._say, before=before)
        self._keepers[program.name] = keeper
        keeper.start()
        return keeper

    def _stop_processes(self) -> None:
        """The sandbox after the rest: a worker that is asked to stop may still wait for its answer."""
        _stop([keeper for name, keeper in self._keepers.items() if name not in (*SERVERS, SANDBOX)])
        _stop([keeper for name, keeper in self._keepers.items() if name == SANDBOX])

    def _stop_all(self) -> None:
        for keeper in reversed(self._keepers.values()):
            _stop([keeper])
        self._keepers.clear()
        if self._plan is not None and self._plan.postgres is not None:
            leave_seat(self._plan.postgres.seat)


def _stop(keepers: Sequence[Keeper]) -> None:
    """Ask them all, then wait for each; whoever is impatient (a second Ctrl-C) has them killed."""
    try:
        for keeper in keepers:
            keeper.ask_to_stop()
        for keeper in keepers:
            keeper.stop()
    except KeyboardInterrupt:
        for keeper in keepers:
            keeper.kill()
        for keeper in keepers:
            keeper.stop()


def _empty(metrics: Path) -> None:
    """Counters of processes that are gone would be counted on."""
    metrics.mkdir(parents=True, exist_ok=True)
    for file in metrics.glob("*.db"):
        file.unlink()


@contextlib.contextmanager
def stopped_by_signals() -> Iterator[None]:
    """SIGTERM, and SIGHUP of a terminal that is closed, end the block as Ctrl-C does: by KeyboardInterrupt."""
    before = {number: signal.signal(number, _interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, disposition in before.items():
            signal.signal(number, disposition)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt(signal.Signals(number).name)
