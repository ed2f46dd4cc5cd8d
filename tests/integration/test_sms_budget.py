"""SMS costs by the piece: a company's day has a budget of segments, and what is urgent goes out all the same."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from postroom.domain.channels import ChannelName
from postroom.domain.companies import Companies
from postroom.domain.messages import Urgency
from tests.builders import StubChannel, alert, delivery, keep, legs, query
from workers.tasks import deliver, route
from workers.wiring import Rooms

SMS, WHATSAPP, SLACK = ChannelName.SMS, ChannelName.WHATSAPP, ChannelName.SLACK


@pytest.fixture
def sms() -> StubChannel:
    return StubChannel(SMS)


@pytest.fixture
def rooms(make_rooms: Callable[..., Rooms], sms: StubChannel) -> Rooms:
    return make_rooms(sms, StubChannel(WHATSAPP), StubChannel(SLACK))


def allow(rooms: Rooms, segments: int) -> Rooms:
    default = replace(rooms.book.companies.default, sms_segments_per_day=segments)
    return replace(rooms, book=replace(rooms.book, companies=Companies(default)))


def send(rooms: Rooms) -> None:
    route.drain(rooms)
    for lane in (Urgency.URGENT, Urgency.NORMAL):
        deliver.drain(rooms, SMS, lane)


def by_sms(rooms: Rooms) -> list[tuple[str, str | None]]:
    return [(leg.state, leg.reason) for leg in legs(rooms.engine) if leg.channel == "sms"]


def test_what_exceeds_the_days_budget_waits_for_tomorrow_and_the_operator_is_told(
    rooms: Rooms, sms: StubChannel
) -> None:
    keep(rooms.engine, delivery(), delivery(), delivery())
    rooms = allow(rooms, segments=2)

    send(rooms)

    assert len(sms.sent) < 3
    assert ("held", "sms_budget") in by_sms(rooms)
    [(until,)] = query(
        rooms.engine,
        "select distinct next_at = date_trunc('day', clock_timestamp() at time zone 'utc' + interval '1 day') "
        "at time zone 'utc' from message_log where reason = 'sms_budget'",
    )
    assert until
    assert query(rooms.engine, "select key from notice") == [("sms_budget:1",)]


def test_only_what_left_is_counted(rooms: Rooms, sms: StubChannel) -> None:
    keep(rooms.engine, delivery(), delivery(), delivery())
    rooms = allow(rooms, segments=2)

    send(rooms)

    [(counted,)] = query(rooms.engine, "select segments from sms_day")
    assert counted <= 2


def test_an_alert_goes_out_whatever_was_spent_and_counts(rooms: Rooms, sms: StubChannel) -> None:
    keep(rooms.engine, alert(), delivery())
    rooms = allow(rooms, segments=0)

    send(rooms)

    assert [rendered.text[:1] != "" for rendered, _, _ in sms.sent] == [True]
    assert ("sent", None) in by_sms(rooms)
    assert ("held", "sms_budget") in by_sms(rooms)
    assert query(rooms.engine, "select segments > 0 from sms_day") == [(True,)]
