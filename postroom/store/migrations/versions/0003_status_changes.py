"""A trigger on the ledger: whoever moves a message, the receivers of its company hear of it."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Written in the transaction of the move itself, so that neither is there without the other. One look at a table of few
# rows decides whether anybody wants to know.
FUNCTION = """
    create function note_status_change() returns trigger language plpgsql as $$
    begin
        insert into status_change (company, message_id, state, reason)
        select new.company, new.id, new.state, new.reason
        where exists (select from callback_receiver r where r.company = new.company and r.removed_at is null);
        return null;
    end
    $$
"""

# A callback about a callback would never end.
WRITTEN = """
    create trigger message_written after insert on message_log for each row
    when (new.channel <> 'callback')
    execute function note_status_change()
"""

# Claimed and sending are our own affair, and so is the way back from there to the queue. The condition is read before
# the function is called: a claim pays for the condition alone.
MOVED = """
    create trigger message_moved after update of state on message_log for each row
    when (
        new.channel <> 'callback' and new.state is distinct from old.state and new.state not in ('claimed', 'sending')
        and not (new.state = 'queued' and old.state in ('claimed', 'sending'))
    )
    execute function note_status_change()
"""


def upgrade() -> None:
    for statement in (FUNCTION, WRITTEN, MOVED):
        op.execute(statement)


def downgrade() -> None:
    op.execute("drop trigger message_moved on message_log")
    op.execute("drop trigger message_written on message_log")
    op.execute("drop function note_status_change()")
