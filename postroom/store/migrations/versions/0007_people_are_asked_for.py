"""By which wire a person is known, what the channels' directories said of him, and who vouched for an account."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("person", sa.Column("wire", sa.Text(), nullable=False))
    op.create_check_constraint(op.f("ck_person_wire"), "person", "wire in ('sandbox', 'live')")
    op.create_index("ix_person_wire_user_id", "person", ["wire", "user_id"])
    op.add_column("person_account", sa.Column("verified_by", sa.Text(), server_default="", nullable=False))
    op.add_column("person_account", sa.Column("removed_why", sa.Text()))
    op.create_table(
        "person_lookup",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.CheckConstraint(
            "channel in ('whatsapp', 'slack', 'teams', 'sms', 'email', 'odoo', 'callback')",
            name=op.f("ck_person_lookup_channel"),
        ),
        sa.PrimaryKeyConstraint("person_id", "channel", name=op.f("pk_person_lookup")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_person_lookup_person_id"), ondelete="CASCADE"
        ),
    )


def downgrade() -> None:
    op.drop_table("person_lookup")
    op.drop_column("person_account", "removed_why")
    op.drop_column("person_account", "verified_by")
    op.drop_index("ix_person_wire_user_id", "person")
    op.drop_constraint(op.f("ck_person_wire"), "person")
    op.drop_column("person", "wire")
