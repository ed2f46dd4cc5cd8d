"""Collections: a dispute that nobody has settled for a whole period, so that somebody is reminded of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from postroom.domain.cadences import Cadence
from postroom.domain.dunning import Act, Decision, Line, Why
from postroom.odoo.receivables import Account
from postroom.store.dunning import Debtor, debtors_to_review, disputes_of, note, review_again, want
from postroom.store.engine import Connection

AT_ONCE = 20
"""Invoices of one reminder: the command that settles them has to fit into a message whole."""


@dataclass(frozen=True, slots=True)
class Review:
    """What somebody is reminded of."""

    decision: Decision
    """Which invoices, and how much is still owed on them."""
    since: datetime
    """When the first of them was disputed."""
    command: str
    """What settles it."""


def want_reviews(connection: Connection, company: str, accounts: Sequence[Account], now: datetime) -> int:
    """Whose disputes have waited long enough, and are owed still, is looked at; how many that are."""
    owed = {line.invoice for each in accounts for line in each.ledger.lines}
    found = debtors_to_review(connection, company, owed, now)
    want(connection, found)
    return len(found)


def review(
    connection: Connection, debtor: Debtor, lines: Sequence[Line], cadence: Cadence, now: datetime
) -> Iterator[Review]:
    """His disputes that have waited long enough, each once a period. The caller has locked him.

    What is paid is not among the lines, and keeps its day: where the bank takes the payment back, it is disputed still.
    """
    since = {each.invoice: each.since for each in disputes_of(connection, debtor.id) if each.review_at <= now}
    waiting = sorted((line for line in lines if line.invoice in since), key=lambda line: (line.currency, line.due))
    review_again(connection, debtor.id, [line.invoice for line in waiting], now + cadence.dispute_review)
    for some in _in_parts(waiting):
        decision = Decision(Act.TELL, Why.DISPUTED, lines=some)
        if decision.owed > cadence.tolerance:
            note(connection, debtor, "reviewed", now, detail=f"{len(some)} invoices are disputed still")
            yield Review(decision, min(since[line.invoice] for line in some), _settling(debtor, some))


def _in_parts(lines: Sequence[Line]) -> Iterator[tuple[Line, ...]]:
    """One currency each, since amounts are added up."""
    for _, group in groupby(lines, lambda line: line.currency):
        theirs = tuple(group)
        yield from (theirs[start : start + AT_ONCE] for start in range(0, len(theirs), AT_ONCE))


def _settling(debtor: Debtor, lines: Sequence[Line]) -> str:
    numbers = " ".join(str(line.invoice) for line in lines)
    customer = debtor.customer.removeprefix("partner:")
    return f"postroom collections dispute {customer} {numbers} --ended --company {debtor.company}"


def last_review(connection: Connection, debtor: Debtor) -> datetime | None:
    """When somebody is reminded of what he disputed last; None: he disputes nothing."""
    return max((each.review_at for each in disputes_of(connection, debtor.id)), default=None)
