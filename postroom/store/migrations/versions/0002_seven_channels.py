"""Seven channels: preferences, quiet hours, the cut-off of going live, SMS budgets and status callbacks."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

BEFORE = "channel in ('whatsapp', 'email')"
NOW = "channel in ('whatsapp', 'slack', 'teams', 'sms', 'email', 'odoo', 'callback')"
CHECKED = ("contact_point", "consent", "message_log")


def upgrade() -> None:
    for table in CHECKED:
        op.drop_constraint(op.f(f"ck_{table}_channel"), table, type_="check")
        op.create_check_constraint(op.f(f"ck_{table}_channel"), table, NOW)
    op.add_column("message_log", sa.Column("zones", sa.Text()))
    op.add_column("intent", sa.Column("happened_at", sa.DateTime(timezone=True)))
    op.add_column("sending_mode", sa.Column("cut_off", sa.DateTime(timezone=True)))
    _preferences()
    _sms_days()
    _callbacks()


def _preferences() -> None:
    op.create_table(
        "message_channel_preference",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("message_type", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("choice", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        _now("at"),
        sa.CheckConstraint(
            "channel in ('*', 'whatsapp', 'slack', 'teams', 'sms', 'email', 'odoo', 'callback')",
            name=op.f("ck_message_channel_preference_channel"),
        ),
        sa.CheckConstraint("choice in ('on', 'off', 'preferred')", name=op.f("ck_message_channel_preference_choice")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_channel_preference")),
    )
    op.create_index(
        "ix_message_channel_preference_newest", "message_channel_preference", ["company", "recipient", "at"]
    )


def _sms_days() -> None:
    op.create_table(
        "sms_day",
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("segments", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("company", "day", name=op.f("pk_sms_day")),
    )


def _callbacks() -> None:
    op.create_table(
        "status_change",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text()),
        _now("at"),
        sa.Column("relayed_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_status_change")),
    )
    op.create_index("ix_status_change_new", "status_change", ["id"], postgresql_where=sa.text("relayed_at is null"))
    op.create_table(
        "callback_receiver",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("url", sa.LargeBinary(), nullable=False),
        sa.Column("blind", sa.LargeBinary(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), server_default="0", nullable=False),
        _now("created_at"),
        sa.Column("removed_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callback_receiver")),
        sa.UniqueConstraint("company", "blind", name=op.f("uq_callback_receiver_company_blind")),
    )


def _now(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False)


def downgrade() -> None:
    for table in ("callback_receiver", "status_change", "sms_day", "message_channel_preference"):
        op.drop_table(table)
    op.drop_column("sending_mode", "cut_off")
    op.drop_column("intent", "happened_at")
    op.drop_column("message_log", "zones")
    for table in CHECKED:
        op.drop_constraint(op.f(f"ck_{table}_channel"), table, type_="check")
        op.create_check_constraint(op.f(f"ck_{table}_channel"), table, BEFORE)
