"""The way to PostgreSQL: one small pool per process."""

from time import monotonic
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DisconnectionError, SQLAlchemyError

__all__ = ["Connection", "Engine", "StoreError", "connect"]

StoreError = SQLAlchemyError
"""Anything that goes wrong between us and PostgreSQL."""

POOL = 6
"""At most six connections per process, so that a house of ten processes fits PostgreSQL's default of a hundred."""

TRUSTED = 1.0
"""Seconds for which a connection that worked is not asked again whether it lives; a ping is a round trip each time."""


def connect(url: str, *, process: str = "postroom", pool: int = POOL) -> Engine:
    """An engine that answers or fails within seconds; nothing is opened until it is first used."""
    engine = create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=pool,
        max_overflow=0,
        pool_timeout=5,
        hide_parameters=True,  # an error of the database is logged; the values that it was about are not
        connect_args={
            "connect_timeout": 3,
            "application_name": process,
            "options": "-c timezone=UTC -c statement_timeout=30000 -c idle_in_transaction_session_timeout=60000",
        },
    )
    _ping_the_quiet(engine)
    return engine


def _ping_the_quiet(engine: Engine) -> None:
    """Ask a connection that was quiet for a while whether it lives, and replace it if not, before it is used."""

    def returned(_connection: Any, record: Any) -> None:
        record.info["worked_at"] = monotonic()

    def taken(connection: Any, record: Any, _proxy: Any) -> None:
        worked_at = record.info.get("worked_at")
        if worked_at is not None and monotonic() - worked_at > TRUSTED and not _lives(engine, connection):
            raise DisconnectionError("PostgreSQL hung up while the connection was quiet")

    event.listen(engine, "checkin", returned)
    event.listen(engine, "checkout", taken)


def _lives(engine: Engine, connection: Any) -> bool:
    try:
        return engine.dialect.do_ping(connection)
    except engine.dialect.dbapi.Error:  # type: ignore[union-attr]
        return False
