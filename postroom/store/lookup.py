"""What an operator means by an id: a message, an event or an intent, whole or by its beginning."""

import re
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Connection, text

SHORTEST = 8
"""Fewer characters than this name half of everything: ids begin with the time."""
MOST = 6
_HEX = re.compile(r"[0-9a-f]{1,32}")


class Kind(StrEnum):
    """What an id can be the id of."""

    MESSAGE = "message"
    EVENT = "event"
    INTENT = "intent"


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that an id, or its beginning, may mean."""

    kind: Kind
    id: UUID
    event_id: UUID
    """The event that led to it."""


class NotFound(LookupError):
    """Nothing has that id."""


class Ambiguous(LookupError):
    """Several things begin like that."""

    def __init__(self, wanted: str, found: list[Found]) -> None:
        super().__init__(f"'{wanted}' is the beginning of several ids")
        self.found = found


_BY_RANGE = text("""
    select 'message' as kind, m.id, i.event_id from message_log m join intent i on i.id = m.intent_id
        where m.id between :low and :high
    union all select 'event', id, id from inbox where kind = 'event' and id between :low and :high
    union all select 'intent', id, event_id from intent where id between :low and :high
    limit :limit
""")
_BY_KEY = text("select id from inbox where kind = 'event' and key = :key order by id desc limit :limit")


def find(connection: Connection, wanted: str) -> Found:
    """The one thing that is meant. Takes our ids or their beginnings, and CloudEvents ids.

    Raises NotFound, or Ambiguous when several things fit.
    """
    found = _by_key(connection, wanted) or _by_range(connection, wanted)
    if not found:
        raise NotFound(f"there is no message and no event with the id '{wanted}'")
    if len(found) > 1:
        raise Ambiguous(wanted, found)
    return found[0]


def _by_key(connection: Connection, wanted: str) -> list[Found]:
    ids = connection.scalars(_BY_KEY, {"key": wanted, "limit": MOST})
    return [Found(Kind.EVENT, event_id, event_id) for event_id in ids]


def _by_range(connection: Connection, wanted: str) -> list[Found]:
    digits = wanted.lower().replace("-", "")
    if len(digits) < SHORTEST or not _HEX.fullmatch(digits):
        return []
    borders = {"low": UUID(digits.ljust(32, "0")), "high": UUID(digits.ljust(32, "f"))}
    rows = connection.execute(_BY_RANGE, {**borders, "limit": MOST})
    return [Found(Kind(row.kind), row.id, row.event_id) for row in rows]
