"""Bringing a database to the newest schema, by whichever process starts first."""

from datetime import UTC, datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from postroom.store.engine import connect
from postroom.store.partitions import ensure_partitions

LOCK = 0x706F7374726F6F6D  # "postroom"
MIGRATIONS = Path(__file__).parent / "migrations"


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def head() -> str:
    """The newest revision that this code knows."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    if revision is None:
        raise RuntimeError(f"no migrations in {MIGRATIONS}: the installation is incomplete; install Postroom again")
    return revision


def current(engine: Engine) -> str | None:
    """The revision that the database is at; None for an empty one."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(database_url: str) -> None:
    """Migrate to head and make the coming months' partitions. Any number of processes may call it at once."""
    engine = connect(database_url, process="postroom-migrate", pool=1)
    try:
        with engine.begin() as connection:
            # Transaction-level: it is let go of with the commit, or with the death of this process.
            connection.execute(text("set local statement_timeout = 0"))
            connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            command.upgrade(_config(connection), "head")
            ensure_partitions(connection, datetime.now(UTC))
    finally:
        engine.dispose()
