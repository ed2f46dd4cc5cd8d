"""Cards that are no longer true are changed where they stand: claim, read how their run stands, act, record."""

import random
from collections.abc import Mapping, Sequence
from concurrent.futures import wait
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from postroom import failpoints
from postroom.domain.cards import Course, changed
from postroom.domain.channels import ChannelName, Fault, Rendered, Verdict
from postroom.domain.delivery import RetryAt, Try, WaitForSender, after_failure
from postroom.domain.messages import Urgency
from postroom.domain.safety import PROBE_EVERY, REAL, CircuitState, Mode, Wire, allowance, closed
from postroom.store.cards import Wish, claim_wishes, end_wish, hold_back_wishes, put_off_wish
from postroom.store.courses import Card, Copy, cards_sent, course_of
from postroom.store.engine import Connection
from postroom.store.notices import raise_notice
from postroom.store.safety import circuit, database_now, modes, put_circuit
from workers.app import app
from workers.channels.base import ChannelError, Editing
from workers.tasks.health import note_outcomes
from workers.tasks.summary import Summary
from workers.wiring import Rooms, rooms

LOOK_AGAIN = timedelta(seconds=10)
NO_CREDENTIALS = timedelta(minutes=5)
QUIET = frozenset({Verdict.FALLBACK, Verdict.OPT_OUT})
"""Why a card cannot be changed that is no operator's business: its reader has left, or blocked us."""
LATE = Fault(Verdict.TRANSIENT, "deadline", "no answer within the attempt's total deadline")
log = structlog.get_logger()


@app.task(name="edit")
def edit(channel: str) -> str:
    """Change the cards of one channel that are no longer true; changing one twice is harmless."""
    return str(drain(rooms(), ChannelName(channel)))


@dataclass(frozen=True, slots=True)
class Edit:
    """A card that is claimed, and what it is to say."""

    wish: Wish
    content: Rendered
    copies: Sequence[Copy]


Result = Fault | None
"""Why a card could not be changed; None: it was."""


def drain(rooms: Rooms, channel: ChannelName) -> Summary:
    """Change what is due until nothing is."""
    rooms.hints.clear("edit", channel.value)
    summary = Summary("no card waited")
    for wire in Wire:
        sender = rooms.channels.at(channel, wire)
        if isinstance(sender, Editing):
            while wishes := _claim(rooms, sender, wire):
                edits = _written(rooms, sender, wire, _at_pace(rooms, sender, wishes, summary), summary)
                _record(rooms, sender, _made(rooms, sender, edits), summary)
        else:
            _without_credentials(rooms, channel, wire)
    return summary


# Claim ----------------------------------------------------------------------------------------------------------------


def _claim(rooms: Rooms, sender: Editing, wire: Wire) -> list[Wish]:
    """What may go now: nothing while the sender is stopped, one as a probe, few while it recovers."""
    window, lease = rooms.limits.window, rooms.limits.lease
    with rooms.engine.begin() as connection:
        now = database_now(connection)
        health = circuit(connection, sender.name, sender.account) or closed(now)
        allowed = allowance(health, window, now)
        if not allowed:
            until = max(health.probe_at or now, now + LOOK_AGAIN)
            hold_back_wishes(connection, sender.name, wire, until, f"circuit:{health.reason}")
            return []
        wishes = claim_wishes(connection, sender.name, wire, limit=allowed, lease=lease)
        if wishes and health.state is CircuitState.OPEN:
            probing = replace(health, state=CircuitState.HALF_OPEN, probe_at=now + PROBE_EVERY)
            put_circuit(connection, sender.name, sender.account, probing)
    return wishes


def _without_credentials(rooms: Rooms, channel: ChannelName, wire: Wire) -> None:
    with rooms.engine.begin() as connection:
        until = database_now(connection) + NO_CREDENTIALS
        hold_back_wishes(connection, channel, wire, until, "no_credentials")


def _at_pace(rooms: Rooms, sender: Editing, wishes: Sequence[Wish], summary: Summary) -> list[Wish]:
    """Those that may go now, at the pace that they share with messages; the others are due when it is their turn."""
    turns = rooms.pacer.turns(sender.name, sender.account, [wish.id.hex for wish in wishes])
    slowed = [(wish, turn.wait) for wish, turn in zip(wishes, turns, strict=True) if turn.wait]
    if slowed:
        summary.add("wait for the pace", len(slowed))
        with rooms.engine.begin() as connection:
            now = database_now(connection)
            for wish, seconds in slowed:
                put_off_wish(connection, wish, now + timedelta(seconds=seconds), "pace", charged=False)
    return [wish for wish, turn in zip(wishes, turns, strict=True) if not turn.wait]


# Decide ---------------------------------------------------------------------------------------------------------------


