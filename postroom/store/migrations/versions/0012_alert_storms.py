"""Alerts, each as it was raised, and those that are told together."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_storm_kind": ("storm", ["company", "type", "severity", "began_at"]),
    "ix_storm_run_id": ("storm", ["run_id"]),
    "ix_alert_kind": ("alert", ["company", "type", "severity", "recipient", "first_at"]),
    "ix_alert_subject": ("alert", ["company", "subject", "recipient"]),
    "ix_alert_run_id": ("alert", ["run_id"]),
    "ix_alert_storm_id": ("alert", ["storm_id"]),
    "ix_alert_event_id": ("alert", ["event_id"]),
}


def _words(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _at(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def _belongs(table: str, column: str, other: str, ondelete: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"), ondelete=ondelete)


def upgrade() -> None:
    op.create_table(
        "storm",
        sa.Column("id", sa.Uuid(), nullable=False),
        *_words("company", "type", "severity"),
        _at("since"),
        _at("began_at"),
        sa.Column("run_id", sa.Uuid()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_storm")),
        _belongs("storm", "run_id", "run", "SET NULL"),
    )
    op.create_table(
        "alert",
        sa.Column("id", sa.Uuid(), nullable=False),
        *_words("company", "type", "severity", "subject", "recipient"),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("run_id", sa.Uuid()),
        sa.Column("storm_id", sa.Uuid()),
        sa.Column("times", sa.Integer(), server_default="1", nullable=False),
        _at("first_at"),
        _at("last_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
        _belongs("alert", "event_id", "inbox", "CASCADE"),
        _belongs("alert", "run_id", "run", "CASCADE"),
        _belongs("alert", "storm_id", "storm", "CASCADE"),
    )
    for name, (table, columns) in INDEXES.items():
        op.create_index(name, table, columns)


def downgrade() -> None:
    op.drop_table("alert")
    op.drop_table("storm")
