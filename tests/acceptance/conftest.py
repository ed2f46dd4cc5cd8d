"""A whole house for each module: the product's own supervisor, its real processes, its own command line."""

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import psycopg
import pytest

from postroom.__main__ import main
from postroom.cli.demo import play
from postroom.cli.demo.cases import Run
from postroom.cli.demo.command import AT_HOME
from postroom.cli.demo.judging import Outcome
from postroom.cli.standing import introduce_templates, wait_for_workers
from postroom.services.environment import PUBLISHED
from postroom.services.supervisor import House

ROOT = Path(__file__).resolve().parents[2]
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TERM")


@dataclass(frozen=True)
class Said:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Cli = Callable[..., Said]


def environment(directory: Path) -> dict[str, str]:
    """What a newcomer's shell has, and where the house keeps its things."""
    return {**{name: os.environ[name] for name in KEPT if name in os.environ}, "POSTROOM_DIR": str(directory)}


def postroom_in(directory: Path) -> Cli:
    """The command line in another terminal: it finds the house by run.env alone."""

    def run(*words: object, typed: str = "", within: float = 90, **more: str) -> Said:
        argv = [sys.executable, "-W", "error", "-m", "postroom", *map(str, words)]
        ended = subprocess.run(
            argv,
            check=False,
            cwd=ROOT,
            env={**environment(directory), **more},
            input=typed,
            text=True,
            capture_output=True,
            timeout=within,
        )
        return Said(ended.returncode, ended.stdout, ended.stderr)

    return run


@pytest.fixture(scope="module")
def house(short_directory: Path, request: pytest.FixtureRequest) -> Iterator[House]:
    """Everything that the Procfile names, on embedded servers; gone with its module, for idle processes cost others."""
    directory = short_directory / request.module.__name__.rpartition(".")[2]
    with House(ROOT, AT_HOME, directory=directory) as standing:
        standing.wait_ready()
        introduce_templates(standing.environment)
        wait_for_workers(standing.environment)
        yield standing


@pytest.fixture(scope="module")
def shell(house: House) -> Cli:
    """The command line in another terminal."""
    return postroom_in(house.directory)


@pytest.fixture(scope="module")
def cli(house: House) -> Cli:
    """The same command line in this process, which need not be started for each word: seconds of a minute's suite."""

    def run(*words: object, typed: str = "", **more: str) -> Said:
        said, complained = io.StringIO(), io.StringIO()
        with (
            mock.patch.dict(os.environ, {**{name: house.environment[name] for name in PUBLISHED}, **more}),
            mock.patch.multiple(sys, argv=["postroom", *map(str, words)], stdin=io.StringIO(typed)),
            contextlib.redirect_stdout(said),
            contextlib.redirect_stderr(complained),
            pytest.raises(SystemExit) as ended,
        ):
            main()
        return Said(int(ended.value.code or 0), said.getvalue(), complained.getvalue())

    return run


@pytest.fixture(scope="module")
def theatre(house: House) -> Iterator[play.Theatre]:
    opened = play.theatre_of(house.environment)
    yield opened
    opened.engine.dispose()


@dataclass(frozen=True)
class Journey:
    """The demonstration, played once."""

    run: Run
    outcomes: Sequence[Outcome]
    unheard: Sequence[str]


@pytest.fixture(scope="module")
def journey(theatre: play.Theatre) -> Journey:
    run = Run.fresh()
    outcomes = play.watch(theatre, play.post(theatre, run), lambda _: None)
    unheard = play.answer(theatre, run, outcomes)
    return Journey(run, play.watch(theatre, outcomes, lambda _: None), unheard)


@pytest.fixture(scope="module")
def ask(house: House) -> Callable[..., list[tuple[Any, ...]]]:
    """Ask the database anything."""

    def query(sql: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(house.environment["DATABASE_URL"]) as connection:
            return connection.execute(sql, values).fetchall()

    return query
