"""Moving what is sealed from old keys to the active one, in batches; may be stopped and begun again at any time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, text

from postroom.store.sealing import Sealer

BATCH = 200
Row = Mapping[Any, Any]


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """One sealed column, and the columns that name a row of its table."""

    table: str
    column: str
    key: tuple[str, ...] = ("id",)

    @property
    def place(self) -> str:
        """The place that its values were sealed for."""
        return f"{self.table}.{self.column}"


SEALED = (
    SealedColumn("request", "headers"),
    SealedColumn("request", "body"),
    SealedColumn("inbox", "payload"),
    SealedColumn("contact_point", "address"),
    SealedColumn("contact_point", "external_id"),
    SealedColumn("contact_point", "name"),
    SealedColumn("intent", "facts"),
    SealedColumn("message_log", "content"),
    SealedColumn("reply", "content"),
    SealedColumn("callback_receiver", "url"),
    SealedColumn("person", "login"),
    SealedColumn("person", "name"),
    SealedColumn("person", "email"),
    SealedColumn("person", "api_key"),
    SealedColumn("person_account", "address"),
    SealedColumn("outbox", "payload"),
    SealedColumn("outbox", "result"),
    SealedColumn("vote", "reason", ("run_id", "level", "iter", "actor")),
    SealedColumn("allowlist", "address", ("company", "channel", "blind")),
)
"""Every sealed column; tests/integration/cli/test_keys.py holds it against the tables."""

_OLD = "substring({column} from 2 for get_byte({column}, 0)) <> convert_to(:active, 'utf8')"
"""A sealed value begins with the length of its key's name, and then the name."""


def count_old(engine: Engine, sealer: Sealer) -> dict[SealedColumn, int]:
    """How many values of each column are sealed with a key that is not the active one."""
    with engine.connect() as connection:
        return {each: int(connection.scalar(text(_counting(each)), {"active": sealer.active}) or 0) for each in SEALED}


def reseal(engine: Engine, sealer: Sealer, column: SealedColumn) -> Iterator[int]:
    """Seal a column's old values with the active key; yields how many each batch moved.

    A batch is a transaction. Raises SealingFault when the key of a value is gone; what was moved stays moved.
    """
    rows = _batch(engine, sealer, column, None)
    while rows:
        yield len(rows)
        rows = _batch(engine, sealer, column, rows[-1])


def _batch(engine: Engine, sealer: Sealer, column: SealedColumn, after: Row | None) -> Sequence[Row]:
    """The rows of one batch, which follows the row `after`: so that a table is read through only once."""
    values = {"active": sealer.active, "limit": BATCH, **(after or {})}
    with engine.begin() as connection:
        rows = connection.execute(text(_taking(column, following=after is not None)), values).mappings().all()
        fresh = [{**row, "fresh": _resealed(sealer, column, row[column.column])} for row in rows]
        if fresh:
            connection.execute(text(_writing(column)), fresh)
    return rows


def _resealed(sealer: Sealer, column: SealedColumn, sealed: bytes) -> bytes:
    return sealer.seal(sealer.open(sealed, column.place), column.place)


def _counting(each: SealedColumn) -> str:
    old = _OLD.format(column=each.column)
    return f"select count(*) from {each.table} where {each.column} is not null and {old}"  # noqa: S608 - our own names


def _taking(each: SealedColumn, *, following: bool) -> str:
    old, keys = _OLD.format(column=each.column), ", ".join(each.key)
    after = f"and ({keys}) > ({', '.join(f':{name}' for name in each.key)})" if following else ""
    return (
        f"select {keys}, {each.column} from {each.table} where {each.column} is not null and {old} "  # noqa: S608
        f"{after} order by {keys} limit :limit for update"
    )


def _writing(each: SealedColumn) -> str:
    named = " and ".join(f"{name} = :{name}" for name in each.key)
    return f"update {each.table} set {each.column} = :fresh where {named}"  # noqa: S608
