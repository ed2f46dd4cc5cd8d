"""The tables of digests: what is planned for whom and what became of it, and which sections nobody wants."""

from sqlalchemy import (
    Column,
    Date,
    Index,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from postroom.domain.digests import DigestState
from postroom.store.tables import at, metadata, one_of

digest = Table(
    "digest",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("company", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("reader", Text, nullable=False),  # sandbox:user:7, or email: and a keyed hash
    Column("day", Date, nullable=False),  # by his own clock
    at("due_at"),  # business time
    Column("state", Text, nullable=False, server_default="planned"),
    Column("why", Text),  # what was left out, or why it was not sent; no personal data
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    at("lease_until", nullable=True),  # real time: somebody reads its figures
    Column("event_id", Uuid),
    at("made_at", default=True),
    at("ended_at", nullable=True),  # real time
    UniqueConstraint("name", "reader", "day"),
    one_of("state", DigestState),
    Index("ix_digest_due_at", "due_at"),
    Index("ix_digest_wanted", "id", postgresql_where=text("state = 'wanted'")),
)

digest_mute = Table(
    "digest_mute",
    metadata,
    Column("company", Text, nullable=False),
    Column("reader", Text, nullable=False),
    Column("section", Text, nullable=False),
    at("muted_at", default=True),
    PrimaryKeyConstraint("reader", "section"),
)
"""Sections that a reader does without."""
