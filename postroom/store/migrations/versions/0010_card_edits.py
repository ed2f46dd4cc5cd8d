"""Cards that were sent and are to be changed where they stand."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

CHANNELS = "'whatsapp', 'slack', 'teams', 'sms', 'email', 'odoo', 'callback'"


def _at(name: str, *, default: bool) -> sa.Column[object]:
    now = sa.text("clock_timestamp()") if default else None
    return sa.Column(name, sa.DateTime(timezone=True), nullable=not default, server_default=now)


def upgrade() -> None:
    op.create_table(
        "card_edit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("tries", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("code", sa.Text()),
        _at("wanted_at", default=True),
        _at("next_at", default=True),
        _at("lease_until", default=False),
        _at("ended_at", default=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_edit")),
        sa.CheckConstraint(f"channel in ({CHANNELS})", name=op.f("ck_card_edit_channel")),
        sa.CheckConstraint("state in ('waiting', 'done', 'failed', 'void')", name=op.f("ck_card_edit_state")),
    )
    op.create_index(
        "ix_card_edit_due", "card_edit", ["channel", "next_at"], postgresql_where=sa.text("state = 'waiting'")
    )


def downgrade() -> None:
    op.drop_table("card_edit")
