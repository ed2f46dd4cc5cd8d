"""Who decides in Odoo, by which accounts, and what is to be written there."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

CHANNELS = "channel in ('whatsapp', 'slack', 'teams', 'sms', 'email', 'odoo', 'callback')"
WIRES = "wire in ('sandbox', 'live')"


def upgrade() -> None:
    _people()
    _accounts()
    _outbox()


def downgrade() -> None:
    for table in ("outbox", "person_account", "person"):
        op.drop_table(table)


def _people() -> None:
    op.create_table(
        "person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("database", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("partner_id", sa.BigInteger(), nullable=False),
        sa.Column("login", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("email", sa.LargeBinary()),
        sa.Column("email_blind", sa.LargeBinary()),
        sa.Column("api_key", sa.LargeBinary()),
        sa.Column("language", sa.Text()),
        sa.Column("timezone", sa.Text()),
        sa.Column("companies", JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        _now("seen_at"),
        _now("created_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("database", "user_id", name=op.f("uq_person_database_user_id")),
    )
    op.create_index("ix_person_email_blind", "person", ["database", "email_blind"])


def _accounts() -> None:
    op.create_table(
        "person_account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("wire", sa.Text(), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("blind", sa.LargeBinary(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        _now("verified_at"),
        sa.Column("removed_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(CHANNELS, name=op.f("ck_person_account_channel")),
        sa.CheckConstraint(WIRES, name=op.f("ck_person_account_wire")),
        sa.CheckConstraint("how in ('email', 'link')", name=op.f("ck_person_account_how")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_account")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_person_account_person_id"), ondelete="CASCADE"
        ),
    )
    op.create_index("ix_person_account_person_id", "person_account", ["person_id"])
    op.create_index(
        "uq_person_account_blind",
        "person_account",
        ["channel", "wire", "blind"],
        unique=True,
        postgresql_where=sa.text("removed_at is null"),
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("wire", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("message_id", sa.Uuid()),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("code", sa.Text()),
        sa.Column("detail", sa.Text()),
        sa.Column("result", sa.LargeBinary()),
        _now("next_at"),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        _now("created_at"),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(WIRES, name=op.f("ck_outbox_wire")),
        sa.CheckConstraint("state in ('waiting', 'done', 'refused', 'void', 'dead')", name=op.f("ck_outbox_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_key")),
    )
    op.create_index("ix_outbox_waiting", "outbox", ["next_at"], postgresql_where=sa.text("state = 'waiting'"))
    op.create_index(
        "ix_outbox_in_line",
        "outbox",
        ["subject", "id"],
        postgresql_where=sa.text("state = 'waiting' and subject <> ''"),
    )
    op.create_index("ix_outbox_message_id", "outbox", ["message_id"])


def _now(name: str) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False)
