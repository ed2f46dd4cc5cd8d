"""Going live: what must not be told unasked."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from postroom.domain.channels import ChannelName
from postroom.domain.events import Event, event_from
from postroom.domain.facts import Amount
from postroom.domain.going_live import Held, cut_off_after, happened_at, heaps, owed
from postroom.domain.messages import State
from postroom.domain.safety import Leave, Mode, Prospect, Stay, Terms, Wire, before_sending
from tests.builders import order, reminder

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
EARLIER = NOW - timedelta(days=3)


@pytest.mark.parametrize(
    ("was", "mode", "kept", "expected"),
    [
        pytest.param(Mode.SANDBOX, Mode.LIVE, None, NOW, id="live is for real from now on"),
        pytest.param(Mode.SHADOW, Mode.ALLOWLIST, None, NOW, id="so is the allow-list"),
        pytest.param(Mode.ALLOWLIST, Mode.LIVE, EARLIER, EARLIER, id="one real mode after the other keeps the day"),
        pytest.param(Mode.LIVE, Mode.LIVE, EARLIER, EARLIER, id="saying it twice moves nothing"),
        pytest.param(Mode.LIVE, Mode.LIVE, None, None, id="who was live before there were cut-offs gets none"),
        pytest.param(Mode.LIVE, Mode.SHADOW, EARLIER, None, id="in shadow nothing is for real"),
        pytest.param(Mode.SHADOW, Mode.LIVE, EARLIER, NOW, id="coming back is going live anew"),
    ],
)
def test_going_live_sets_a_cut_off(was: Mode, mode: Mode, kept: datetime | None, expected: datetime | None) -> None:
    assert cut_off_after(was, mode, kept, NOW) == expected


def due(day: str, told: str | None = "2026-11-22T09:00:00Z") -> Event:
    raw = reminder(1)
    raw["data"]["invoice"]["due_date"] = day
    raw["time"] = told
    return event_from({name: value for name, value in raw.items() if value is not None})


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        pytest.param(due("2026-11-30"), "2026-11-22T09:00+00:00", id="not due yet: when Odoo told of it"),
        pytest.param(due("2026-10-01"), "2026-10-02T00:00+00:00", id="overdue since the end of its due day"),
        pytest.param(due("2026-11-22"), "2026-11-22T09:00+00:00", id="due today is not overdue"),
        pytest.param(due("2026-11-30", told=None), "2026-11-22T12:00+00:00", id="no time: when it was received"),
        pytest.param(due("2026-12-30", told="2027-01-01T00:00:00Z"), "2026-11-22T12:00+00:00", id="a clock runs fast"),
        pytest.param(event_from(order(1)), "2026-11-22T09:00+00:00", id="an order is as old as its event"),
    ],
)
def test_a_message_is_as_old_as_what_it_tells_of(event: Event, expected: str) -> None:
    assert happened_at(event, received=NOW).isoformat(timespec="minutes") == expected


def test_money_is_owed_in_reminders_and_not_in_confirmations() -> None:
    assert owed(event_from(reminder(1))) == Amount(Decimal("1250.00"), "EUR")
    assert owed(event_from(order(1))) is None


# The last look --------------------------------------------------------------------------------------------------------


def prospect(mode: Mode, happened: datetime | None, cut_off: datetime | None = NOW) -> Prospect:
    return Prospect(mode, listed=True, opted_out=False, not_after=None, happened_at=happened, cut_off=cut_off)


@pytest.mark.parametrize(
    ("leg", "verdict"),
    [
        pytest.param(prospect(Mode.LIVE, EARLIER), Stay(State.HELD, "cut_off"), id="older than going live"),
        pytest.param(prospect(Mode.ALLOWLIST, EARLIER), Stay(State.HELD, "cut_off"), id="the listed are real, too"),
        pytest.param(prospect(Mode.LIVE, NOW), Leave(Wire.LIVE), id="of that very moment"),
        pytest.param(prospect(Mode.LIVE, None), Leave(Wire.LIVE), id="an operator let it go"),
        pytest.param(prospect(Mode.LIVE, EARLIER, None), Leave(Wire.LIVE), id="live before there were cut-offs"),
        pytest.param(prospect(Mode.SANDBOX, EARLIER), Leave(Wire.SANDBOX), id="nobody real is reached"),
    ],
)
def test_what_happened_before_going_live_waits_for_an_operator(leg: Prospect, verdict: Leave | Stay) -> None:
    assert before_sending(leg, Terms(), NOW + timedelta(hours=1)) == verdict


# Counting -------------------------------------------------------------------------------------------------------------


def held(number: int, subject: str, amount: str | None, currency: str = "EUR", company: str = "1") -> Held:
    money = Amount(Decimal(amount), currency) if amount else None
    happened = NOW - timedelta(days=number)
    channel = ChannelName.EMAIL
    return Held(
        UUID(int=number), UUID(int=number), company, "payment_reminder", channel, subject, "m@x.es", happened, money
    )


def test_an_invoice_that_two_messages_are_about_is_owed_once_as_the_newest_tells() -> None:
    (heap,) = heaps([held(2, "account.move:1", "70.00"), held(1, "account.move:1", "100.00")])
    assert (heap.messages, heap.documents, heap.owed) == (2, 1, {"EUR": Decimal("70.00")})
    assert (heap.oldest, heap.newest) == (NOW - timedelta(days=2), NOW - timedelta(days=1))


def test_currencies_and_companies_are_never_added_up() -> None:
    found = heaps(
        [
            held(1, "account.move:1", "10.00"),
            held(2, "account.move:2", "5.00", "USD"),
            held(3, "account.move:3", "0.50"),
            held(4, "account.move:4", "9.00", company="2"),
        ]
    )
    assert [(heap.company, heap.owed) for heap in found] == [
        ("1", {"EUR": Decimal("10.50"), "USD": Decimal("5.00")}),
        ("2", {"EUR": Decimal("9.00")}),
    ]
