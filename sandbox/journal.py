"""The journal: a file that lets the sandbox remember through its own restart."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TextIO

from pydantic import TypeAdapter, ValidationError

from sandbox.messages import Message
from sandbox.meta.templates import Template
from sandbox.people import Person
from sandbox.witness import Seen

KINDS: dict[str, type] = {"message": Message, "person": Person, "request": Seen, "template": Template}
WORDS = {kind: word for word, kind in KINDS.items()}


@cache
def _adapter(word: str) -> TypeAdapter[Any]:
    return TypeAdapter(KINDS[word])


@dataclass(slots=True)
class Journal:
    """One line per change; the last line about a thing holds. Without a path nothing is written."""

    path: Path | None
    _file: TextIO | None = None

    def replay(self) -> Iterator[Any]:
        """Everything that was written, in order; a line cut off by a crash is passed over."""
        if self.path is None or not self.path.exists():
            return
        for line in self.path.read_text(encoding="utf-8").splitlines():
            word, _, row = line.partition(" ")
            try:
                yield _adapter(word).validate_json(row)
            except (KeyError, ValidationError):
                continue

    def start_over(self, things: Iterator[Any]) -> None:
        """Replace the file by what is still remembered, so that it does not grow for ever."""
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as file:
            file.writelines(_line(thing) for thing in things)
        fresh.chmod(0o600)
        fresh.replace(self.path)
        self.close()
        self._file = self.path.open("a", encoding="utf-8", buffering=1)

    def write(self, thing: object) -> None:
        """Add one line; it is in the file when this returns."""
        if self._file is not None:
            self._file.write(_line(thing))

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _line(thing: object) -> str:
    word = WORDS[type(thing)]
    return f"{word} {_adapter(word).dump_json(thing).decode()}\n"
