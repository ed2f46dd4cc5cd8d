"""Carry one writing into Odoo: claim, last look, act, record; what Odoo cannot take now waits."""

import random
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import structlog

from postroom import failpoints
from postroom.domain.channels import ChannelName, Fault, Verdict
from postroom.domain.safety import PROBE_EVERY, Circuit, CircuitState, Mode, Wire, allowance, closed
from postroom.domain.writings import (
    DEAD,
    Again,
    Effort,
    Ending,
    Kind,
    Writing,
    after_bug,
    after_fault,
    notice_key,
    remedy_for,
    shut_out,
)
from postroom.odoo.errors import OdooError
from postroom.store.cards import want_changes
from postroom.store.engine import Connection, StoreError
from postroom.store.notices import raise_notice
from postroom.store.outbox import Waiting, claim_writings, end_writing, hold_back, let_go, put_off
from postroom.store.safety import circuit, database_now, modes, put_circuit
from workers.metrics import WRITTEN
from workers.tasks.health import note_outcomes
from workers.tasks.writers import AFTERWORDS, WRITERS
from workers.wiring import Rooms

AWAY = timedelta(seconds=10)
NO_CREDENTIALS = Again(timedelta(minutes=5), "no_credentials", "this Odoo has no credentials here")
LEFT_ALONE = "circuit_open"
UNREACHABLE = Fault(Verdict.SENDER_STOPPED, "unreachable", "Odoo did not answer several times in a row")
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Bug:
    """A fault of our own program."""

    words: str


Outcome = Ending | Again | Fault | Bug


@dataclass(frozen=True, slots=True)
class Carried:
    """A writing that is claimed, and the health of the Odoo that it goes to."""

    waiting: Waiting
    wire: Wire
    account: str
    health: Circuit


# Claim --------------------------------------------------------------------------------------------------------------


def claim(rooms: Rooms, wire: Wire, room: int, *, under_way: int) -> list[Carried]:
    """Claim what may go to that Odoo now: nothing while it is stopped, one as a probe, few while it recovers."""
    if not room:
        return []
    account = account_of(rooms, wire)
    with rooms.engine.begin() as connection:
        now = database_now(connection)
        health = circuit(connection, ChannelName.ODOO, account, lock=True) or closed(now)
        allowed = min(room, allowance(health, room + under_way, now) - under_way)
        if allowed <= 0:
            if not under_way:
                hold_back(connection, wire, health.probe_at or now + PROBE_EVERY, health.reason or "open")
            return []
        waiting = claim_writings(connection, rooms.sealer, wire=wire, limit=allowed, lease=rooms.limits.lease)
        if waiting and health.state is not CircuitState.CLOSED and health.probe_at is not None:
            health = replace(health, state=CircuitState.HALF_OPEN, probe_at=now + PROBE_EVERY)
            put_circuit(connection, ChannelName.ODOO, account, health)
    if waiting:
        failpoints.reach("write_back.claimed")
    return [Carried(each, wire, account, health) for each in waiting]


def account_of(rooms: Rooms, wire: Wire) -> str:
    """The sender whose health it is: our user and its database, the same that notifies people inside Odoo."""
    notifier = rooms.channels.at(ChannelName.ODOO, wire)
    return wire.value if notifier is None else notifier.account


# Act ----------------------------------------------------------------------------------------------------------------


def carry(rooms: Rooms, each: Carried) -> str:
    """Write it and record what became of it. Returns that in words."""
    outcome = _act(rooms, each)
    if isinstance(outcome, Ending):
        failpoints.reach("write_back.acted")
    return _record(rooms, each, outcome)


def _act(rooms: Rooms, each: Carried) -> Outcome:
    try:
        return _shut_out(rooms, each) or _write(rooms, each)
    except OdooError as error:
        return error.fault
    except StoreError as error:
        return Again(AWAY, "store_away", f"PostgreSQL was away ({type(error).__name__})")
    except Exception as error:
        log.error("writer_broke", writing_id=str(each.waiting.id), error=type(error).__name__, exc_info=True)
        return Bug(f"the writer raised {type(error).__name__}")


def _shut_out(rooms: Rooms, each: Carried) -> Ending | None:
    with rooms.engine.connect() as connection:
        mode = modes(connection).get((each.waiting.writing.company, ChannelName.ODOO), Mode.SANDBOX)
    return shut_out(each.wire, mode)


