"""Keep what a person said or pressed, beside the message that it answers; obey STOP, and START after it."""

from uuid import UUID

import structlog

from postroom.domain.channels import ChannelEvent, EventKind
from postroom.store.consents import Consent, record_consents
from postroom.store.engine import Connection
from postroom.store.inbox import InboxRow
from postroom.store.receipts import (
    NewReply,
    correspondent,
    keep_reply,
    revoke_consent,
    subjects_by_attempt,
    subjects_by_provider_id,
    take_turn,
)
from workers.hints import Lane
from workers.tasks.acknowledge import take_alert
from workers.tasks.agree import take_agreement
from workers.tasks.decide import take_decision
from workers.tasks.fall_back import fall_back
from workers.tasks.note import note
from workers.tasks.plead import take_plea
from workers.wiring import Rooms

MOST_WORDS = 200

log = structlog.get_logger()


def hear(connection: Connection, rooms: Rooms, row: InboxRow, event: ChannelEvent) -> set[Lane]:
    """Apply one reply, button press, opt-out or opt-in; in order for each contact. Returns the lanes to hint at."""
    blind = None if event.address is None else rooms.sealer.blind(event.channel, event.address)
    if blind is not None:
        take_turn(connection, blind)
    answered = _answered(connection, event)
    who = correspondent(connection, event.channel, blind, answered)
    reply = NewReply(
        inbox_id=row.id,
        channel=event.channel,
        kind="button" if event.kind is EventKind.PRESSED else "text",
        content=event.text or "",
        payload=event.payload,
        at=event.occurred_at,
    )
    lanes: set[Lane] = set()
    new = keep_reply(connection, rooms.sealer, who, reply)
    if new and who is not None and blind is not None:
        lanes = _obey(connection, rooms, event, who.company, blind)
    if new:
        note(connection, rooms, row, event, who)
        take_decision(connection, rooms, row, event, who, named=answered is not None)
        take_alert(connection, rooms, row, event, who, named=answered is not None)
        take_plea(connection, rooms, event, who)
        lanes |= take_agreement(connection, rooms, row, event, who, named=answered is not None)
    log.info(
        "heard",
        kind=event.kind.value,
        channel=event.channel.value,
        company=who.company if who else None,
        message_id=str(who.last_message_id) if who else None,
    )
    return lanes


def _obey(connection: Connection, rooms: Rooms, event: ChannelEvent, company: str, blind: bytes) -> set[Lane]:
    """STOP ends what waits for him here; START lets us write again, and brings nothing back that was stopped."""
    said, source = (event.text or "")[:MOST_WORDS], f"reply:{event.channel}"
    if event.kind is EventKind.OPTED_IN:
        record_consents(connection, [Consent(company, event.channel, blind, True, source, said)])
    if event.kind is not EventKind.OPTED_OUT:
        return set()
    stopped = revoke_consent(
        connection, company=company, channel=event.channel, blind=blind, source=source, wording=said
    )
    return fall_back(connection, rooms, stopped)


def _answered(connection: Connection, event: ChannelEvent) -> UUID | None:
    """The message that a reply quotes or whose button was pressed; by our id, else by the provider's."""
    if event.attempt_id is not None:
        found = subjects_by_attempt(connection, [event.attempt_id]).get(event.attempt_id)
        if found is not None:
            return found.message_id
    if event.provider_id is not None:
        subject = subjects_by_provider_id(connection, event.channel, [event.provider_id]).get(event.provider_id)
        return subject.message_id if subject else None
    return None
