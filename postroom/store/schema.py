"""Every table that there is, wherever it is written down."""

from postroom.store import (
    alert_tables,
    card_tables,
    code_tables,
    digest_tables,
    dunning_tables,
    people_tables,
    run_tables,
)
from postroom.store.tables import metadata

__all__ = [
    "alert_tables",
    "card_tables",
    "code_tables",
    "digest_tables",
    "dunning_tables",
    "metadata",
    "people_tables",
    "run_tables",
]
