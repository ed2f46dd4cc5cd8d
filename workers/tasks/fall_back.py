"""When a stage of a plan has reached nobody, write the next one."""

from collections.abc import Iterable
from uuid import UUID

import structlog

from postroom.domain.callbacks import STATUS_CALLBACK
from postroom.domain.channels import ChannelName
from postroom.domain.messages import MISSED, WITHHELD, State
from postroom.domain.routing import next_stage
from postroom.domain.safety import CUT_OFF
from postroom.store.contacts import contact_points
from postroom.store.engine import Connection
from postroom.store.intents import Intent, LegState, add_legs, lock_intent, set_stage
from postroom.store.notices import raise_notice
from postroom.store.runs import run_is_over
from workers.hints import Lane
from workers.tasks.call_back import put_away
from workers.tasks.write import draft_of, stage_legs
from workers.wiring import Rooms

log = structlog.get_logger()


def fall_back(connection: Connection, rooms: Rooms, intent_ids: Iterable[UUID], *, overdue: bool = False) -> set[Lane]:
    """Start the next stage of every intent whose present one has missed, in the caller's transaction.

    Returns the lanes to hint at once it is committed. May be called twice: a stage is written once.
    """
    lanes: set[Lane] = set()
    for intent_id in sorted(set(intent_ids)):
        lanes |= _advance(connection, rooms, intent_id, overdue=overdue)
    return lanes


def _advance(connection: Connection, rooms: Rooms, intent_id: UUID, *, overdue: bool) -> set[Lane]:
    intent, legs = lock_intent(connection, rooms.sealer, intent_id)
    if intent.rule == STATUS_CALLBACK:
        put_away(connection, intent, legs)
        return set()
    if intent.run_id is not None and run_is_over(connection, intent.run_id):
        return set()
    if intent.not_after is not None and rooms.clock.now() > intent.not_after:
        return set()
    # Neither does anything stand in for what an operator has yet to decide about.
    if any(leg.state is State.HELD and leg.reason == CUT_OFF for leg in legs):
        return set()
    draft = draft_of(intent)
    states = _present(intent, legs)
    stage, lanes = intent.stage, set[Lane]()
    while (following := next_stage(draft.plan, stage, states, overdue=overdue)) is not None:
        points = contact_points(connection, rooms.sealer, draft.addresses.values())
        written = add_legs(
            connection, rooms.sealer, [(intent, leg) for leg in stage_legs(rooms, draft, following, points)]
        )
        states = {leg.channel: leg.state for leg in written}
        stage, overdue = following, False
        lanes |= {(leg.channel, intent.urgency) for leg in written}
        log.info(
            "fell_back", intent_id=str(intent.id), company=intent.company, channels=[leg.channel for leg in written]
        )
    if stage != intent.stage:
        set_stage(connection, intent.id, stage)
    if states and all(state in MISSED for state in states.values()):
        _tell_of_silence(connection, intent)
    return lanes


def _present(intent: Intent, legs: Iterable[LegState]) -> dict[ChannelName, State]:
    """The states of the present stage; a leg that its mode withheld counts as sent."""
    return {
        leg.channel: State.SENT if leg.state is State.SUPPRESSED and leg.reason in WITHHELD else leg.state
        for leg in legs
        if leg.stage == intent.stage
    }


def _tell_of_silence(connection: Connection, intent: Intent) -> None:
    words = (
        f"Nobody was reached about {intent.subject} ({intent.rule}): every channel of its plan has failed. "
        f"Look: postroom events show {intent.event_id}"
    )
    raise_notice(connection, key=f"silence:{intent.id}", company=intent.company, kind="undelivered", words=words)
