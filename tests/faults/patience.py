"""Waiting without sleeping longer than needed."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


def eventually(look: Callable[[], Found], *, within: float = 20.0, what: str = "") -> Found:
    """Ask again until the answer is true; the answer."""
    deadline = time.monotonic() + within
    while not (found := look()):
        assert time.monotonic() < deadline, f"not within {within:g} s: {what or look.__doc__ or look}"
        time.sleep(0.05)
    return found


def throughout(seconds: float, look: Callable[[], Found]) -> list[Found]:
    """Every answer that was given while these seconds passed."""
    deadline = time.monotonic() + seconds
    found = []
    while time.monotonic() < deadline:
        found.append(look())
        time.sleep(0.1)
    return found
