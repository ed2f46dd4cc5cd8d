"""What SMS may cost a company in a day: segments are counted before they leave, and the excess waits for tomorrow."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from postroom.domain.channels import ChannelName
from postroom.domain.messages import State, Urgency
from postroom.domain.sms_text import segments
from postroom.store.claims import ClaimedLeg, Kept
from postroom.store.engine import Connection
from postroom.store.notices import raise_notice
from postroom.store.spending import spend
from workers.book import Book


def within_budget(
    connection: Connection, book: Book, channel: ChannelName, legs: Sequence[ClaimedLeg], now: datetime
) -> tuple[list[ClaimedLeg], list[Kept]]:
    """Those that the day's budget pays for, and those that wait. What is urgent is counted and never waits."""
    if channel is not ChannelName.SMS or not legs:
        return list(legs), []
    sizes = {leg.id: segments(leg.content["text"]).count for leg in legs}
    wanted: Counter[str] = Counter()
    for leg in legs:
        wanted[leg.company] += sizes[leg.id]
    day = now.astimezone(UTC).date()
    spent = {company: total - wanted[company] for company, total in spend(connection, wanted, day).items()}
    passed: list[ClaimedLeg] = []
    held: list[Kept] = []
    returned: Counter[str] = Counter()
    for leg in sorted(legs, key=lambda leg: leg.lane is not Urgency.URGENT):
        budget = book.companies.of(leg.company).sms_segments_per_day
        if leg.lane is Urgency.URGENT or spent[leg.company] + sizes[leg.id] <= budget:
            spent[leg.company] += sizes[leg.id]
            passed.append(leg)
        else:
            returned[leg.company] -= sizes[leg.id]
            held.append(Kept(leg.id, State.HELD, "sms_budget", _tomorrow(day)))
    if returned:
        spend(connection, returned, day)
        for company in returned:
            _tell(connection, company, book.companies.of(company).sms_segments_per_day)
    return passed, held


def _tomorrow(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), UTC)


def _tell(connection: Connection, company: str, budget: int) -> None:
    words = (
        f"Company {company} has spent its {budget} segments of SMS for today (UTC); what is not urgent waits until "
        "tomorrow. If that is right, raise sms_segments_per_day in config/companies.yaml"
    )
    raise_notice(connection, key=f"sms_budget:{company}", company=company, kind="ceiling", words=words)
