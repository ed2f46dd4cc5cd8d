"""The real servers that tests run on: started once, a fresh database and an empty Valkey for each test."""

import contextlib
import itertools
import os
import shutil
import signal
import socket
import socketserver
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
import structlog

from postroom.services.leash import Leash
from postroom.services.ports import free_port
from postroom.services.postgres import Postgres
from postroom.services.seat import take_seat
from postroom.services.servers import Server, wait_until_ready
from postroom.services.valkey import Valkey
from postroom.store.migrate import upgrade
from tests.slate import Slate

UNIT = Path(__file__).parent / "unit"
TEMPLATE = "migrated"
HASTY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "200"}
"""A test's data need not outlive the machine."""

_numbers = itertools.count(1)

# A shell's background job begins with Ctrl-C ignored, and so would each process that a test starts and then ends by it.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The servers that stand in for others: an answer of two writes leaves at once, and a server that is stopped stops.
socketserver.StreamRequestHandler.disable_nagle_algorithm = True
socketserver.BaseServer.serve_forever.__defaults__ = (0.005,)

# The default shows the locals of every frame; those of a task are the whole house, and take seconds to write down.
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)


ORDER = (
    "acceptance/test_demonstration.py",
    "integration",
    "acceptance/test_operators.py",
    "contract",
    "acceptance/test_leaving.py",
    "unit",
    "browser",
)
"""The slow ones first, so that no process waits for the last of them alone. No two whole houses at once: each is twelve
processes. Playwright last: it leaves its process with an event loop that runs, in which no other can be started."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    items.sort(key=lambda item: _turn(item.path.relative_to(here).as_posix()))


def _turn(file: str) -> int:
    return next((turn for turn, start in enumerate(ORDER) if file.startswith(start)), len(ORDER) // 2)


@pytest.fixture(scope="session")
def short_directory() -> Iterator[Path]:
    """A directory for servers: short enough for sockets, and not behind pytest's closed one."""
    made = Path(tempfile.mkdtemp(prefix="postroom-", dir="/tmp")).resolve()
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="session")
def leash() -> Iterator[Leash]:
    """Whatever is started on it ends with the session, even when pytest is killed."""
    with Leash() as held:
        yield held


@pytest.fixture(scope="session")
def postgres_server(short_directory: Path, leash: Leash) -> Iterator[Postgres]:
    """The embedded PostgreSQL, with a migrated template database."""
    server = Postgres(take_seat(short_directory / "house"), HASTY)
    with _running(server, leash, short_directory / "postgres.log"):
        server.ensure_database()
        upgrade(server.create(TEMPLATE))
        yield server


@pytest.fixture(scope="session")
def slate(postgres_server: Postgres) -> Iterator[Slate]:
    """What tests write on, one after the other."""
    made = Slate(postgres_server, TEMPLATE)
    yield made
    made.drop()


@pytest.fixture
def database_url(slate: Slate) -> str:
    """A database with all tables and nothing in them, for one test."""
    return slate.clean()


@pytest.fixture
def empty_database_url(postgres_server: Postgres) -> Iterator[str]:
    """A fresh database without tables, for the tests of migrations."""
    name = f"test_{next(_numbers)}"
    yield postgres_server.create(name)
    postgres_server.drop(name)


@pytest.fixture(scope="session")
def valkey_server(short_directory: Path, leash: Leash) -> Iterator[Valkey]:
    """The embedded Valkey."""
    directory = short_directory / "valkey"
    directory.mkdir()
    server = Valkey(directory, free_port(), "for-tests-only")
    with _running(server, leash, short_directory / "valkey.log"):
        yield server


@pytest.fixture
def redis_url(valkey_server: Valkey) -> str:
    """The embedded Valkey, emptied."""
    with redis.Redis.from_url(valkey_server.url()) as client:
        client.flushall()
    return valkey_server.url()


@contextlib.contextmanager
def _running(server: Server, leash: Leash, log: Path) -> Iterator[None]:
    server.prepare()
    program = server.program()
    with log.open("wb") as output:
        child = leash.spawn(program, output)
    wait_until_ready(program.name, server.is_ready, lives=lambda: child.poll() is None, log=log)
    yield
    child.send_signal(program.stop_signal)
    child.wait(program.grace.total_seconds())
    leash.forget(child)


@pytest.fixture(autouse=True)
def _no_socket_in_unit_tests(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if UNIT in request.path.parents:
        monkeypatch.setattr(socket.socket, "connect", _refuse)
        monkeypatch.setattr(socket.socket, "bind", _refuse)


def _refuse(_: socket.socket, address: object) -> None:
    raise AssertionError(f"a unit test reached for the network ({address}); move it to tests/integration")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    """A skip is a courtesy to people; in CI it would be a test that silently does not run."""
    report = yield
    if report.skipped and os.environ.get("CI") == "true" and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, and CI allows no skips: {report.longrepr}"
    return report
