"""Days that an operator names, by the clock of whoever is away; a delegation as he is told of it."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from postroom.cli.faults import usage
from postroom.cli.showing import when
from postroom.domain.people import Person
from postroom.domain.standing_in import Delegation
from postroom.store.delegations import Kept

EXAMPLE = "postroom people delegate 7 --to 11 --from 2026-12-21 --until 2027-01-06"


def delegation(person: Person, to: Person, first: str, last: str, now: datetime) -> Delegation:
    """From the first day to the last, both included. Refused with every day that is none."""
    faults = [f"--{name} '{typed}' is no day" for name, typed in (("from", first), ("until", last)) if not _day(typed)]
    if faults:
        raise usage(f"{' and '.join(faults)}: write it as 2026-12-21.", EXAMPLE)
    begins = _midnight(person, first) if first else now
    ends = _midnight(person, last) + timedelta(days=1) if last else None
    if ends is not None and ends <= max(begins, now):
        raise usage(f"--until {last} is over before it begins.", EXAMPLE)
    if person.user_id == to.user_id:
        raise usage(f"User {to.user_id} cannot decide in his own place.", EXAMPLE)
    return Delegation(person.user_id, to.user_id, begins, ends)


def _day(typed: str) -> bool:
    try:
        return not typed or bool(date.fromisoformat(typed))
    except ValueError:
        return False


def _midnight(person: Person, typed: str) -> datetime:
    """When a day begins where he lives."""
    zone = ZoneInfo(person.timezone) if person.timezone else UTC
    return datetime.combine(date.fromisoformat(typed), time(), zone).astimezone(UTC)


def told(made: Delegation) -> str:
    """Who decides for him, and how long."""
    until = f"until {when(made.until_at)}" if made.until_at else "until it is taken back"
    return f"user {made.to_user_id} decides for him from {when(made.from_at)} {until}"


def told_with_history(kept: Kept) -> str:
    """The same, and who said so."""
    ended = f"; taken back by {kept.ended_by}, {when(kept.ended_at)}" if kept.ended_at else ""
    return f"{told(kept.delegation)} (said by {kept.made_by}, {when(kept.made_at)}{ended})"
