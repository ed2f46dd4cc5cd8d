"""What follows from each row of a channel's tables: refused on a real wire, decided and recorded on a real database."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest

from postroom.domain.channels import ChannelName, Verdict
from postroom.domain.messages import Urgency
from postroom.domain.routing import Needs, Rule, Stage
from postroom.outside.rulings import Ruling
from tests.builders import StubChannel, keep, of_type, query, rooms_with
from workers.channels.reference import verdict_tables
from workers.tasks import deliver, route
from workers.wiring import Rooms

CARRIERS: Mapping[ChannelName, tuple[str, str]] = {
    ChannelName.WHATSAPP: ("order_confirmation", "odoo.sale.order_confirmed"),
    ChannelName.SLACK: ("approval_request", "odoo.approval.requested"),
    ChannelName.TEAMS: ("approval_request", "odoo.approval.requested"),
    ChannelName.SMS: ("delivery_update", "odoo.delivery.updated"),
    ChannelName.EMAIL: ("order_confirmation", "odoo.sale.order_confirmed"),
    ChannelName.ODOO: ("daily_digest", "odoo.digest.daily"),
}
"""A message type that something is written for, on each channel. Callbacks are no matter of rules;
tests/integration/test_callbacks.py tells of them."""


SENDERS = 8
"""The threads of `rooms_with`."""


def behind(channel: ChannelName) -> ChannelName:
    """What stands behind it as a fallback."""
    return ChannelName.WHATSAPP if channel is ChannelName.EMAIL else ChannelName.EMAIL


@pytest.fixture
def long_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    """A short throw would let a leg be tried again before anybody could look at it."""
    monkeypatch.setattr("random.random", lambda: 0.99)


@pytest.fixture
def rooms(carrier: Any, database_url: str, redis_url: str, long_jitter: None) -> Iterator[Rooms]:
    name = carrier.channel.name
    made = rooms_with(database_url, redis_url, carrier.channel, StubChannel(behind(name)))
    rule = made.book.rule(CARRIERS[name][0])
    assert rule is not None
    yield replace(made, book=replace(made.book, rules=(_alone(rule, name),)))
    _let_go(made, carrier)
    made.senders.shutdown()
    made.engine.dispose()


def _let_go(rooms: Rooms, bench: Any) -> None:
    """Close the connection that each sending thread keeps, in that thread."""
    together = Barrier(SENDERS)

    def close(_number: int) -> None:
        together.wait(10)
        bench.channel.close()

    list(rooms.senders.map(close, range(SENDERS)))


def _alone(rule: Rule, channel: ChannelName) -> Rule:
    """The rule with this channel first and one other behind it, at an ordinary pace."""
    return replace(
        rule,
        primary=Stage(Needs.ANY_OF, (channel,)),
        fallbacks=(Stage(Needs.ANY_OF, (behind(channel),)),),
        urgency=Urgency.NORMAL,
        contact=None,
        quiet_hours=False,
        confirm_within=None,
    )


Look = Callable[[Rooms, Any, Any], Iterator[str]]


def waits(rooms: Rooms, leg: Any, other: Any) -> Iterator[str]:
    if leg.state != "queued" or not leg.ahead:
        yield f"should wait for another try and is {leg.state}"
    if other is not None:
        yield "a fallback started although the channel may recover"


def stays_open(rooms: Rooms, leg: Any, other: Any) -> Iterator[str]:
    if leg.state != "unknown":
        yield f"should be unknown and is {leg.state}"
    if other is not None:
        yield "a fallback started although the message may have arrived"


def falls_back(rooms: Rooms, leg: Any, other: Any) -> Iterator[str]:
    if leg.state != "failed":
        yield f"should be failed and is {leg.state}"
    if other is None:
        yield "no fallback started"


def falls_back_and_tells(rooms: Rooms, leg: Any, other: Any) -> Iterator[str]:
    yield from falls_back(rooms, leg, other)
    if not query(rooms.engine, "select 1 from notice where kind = 'refused' and closed_at is null"):
        yield "nobody was told that the message is wrong"


def stops_the_sender(rooms: Rooms, leg: Any, other: Any) -> Iterator[str]:
    yield from waits(rooms, leg, other)
    if query(rooms.engine, "select state from circuit") != [("open",)]:
        yield "the circuit did not open"
    if not query(rooms.engine, "select 1 from notice where kind = 'circuit' and closed_at is null"):
        yield "nobody was told that the sender is stopped"


def is_obeyed(rooms: Rooms, leg: Any, other: Any) -> Iterator[str]:
    if leg.state != "suppressed":
        yield f"should be suppressed and is {leg.state}"
    if query(rooms.engine, "select granted from consent") != [(False,)]:
        yield "the opt-out was not kept"
    if other is None:
        yield "no other channel took over"


CONSEQUENCES: Mapping[Verdict, Look] = {
    Verdict.TRANSIENT: waits,
    Verdict.LATER: waits,
    Verdict.UNKNOWN: stays_open,
    Verdict.FALLBACK: falls_back,
    Verdict.PERMANENT: falls_back_and_tells,
    Verdict.SENDER_STOPPED: stops_the_sender,
    Verdict.OPT_OUT: is_obeyed,
}


def test_every_verdict_has_a_consequence() -> None:
    assert set(CONSEQUENCES) == set(Verdict)


def test_each_code_has_its_consequence(bench: Any, carrier: Any, rooms: Rooms) -> None:
    tables = verdict_tables(carrier.channel.name)
    rows = {**tables.VERDICTS, **{str(span.first): span.ruling for span in getattr(tables, "SPANS", ())}}
    wrong = [fault for code, row in rows.items() for fault in _consequence(bench, rooms, code, row)]
    assert rows
    assert not wrong, "\n".join(wrong)


def _consequence(bench: Any, rooms: Rooms, code: str, row: Ruling) -> Iterator[str]:
    _forget(rooms)
    keep(rooms.engine, of_type(CARRIERS[bench.channel.name][1], **_reached_at(bench.channel.name, bench.to)))
    route.drain(rooms)
    bench.refuse(code)
    deliver.drain(rooms, bench.channel.name, Urgency.NORMAL)
    first, *others = _legs(rooms)
    if first.attempts != 1:
        yield f"{code}: {first.attempts} attempts were made"
    for fault in CONSEQUENCES[row.verdict](rooms, first, others[0] if others else None):
        yield f"{code} ({row.verdict}): {fault}"
    if row.unreachable and not query(rooms.engine, "select 1 from contact_point where unreachable_until > now()"):
        yield f"{code}: nobody remembers that the address cannot be reached"


def _legs(rooms: Rooms) -> Sequence[Any]:
    return query(rooms.engine, "select m.*, m.next_at > m.created_at as ahead from message_log m order by id")


def _forget(rooms: Rooms) -> None:
    """Begin anew, so that what one code taught does not colour the next."""
    query(rooms.engine, "delete from attempt")
    query(rooms.engine, "delete from message_log")
    query(rooms.engine, "truncate leg_key, intent, inbox, request, consent, contact_point, circuit, notice cascade")


def _reached_at(channel: ChannelName, to: str) -> dict[str, Any]:
    reached: dict[str, Any] = {"email": "marta@example.net", "phone": "+34600111222"}
    match channel:
        case ChannelName.SLACK | ChannelName.TEAMS:
            return {**reached, channel.value: to}
        case ChannelName.ODOO:
            return {**reached, "user_id": int(to.rpartition(":")[2])}
        case ChannelName.EMAIL:
            return {**reached, "email": to}
        case _:
            return {**reached, "phone": to}
