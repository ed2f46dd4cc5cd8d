"""What the embedded servers have in common, and how one is waited for."""

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from postroom.services.faults import Unready
from postroom.services.program import Program

START = timedelta(seconds=60)
"""Reading back a long log after a crash takes a while."""
TAIL_LINES = 12


class Server(Protocol):
    """An embedded server; PostgreSQL and Valkey differ in everything else."""

    def prepare(self) -> None:
        """Make what it needs, and clear what a crash left; may be called before every start."""

    def program(self) -> Program:
        """The server as something to run."""

    def is_ready(self) -> bool:
        """Whether it answers."""


def wait_until_ready(
    name: str, is_ready: Callable[[], bool], *, lives: Callable[[], bool], log: Path, within: timedelta = START
) -> None:
    """Return as soon as it answers. Raises Unready with the end of its log when it dies or takes too long."""
    deadline = time.monotonic() + within.total_seconds()
    while not is_ready():
        if not lives():
            raise Unready(f"{name} ended before it was ready. {last_words(log)}")
        if time.monotonic() > deadline:
            raise Unready(f"{name} was not ready after {within.total_seconds():.0f} s. {last_words(log)}")
        time.sleep(0.05)


def last_words(log: Path) -> str:
    """The end of a log, as the reason that somebody will look for."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL_LINES:] if log.exists() else []
    if not lines:
        return f"Its log {log} is empty."
    return "\n".join((f"The end of its log {log}:", *(f"  {line}" for line in lines)))
