"""What a customer answers to a statement: that he will pay, that it is not correct, or something in his own words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from types import MappingProxyType
from zoneinfo import ZoneInfo

import structlog

from postroom.domain.cadences import Cadence
from postroom.domain.channels import ChannelEvent, EventKind
from postroom.domain.dunning import Why, business_day_after
from postroom.domain.quiet_hours import Hours, instant, next_allowed
from postroom.domain.statements import Chore
from postroom.store.dunning import Debtor, lock_debtors, mark, note, pause_debtor, set_of, want
from postroom.store.engine import Connection
from postroom.store.letters import Letter, letter_of, open_letters
from postroom.store.receipts import Correspondent
from workers.tasks.dun import recall
from workers.wiring import Rooms

PROMISE, DISPUTE = "promise", "dispute"
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Plea:
    """What somebody says about what a customer owes; the customer is locked."""

    connection: Connection
    debtor: Debtor
    cadence: Cadence
    hours: Hours
    """When the company works."""
    now: datetime
    letter: Letter | None = None
    actor: str | None = None
    """Who says so; None: the customer."""

    def opening(self, business_days: int) -> datetime:
        """The beginning of the business day after so many."""
        zone = ZoneInfo(self.hours.zone)
        day = business_day_after(self.now.astimezone(zone).date(), business_days, self.hours)
        return next_allowed(instant(day, time.min, zone), self.hours, (self.hours.zone,))


def take_plea(connection: Connection, rooms: Rooms, event: ChannelEvent, who: Correspondent | None) -> None:
    """Take what a customer answers to his last statement, in the transaction that keeps it."""
    letter = letter_of(connection, who.last_message_id) if who and who.last_message_id else None
    deed = PLEAS.get(event.payload or "", heed_words) if event.kind is EventKind.PRESSED else heed_words
    if letter is None or event.kind not in (EventKind.PRESSED, EventKind.REPLIED):
        return
    cadence = rooms.cadences.of(letter.company)
    if cadence is None:
        return
    debtor = lock_debtors(connection, [letter.debtor_id])[letter.debtor_id]
    hours = rooms.book.companies.of(letter.company).hours
    deed(Plea(connection, debtor, cadence, hours, rooms.clock.now(), letter))


def heed_promise(plea: Plea) -> None:
    """He will pay within the days that his company gives; who promised often enough is called instead."""
    if plea.debtor.promises >= plea.cadence.most_promises:
        _hold(plea, Why.REPLIED, Chore.BROKEN, "promised once more")
        return
    day = plea.now.astimezone(ZoneInfo(plea.hours.zone)).date() + plea.cadence.promise_within
    set_of(plea.connection, plea.debtor.id, promised_on=day, promises=plea.debtor.promises + 1)
    _settle(plea, Chore.PROMISED, "promised", f"to pay by {day}")


def heed_dispute(plea: Plea) -> None:
    """Nothing is sent about these invoices until somebody has looked at them."""
    if plea.letter is not None:
        review = plea.now + plea.cadence.dispute_review
        mark(plea.connection, plea.debtor, "disputed_at", plea.letter.amounts, plea.now, review_at=review)
    _settle(plea, Chore.DISPUTED, "disputed", f"{len(plea.letter.amounts) if plea.letter else 0} invoices")


def heed_words(plea: Plea) -> None:
    """Whatever he writes, a person answers first."""
    _hold(plea, Why.REPLIED, Chore.REPLIED, "replied")


def _hold(plea: Plea, why: Why, chore: Chore, what: str) -> None:
    until = plea.opening(plea.cadence.reply_pause)
    pause_debtor(plea.connection, plea.debtor.id, why, until)
    _settle(plea, chore, "replied", f"{what}; nothing is sent until {until.isoformat(timespec='minutes')}")


def _settle(plea: Plea, chore: Chore, what: str, detail: str) -> None:
    """What has not left does not leave, and whoever looks after him hears of it once Odoo was read."""
    note(plea.connection, plea.debtor, what, plea.now, detail=detail, actor=plea.actor)
    set_of(plea.connection, plea.debtor.id, chore=chore.value)
    for letter in open_letters(plea.connection, plea.debtor.id):
        recall(plea.connection, plea.debtor, letter, what, plea.now)
    want(plea.connection, [plea.debtor.id])
    log.info("plea", what=what, company=plea.debtor.company)


PLEAS: Mapping[str, Callable[[Plea], None]] = MappingProxyType({PROMISE: heed_promise, DISPUTE: heed_dispute})
"""By the word of the button."""
