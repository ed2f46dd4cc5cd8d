"""Collections: when a customer first heard of an invoice, and when it was seen to be paid.

Of what he was told before nobody knows when he first heard, nor when it was paid: it counts in no figure.
"""

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


def downgrade() -> None:
    for name in reversed(COLUMNS):
        op.drop_column("dunned_invoice", name)
