"""What would be done about a customer if he neither paid nor answered: the same rules, day after day. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from postroom.domain.cadences import Cadence
from postroom.domain.dunning import ACTS, Act, Decision, History, Ledger, Told, local_day, plan
from postroom.domain.quiet_hours import Hours

MOST = 20
"""Steps; a cadence has fewer levels."""


@dataclass(frozen=True, slots=True)
class Prospect:
    """One thing that would be done, or what is waited for."""

    at: datetime
    decision: Decision


def outlook(ledger: Ledger, history: History, cadence: Cadence, company: Hours, now: datetime) -> Iterator[Prospect]:
    """What comes, in order, upon a fresh bank feed; it ends where a person has to act, or nothing more would come."""
    for step in range(MOST):
        known = replace(ledger, fed_on=local_day(ledger, company, now)) if step else ledger
        decision = plan(known, history, cadence, company, now)
        yield Prospect(now, decision)
        if decision.act in ACTS:
            history = AFTER[decision.act](history, ledger, decision, company, now)
        if decision.act not in ACTS and decision.until is None:
            return
        now = decision.until or now + timedelta(minutes=1)


def _told(history: History, ledger: Ledger, decision: Decision, company: Hours, now: datetime) -> History:
    new = {
        line.invoice: Told(decision.level or 0, now, line.residual, line.revision)
        for line in decision.lines
        if line.invoice in decision.raised
    }
    day = local_day(ledger, company, now)
    return replace(history, told={**history.told, **new}, last_day=day, promised=None, approved=None, asked=None)


def _nudged(history: History, ledger: Ledger, decision: Decision, company: Hours, now: datetime) -> History:
    return replace(_told(history, ledger, decision, company, now), last_day=history.last_day)


def _asked(history: History, _ledger: Ledger, decision: Decision, _company: Hours, _now: datetime) -> History:
    return replace(history, asked=decision.level)


def _handed_over(history: History, _ledger: Ledger, decision: Decision, _company: Hours, _now: datetime) -> History:
    return replace(history, handed_over=history.handed_over | set(decision.raised))


def _as_it_was(history: History, _ledger: Ledger, _decision: Decision, _company: Hours, _now: datetime) -> History:
    return history


AFTER: Mapping[Act, Callable[[History, Ledger, Decision, Hours, datetime], History]] = MappingProxyType(
    {
        Act.SEND: _told,
        Act.NUDGE: _nudged,
        Act.ASK: _asked,
        Act.HAND_OVER: _handed_over,
        Act.TELL: _as_it_was,
    }
)
"""What is known after a deed."""
