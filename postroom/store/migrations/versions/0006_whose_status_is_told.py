"""Companies whose documents in Odoo tell how their messages fare: their moves are written down, too."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

WANTED = "exists (select from callback_receiver r where r.company = new.company and r.removed_at is null)"
FUNCTION = """
    create or replace function note_status_change() returns trigger language plpgsql as $$
    begin
        insert into status_change (company, message_id, state, reason)
        select new.company, new.id, new.state, new.reason
        where {wanted};
        return null;
    end
    $$
"""


def upgrade() -> None:
    op.create_table("status_told", sa.Column("company", sa.Text, primary_key=True))
    told = "exists (select from status_told t where t.company in (new.company, '*'))"
    op.execute(FUNCTION.format(wanted=f"{WANTED} or {told}"))


def downgrade() -> None:
    op.execute(FUNCTION.format(wanted=WANTED))
    op.drop_table("status_told")
