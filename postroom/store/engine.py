"""The way to PostgreSQL: one small pool per process."""

from sqlalchemy import Connection, Engine, create_engine, make_url
from sqlalchemy.exc import SQLAlchemyError

__all__ = ["Connection", "Engine", "StoreError", "connect"]

StoreError = SQLAlchemyError
"""Anything that goes wrong between us and PostgreSQL."""

POOL = 6
"""At most six connections per process, so that a house of ten processes fits PostgreSQL's default of a hundred."""


def connect(url: str, *, process: str = "postroom", pool: int = POOL) -> Engine:
    """An engine that answers or fails within seconds; nothing is opened until it is first used."""
    return create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=pool,
        max_overflow=0,
        pool_timeout=5,
        pool_pre_ping=True,
        hide_parameters=True,  # an error of the database is logged; the values that it was about are not
        connect_args={
            "connect_timeout": 3,
            "application_name": process,
            "options": "-c timezone=UTC -c statement_timeout=30000 -c idle_in_transaction_session_timeout=60000",
        },
    )
