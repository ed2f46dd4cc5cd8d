"""What of a claimed batch may leave now: modes, opt-outs, circuits and the ceiling have their last word here."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import sleep

import structlog

from postroom.domain.channels import ChannelName
from postroom.domain.messages import State
from postroom.domain.safety import (
    CUT_OFF,
    PROBE_EVERY,
    UNCOUNTED,
    Circuit,
    CircuitState,
    Leave,
    Wire,
    allowance,
    before_sending,
    closed,
)
from postroom.store.attempts import Begun, begin
from postroom.store.claims import ClaimedLeg, Kept, companies_of, keep_back, reserve
from postroom.store.engine import Connection
from postroom.store.notices import raise_notice
from postroom.store.safety import circuit, database_now, put_circuit
from workers.channels.base import Channel
from workers.pacing import Turn, Whose
from workers.tasks.budget import within_budget
from workers.tasks.fall_back import fall_back
from workers.tasks.summary import Summary
from workers.wiring import Rooms

LOOK_AGAIN = timedelta(seconds=10)
NO_CREDENTIALS = timedelta(minutes=5)
LONGEST_PAUSE = 1.0
"""Seconds."""
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Window:
    """Attempts that are written down and may now go out, by one sender of ours."""

    sender: Channel
    circuit: Circuit
    begun: Sequence[Begun]
    wire: Wire
    pause: float = 0.0
    """Seconds until the sender may go on, at its provider's pace."""


def open_windows(rooms: Rooms, channel: ChannelName, legs: Sequence[ClaimedLeg], summary: Summary) -> Iterator[Window]:
    """Begin the attempts of a batch, one window per wire, and keep back the rest."""
    leaving: defaultdict[Wire, list[ClaimedLeg]] = defaultdict(list)
    staying: list[Kept] = []
    now = rooms.clock.now()
    for leg in legs:
        verdict = before_sending(leg.prospect, rooms.book.terms(leg.company, leg.message_type, channel), now)
        if isinstance(verdict, Leave):
            leaving[verdict.wire].append(leg)
        else:
            until = None if verdict.until is None else rooms.clock.real(verdict.until)
            staying.append(Kept(leg.id, verdict.state, verdict.reason, until))
    _keep(rooms, legs, staying, summary)
    for wire, group in leaving.items():
        sender = rooms.channels.at(channel, wire)
        if sender is None:
            _without_credentials(rooms, channel, group, summary)
        else:
            window = _open(rooms, sender, wire, group, summary)
            yield window
            # Those that wait for the sender are due again at once; claiming them before it may go on would be idle.
            sleep(min(window.pause, LONGEST_PAUSE))


def _keep(rooms: Rooms, legs: Sequence[ClaimedLeg], kept: Sequence[Kept], summary: Summary) -> None:
    if not kept:
        return
    intents = {leg.id: leg.intent_id for leg in legs}
    companies = {leg.id: leg.company for leg in legs}
    with rooms.engine.begin() as connection:
        keep_back(connection, kept)
        for company in {companies[each.id] for each in kept if each.reason == CUT_OFF}:
            _tell_of_backlog(connection, company)
        lanes = fall_back(connection, rooms, [intents[each.id] for each in kept if each.state is State.SUPPRESSED])
    rooms.hints.deliver_all(lanes)
    for each in kept:
        summary.add(f"{each.state} ({each.reason})")


def _tell_of_backlog(connection: Connection, company: str) -> None:
    words = (
        f"Messages about what happened before company {company} went live are held, and none leaves unasked. "
        f"Look, then send or drop them: postroom backlog {company}"
    )
    raise_notice(connection, key=f"backlog:{company}", company=company, kind="backlog", words=words)


def _without_credentials(rooms: Rooms, channel: ChannelName, legs: Sequence[ClaimedLeg], summary: Summary) -> None:
    words = (
        f"{channel} is live for company {legs[0].company}, but it has no credentials here. "
        f"Set them (see .env.example) and restart, or: postroom mode {legs[0].company} {channel} sandbox"
    )
    with rooms.engine.begin() as connection:
        later = database_now(connection) + NO_CREDENTIALS
        keep_back(connection, [Kept(leg.id, State.HELD, "no_credentials", later) for leg in legs])
        raise_notice(connection, key=f"credentials:{channel}", company=legs[0].company, kind="sender", words=words)
    summary.add("held (no_credentials)", len(legs))


