"""What a command works with: the settings, the store and its keys."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from config.settings import Settings
from postroom.store.engine import Engine, connect
from postroom.store.inbox import reaching
from postroom.store.sealing import Sealer


@dataclass(frozen=True, slots=True)
class Desk:
    """An operator's place in the house."""

    settings: Settings
    engine: Engine
    sealer: Sealer


@contextmanager
def open_desk() -> Iterator[Desk]:
    """The running house, or the one that the environment names. Raises Unavailable when PostgreSQL is away."""
    settings = Settings()
    sealer = Sealer(settings.sealing_keys.get_secret_value(), settings.blind_key.get_secret_value())
    engine = connect(settings.database_url, process="postroom-cli", pool=2)
    try:
        with reaching():
            yield Desk(settings, engine, sealer)
    finally:
        engine.dispose()
