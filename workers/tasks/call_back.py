"""Write callbacks for what has moved, and put away what a receiver never took."""

from collections.abc import Sequence
from time import monotonic
from uuid import UUID

import structlog

from postroom.domain.callbacks import GONE, StatusChange, body_of, receiver_in
from postroom.domain.channels import ChannelName
from postroom.domain.messages import State, Urgency
from postroom.store.callbacks import (
    Callback,
    Receiver,
    add_callbacks,
    alone,
    first_number,
    live_receivers,
    mark_relayed,
    new_changes,
    remove_receiver,
)
from postroom.store.engine import Connection
from postroom.store.ids import new_id
from postroom.store.intents import Intent, LegState
from postroom.store.notices import raise_notice
from workers.tasks.note_status import note_statuses
from workers.wiring import Rooms

BATCH = 200
STINT = 1.0
"""Seconds: a flood of changes leaves the ticker's other steps their turn."""
log = structlog.get_logger()


def relay(rooms: Rooms) -> int:
    """Write a callback for every new change and receiver, in order. Returns how many; 0 while somebody else relays."""
    until, written = monotonic() + STINT, 0
    while monotonic() < until:
        changes, callbacks = _relay_batch(rooms)
        written += callbacks
        if callbacks:
            rooms.hints.deliver(ChannelName.CALLBACK, Urgency.NORMAL)
        if changes < BATCH:
            break
    return written


def _relay_batch(rooms: Rooms) -> tuple[int, int]:
    with rooms.engine.begin() as connection:
        changes = new_changes(connection, BATCH) if alone(connection) else []
        if not changes:
            return 0, 0
        rooms.book.remember()
        companies = sorted({change.company for change in changes})
        callbacks = [
            callback
            for receiver in live_receivers(connection, rooms.sealer, companies)
            for callback in _callbacks(connection, receiver, changes)
        ]
        add_callbacks(connection, rooms.sealer, callbacks, config_sha256=rooms.book.sha256)
        note_statuses(connection, rooms, changes)
        mark_relayed(connection, changes)
    log.info("relayed", changes=len(changes), callbacks=len(callbacks))
    return len(changes), len(callbacks)


def _callbacks(connection: Connection, receiver: Receiver, changes: Sequence[StatusChange]) -> list[Callback]:
    """A receiver's callbacks about its own company, numbered without a gap."""
    own = [change for change in changes if change.company == receiver.company]
    first = first_number(connection, receiver, len(own))
    return [_callback(receiver, change, number) for number, change in enumerate(own, start=first)]


def _callback(receiver: Receiver, change: StatusChange, sequence: int) -> Callback:
    callback_id = new_id()
    body = body_of(change, callback_id, sequence)
    return Callback(callback_id, receiver, f"{change.id}:{receiver.id}", change.message_id, body["type"], body)


def put_away(connection: Connection, intent: Intent, legs: Sequence[LegState]) -> None:
    """A callback has reached nobody: it is listed, or its receiver has left for good. Nothing stands in for it."""
    receiver_id = receiver_in(intent.recipient)
    reasons = {leg.reason for leg in legs if leg.state is State.FAILED}
    if GONE in reasons:
        _part_with(connection, intent.company, receiver_id)
    elif reasons:
        words = (
            f"Receiver {receiver_id} of company {intent.company} did not take a status callback in all its tries. "
            f"Look: postroom callbacks list --dead, then: postroom callbacks replay {receiver_id} --dead"
        )
        raise_notice(connection, key=f"callback:{receiver_id}", company=intent.company, kind="callback", words=words)


def _part_with(connection: Connection, company: str, receiver_id: UUID) -> None:
    withdrawn = remove_receiver(connection, receiver_id)
    if withdrawn is None:
        return
    words = (
        f"Receiver {receiver_id} of company {company} answered 410 Gone: it was removed, and {withdrawn} callbacks "
        f"that waited for it were withdrawn. If that was a mistake: postroom callbacks add {company} URL"
    )
    raise_notice(connection, key=f"callback:{receiver_id}:gone", company=company, kind="callback", words=words)
