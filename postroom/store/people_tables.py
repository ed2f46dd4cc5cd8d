"""The tables of who decides for whom."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table, Text, Uuid

from postroom.store.tables import at, metadata

delegation = Table(
    "delegation",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("company", Text, nullable=False),
    Column("person_id", Uuid, ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
    Column("to_user_id", BigInteger, nullable=False),  # res.users, of the same Odoo
    at("from_at"),  # business time
    at("until_at", nullable=True),
    at("made_at", default=True),
    Column("made_by", Text, nullable=False),  # the operator
    at("ended_at", nullable=True),  # taken back before its time
    Column("ended_by", Text),
    Index("ix_delegation_person_id", "person_id"),
)
"""Who decides for somebody, from when until when, and who said so. Nothing is changed but its end."""