def _open(rooms: Rooms, sender: Channel, wire: Wire, legs: Sequence[ClaimedLeg], summary: Summary) -> Window:
    with rooms.engine.begin() as connection:
        now = database_now(connection)
        health = circuit(connection, sender.name, sender.account) or closed(now)
        passed, waiting = _through_circuit(connection, sender, health, legs, now)
        passed, slowed, pause = _at_pace(rooms, sender, passed, now)
        passed, unpaid = within_budget(connection, rooms.book, sender.name, passed, now)
        held: list[Kept] = []
        if sender.name not in UNCOUNTED:
            passed, held = _under_ceiling(connection, passed, rooms.limits.hourly_ceiling)
        keep_back(connection, [*waiting, *slowed, *unpaid, *held])
        begun = begin(
            connection,
            passed,
            sender.account,
            wire=wire,
            lease=rooms.limits.lease,
            resend=any(leg.resend for leg in legs),
        )
    summary.add("wait for the sender's circuit", len(waiting))
    summary.add("wait for the pace", len(slowed))
    summary.add("held at the daily SMS budget", len(unpaid))
    summary.add("held at the hourly ceiling", len(held))
    return Window(sender, health, begun, wire, pause)


def _through_circuit(
    connection: Connection, sender: Channel, health: Circuit, legs: Sequence[ClaimedLeg], now: datetime
) -> tuple[list[ClaimedLeg], list[Kept]]:
    allowed = allowance(health, len(legs), now)
    passed = list(legs[:allowed])
    if health.state is CircuitState.OPEN and passed:
        probing = replace(health, state=CircuitState.HALF_OPEN, probe_at=now + PROBE_EVERY)
        put_circuit(connection, sender.name, sender.account, probing)
    again = max(health.probe_at or now, now + LOOK_AGAIN) if health.state is not CircuitState.RECOVERING else now
    waiting = [Kept(leg.id, State.QUEUED, f"circuit:{health.reason}", again) for leg in legs[allowed:]]
    return passed, waiting


def _at_pace(
    rooms: Rooms, sender: Channel, legs: Sequence[ClaimedLeg], now: datetime
) -> tuple[list[ClaimedLeg], list[Kept], float]:
    """Those that may go now, those that wait for their turn, and how long the last of the sender's own waits is."""
    people = [rooms.sealer.blind(sender.name, leg.address).hex() for leg in legs]
    turns = rooms.pacer.turns(sender.name, sender.account, people)
    passed = [leg for leg, turn in zip(legs, turns, strict=True) if not turn.wait]
    slowed = [_slowed(leg, turn, now) for leg, turn in zip(legs, turns, strict=True) if turn.wait]
    return passed, slowed, max((turn.wait for turn in turns if turn.whose is Whose.SENDER), default=0.0)


def _slowed(leg: ClaimedLeg, turn: Turn, now: datetime) -> Kept:
    """Due again when its receiver may hear from us; at once where the whole sender waits, which the drain does."""
    again = now + timedelta(seconds=turn.wait) if turn.whose is Whose.PAIR else now
    return Kept(leg.id, State.QUEUED, f"pace:{turn.whose}", again)


def _under_ceiling(
    connection: Connection, legs: Sequence[ClaimedLeg], ceiling: int
) -> tuple[list[ClaimedLeg], list[Kept]]:
    granted = reserve(connection, companies_of(legs), ceiling)
    passed: list[ClaimedLeg] = []
    held: list[Kept] = []
    left = {company: number for company, (number, _) in granted.items()}
    for leg in legs:
        left[leg.company] -= 1
        if left[leg.company] >= 0:
            passed.append(leg)
        else:
            held.append(Kept(leg.id, State.HELD, "ceiling", granted[leg.company][1]))
    for company in {leg.company for leg in legs if left[leg.company] < 0}:
        _tell_of_ceiling(connection, company, ceiling)
    return passed, held


def _tell_of_ceiling(connection: Connection, company: str, ceiling: int) -> None:
    words = (
        f"Company {company} has reached its ceiling of {ceiling} messages an hour; the excess is held until the next "
        "hour. If that is right, raise HOURLY_CEILING; if it is not: postroom pause company " + company
    )
    if raise_notice(connection, key=f"ceiling:{company}", company=company, kind="ceiling", words=words):
        log.warning("ceiling_reached", company=company, ceiling=ceiling)
