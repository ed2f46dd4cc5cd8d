"""Ids: UUIDv7, made in Python, so that a row's month can be read from its id."""

from datetime import UTC, datetime
from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A fresh id; ids made later sort later."""
    return uuid7()


def made_at(row_id: UUID) -> datetime:
    """When a UUIDv7 was made, to the millisecond (RFC 9562, section 5.7)."""
    return datetime.fromtimestamp((row_id.int >> 80) / 1000, tz=UTC)


def first_id_at(moment: datetime) -> UUID:
    """The smallest UUIDv7 that could be made at a moment: the border of a partition."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)
