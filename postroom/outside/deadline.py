"""A socket that is read until a moment, however slowly the other side drips."""

import io
import socket
import time
from typing import Any


class Deadline:
    """A moment on the monotonic clock; `restart` moves it, so that a kept-alive connection serves many attempts."""

    def __init__(self, seconds: float) -> None:
        self.restart(seconds)

    def restart(self, seconds: float) -> None:
        """Count anew from now."""
        self._until = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds that remain. Raises TimeoutError when none do."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("no time was left for an answer")
        return left


class DeadlineReader(io.RawIOBase):
    """Bytes from a socket, all of them before the deadline.

    A socket's own timeout starts again with every byte, so that one byte per second holds a thread for ever.
    """

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock = sock
        self._deadline = deadline
        # makefile keeps the socket open while a response is still read, even when the connection object let go of it.
        self._raw: Any = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Read what is there, or wait for no longer than the deadline."""
        self._sock.settimeout(self._deadline.left())
        count: int | None = self._raw.readinto(buffer)
        return count

    def close(self) -> None:
        """Let go of the socket."""
        self._raw.close()
        super().close()
