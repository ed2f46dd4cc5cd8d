"""The table of cards that are to be changed where they stand."""

from sqlalchemy import Column, Index, Integer, SmallInteger, Table, Text, Uuid, text

from postroom.domain.channels import ChannelName
from postroom.store.tables import at, metadata, one_of

card_edit = Table(
    "card_edit",
    metadata,
    Column("id", Uuid, primary_key=True),  # the message's: a card has one wish, and the newest counts
    Column("company", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("state", Text, nullable=False, server_default="waiting"),
    Column("version", Integer, nullable=False, server_default="1"),  # counts the wishes
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    Column("tries", SmallInteger, nullable=False, server_default="0"),  # charged to the retry budget
    Column("code", Text),  # of its last fault, or why it is void
    at("wanted_at", default=True),
    at("next_at", default=True),
    at("lease_until", nullable=True),
    at("ended_at", nullable=True),
    one_of("channel", ChannelName),
    one_of("state", ("waiting", "done", "failed", "void")),
    Index("ix_card_edit_due", "channel", "next_at", postgresql_where=text("state = 'waiting'")),
)
"""What it is to say is not kept: it is read from the run when the card is changed, so that it is true then."""
