"""The house's end of the pipe to its warden: whatever is started on the leash dies with the house."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Self

from postroom.services.program import Program

WARDEN = (sys.executable, "-I", "-S", str(Path(__file__).with_name("warden.py")))


class Leash:
    """Holds every process group that was started through it; letting go, by `close` or by death, ends them all."""

    def __init__(self, *, keep_open: Sequence[int] = ()) -> None:
        """`keep_open`: descriptors (a lock) that the warden shall hold until the last process is gone."""
        read_end, self._write_end = os.pipe()
        self._warden = subprocess.Popen(  # noqa: S603 - our own script
            [*WARDEN, "hold", str(read_end)],
            pass_fds=(read_end, *keep_open),
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # out of reach of Ctrl-C
            cwd="/",
        )
        os.close(read_end)

    def spawn(self, program: Program, output: IO[bytes] | int) -> "subprocess.Popen[bytes]":
        """Start `program` as the leader of a process group of its own, in the warden's book before it runs."""
        account = program.account
        identity = ("-1", "-1") if account is None else (str(account.uid), str(account.gid))
        return subprocess.Popen(  # noqa: S603 - from the Procfile, without a shell
            [*WARDEN, "enter", str(self._write_end), str(int(program.stop_signal)), *identity, "--", *program.argv],
            pass_fds=(self._write_end,),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=program.cwd,
            env=dict(program.env),
        )

    def forget(self, child: "subprocess.Popen[bytes]") -> None:
        """Strike out a group whose leader is gone, after ending whoever is left in it."""
        kill_group(child.pid)
        with contextlib.suppress(BrokenPipeError):
            os.write(self._write_end, f"-{child.pid}\n".encode("ascii"))

    @property
    def holds(self) -> bool:
        """Whether the warden is still there to keep its promise."""
        return self._warden.poll() is None

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
