"""One house at a time in one directory."""

import fcntl
import os
import time
from datetime import timedelta
from pathlib import Path

from postroom.services.faults import Occupied

LEAVING = timedelta(seconds=15)
"""How long to wait for a house that was killed: its warden is still ending what it left."""


class Lock:
    """An flock. Its descriptor is lent to the warden, so that it is free only when the last process is gone."""

    def __init__(self, path: Path) -> None:
        """Take it, or raise Occupied with the holder's pid."""
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            self._take(path)
        except BaseException:
            os.close(self._file)
            raise

    def _take(self, path: Path) -> None:
        deadline = time.monotonic() + LEAVING.total_seconds()
        while not self._try():
            pid = os.pread(self._file, 20, 0).decode("ascii").strip()
            if _lives(pid):
                raise Occupied(
                    f"Postroom is already running from {path.parent} (pid {pid}). Stop it with `kill {pid}` or Ctrl-C "
                    f"in its terminal, or run a second one from a checkout of its own."
                )
            if time.monotonic() > deadline:
                raise Occupied(
                    f"The Postroom that ran from {path.parent} (pid {pid}) was killed, and what it started still runs. "
                    f"`lsof {path}` names the process that holds on; end it and try again."
                )
            time.sleep(0.1)
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, str(os.getpid()).encode("ascii"), 0)

    def _try(self) -> bool:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def fileno(self) -> int:
        """The descriptor that holds it."""
        return self._file

    def release(self) -> None:
        """Let go; whoever else was lent the descriptor holds on until it closes it."""
        os.close(self._file)


def _lives(pid: str) -> bool:
    if not pid.isdecimal():  # taken this instant, and not yet signed
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
