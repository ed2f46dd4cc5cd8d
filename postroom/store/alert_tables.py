"""The tables of alerts: each one that was raised, and storms of them that are told together."""

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, Text, Uuid

from postroom.store.tables import at, metadata

storm = Table(
    "storm",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("company", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("severity", Text, nullable=False),
    at("since"),  # business time: the first of those that made it one
    at("began_at"),  # business time: the first that was not told by itself
    Column("run_id", Uuid, ForeignKey("run.id", ondelete="SET NULL")),  # once it is told
    Index("ix_storm_kind", "company", "type", "severity", "began_at"),
    Index("ix_storm_run_id", "run_id"),
)

alert = Table(
    "alert",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("company", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("subject", Text, nullable=False),  # what makes two of them the same: alert:stock_out:CABLE-3M
    Column("recipient", Text, nullable=False),  # partner:7
    Column("event_id", Uuid, ForeignKey("inbox.id", ondelete="CASCADE"), nullable=False),  # its words are there
    Column("run_id", Uuid, ForeignKey("run.id", ondelete="CASCADE")),  # what waits for somebody to take it
    Column("storm_id", Uuid, ForeignKey("storm.id", ondelete="CASCADE")),  # told together with others
    Column("times", Integer, nullable=False, server_default="1"),
    at("first_at"),  # business time
    at("last_at"),
    Index("ix_alert_kind", "company", "type", "severity", "recipient", "first_at"),
    Index("ix_alert_subject", "company", "subject", "recipient"),
    Index("ix_alert_run_id", "run_id"),
    Index("ix_alert_storm_id", "storm_id"),
    Index("ix_alert_event_id", "event_id"),
)
"""One row for each person who is to hear of an alert; the same again is counted in `times`."""
