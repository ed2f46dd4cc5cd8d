"""Record what became of attempts: each leg moves on, or its fallback starts, in one transaction."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime

import structlog

from postroom.domain.channels import ChannelName, Fault, Receipt, Verdict
from postroom.domain.delivery import GiveUp, Next, RetryAt, Settle, Suppress, Try, WaitForSender, after_failure
from postroom.domain.messages import MISSED, State
from postroom.domain.safety import CircuitState
from postroom.store.attempts import Begun, Outcome, mark_unreachable, opt_out, record
from postroom.store.engine import Connection
from workers.metrics import ATTEMPTS
from workers.tasks.fall_back import fall_back
from workers.tasks.health import note_outcomes, tell_of_chains, tell_of_refusal
from workers.tasks.summary import Summary
from workers.tasks.window import Window
from workers.wiring import Rooms

Result = Receipt | Fault
log = structlog.get_logger()

NOT_STARTED = Fault(Verdict.TRANSIENT, "not_started", "the request never left: this process was too busy")


def record_results(
    rooms: Rooms, channel: ChannelName, window: Window, results: Sequence[tuple[Begun, Result]], summary: Summary
) -> None:
    if not results:
        return
    decided = [_decide(begun, result) for begun, result in results]
    with rooms.engine.begin() as connection:
        recorded = record(connection, channel, [outcome for outcome, _ in decided], window=rooms.limits.unknown_window)
        _remember(connection, [(begun.leg.company, *each) for (begun, _), each in zip(results, decided, strict=True)])
        _note_health(connection, window, [result for _, result in results])
        lanes = fall_back(connection, rooms, [leg.intent_id for leg in recorded if leg.state in MISSED])
    rooms.hints.deliver_all(lanes)
    for (begun, _), (outcome, following) in zip(results, decided, strict=True):
        _tell(channel, begun, outcome, following, summary)


def _decide(begun: Begun, result: Result) -> tuple[Outcome, Next | None]:
    if isinstance(result, Receipt):
        accepted = Outcome(begun.attempt_id, begun.leg.id, "accepted", State.SENT, provider_id=result.provider_id)
        return accepted, None
    this = Try(begun.leg.tries + 1, begun.leg.budget_from, begun.leg.lane)
    following = after_failure(this, result, now=datetime.now(UTC), roll=random.random())  # noqa: S311 - jitter
    return _outcome(begun, result, following), following


def _outcome(begun: Begun, fault: Fault, following: Next) -> Outcome:
    state, next_at, charged = _landing(following)
    return Outcome(
        attempt_id=begun.attempt_id,
        message_id=begun.leg.id,
        result="unknown" if fault.verdict is Verdict.UNKNOWN else "rejected",
        state=state,
        reason=fault.code,
        next_at=next_at,
        charged=charged and fault is not NOT_STARTED,
        verdict=fault.verdict.value,
        code=fault.code,
        detail=fault.detail,
    )


def _landing(following: Next) -> tuple[State, datetime | None, bool]:
    match following:
        case RetryAt(at, charged):
            return State.QUEUED, at, charged
        case WaitForSender(at):
            return State.QUEUED, at, False
        case GiveUp():
            return State.FAILED, None, True
        case Suppress():
            return State.SUPPRESSED, None, True
        case Settle():
            return State.UNKNOWN, None, True


def _remember(connection: Connection, decided: Sequence[tuple[str, Outcome, Next | None]]) -> None:
    refused = [outcome.message_id for _, outcome, _ in decided if outcome.verdict == Verdict.PERMANENT]
    tell_of_chains(connection, refused)
    for company, outcome, following in decided:
        match following:
            case GiveUp(unreachable_until=datetime() as until):
                mark_unreachable(connection, [outcome.message_id], until - datetime.now(UTC), outcome.code or "")
            case GiveUp(alarm=True):
                tell_of_refusal(connection, company, outcome.message_id, outcome.code or "", outcome.detail or "")
            case Suppress():
                opt_out(connection, [outcome.message_id], f"provider:{outcome.code}")


def _note_health(connection: Connection, window: Window, results: Sequence[Result]) -> None:
    """Nothing is read or written while all is well and was well."""
    if window.circuit.state is CircuitState.CLOSED and all(isinstance(result, Receipt) for result in results):
        return
    faults = [result if isinstance(result, Fault) else None for result in results]
    note_outcomes(connection, window.sender.name, window.sender.account, faults)


def _tell(channel: ChannelName, begun: Begun, outcome: Outcome, following: Next | None, summary: Summary) -> None:
    code = outcome.code or "ok"
    ATTEMPTS.labels(channel=channel.value, outcome=outcome.result, code=code).inc()
    summary.add(_words(outcome, following, datetime.now(UTC)))
    log.info(
        "attempt",
        message_id=str(begun.leg.id),
        attempt_id=str(begun.attempt_id),
        company=begun.leg.company,
        channel=channel.value,
        outcome=outcome.result,
        state=outcome.state.value,
        code=code,
        provider_id=outcome.provider_id,
    )


def _words(outcome: Outcome, following: Next | None, now: datetime) -> str:
    match following:
        case None:
            return "sent"
        case RetryAt(at, _) | WaitForSender(at):
            return f"waits {max(0, round((at - now).total_seconds()))} s after {outcome.code}"
        case GiveUp():
            return f"gave up after {outcome.code}"
        case Suppress():
            return f"suppressed after {outcome.code}"
        case Settle():
            return f"unknown after {outcome.code}"
