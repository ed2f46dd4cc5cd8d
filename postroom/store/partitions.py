"""Monthly partitions of the tables that grow."""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import Connection, text

from postroom.store.ids import first_id_at
from postroom.store.tables import PARTITIONED

MONTHS_AHEAD = 6


def _months(start: datetime, count: int) -> Iterator[datetime]:
    for index in range(start.month - 1, start.month - 1 + count):
        yield datetime(start.year + index // 12, index % 12 + 1, 1, tzinfo=UTC)


def ensure_partitions(connection: Connection, now: datetime, months: int = MONTHS_AHEAD) -> list[str]:
    """Make the partitions of this month and the coming ones; those that exist stay. Returns the names it made."""
    made = []
    borders = list(_months(now, months + 2))
    for table in PARTITIONED:
        for begin, end in itertools.pairwise(borders):
            name = f"{table}_{begin:%Y_%m}"
            if connection.scalar(text("select to_regclass(:name)"), {"name": name}) is None:
                connection.execute(
                    text(
                        f"create table {name} partition of {table} "
                        f"for values from ('{first_id_at(begin)}') to ('{first_id_at(end)}')"
                    )
                )
                made.append(name)
    return made


def months_covered(connection: Connection, now: datetime) -> int:
    """How many months from now on have a partition in every table."""
    for count, month in enumerate(_months(now, MONTHS_AHEAD + 2)):
        for table in PARTITIONED:
            if connection.scalar(text("select to_regclass(:name)"), {"name": f"{table}_{month:%Y_%m}"}) is None:
                return count
    return MONTHS_AHEAD + 2
