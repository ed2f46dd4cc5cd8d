"""By which wire a message left: its links are about the Odoo of that wire, and the sender's name does not tell."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("message_log", sa.Column("wire", sa.Text()))
    op.create_check_constraint(op.f("ck_message_log_wire"), "message_log", "wire in ('sandbox', 'live')")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_message_log_wire"), "message_log")
    op.drop_column("message_log", "wire")
