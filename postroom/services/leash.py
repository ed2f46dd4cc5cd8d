"""The house's end of the pipe to its warden: whatever is started on the leash dies with the house."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Self

from postroom.services.program import Program

WARDEN = (sys.executable, "-I", "-S", str(Path(__file__).with_name("warden.py")))


class Leash:
    """Holds every process group that was started through it; letting go, by `close` or by death, ends them all."""

    def __init__(self, *, keep_open: Sequence[int] = ()) -> None:
        """`keep_open`: descriptors (a lock) that the warden shall hold until the last process is gone."""
        self._keep_open = tuple(keep_open)
        self._book: dict[int, int] = {}
        self._changing = threading.Lock()
        self._write_end, self._warden = self._hire()

    def _hire(self) -> "tuple[int, subprocess.Popen[bytes]]":
        read_end, write_end = os.pipe()
        warden = subprocess.Popen(  # noqa: S603 - our own script
            [*WARDEN, "hold", str(read_end)],
            pass_fds=(read_end, *self._keep_open),
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # out of reach of Ctrl-C
            cwd="/",
        )
        os.close(read_end)
        return write_end, warden

    def spawn(self, program: Program, output: IO[bytes] | int) -> "subprocess.Popen[bytes]":
        """Start `program` as the leader of a process group of its own, in the warden's book before it runs."""
        account = program.account
        identity = ("-1", "-1") if account is None else (str(account.uid), str(account.gid))
        with self._changing:
            child = subprocess.Popen(  # noqa: S603 - from the Procfile, without a shell
                [*WARDEN, "enter", str(self._write_end), str(int(program.stop_signal)), *identity, "--", *program.argv],
                pass_fds=(self._write_end,),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=program.cwd,
                env=dict(program.env),
            )
            self._book[child.pid] = int(program.stop_signal)
        return child

    def forget(self, child: "subprocess.Popen[bytes]") -> None:
        """Strike out a group whose leader is gone, after ending whoever is left in it."""
        kill_group(child.pid)
        with self._changing:
            self._book.pop(child.pid, None)
            self._tell(f"-{child.pid}\n")

    def renew_if_lost(self) -> bool:
        """Hire another warden if ours was killed, and hand it the whole book; says whether it did."""
        with self._changing:
            if self._warden.poll() is None:
                return False
            os.close(self._write_end)
            self._write_end, self._warden = self._hire()
            self._tell("".join(f"+{group} {number}\n" for group, number in self._book.items()))
        return True

    def _tell(self, lines: str) -> None:
        with contextlib.suppress(BrokenPipeError):  # the next warden is handed the whole book
            os.write(self._write_end, lines.encode("ascii"))

    @property
    def warden(self) -> int:
        """The warden's pid."""
        return self._warden.pid

    def close(self) -> None:
        """Let go: the warden ends whatever is left, and goes."""
        os.close(self._write_end)
        self._warden.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def kill_group(group: int) -> None:
    """SIGKILL a process group, if anybody is in it."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
