"""What a customer owes, as far as dunning has come, and what he promised."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def _at(name: str, *, nullable: bool = True, default: bool = False) -> sa.Column[object]:
    made = sa.text("clock_timestamp()") if default else None
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=made)


def _words(*names: str, nullable: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=nullable) for name in names]


def _small(*names: str, nullable: bool = True) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.SmallInteger(), nullable=nullable) for name in names]


def _of_debtor(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("debtor_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["debtor_id"], ["debtor.id"], name=op.f(f"fk_{table}_debtor_id"), ondelete="CASCADE"),
        *_words("company"),
    ]


def upgrade() -> None:
    _debtor()
    _invoice()
    _letter()
    op.create_table(
        "dunning_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        *_of_debtor("dunning_event"),
        *_words("what"),
        *_words("detail", "actor", nullable=True),
        _at("at", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dunning_event")),
    )
    op.create_index("ix_dunning_event_debtor_id", "dunning_event", ["debtor_id", "id"])


def _debtor() -> None:
    op.create_table(
        "debtor",
        sa.Column("id", sa.Uuid(), nullable=False),
        *_words("company", "customer"),
        *_words("paused", nullable=True),
        _at("paused_until"),
        sa.Column("promised_on", sa.Date()),
        sa.Column("promises", sa.SmallInteger(), server_default="0", nullable=False),
        *_small("approved", "asked"),
        *_words("chore", nullable=True),
        sa.Column("last_day", sa.Date()),
        *_words("why", nullable=True),
        _at("looks_at"),
        _at("wanted_at"),
        _at("lease_until"),
        _at("updated_at", nullable=False, default=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_debtor")),
        sa.UniqueConstraint("company", "customer", name=op.f("uq_debtor_company_customer")),
    )
    wanted = sa.text("wanted_at is not null")
    op.create_index("ix_debtor_wanted", "debtor", ["wanted_at"], postgresql_where=wanted)


def _invoice() -> None:
    op.create_table(
        "dunned_invoice",
        sa.Column("invoice", sa.BigInteger(), nullable=False),
        *_of_debtor("dunned_invoice"),
        *_small("level"),
        _at("told_at"),
        sa.Column("residual", sa.Numeric(18, 6)),
        *_words("revision", nullable=True),
        _at("disputed_at"),
        _at("review_at"),
        _at("handed_over_at"),
        sa.PrimaryKeyConstraint("debtor_id", "invoice", name=op.f("pk_dunned_invoice")),
    )


def _letter() -> None:
    op.create_table(
        "dunning_letter",
        sa.Column("id", sa.Uuid(), nullable=False),
        *_of_debtor("dunning_letter"),
        sa.Column("day", sa.Date(), nullable=False),
        *_small("level", nullable=False),
        sa.Column("amounts", postgresql.JSONB(), nullable=False),
        sa.Column("before", postgresql.JSONB(), nullable=False),
        sa.Column("intent_id", sa.Uuid()),
        sa.Column("void", sa.Integer(), server_default="0", nullable=False),
        _at("written_at", nullable=False),
        _at("checked_at", nullable=False, default=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dunning_letter")),
        sa.UniqueConstraint("debtor_id", "day", "void", name=op.f("uq_dunning_letter_debtor_id_day_void")),
    )
    op.create_index("ix_dunning_letter_intent_id", "dunning_letter", ["intent_id"])


def downgrade() -> None:
    for table in ("dunning_event", "dunning_letter", "dunned_invoice", "debtor"):
        op.drop_table(table)
