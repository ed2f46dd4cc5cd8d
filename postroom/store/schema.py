"""Every table that there is, wherever it is written down."""

from postroom.store import code_tables, run_tables
from postroom.store.tables import metadata

__all__ = ["code_tables", "metadata", "run_tables"]
