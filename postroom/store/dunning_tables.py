"""The tables of collections: who owes, what he heard about each invoice, each statement, and the trail."""

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    Numeric,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from postroom.store.tables import at, metadata

debtor = Table(
    "debtor",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("company", Text, nullable=False),
    Column("customer", Text, nullable=False),  # partner:42, the commercial partner
    Column("paused", Text),  # why nothing is sent: paused, replied
    at("paused_until", nullable=True),  # business time; null: until somebody resumes
    Column("promised_on", Date),
    Column("promises", SmallInteger, nullable=False, server_default="0"),  # since he last owed nothing
    Column("approved", SmallInteger),  # the level that a person agreed to
    Column("asked", SmallInteger),  # the level that a person was asked about
    Column("chore", Text),  # what he answered, for whoever looks after him, once Odoo was read
    Column("last_day", Date),  # the customer's day of his last statement
    Column("why", Text),  # what was decided last
    at("looks_at", nullable=True),  # business time: when it is decided again
    at("wanted_at", nullable=True),  # real time: Odoo is to be read now
    at("lease_until", nullable=True),  # real time
    at("updated_at", default=True),
    UniqueConstraint("company", "customer"),
    Index("ix_debtor_wanted", "wanted_at", postgresql_where=text("wanted_at is not null")),
)
"""A customer of a company who owes, and what holds him back."""

dunned_invoice = Table(
    "dunned_invoice",
    metadata,
    Column("debtor_id", Uuid, ForeignKey("debtor.id", ondelete="CASCADE"), nullable=False),
    Column("invoice", BigInteger, nullable=False),  # account.move
    Column("company", Text, nullable=False),
    Column("level", SmallInteger),  # the last that he heard of
    at("first_told_at", nullable=True),  # business time
    at("told_at", nullable=True),  # business time
    Column("residual", Numeric(18, 6)),  # as he was told
    Column("revision", Text),
    at("disputed_at", nullable=True),
    at("review_at", nullable=True),  # when somebody looks at the dispute again
    at("handed_over_at", nullable=True),
    at("paid_at", nullable=True),  # business time: when Odoo was first seen to have it as paid
    PrimaryKeyConstraint("debtor_id", "invoice"),
)
"""What a customer heard about one invoice."""

dunning_letter = Table(
    "dunning_letter",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("debtor_id", Uuid, ForeignKey("debtor.id", ondelete="CASCADE"), nullable=False),
    Column("company", Text, nullable=False),
    Column("day", Date, nullable=False),  # the customer's
    Column("level", SmallInteger, nullable=False),
    Column("amounts", JSONB, nullable=False),  # by invoice, as it was told
    Column("before", JSONB, nullable=False),  # what its invoices were at before it, where it never leaves
    Column("intent_id", Uuid),
    Column("void", Integer, nullable=False, server_default="0"),  # 0: it counts; n: the n-th of its day that never left
    at("written_at"),  # business time
    at("checked_at", default=True),  # real time: when its amounts were last read in Odoo
    UniqueConstraint("debtor_id", "day", "void"),
    Index("ix_dunning_letter_intent_id", "intent_id"),
)
"""One statement; at most one of a customer's day counts."""

dunning_event = Table(
    "dunning_event",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("debtor_id", Uuid, ForeignKey("debtor.id", ondelete="CASCADE"), nullable=False),
    Column("company", Text, nullable=False),
    Column("what", Text, nullable=False),  # sent, promised, disputed, paused, approved ...
    Column("detail", Text),  # in words; no personal data
    Column("actor", Text),
    at("at"),  # business time
    Index("ix_dunning_event_debtor_id", "debtor_id", "id"),
)
"""The trail: everything that was done about a customer, and by whom."""
