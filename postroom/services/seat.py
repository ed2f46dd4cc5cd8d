"""Where the embedded servers keep their files, and as whom they run."""

import hashlib
import os
import pwd
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path

from postroom.services.faults import CannotStart

SOCKET_PATH_LIMIT = 103
"""A Unix socket's whole path: 107 bytes on Linux, 103 on macOS; the smaller serves both."""
SOCKET_NAME = ".s.PGSQL.5432.lock"
"""The longest name that PostgreSQL makes in its socket directory."""
PRIVATE_GROUP = 51432
"""A group that nobody is in. Only the servers are given it, so that the rest of `nobody`'s processes stay outside."""
ROOTS_OWN = Path("/var/lib/postroom")
"""Where root's servers live when the checkout lies behind a closed directory (/root is 0700)."""


@dataclass(frozen=True, slots=True)
class Account:
    """The user and group that a server runs as."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Seat:
    """A directory for the servers' data, another for their sockets, and the account that may use both."""

    data: Path
    sockets: Path
    account: Account | None
    """None: the servers run as we do."""


def take_seat(directory: Path, *, uid: int | None = None) -> Seat:
    """Make the places that the servers need under `directory`, or beside it where that cannot be."""
    if (os.geteuid() if uid is None else uid) != 0:
        data = private(directory, None)
        return Seat(data, _sockets(data, None), None)
    account = Account(pwd.getpwnam("nobody").pw_uid, PRIVATE_GROUP)  # PostgreSQL refuses to run as root
    data = private(directory if open_to_others(directory) else _roots_own(directory), account)
    return Seat(data, _sockets(data, account), account)


def _roots_own(directory: Path) -> Path:
    ROOTS_OWN.mkdir(parents=True, exist_ok=True)
    ROOTS_OWN.chmod(0o711)  # whatever the umask: the servers must be able to pass
    return ROOTS_OWN / _short_name(directory)


def open_to_others(path: Path) -> bool:
    """Whether any user can walk as far as `path`'s parent. Closed parents are the user's own and stay closed."""
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in path.resolve().parents if parent.exists())


def private(path: Path, account: Account | None) -> Path:
    """A directory that only we, and the servers' own group, can enter."""
    path.mkdir(parents=True, exist_ok=True)
    found = path.lstat()
    if stat.S_ISLNK(found.st_mode) or found.st_uid != os.geteuid():
        raise CannotStart(
            f"{path} belongs to somebody else (uid {found.st_uid}), who could read what Postroom keeps there. "
            f"Remove it, or run as its owner."
        )
    if account is not None:
        os.chown(path, -1, account.gid)
    path.chmod(0o700 if account is None else 0o710)
    return path


def _sockets(data: Path, account: Account | None) -> Path:
    """A directory whose path is short enough to hold a socket."""
    place = data / "run"
    if len(os.fsencode(place / SOCKET_NAME)) > SOCKET_PATH_LIMIT:
        outer = private(Path("/tmp") / f"postroom-{os.geteuid()}-{_short_name(data)}", account)  # noqa: S108 - private() checks it
        place = outer / "run"
    place.mkdir(exist_ok=True)
    own(place, account)
    place.chmod(0o700)
    return place


def leave_seat(seat: Seat) -> None:
    """Take away the place that was made outside the house for its sockets, if there was one. The data stays."""
    if seat.data not in seat.sockets.parents:
        shutil.rmtree(seat.sockets.parent, ignore_errors=True)


def own(path: Path, account: Account | None) -> None:
    """Give `path` to the servers' account."""
    if account is not None:
        os.chown(path, account.uid, account.gid)


def _short_name(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:12]
