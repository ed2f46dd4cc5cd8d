"""What there is to run: one operating-system process, as a value."""

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from postroom.services.seat import Account


@dataclass(frozen=True, slots=True)
class Program:
    """A command with its environment, its account, and the way to stop it."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(repr=False)
    """The whole environment, nothing inherited; it holds secrets, hence no repr."""
    cwd: Path = Path("/")
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    grace: timedelta = timedelta(seconds=10)
    """How long it may take to stop before it is killed."""
    queues: tuple[str, ...] = ()
    """The Celery queues that it consumes; their canaries tell whether it still works."""