def _written(rooms: Rooms, sender: Editing, wire: Wire, wishes: Sequence[Wish], summary: Summary) -> list[Edit]:
    """What each card is to say, as its run stands now; where there is nothing to change, its wish is void."""
    edits: list[Edit] = []
    with rooms.engine.begin() as connection:
        cards = cards_sent(connection, rooms.sealer, [wish.id for wish in wishes])
        courses = {run: course_of(connection, rooms.sealer, run) for run in {card.run_id for card in cards.values()}}
        far = modes(connection)
        for wish in wishes:
            mode = far.get((wish.company, sender.name), Mode.SANDBOX)
            found = _edit(sender, wish, cards.get(wish.id), courses) if _reaches(wire, mode) else "not_live"
            if isinstance(found, Edit):
                edits.append(found)
            else:
                end_wish(connection, wish, "void", found)
                summary.add(f"void ({found})")
    return edits


def _reaches(wire: Wire, mode: Mode) -> bool:
    """Whether real people may still be written to, where the card is in front of one."""
    return wire is Wire.SANDBOX or mode in REAL


def _edit(sender: Editing, wish: Wish, card: Card | None, courses: Mapping[UUID, Course]) -> Edit | str:
    """What is to be done about a card, or in a word why nothing is."""
    if card is None:
        return "not_sent"
    content = changed(card.content, courses[card.run_id], card.reader, longest=sender.capabilities.max_text)
    return Edit(wish, content, card.copies) if content else "no_question"


# Act ------------------------------------------------------------------------------------------------------------------


def _made(rooms: Rooms, sender: Editing, edits: Sequence[Edit]) -> list[tuple[Wish, Result]]:
    flights = [(each.wish, rooms.senders.submit(_make, sender, each)) for each in edits]
    wait([flight for _, flight in flights], timeout=rooms.limits.attempt_deadline.total_seconds())
    return [(wish, LATE if flight.cancel() or not flight.done() else flight.result()) for wish, flight in flights]


def _make(sender: Editing, edit: Edit) -> Result:
    """Change every copy of a card; one that is gone says nothing untrue any more."""
    try:
        for copy in edit.copies:
            _change(sender, edit.content, copy)
    except ChannelError as error:
        return error.fault
    except Exception as error:
        log.error("channel_broke_its_contract", channel=sender.name, error=type(error).__name__, exc_info=True)
        return Fault(Verdict.TRANSIENT, "bug", f"the adapter raised {type(error).__name__}")
    failpoints.reach("edit.made")
    return None


def _change(sender: Editing, content: Rendered, copy: Copy) -> None:
    try:
        sender.edit(content, copy.provider_id, copy.attempt_id)
    except ChannelError as error:
        if error.fault.code not in sender.gone:
            raise


# Record ---------------------------------------------------------------------------------------------------------------


def _record(rooms: Rooms, sender: Editing, results: Sequence[tuple[Wish, Result]], summary: Summary) -> None:
    if not results:
        return
    with rooms.engine.begin() as connection:
        now = database_now(connection)
        for wish, fault in results:
            summary.add(_close(connection, sender, wish, fault, now))
        health = circuit(connection, sender.name, sender.account)
        if any(fault for _, fault in results) or (health and health.state is not CircuitState.CLOSED):
            note_outcomes(connection, sender.name, sender.account, [fault for _, fault in results])


def _close(connection: Connection, sender: Editing, wish: Wish, fault: Result, now: datetime) -> str:
    """Write down what became of it; in words. Whatever is left open is done again: that changes nothing more."""
    log.info("card", message_id=str(wish.id), company=wish.company, code=fault.code if fault else "ok")
    if fault is None:
        end_wish(connection, wish, "done")
        return "changed"
    seen = replace(fault, verdict=Verdict.TRANSIENT) if fault.verdict is Verdict.UNKNOWN else fault
    this = Try(wish.tries, wish.wanted_at, Urgency.NORMAL)
    match after_failure(this, seen, now=now, roll=random.random()):  # noqa: S311 - jitter
        case RetryAt(at, charged):
            put_off_wish(connection, wish, at, fault.code, charged=charged)
        case WaitForSender(at):
            put_off_wish(connection, wish, at, fault.code, charged=False)
        case _:
            _give_up(connection, sender, wish, fault)
            return f"given up after {fault.code}"
    return f"waits after {fault.code}"


def _give_up(connection: Connection, sender: Editing, wish: Wish, fault: Fault) -> None:
    end_wish(connection, wish, "failed", fault.code)
    if fault.verdict in QUIET:
        return
    words = (
        f"The card of message {wish.id} could not be changed on {sender.name} ({fault.code}: {fault.detail}): it still "
        f"has buttons that decide nothing, and whoever presses one is told so. Look: postroom messages show {wish.id}"
    )
    raise_notice(connection, key=f"card:{sender.name}:{fault.code}", company=wish.company, kind="card", words=words)
