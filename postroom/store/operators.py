"""What an operator does to a message by hand; each deed is noted beside it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from postroom.domain.messages import State
from postroom.domain.safety import CUT_OFF
from postroom.store.ids import new_id
from postroom.store.intents import cancel_legs
from postroom.store.notices import close_notice


class NotRetried(Exception):
    """The message is in no state from which it could be sent again; says why, and what to do instead."""


@dataclass(frozen=True, slots=True)
class Retryable:
    """A message that may be sent again, locked until the caller's transaction ends."""

    id: UUID
    intent_id: UUID
    company: str
    stage: int
    state: State
    twice: bool
    """It may have arrived already, by this channel or by the one that stood in for it."""


@dataclass(frozen=True, slots=True)
class Retried:
    """What a retry did."""

    was: State
    now: State
    cancelled: tuple[UUID, ...]
    """The fallbacks that it stopped before they left."""


_LOCK = text("""
    select m.id, m.intent_id, m.company, m.stage, m.state, m.reason, m.not_after, m.content is null as unwritten,
        m.sent_at is not null as accepted
    from message_log m where m.id = :id for update
""")
_LATER = text("""
    select m.id, m.state from leg_key k join message_log m on m.id = k.message_id
    where k.intent_id = :intent_id and m.stage > :stage
""")
_REQUEUE = text("""
    update message_log set state = 'queued', reason = null, tries = 0, budget_from = clock_timestamp(),
        next_at = clock_timestamp(), ended_at = null, possible_duplicate = possible_duplicate or :twice
    where id = :id and state = 'failed'
""")
_RESEND = text("""
    update message_log set reason = 'resend', resends = 0 where id = :id and state = 'unknown'
""")
_NOTE = text("""
    insert into message_event (id, message_id, company, what, detail)
    values (:id, :message_id, :company, 'operator', :detail)
""")

_FINISHED = {
    State.DELIVERED: "it was delivered; the receiver has it",
    State.READ: "it was read; the receiver has it",
    State.SENT: "the provider has it, and a receipt may still come",
    State.QUEUED: "it waits to be sent anyway",
    State.HELD: "it is held and goes out by itself when its reason passes",
    State.CLAIMED: "it is about to leave",
    State.SENDING: "it is on the wire at this moment",
    State.EXPIRED: "it is stale; let the ERP post the event anew if somebody must still hear of it",
    State.CANCELLED: "it is no longer needed",
    State.SUPPRESSED: "it must not leave (opted out, or kept back by its mode)",
}


def retryable(connection: Connection, message_id: UUID, *, now: datetime) -> Retryable:
    """Lock a message and say whether it may be sent again; `now` is business time. Raises NotRetried."""
    row = connection.execute(_LOCK, {"id": message_id}).one()
    state = State(row.state)
    if state is State.HELD and row.reason == CUT_OFF:
        raise NotRetried(f"it tells of what happened before company {row.company} went live; see: postroom backlog")
    if state in _FINISHED:
        raise NotRetried(_FINISHED[state])
    if row.unwritten:
        raise NotRetried(
            f"it was never written ({row.reason}); mend the template (postroom templates lint) and post the event anew"
        )
    if row.not_after is not None and row.not_after < now:
        raise NotRetried("it is stale since " + row.not_after.isoformat(timespec="minutes"))
    later = connection.execute(_LATER, {"intent_id": row.intent_id, "stage": row.stage}).all()
    reached = any(State(leg.state) in {State.SENT, State.DELIVERED, State.READ, State.UNKNOWN} for leg in later)
    return Retryable(row.id, row.intent_id, row.company, row.stage, state, reached or state is State.UNKNOWN)


def retry(connection: Connection, message: Retryable) -> Retried:
    """Send a message again: a failed one goes back into the queue, an unknown one is repeated once."""
    if message.state is State.UNKNOWN:
        connection.execute(_RESEND, {"id": message.id})
        close_notice(connection, f"unsettled:{message.id}")
        _note(connection, message, "retry: sent once more although it may have arrived")
        return Retried(State.UNKNOWN, State.UNKNOWN, ())
    connection.execute(_REQUEUE, {"id": message.id, "twice": message.twice})
    later = connection.execute(_LATER, {"intent_id": message.intent_id, "stage": message.stage})
    cancelled = tuple(cancel_legs(connection, [leg.id for leg in later], "operator_retry"))
    close_notice(connection, f"silence:{message.intent_id}")
    _note(connection, message, f"retry: failed to queued, {len(cancelled)} fallbacks cancelled")
    return Retried(State.FAILED, State.QUEUED, cancelled)


def _note(connection: Connection, message: Retryable, words: str) -> None:
    connection.execute(_NOTE, {"id": new_id(), "message_id": message.id, "company": message.company, "detail": words})
