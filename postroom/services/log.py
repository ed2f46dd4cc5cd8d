"""A process's log: its last words, in a file of bounded size."""

from pathlib import Path
from typing import BinaryIO

LIMIT = 5_000_000
"""Bytes; one older file of the same size is kept beside it."""


class Log:
    """Appends lines, and begins anew when the file is full."""

    def __init__(self, path: Path, *, limit: int = LIMIT) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = path
        self._limit = limit
        self._file: BinaryIO = path.open("ab", buffering=0)

    def write(self, line: bytes) -> None:
        """Append one line."""
        if self._file.tell() > self._limit:
            self.close()
            self.path.replace(self.path.with_name(f"{self.path.name}.1"))
            self._file = self.path.open("ab", buffering=0)
        self._file.write(line)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
