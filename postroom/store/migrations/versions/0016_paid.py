"""Collections: when a customer first heard of an invoice, and when it was seen to be paid."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

COLUMNS = ("first_told_at", "paid_at")


def upgrade() -> None:
    for name in COLUMNS:
        op.add_column("dunned_invoice", sa.Column(name, sa.DateTime(timezone=True)))
    op.execute("update dunned_invoice set first_told_at = told_at")


def downgrade() -> None:
    for name in reversed(COLUMNS):
        op.drop_column("dunned_invoice", name)