def _write(rooms: Rooms, each: Carried) -> Outcome:
    try:
        erp = rooms.erp.at(each.wire)
    except ValueError as error:  # half an access: nothing of it can be written until it is mended
        return Fault(Verdict.SENDER_STOPPED, "misconfigured", str(error))
    if erp is None:
        return NO_CREDENTIALS
    return WRITERS[Kind(each.waiting.writing.kind)](rooms, erp, each.waiting.writing)


# Record -------------------------------------------------------------------------------------------------------------


def _record(rooms: Rooms, each: Carried, outcome: Outcome) -> str:
    following, writing = _following(each.waiting, outcome), each.waiting.writing
    if isinstance(following, Ending) and writing.kind in AFTERWORDS:
        AFTERWORDS[Kind(writing.kind)](rooms, writing, following)
    with rooms.engine.begin() as connection:
        if isinstance(following, Again):
            put_off(connection, each.waiting, following.wait, code=following.code, detail=following.detail)
        else:
            end_writing(connection, rooms.sealer, each.waiting, following)
            _tell_cards(connection, writing)
        _note_health(connection, each, outcome)
        _tell(connection, each.waiting, following)
    return _count(each.waiting, following)


def _tell_cards(connection: Connection, writing: Writing) -> None:
    """The cards that say of a decision that it is being carried are to say what came of it."""
    if writing.kind == Kind.DECISION and "run" in writing.payload:
        want_changes(connection, UUID(writing.payload["run"]))


def _following(waiting: Waiting, outcome: Outcome) -> Again | Ending:
    effort, roll = Effort(waiting.attempts, waiting.age, waiting.code), random.random()  # noqa: S311 - jitter
    match outcome:
        case Fault():
            return after_fault(effort, outcome, roll=roll)
        case Bug(words):
            return after_bug(effort, words, roll=roll)
        case _:
            return outcome


def _note_health(connection: Connection, each: Carried, outcome: Outcome) -> None:
    """Nothing is read or written while all is well and was well."""
    if isinstance(outcome, Bug | Again):
        return
    fault = _against_it(outcome)
    if fault is None and each.health.state is CircuitState.CLOSED and not each.health.failures:
        return
    note_outcomes(connection, ChannelName.ODOO, each.account, [fault])
    if fault is None and each.health.state is not CircuitState.CLOSED:
        let_go(connection, each.wire)


def _against_it(outcome: Ending | Fault) -> Fault | None:
    """What speaks against that Odoo: one that refuses is there, and one that the client leaves alone is not."""
    if isinstance(outcome, Ending) or outcome.verdict is Verdict.PERMANENT:
        return None
    return UNREACHABLE if outcome.code == LEFT_ALONE else outcome


def _tell(connection: Connection, waiting: Waiting, following: Again | Ending) -> None:
    writing = waiting.writing
    if following is NO_CREDENTIALS:
        words = (
            f"Things wait to be written into Odoo for company {writing.company}, and there are no credentials for it "
            "here. Set ODOO_URL, ODOO_DB, ODOO_LOGIN and ODOO_API_KEY and restart: postroom connect odoo"
        )
        raise_notice(connection, key="credentials:outbox", company=writing.company, kind="sender", words=words)
    if isinstance(following, Ending) and following.state == DEAD:
        key = notice_key(writing.kind, following.code)
        raise_notice(connection, key=key, company=writing.company, kind="dead", words=_last_words(waiting, following))


def _last_words(waiting: Waiting, ending: Ending) -> str:
    writing = waiting.writing
    return (
        f"{writing.kind.capitalize()} {waiting.id} about {writing.subject or 'no document'} was not written into Odoo "
        f"({ending.code}: {ending.detail}). {remedy_for(ending.code)}, then: postroom outbox retry {waiting.id}"
    )


def _count(waiting: Waiting, following: Again | Ending) -> str:
    ending = "again" if isinstance(following, Again) else following.state
    WRITTEN.labels(kind=waiting.writing.kind, ending=ending, code=following.code).inc()
    log.info(
        "writing",
        writing_id=str(waiting.id),
        company=waiting.writing.company,
        kind=waiting.writing.kind,
        ending=ending,
        code=following.code,
    )
    if isinstance(following, Again):
        return f"{waiting.writing.kind} waits {round(following.wait.total_seconds())} s after {following.code}"
    return f"{waiting.writing.kind} {following.state}" + (f" ({following.code})" if following.code else "")
