"""Many processes' words on one terminal: each line behind the name of who said it."""

import threading
import zlib
from typing import TextIO

COLOURS = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)
"""Cyan, yellow, green, magenta, blue, and their bright sisters; red is left for faults."""
QUIET = ("postgres", "valkey")
"""Servers talk to their logs; when one ends, the house says so."""
WIDTH = 10


class Lines:
    """A place for a house to say its lines; any thread may call it."""

    def __init__(self, stream: TextIO, *, colour: bool | None = None) -> None:
        """`colour`: None asks the stream whether it is a terminal."""
        self._stream = stream
        self._colour = stream.isatty() if colour is None else colour
        self._turn = threading.Lock()

    def __call__(self, name: str, line: str) -> None:
        """Write one line; an empty one says nothing."""
        if not line.strip() or name in QUIET:
            return
        prefix = f"{name:<{WIDTH}} |"
        if self._colour:
            prefix = f"\x1b[{COLOURS[zlib.crc32(name.encode()) % len(COLOURS)]}m{prefix}\x1b[0m"
        with self._turn:
            self._stream.write(f"{prefix} {line}\n")
            self._stream.flush()
