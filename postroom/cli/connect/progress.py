"""How far each walk has come, kept between two runs; no secret and no address is in it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from postroom.cli.connect.checked import Checked
from postroom.cli.connect.env_file import replace_file


class Stage(StrEnum):
    """What a walk has behind it, in order."""

    CREDENTIALS = "credentials"
    CHECKS = "checks"
    MESSAGE = "message"
    RECEIPT = "receipt"


@dataclass(frozen=True, slots=True)
class Progress:
    """One provider's walk."""

    done: Mapping[Stage, datetime] = field(default_factory=dict)
    pending: Mapping[str, datetime] = field(default_factory=dict)
    """What the provider has still to decide, and since when we know."""

    def with_done(self, stage: Stage, now: datetime) -> "Progress":
        """One stage further."""
        return Progress({**self.done, stage: now}, self.pending)

    def with_checks(self, rows: Iterable[Checked], now: datetime) -> "Progress":
        """What is pending after these checks; what was pending before keeps its day."""
        pending = {row.what: self.pending.get(row.what, now) for row in rows if row.pending}
        return Progress(self.done, pending)


class Notebook:
    """The file that every walk's progress is kept in, mode 0600."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, provider: str) -> Progress:
        """How far this walk has come. A file that cannot be read is none."""
        kept = self._all().get(provider, {})
        try:
            done = {Stage(name): datetime.fromisoformat(at) for name, at in kept.get("done", {}).items()}
            pending = {str(name): datetime.fromisoformat(at) for name, at in kept.get("pending", {}).items()}
        except (ValueError, TypeError, AttributeError):
            return Progress()
        return Progress(done, pending)

    def write(self, provider: str, progress: Progress) -> None:
        """Keep it, beside the other walks'."""
        told = {
            "done": {stage.value: _stamp(at) for stage, at in progress.done.items()},
            "pending": {name: _stamp(at) for name, at in progress.pending.items()},
        }
        self._path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(self._path, json.dumps({**self._all(), provider: told}, indent=2) + "\n")

    def _all(self) -> dict[str, Any]:
        try:
            kept = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return kept if isinstance(kept, dict) else {}


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")
