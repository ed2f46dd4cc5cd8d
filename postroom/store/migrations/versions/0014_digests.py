"""Who reads which digest, and when it was made for him."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

STATES = ("planned", "wanted", "sent", "empty", "stale", "void", "failed")


def _at(name: str, *, nullable: bool = True, default: bool = False) -> sa.Column[object]:
    now = sa.text("clock_timestamp()") if default else None
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=now)


def upgrade() -> None:
    states = ", ".join(f"'{state}'" for state in STATES)
    op.create_table(
        "digest",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        _at("due_at", nullable=False),
        sa.Column("state", sa.Text(), server_default="planned", nullable=False),
        sa.Column("why", sa.Text()),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        _at("lease_until"),
        sa.Column("event_id", sa.Uuid()),
        _at("made_at", nullable=False, default=True),
        _at("ended_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digest")),
        sa.UniqueConstraint("name", "reader", "day", name=op.f("uq_digest_name_reader_day")),
        sa.CheckConstraint(f"state in ({states})", name=op.f("ck_digest_state")),
    )
    op.create_index("ix_digest_due_at", "digest", ["due_at"])
    op.create_index("ix_digest_wanted", "digest", ["id"], postgresql_where=sa.text("state = 'wanted'"))
    op.create_table(
        "digest_mute",
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("reader", sa.Text(), nullable=False),
        sa.Column("section", sa.Text(), nullable=False),
        _at("muted_at", nullable=False, default=True),
        sa.PrimaryKeyConstraint("reader", "section", name=op.f("pk_digest_mute")),
    )


def downgrade() -> None:
    op.drop_table("digest_mute")
    op.drop_table("digest")
