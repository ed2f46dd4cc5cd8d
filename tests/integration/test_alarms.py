"""Postroom's own failures reach its operators, also while Redis is away."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from postroom.domain.channels import ChannelName
from postroom.domain.companies import Companies, Operator
from postroom.store.notices import close_notice, raise_notice
from scheduler import alarms
from scheduler.alarms import Watch
from tests.builders import StubChannel
from workers.hints import client_of
from workers.wiring import Rooms

SMS, SLACK = ChannelName.SMS, ChannelName.SLACK
ANA = Operator("Ana", phone="+34600999888", email="ana@example.com", slack="U0ANA0001", language="es_ES")


@pytest.fixture
def sms() -> StubChannel:
    return StubChannel(SMS)


@pytest.fixture
def rooms(make_rooms: Callable[..., Rooms], sms: StubChannel) -> Rooms:
    made = make_rooms(sms, StubChannel(SLACK))
    default = replace(made.book.companies.default, operators=(ANA,))
    return replace(made, book=replace(made.book, companies=Companies(default)))


def trouble(rooms: Rooms, key: str = "circuit:whatsapp:1", kind: str = "circuit") -> None:
    with rooms.engine.begin() as connection:
        raise_notice(connection, key=key, company="", kind=kind, words="whatsapp is stopped by 190")


@pytest.mark.parametrize(
    ("key", "kind", "words"),
    [
        ("circuit:whatsapp:1", "circuit", "Un remitente está detenido"),
        ("chain:approval:1:slack", "chain", "Un paso de una cadena se rechaza siempre"),
        ("timers:late", "timers", "Lo que vence se retrasa"),
    ],
)
def test_what_cannot_wait_wakes_the_operator_in_his_language(
    key: str, kind: str, words: str, rooms: Rooms, sms: StubChannel
) -> None:
    trouble(rooms, key, kind)

    Watch().look(rooms)
    alarms.send_urgent(rooms)

    [(rendered, to, _)] = sms.sent
    assert to == "+34600999888"
    assert words in rendered.text


def test_a_storm_of_notices_is_one_alert_an_hour(rooms: Rooms, sms: StubChannel) -> None:
    for number in range(20):
        trouble(rooms, f"dead:{number}", "dead")

    Watch().look(rooms)
    Watch().look(rooms)
    alarms.send_urgent(rooms)

    assert len(sms.sent) == 1


def test_what_can_wait_wakes_nobody(rooms: Rooms) -> None:
    trouble(rooms, "refused:132000", "refused")

    Watch().look(rooms)

    with rooms.engine.connect() as connection:
        assert connection.scalar(text("select count(*) from inbox")) == 0


def test_without_redis_what_is_urgent_goes_out_by_the_ticker(rooms: Rooms, sms: StubChannel) -> None:
    alone = replace(rooms, redis=client_of("redis://127.0.0.1:9"))
    trouble(alone)
    watch = Watch()

    watch.look(alone)
    watch.looked_at = float("-inf")
    watch.look(alone)
    assert watch.stand_in is not None
    watch.stand_in.join(20)
    watch.look(alone)
    watch.stand_in.join(20)

    assert len(sms.sent) == 1


def test_an_outage_of_redis_is_told_when_it_lasts_and_closed_when_it_ends(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alarms, "REDIS_PATIENCE", -1.0)
    watch = Watch()
    watch.look(replace(rooms, redis=client_of("redis://127.0.0.1:9")))
    assert kinds(rooms) == ["redis"]
    assert watch.stand_in is not None
    watch.stand_in.join(20)

    watch.looked_at = float("-inf")
    watch.look(rooms)

    assert kinds(rooms) == []


def test_a_queue_that_nobody_consumes_is_told_until_somebody_does(rooms: Rooms) -> None:
    with rooms.engine.begin() as connection:
        connection.execute(
            text("insert into heartbeat (name, at) values ('queue:core', clock_timestamp() - :age)"),
            {"age": timedelta(minutes=5)},
        )
    Watch().look(rooms)
    assert kinds(rooms) == ["worker"]

    with rooms.engine.begin() as connection:
        connection.execute(text("update heartbeat set at = clock_timestamp()"))
    Watch().look(rooms)

    assert kinds(rooms) == []


def test_the_next_trouble_of_the_same_hour_is_not_told_twice(rooms: Rooms, sms: StubChannel) -> None:
    trouble(rooms)
    Watch().look(rooms)
    with rooms.engine.begin() as connection:
        close_notice(connection, "circuit:whatsapp:1")
    trouble(rooms)
    Watch().look(rooms)
    alarms.send_urgent(rooms)

    assert len(sms.sent) == 1


def kinds(rooms: Rooms) -> list[str]:
    with rooms.engine.connect() as connection:
        return list(connection.scalars(text("select kind from notice where closed_at is null")))
