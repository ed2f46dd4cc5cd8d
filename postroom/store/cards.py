"""Cards that are to be changed where they stand, since nobody waits for their answer any more."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from postroom.domain.cards import EDITED
from postroom.domain.channels import ChannelName
from postroom.domain.safety import Wire
from postroom.store.ids import new_id

PATIENCE = timedelta(days=1)
"""A message of which nobody knows whether it arrived is not waited for any longer."""

# What is to be said is read when the card is changed: here it is only written down that the card is no longer true. A
# message on its way is among them; its card is changed once it is known to have arrived, and where.
_WANT = text("""
    insert into card_edit as e (id, company, channel)
    select m.id, m.company, m.channel
    from intent i join leg_key k on k.intent_id = i.id join message_log m on m.id = k.message_id
    where i.run_id = :run_id and m.channel = any(:channels)
        and m.state in ('sending', 'unknown', 'sent', 'delivered', 'read')
    order by m.id
    on conflict (id) do update set state = 'waiting', version = e.version + 1, tries = 0, code = null,
        wanted_at = clock_timestamp(), next_at = clock_timestamp(), ended_at = null
""").bindparams(bindparam("channels", type_=ARRAY(Text)))
_DUE = """
    from card_edit e join message_log m on m.id = e.id
    where e.state = 'waiting' and e.next_at <= clock_timestamp()
        and (e.lease_until is null or e.lease_until < clock_timestamp())
        and (m.state not in ('sending', 'unknown') or e.wanted_at < clock_timestamp() - :patience)
        and not exists (
            select from pause p
            where p.scope = 'all' or (p.scope, p.value) in (('company', e.company), ('channel', e.channel))
        )
"""
_WAIT = text(f"select distinct e.channel {_DUE}").bindparams(patience=PATIENCE)
_CLAIM = text(f"""
    with due as materialized (
        select e.id {_DUE} and e.channel = :channel and m.wire = :wire
        order by e.next_at, e.id limit :limit for update of e skip locked
    )
    update card_edit e set lease_until = clock_timestamp() + :lease, attempts = e.attempts + 1, tries = e.tries + 1
    from due where e.id = due.id
    returning e.id, e.company, e.version, e.attempts, e.tries, e.wanted_at
""").bindparams(patience=PATIENCE)  # noqa: S608
# Each claim counts the attempts up: who was away for longer than his lease finds another number and changes nothing. A
# newer wish that came meanwhile stays, and is free to be claimed at once.
_MINE = "id = :id and attempts = :attempts"
_END = text(f"""
    update card_edit set lease_until = null,
        state = case when version = :version then :state else state end,
        code = case when version = :version then :code else code end,
        ended_at = case when version = :version then clock_timestamp() else ended_at end
    where {_MINE}
""")  # noqa: S608
_TOLD = text("""
    insert into message_event (id, message_id, company, what, detail) values (:event_id, :id, :company, :what, :code)
""")
TOLD = {"done": "card_changed", "failed": "card_not_changed"}
"""What stands beside the message."""
_PUT_OFF = text(f"""
    update card_edit set lease_until = null, tries = tries - (not :charged)::int, code = :code,
        next_at = case when version = :version then :until else next_at end
    where {_MINE}
""")  # noqa: S608
_HOLD_BACK = text("""
    update card_edit e set next_at = :until, code = :code from message_log m
    where m.id = e.id and m.wire = :wire and e.channel = :channel and e.state = 'waiting'
        and e.next_at <= clock_timestamp()
""")


@dataclass(frozen=True, slots=True)
class Wish:
    """A card that is claimed, to be changed."""

    id: UUID
    """Its message."""
    company: str
    version: int
    attempts: int
    tries: int
    """Charged to the retry budget, this one included."""
    wanted_at: datetime


def want_changes(connection: Connection, run_id: UUID) -> None:
    """Have every card of a run that can be changed tell how the run stands; a newer wish takes an older one's place.

    In the transaction that makes its cards untrue: `end_run` asks for it, and so does whoever learns what Odoo made of
    a decision.
    """
    connection.execute(_WANT, {"run_id": run_id, "channels": sorted(EDITED)})


def cards_wait(connection: Connection) -> list[ChannelName]:
    """The channels of which cards can be changed now."""
    return [ChannelName(channel) for channel in connection.scalars(_WAIT)]


def claim_wishes(
    connection: Connection, channel: ChannelName, wire: Wire, *, limit: int, lease: timedelta
) -> list[Wish]:
    """Claim cards that are to be changed, the longest due first, by lease."""
    values = {"channel": channel.value, "wire": wire.value, "limit": limit, "lease": lease}
    return [Wish(*row) for row in connection.execute(_CLAIM, values)]


def end_wish(connection: Connection, wish: Wish, state: str, code: str | None = None) -> None:
    """Close it: done, failed, or void since there is nothing to change."""
    mine = {"id": wish.id, "attempts": wish.attempts, "version": wish.version}
    if connection.execute(_END, {**mine, "state": state, "code": code}).rowcount and state in TOLD:
        told = {"event_id": new_id(), "id": wish.id, "company": wish.company, "what": TOLD[state], "code": code}
        connection.execute(_TOLD, told)


def put_off_wish(connection: Connection, wish: Wish, until: datetime, code: str, *, charged: bool) -> None:
    """Try again then (real time)."""
    mine = {"id": wish.id, "attempts": wish.attempts, "version": wish.version}
    connection.execute(_PUT_OFF, {**mine, "until": until, "code": code, "charged": charged})


def hold_back_wishes(connection: Connection, channel: ChannelName, wire: Wire, until: datetime, code: str) -> None:
    """Their sender is stopped: all that is due by it waits until then (real time)."""
    values = {"channel": channel.value, "wire": wire.value, "until": until, "code": code}
    connection.execute(_HOLD_BACK, values)
