"""Keeping one process running: start it, listen to it, start it again when it ends."""

import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO, cast

from postroom.services.faults import CannotStart
from postroom.services.leash import Leash, kill_group
from postroom.services.log import Log
from postroom.services.program import Program

Say = Callable[[str, str], None]
"""Somewhere for a line to go: the process's name, and the line."""

HOUSE = "house"
"""Under whose name the house itself speaks."""
FIRST_PAUSE = timedelta(seconds=0.5)
LONGEST_PAUSE = timedelta(seconds=30)
RAN_WELL = timedelta(seconds=60)
"""A process that lasted this long had not failed to start: the next pause is the first again."""
LAST_LINES = 2.0
"""Seconds to wait for the last lines of a process that has ended."""


def pause_before(restart: int, luck: float) -> timedelta:
    """How long to wait before the n-th restart in a row: doubling, bounded, and spread by `luck` (0 to 1)."""
    doublings = min(restart - 1, 16)
    longest = min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)
    return longest * (0.5 + 0.5 * luck)


@dataclass(frozen=True, slots=True)
class Run:
    """One life of the process."""

    child: "subprocess.Popen[bytes]"
    since: float


class Keeper:
    """Keeps one program running until it is told to stop; may be started again after that."""

    def __init__(
        self,
        program: Program,
        leash: Leash,
        *,
        log: Path,
        say: Say,
        before: Callable[[], None] = lambda: None,
    ) -> None:
        """`before` is called before each start, the first one too."""
        self.program = program
        self.log = log
        self.restarts = 0
        self._leash = leash
        self._say = say
        self._before = before
        self._run: Run | None = None
        self._asked = 0.0
        self._leaving = threading.Event()
        self._hurried = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def pid(self) -> int:
        """The running process's pid. Raises ProcessLookupError while none runs."""
        run = self._run
        if run is None or run.child.poll() is not None:
            raise ProcessLookupError(f"{self.program.name} is not running")
        return run.child.pid

    @property
    def lives(self) -> bool:
        """Whether the process runs at this moment."""
        run = self._run
        return run is not None and run.child.poll() is None

    @property
    def age(self) -> timedelta:
        """How long the present process has run."""
        run = self._run
        return timedelta(0) if run is None else timedelta(seconds=time.monotonic() - run.since)

    def start(self) -> None:
        """Begin to keep it running; returns at once."""
        if self._thread is not None:
            return
        self._leaving.clear()
        self._hurried.clear()
        self._thread = threading.Thread(target=self._keep, name=f"keeper of {self.program.name}", daemon=True)
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Send the stop signal, once (Celery takes a second as haste), and do not start it again; returns at once."""
        if self._leaving.is_set():
            return
        self._asked = time.monotonic()
        self._leaving.set()
        self._hurried.set()
        self._signal(self.program.stop_signal)

    def stop(self) -> None:
        """Stop it and wait for its end: the stop signal, its grace, then SIGKILL to its whole group."""
        self.ask_to_stop()
        if self._thread is None:
            return
        self._thread.join(max(0.0, self._asked + self.program.grace.total_seconds() - time.monotonic()))
        if self._thread.is_alive():
            self._say(HOUSE, f"{self.program.name} did not stop in {self.program.grace.total_seconds():.0f} s: killed")
            self.kill()
            self._thread.join()
        self._thread = None

    def kill(self) -> None:
        """SIGKILL its whole group; a keeper that is not leaving starts it again."""
        if self.lives:
            kill_group(self.pid)

    def restart(self) -> None:
        """End the present process, killed if its grace runs out, and start another without a pause."""
        self._hurried.set()  # also ends a pause, if it is in one
        ended = self._run
        if ended is None or ended.child.poll() is not None:
            return
        self._signal(self.program.stop_signal)
        with suppress(subprocess.TimeoutExpired):
            ended.child.wait(self.program.grace.total_seconds())
        if ended.child.poll() is None:
            kill_group(ended.child.pid)

    def _signal(self, number: signal.Signals) -> None:
        run = self._run
        if run is not None:
            run.child.send_signal(number)

    def _keep(self) -> None:
        in_a_row = 0
        while not self._leaving.is_set():
            lasted, code = self._live_once()
            if self._leaving.is_set():
                return
            self.restarts += 1
            in_a_row = 1 if lasted > RAN_WELL else in_a_row + 1
            pause = pause_before(in_a_row, random.random())  # noqa: S311 - jitter
            if self._hurried.is_set():
                self._hurried.clear()
                continue
            self._say(HOUSE, f"{self.program.name} ended: {code}; starts again in {pause.total_seconds():.1f} s")
            self._hurried.wait(pause.total_seconds())
            self._hurried.clear()

    def _live_once(self) -> tuple[timedelta, str]:
        """From start to end; how long it lasted, and how it ended."""
        try:
            self._before()
        except CannotStart as fault:
            return timedelta(0), str(fault)
        child = self._leash.spawn(self.program, subprocess.PIPE)
        self._run = Run(child, time.monotonic())
        if self._leaving.is_set():  # asked to stop between the loop's look and the start
            child.send_signal(self.program.stop_signal)
        listener = threading.Thread(target=self._listen, args=(child,), daemon=True)
        listener.start()
        code = child.wait()
        self._leash.forget(child)
        listener.join(LAST_LINES)
        return self.age, _ending(code)

    def _listen(self, child: "subprocess.Popen[bytes]") -> None:
        log = Log(self.log)
        with cast("IO[bytes]", child.stdout) as words, closing(log):
            for line in words:
                log.write(line)
                self._say(self.program.name, line.decode("utf-8", errors="replace").rstrip())


def _ending(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit status {code}"
