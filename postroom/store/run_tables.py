"""The tables of what waits for people: flows, their runs, what was fired, answered and decided."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    Interval,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from postroom.domain.runs import RunStatus
from postroom.store.tables import at, metadata, one_of

flow_version = Table(
    "flow_version",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("flow_key", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("spec", JSONB, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    at("created_at", default=True),
    UniqueConstraint("flow_key", "version"),
    UniqueConstraint("flow_key", "sha256"),
)
"""A chain as it was when a run began by it: immutable."""

run = Table(
    "run",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("flow_version_id", Uuid, ForeignKey("flow_version.id"), nullable=False),
    Column("flow_key", Text, nullable=False),
    Column("company", Text, nullable=False),
    Column("subject", Text, nullable=False),  # what it is about: purchase.order:42
    Column("subject_rev", Text),
    Column("event_id", Uuid, ForeignKey("inbox.id"), nullable=False),  # what began it: people and facts are there
    Column("status", Text, nullable=False, server_default="active"),
    Column("why", Text),  # it ended, in a word: decided, changed, gone, by an operator ...
    Column("levels", SmallInteger, nullable=False),  # benches that must agree, one after the other
    Column("cur_step", SmallInteger, nullable=False, server_default="0"),  # the place that is due next
    Column("iter", SmallInteger, nullable=False, server_default="0"),
    Column("version", Integer, nullable=False, server_default="0"),
    Column("tz", Text, nullable=False),
    Column("requester_id", BigInteger),  # res.users
    at("began_at"),  # business time, as every time of a run
    at("asked_at", nullable=True),  # when the level that is asked now was asked
    at("looked_at", nullable=True),  # when Odoo last said that it is still open
    at("look_at", nullable=True),  # when Odoo is to be asked again; null: never
    at("look_wanted_at", nullable=True),  # since when a step that is due waits for that
    at("paused_at", nullable=True),
    Column("stood_still", Interval, nullable=False, server_default="0"),  # all the time that it was paused
    at("ended_at", nullable=True),
    one_of("status", RunStatus),
    Index(
        "uq_run_open",
        "company",
        "flow_key",
        "subject",
        unique=True,
        postgresql_where=text("status in ('active', 'paused')"),
    ),
    Index("ix_run_open", "status", "id", postgresql_where=text("status in ('active', 'paused')")),
    Index("ix_run_event_id", "event_id"),
    Index("ix_run_look_at", "look_at", postgresql_where=text("status = 'active' and look_at is not null")),
)

step_exec = Table(
    "step_exec",
    metadata,
    Column("run_id", Uuid, ForeignKey("run.id", ondelete="CASCADE"), nullable=False),
    Column("step_no", SmallInteger, nullable=False),
    Column("iter", SmallInteger, nullable=False),
    Column("company", Text, nullable=False),
    Column("outcome", Text, nullable=False, server_default="fired"),
    at("fired_at"),  # business time
    at("written_at", default=True),  # real time: what its messages' own times are held against
    Column("late", Integer, nullable=False, server_default="0"),  # seconds
    Column("stood_still", Interval, nullable=False, server_default="0"),  # of its run, until then
    PrimaryKeyConstraint("run_id", "step_no", "iter"),
    one_of("outcome", ("fired", "skipped")),
)
"""A step fires once."""

vote = Table(
    "vote",
    metadata,
    Column("run_id", Uuid, ForeignKey("run.id", ondelete="CASCADE"), nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("iter", SmallInteger, nullable=False),
    Column("actor", Text, nullable=False),  # user:7
    Column("company", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("via", Text, nullable=False),  # the channel
    Column("message_id", Uuid),
    Column("reason", LargeBinary),  # sealed
    at("at"),
    PrimaryKeyConstraint("run_id", "level", "iter", "actor"),
)

decision = Table(
    "decision",
    metadata,
    Column("run_id", Uuid, ForeignKey("run.id", ondelete="CASCADE"), primary_key=True),
    Column("company", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("actor", Text, nullable=False),
    at("decided_at"),
)
"""The first writer wins; computed from the votes."""

run_event = Table(
    "run_event",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("run_id", Uuid, ForeignKey("run.id", ondelete="CASCADE"), nullable=False),
    Column("company", Text, nullable=False),
    Column("what", Text, nullable=False),  # began, fired, waits, voted, decided, paused, reassigned ...
    Column("detail", Text),  # in words; no personal data
    Column("actor", Text),  # user:7, or the operator
    at("at"),  # business time
    Index("ix_run_event_run_id", "run_id", "id"),
)
"""The trail: everything that happened to a run, and who did it."""
