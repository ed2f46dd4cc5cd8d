"""What waits for people: flows, runs, steps that were fired, votes, decisions and the trail of each."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

OPEN = "status in ('active', 'paused')"


def _at(name: str, *, nullable: bool = False, default: bool = False) -> sa.Column[object]:
    return sa.Column(
        name,
        sa.DateTime(timezone=True),
        nullable=nullable,
        server_default=sa.text("clock_timestamp()") if default else None,
    )


def _of_run() -> sa.Column[object]:
    return sa.Column("run_id", sa.Uuid(), nullable=False)


def _belongs(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f(f"fk_{table}_run_id"), ondelete="CASCADE")


def upgrade() -> None:
    op.create_table(
        "flow_version",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("flow_key", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("spec", postgresql.JSONB(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        _at("created_at", default=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flow_version")),
        sa.UniqueConstraint("flow_key", "version", name=op.f("uq_flow_version_flow_key_version")),
        sa.UniqueConstraint("flow_key", "sha256", name=op.f("uq_flow_version_flow_key_sha256")),
    )
    op.create_table(
        "run",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("flow_version_id", sa.Uuid(), nullable=False),
        sa.Column("flow_key", sa.Text(), nullable=False),
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("subject_rev", sa.Text()),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        sa.Column("why", sa.Text()),
        sa.Column("levels", sa.SmallInteger(), nullable=False),
        sa.Column("cur_step", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("iter", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("version", sa.Integer(), server_default="0", nullable=False),
        sa.Column("tz", sa.Text(), nullable=False),
        sa.Column("requester_id", sa.BigInteger()),
        _at("began_at"),
        _at("asked_at", nullable=True),
        _at("looked_at", nullable=True),
        _at("ended_at", nullable=True),
        sa.CheckConstraint(
            "status in ('active', 'paused', 'decided', 'obsolete', 'cancelled', 'given_up')", name=op.f("ck_run_status")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
        sa.ForeignKeyConstraint(["flow_version_id"], ["flow_version.id"], name=op.f("fk_run_flow_version_id")),
        sa.ForeignKeyConstraint(["event_id"], ["inbox.id"], name=op.f("fk_run_event_id")),
    )
    op.create_index(
        "uq_run_open", "run", ["company", "flow_key", "subject"], unique=True, postgresql_where=sa.text(OPEN)
    )
    op.create_index("ix_run_open", "run", ["status", "id"], postgresql_where=sa.text(OPEN))
    op.create_index("ix_run_event_id", "run", ["event_id"])
    op.create_table(
        "step_exec",
        _of_run(),
        sa.Column("step_no", sa.SmallInteger(), nullable=False),
        sa.Column("iter", sa.SmallInteger(), nullable=False),
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), server_default="fired", nullable=False),
        _at("fired_at"),
        _at("written_at", default=True),
        sa.Column("late", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("outcome in ('fired', 'skipped')", name=op.f("ck_step_exec_outcome")),
        sa.PrimaryKeyConstraint("run_id", "step_no", "iter", name=op.f("pk_step_exec")),
        _belongs("step_exec"),
    )
    op.create_table(
        "vote",
        _of_run(),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("iter", sa.SmallInteger(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("via", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Uuid()),
        sa.Column("reason", sa.LargeBinary()),
        _at("at"),
        sa.PrimaryKeyConstraint("run_id", "level", "iter", "actor", name=op.f("pk_vote")),
        _belongs("vote"),
    )
    op.create_table(
        "decision",
        _of_run(),
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        _at("decided_at"),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_decision")),
        _belongs("decision"),
    )
    op.create_table(
        "run_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        _of_run(),
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text()),
        sa.Column("actor", sa.Text()),
        _at("at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_event")),
        _belongs("run_event"),
    )
    op.create_index("ix_run_event_run_id", "run_event", ["run_id", "id"])
    op.add_column("intent", sa.Column("run_id", sa.Uuid()))
    op.add_column("intent", sa.Column("step_no", sa.SmallInteger()))
    op.create_index("ix_intent_run_id", "intent", ["run_id", "step_no"], postgresql_where=sa.text("run_id is not null"))
    op.add_column("timer", sa.Column("step_no", sa.SmallInteger()))
    op.add_column("timer", sa.Column("iter", sa.SmallInteger()))
    op.create_index("ix_timer_subject_id", "timer", ["subject_id"], postgresql_where=sa.text("state = 'due'"))


def downgrade() -> None:
    op.drop_index("ix_timer_subject_id", "timer")
    op.drop_column("timer", "iter")
    op.drop_column("timer", "step_no")
    op.drop_index("ix_intent_run_id", "intent")
    op.drop_column("intent", "step_no")
    op.drop_column("intent", "run_id")
    for table in ("run_event", "decision", "vote", "step_exec", "run", "flow_version"):
        op.drop_table(table)
