"""The pool of connections, when PostgreSQL hangs up on it."""

import time

import pytest
from sqlalchemy import text

from postroom.store.engine import TRUSTED, Engine, StoreError, connect


def hang_up_on(victim: Engine, database_url: str) -> None:
    """End every connection of an engine, as a restart of PostgreSQL does."""
    other = connect(database_url, process="other")
    with victim.connect() as connection:
        pid = connection.scalar(text("select pg_backend_pid()"))
    with other.connect() as connection:
        connection.execute(text("select pg_terminate_backend(:pid, 1000)"), {"pid": pid})
    other.dispose()


def test_a_connection_that_died_while_it_was_quiet_is_replaced_before_it_is_used(database_url: str) -> None:
    engine = connect(database_url)
    hang_up_on(engine, database_url)
    time.sleep(TRUSTED + 0.1)

    with engine.connect() as connection:
        assert connection.scalar(text("select 1")) == 1
    engine.dispose()


def test_a_connection_that_died_in_use_fails_once_and_the_next_one_is_new(database_url: str) -> None:
    engine = connect(database_url)
    hang_up_on(engine, database_url)

    with pytest.raises(StoreError), engine.connect() as connection:
        connection.scalar(text("select 1"))

    with engine.connect() as connection:
        assert connection.scalar(text("select 1")) == 1
    engine.dispose()
