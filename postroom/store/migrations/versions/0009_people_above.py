"""Whom a person answers to, what roles he has, when he is away and who decides for him meanwhile."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

AWAY = ("away_from", "away_until")


def _at(name: str, *, nullable: bool = True, default: bool = False) -> sa.Column[object]:
    now = sa.text("clock_timestamp()") if default else None
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=now)


def upgrade() -> None:
    op.add_column("person", sa.Column("manager_id", sa.BigInteger()))
    roles = sa.Column("roles", JSONB(), server_default=sa.text("'[]'"), nullable=False)
    op.add_column("person", roles)
    for name in AWAY:
        op.add_column("person", _at(name))
    op.create_table(
        "delegation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("company", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("to_user_id", sa.BigInteger(), nullable=False),
        _at("from_at", nullable=False),
        _at("until_at"),
        _at("made_at", nullable=False, default=True),
        sa.Column("made_by", sa.Text(), nullable=False),
        _at("ended_at"),
        sa.Column("ended_by", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegation")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_delegation_person_id"), ondelete="CASCADE"),
    )
    op.create_index("ix_delegation_person_id", "delegation", ["person_id"])


def downgrade() -> None:
    op.drop_table("delegation")
    for name in ("manager_id", "roles", *AWAY):
        op.drop_column("person", name)
