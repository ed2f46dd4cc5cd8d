"""Settle messages by their receipts, in whatever order these come."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog

from postroom.domain.channels import ChannelEvent, ChannelName, Fault, Verdict
from postroom.domain.delivery import UNREACHABLE
from postroom.domain.messages import MISSED, State
from postroom.store.attempts import mark_unreachable, opt_out
from postroom.store.engine import Connection
from postroom.store.ids import made_at
from postroom.store.inbox import InboxRow, park
from postroom.store.intents import LegState, cancel_legs, lock_intent, mark_possible_duplicates
from postroom.store.notices import close_notice
from postroom.store.receipts import (
    Moved,
    ReceiptOf,
    Subject,
    apply_receipts,
    subjects_by_attempt,
    subjects_by_provider_id,
)
from workers.hints import Lane
from workers.tasks.fall_back import fall_back
from workers.tasks.health import note_outcomes, tell_of_chains, tell_of_refusal
from workers.tasks.summary import Summary
from workers.wiring import Rooms

PARK_FOR = timedelta(seconds=5)
PARK_AT_MOST = timedelta(minutes=15)
"""A receipt can come before the provider's answer gave us its id; after this it is nobody's."""

Received = tuple[InboxRow, ChannelEvent]
log = structlog.get_logger()


def settle(
    connection: Connection, rooms: Rooms, received: Sequence[Received], summary: Summary
) -> tuple[list[UUID], set[Lane]]:
    """Apply receipts; those whose message is not known yet are parked.

    Returns the inbox rows that are done, and the lanes to hint at once it is committed.
    """
    by_channel: defaultdict[ChannelName, list[Received]] = defaultdict(list)
    for row, event in received:
        by_channel[event.channel].append((row, event))
    done: list[UUID] = []
    lanes: set[Lane] = set()
    for channel, group in by_channel.items():
        matched, strangers = _match(connection, channel, group)
        moved = apply_receipts(connection, channel, [receipt for receipt, _ in matched])
        lanes |= _follow_up(connection, rooms, channel, matched, moved)
        done += [receipt.inbox_id for receipt, _ in matched]
        done += [row.id for row, event in strangers if not _parked(connection, row, event, summary)]
    return done, lanes


Matched = tuple[ReceiptOf, ChannelEvent]


def _match(
    connection: Connection, channel: ChannelName, received: Sequence[Received]
) -> tuple[list[Matched], list[Received]]:
    ours = subjects_by_attempt(connection, [event.attempt_id for _, event in received if event.attempt_id])
    theirs = subjects_by_provider_id(
        connection, channel, [event.provider_id for _, event in received if event.provider_id]
    )
    matched: list[Matched] = []
    strangers: list[Received] = []
    for row, event in received:
        subject = (event.attempt_id and ours.get(event.attempt_id)) or (
            event.provider_id and theirs.get(event.provider_id)
        )
        if isinstance(subject, Subject):
            matched.append((_receipt(row, event, subject), event))
        else:
            strangers.append((row, event))
    return matched, strangers


def _receipt(row: InboxRow, event: ChannelEvent, subject: Subject) -> ReceiptOf:
    fault = event.fault
    return ReceiptOf(
        inbox_id=row.id,
        subject=subject,
        state=State(event.kind.value),
        occurred_at=event.occurred_at,
        provider_id=event.provider_id,
        code=fault.code if fault else None,
        detail=fault.detail if fault else None,
        verdict=fault.verdict.value if fault else None,
    )


def _parked(connection: Connection, row: InboxRow, event: ChannelEvent, summary: Summary) -> bool:
    if datetime.now(UTC) - made_at(row.id) > PARK_AT_MOST:
        log.warning("receipt_of_nobody", channel=event.channel.value, kind=event.kind.value, row=str(row.id))
        summary.add("receipts of nobody")
        return False
    park(connection, row.id, PARK_FOR)
    summary.add("parked")
    return True


# What follows from it -------------------------------------------------------------------------------------------------


def _follow_up(
    connection: Connection, rooms: Rooms, channel: ChannelName, matched: Sequence[Matched], moved: Sequence[Moved]
) -> set[Lane]:
    landed = {leg.message_id: leg for leg in moved}
    for receipt, event in matched:
        leg = landed.get(receipt.subject.message_id)
        if event.fault is not None and leg is not None:
            _learn(connection, channel, receipt, event, event.fault)
    lanes = fall_back(connection, rooms, [leg.intent_id for leg in landed.values() if leg.now in MISSED])
    for leg in moved:
        if leg.was is State.FAILED:
            _call_back(connection, rooms, leg)
        if leg.was is State.UNKNOWN:
            close_notice(connection, f"unsettled:{leg.message_id}")
    return lanes


def _learn(connection: Connection, channel: ChannelName, receipt: ReceiptOf, event: ChannelEvent, fault: Fault) -> None:
    """What a failed receipt says beyond its own message: of the address, the recipient's will, or our sender."""
    message_ids = [receipt.subject.message_id]
    if fault.unreachable:
        mark_unreachable(connection, message_ids, UNREACHABLE, fault.code)
    if fault.verdict is Verdict.OPT_OUT:
        opt_out(connection, message_ids, f"provider:{fault.code}")
    if fault.verdict is Verdict.SENDER_STOPPED:
        note_outcomes(connection, channel, event.account, [fault])
    if fault.verdict is Verdict.PERMANENT:
        subject = receipt.subject
        tell_of_refusal(connection, subject.company, subject.message_id, fault.code, fault.detail)
        tell_of_chains(connection, message_ids)


def _call_back(connection: Connection, rooms: Rooms, leg: Moved) -> None:
    """Delivered after all: a fallback that has not left is cancelled; one that has is a possible duplicate."""
    _, legs = lock_intent(connection, rooms.sealer, leg.intent_id)
    later = [other.id for other in legs if other.id != leg.message_id and other.stage > _stage(legs, leg.message_id)]
    caught = cancel_legs(connection, later, "delivered_after_all")
    mark_possible_duplicates(connection, [other for other in later if other not in caught])


def _stage(legs: Sequence[LegState], message_id: UUID) -> int:
    return next(leg.stage for leg in legs if leg.id == message_id)
