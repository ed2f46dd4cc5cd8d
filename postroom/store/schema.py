"""Every table that there is, wherever it is written down."""

from postroom.store import run_tables
from postroom.store.tables import metadata

__all__ = ["metadata", "run_tables"]
