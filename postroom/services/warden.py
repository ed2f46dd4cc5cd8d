"""A small process that outlives its house by seconds, and ends every process that the house leaves behind.

Run as a script with nothing but the standard library (`python -I -S warden.py ...`), in two ways:

    hold READ_FD                       read the book of process groups; at end of file, end them all
    enter WRITE_FD SIGNAL UID GID -- ARGV...   write ourselves into the book, then become ARGV

The kernel closes the house's end of the pipe however the house dies, SIGKILL included, on Linux and macOS alike. A
child writes its own name before it becomes what it is, so at no instant does it run without being in the book.
"""

import contextlib
import os
import signal
import sys
import time

GRACE_SECONDS = 5.0
DEAF_TO = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def hold(read_fd: int) -> None:
    """Keep the book (`+group signal` and `-group` lines) until the house is gone; then end what still stands in it."""
    for number in DEAF_TO:
        signal.signal(number, signal.SIG_IGN)
    book: dict[int, int] = {}
    with os.fdopen(read_fd, "r", encoding="ascii") as lines:
        for line in lines:
            _write_down(book, line)
    _end(book)


def _write_down(book: dict[int, int], line: str) -> None:
    words = line.split()
    if line.startswith("+"):
        book[int(words[0])] = int(words[1])
    else:
        book.pop(-int(words[0]), None)


def _end(book: dict[int, int]) -> None:
    for group, number in book.items():
        _signal(group, number)
    deadline = time.monotonic() + GRACE_SECONDS
    while time.monotonic() < deadline and any(_signal(group, 0) for group in book):
        time.sleep(0.05)
    for group in book:
        _signal(group, signal.SIGKILL)


def _signal(group: int, number: int) -> bool:
    """Whether there was anybody in the group to hear it."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):  # macOS: EPERM for a group of zombies
        return False
    return True


def enter(write_fd: int, number: int, uid: int, gid: int, argv: list[str]) -> None:
    """Become `argv`, written down and without the pipe; as another user when `uid` is not -1."""
    os.write(write_fd, f"+{os.getpid()} {number}\n".encode("ascii"))
    os.set_inheritable(write_fd, False)  # a child that kept it would keep the house alive in the warden's eyes
    for deaf in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(deaf, signal.SIG_DFL)  # Python ignores them, and an ignored signal survives exec
    if uid != -1:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    with contextlib.suppress(OSError):
        os.execvpe(argv[0], argv, os.environ)  # noqa: S606 - no shell is what we want
    sys.stderr.write(f"{argv[0]}: not found, or not to be run by uid {os.getuid()}\n")
    sys.exit(127)


def main(words: list[str]) -> None:
    """Dispatch the two ways of running."""
    if words[0] == "hold":
        hold(int(words[1]))
    else:
        number, uid, gid = (int(word) for word in words[2:5])
        enter(int(words[1]), number, uid, gid, words[words.index("--") + 1 :])


if __name__ == "__main__":
    main(sys.argv[1:])
