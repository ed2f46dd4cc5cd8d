"""A door over the real PostgreSQL, and who posts to it."""

import base64
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, text

from postroom.store.engine import connect
from postroom.store.sealing import Sealer
from postroom.store.survey import survey
from tests.contract.door.senders import Recorder, Sender, door_over, example
from webhooks.app import create_app
from webhooks.door import Door
from webhooks.opening import StoreInbox


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = connect(database_url, process="door-tests")
    yield made
    made.dispose()


@pytest.fixture(scope="session")
def sealer() -> Sealer:
    return Sealer("k1=" + base64.b64encode(b"s" * 32).decode(), "blind")


@pytest.fixture
def hints() -> Recorder:
    return Recorder()


@pytest.fixture
def door(engine: Engine, sealer: Sealer, hints: Recorder) -> Door:
    return door_over(StoreInbox(engine, sealer), hints, lambda: survey(engine))


@pytest.fixture
def app(door: Door) -> Flask:
    made = create_app(door)
    made.testing = False  # an exception must become an answer, as it will in production
    return made


@pytest.fixture
def sender(app: Flask) -> Sender:
    return Sender(app.test_client())


@pytest.fixture
def reminder() -> dict[str, Any]:
    return example("odoo.invoice.payment_reminder")


@pytest.fixture
def confirmed() -> dict[str, Any]:
    return example("odoo.sale.order_confirmed")


@pytest.fixture
def rows(engine: Engine) -> Callable[[str], int]:
    """How many rows a table holds."""

    def count(table: str) -> int:
        with engine.connect() as connection:
            return int(connection.scalar(text(f"select count(*) from {table}")) or 0)

    return count
