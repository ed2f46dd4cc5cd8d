"""The table of codes that prove who decides by a link."""

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, SmallInteger, Table, Text, Uuid

from postroom.store.tables import at, metadata

decision_code = Table(
    "decision_code",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("company", Text, nullable=False),
    Column("run_id", Uuid, ForeignKey("run.id", ondelete="CASCADE"), nullable=False),
    Column("person_id", Uuid, ForeignKey("person.id", ondelete="CASCADE"), nullable=False),
    Column("message_id", Uuid, nullable=False),  # whose link it was asked for by
    Column("channel", Text, nullable=False),  # where it was sent
    Column("digest", LargeBinary, nullable=False),  # keyed: purpose, person, run and code
    Column("tries", SmallInteger, nullable=False, server_default="0"),
    at("made_at", default=True),  # real time
    at("spent_at", nullable=True),  # it was used, or a newer one was sent
    Index("ix_decision_code_run_id", "run_id", "person_id", "made_at"),
    Index("ix_decision_code_person_id", "person_id", "made_at"),
)
"""Codes by which somebody proves that he is who was asked; the newest counts."""
