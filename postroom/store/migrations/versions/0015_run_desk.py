"""What operators do to runs: they stand still and go on; and when the document behind a run is looked at again."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TABLES = ("run", "step_exec")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("stood_still", sa.Interval(), server_default="0", nullable=False))
    for name in ("paused_at", "look_at", "look_wanted_at"):
        op.add_column("run", sa.Column(name, sa.DateTime(timezone=True)))
    op.create_index(
        "ix_run_look_at", "run", ["look_at"], postgresql_where=sa.text("status = 'active' and look_at is not null")
    )


def downgrade() -> None:
    op.drop_index("ix_run_look_at", "run")
    for name in ("look_wanted_at", "look_at", "paused_at"):
        op.drop_column("run", name)
    for table in reversed(TABLES):
        op.drop_column(table, "stood_still")
