"""What is written into Odoo: nothing is lost, nothing is doubled, and the operator knows."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from http.server import BaseHTTPRequestHandler
from typing import Any
from uuid import uuid4

import pytest

from postroom.domain.channels import ChannelName
from postroom.domain.heard import Heard
from postroom.domain.safety import Mode, Wire
from postroom.domain.writings import Kind, Writing
from postroom.odoo.access import Access
from postroom.odoo.connecting import connect
from postroom.store.outbox import add_writings
from postroom.store.safety import pause, set_mode
from scheduler import ticker
from tests.builders import query
from tests.integration.small_odoo import (
    SmallOdoo,
    hang_up,
    hang_up_on_acts,
    html,
    refusing,
    running,
    slow,
)
from workers.erp import Erp
from workers.tasks import write_back
from workers.wiring import Rooms

COMPANY = "1"


@pytest.fixture
def odoo() -> SmallOdoo:
    small = SmallOdoo()
    for number in range(1, 31):
        small.invoice(number)
    return small


@pytest.fixture
def erp(odoo: SmallOdoo) -> Iterator[Callable[[], Erp]]:
    with running(odoo) as url:
        yield partial(erp_at, url)


def erp_at(url: str, *wires: Wire) -> Erp:
    access = Access(url, "db", "postroom", "key", version="17", answer_timeout=1.0)
    return Erp({wire: partial(connect, access) for wire in wires or (Wire.SANDBOX,)})


@pytest.fixture
def rooms(make_rooms: Callable[..., Rooms], erp: Callable[[], Erp]) -> Rooms:
    return make_rooms(erp=erp())


def reply(invoice: int, words: str = "I paid yesterday", **fields: Any) -> Heard:
    given = {"inbox_id": str(uuid4()), "conversation": "c1", "partner": "42", "address": "+34600111222", **fields}
    return Heard(channel=ChannelName.WHATSAPP, at=datetime.now(UTC), words=f"{words} ({invoice})", **given)


def add(rooms: Rooms, invoice: int, kind: Kind = Kind.CHATTER, wire: Wire = Wire.SANDBOX, **fields: Any) -> None:
    heard = reply(invoice, **fields)
    writing = Writing(COMPANY, wire, kind, f"{kind}:{heard.inbox_id}", f"account.move:{invoice}", heard.to_json())
    with rooms.engine.begin() as connection:
        assert add_writings(connection, rooms.sealer, [writing])


def states(rooms: Rooms) -> list[str]:
    return [row.state for row in query(rooms.engine, "select state from outbox order by id")]


def notices(rooms: Rooms) -> list[str]:
    return [row.text for row in query(rooms.engine, "select text from notice where closed_at is null order by key")]


def an_hour_later(rooms: Rooms) -> None:
    """Whatever waits for a time is due."""
    query(rooms.engine, "update outbox set next_at = clock_timestamp(), created_at = created_at - interval '1 hour'")
    query(rooms.engine, "update circuit set probe_at = clock_timestamp() where probe_at is not null")


def drain_until_done(rooms: Rooms) -> None:
    for _ in range(40):
        write_back.drain(rooms)
        if "waiting" not in states(rooms):
            return
        an_hour_later(rooms)
    raise AssertionError(f"still waiting: {query(rooms.engine, 'select state, code, detail from outbox')}")


# Odoo is well -------------------------------------------------------------------------------------------------------


def test_each_is_written_once_and_read_again(rooms: Rooms, odoo: SmallOdoo) -> None:
    for number in range(1, 31):
        add(rooms, number)

    assert str(write_back.drain(rooms)) == "30 chatter done"

    assert odoo.done == {"message_post": 30}
    assert {(row["model"], row["author_id"][0]) for row in odoo.all("mail.message")} == {("account.move", 42)}
    assert sorted(row["res_id"] for row in odoo.all("mail.message")) == list(range(1, 31))


def test_two_relays_at_once_write_nothing_twice(
    make_rooms: Callable[..., Rooms], erp: Callable[[], Erp], odoo: SmallOdoo
) -> None:
    one, other = make_rooms(erp=erp()), make_rooms(erp=erp())
    for number in (*range(1, 31), *range(1, 31)):
        add(one, number)
    odoo.after = slow(0.005)

    threads = [threading.Thread(target=write_back.drain, args=(each,)) for each in (one, other, one, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    write_back.drain(one)

    assert states(one) == ["done"] * 60
    assert odoo.done == {"message_post": 60}


def test_the_words_about_one_record_arrive_in_the_order_in_which_they_were_said(rooms: Rooms, odoo: SmallOdoo) -> None:
    for words in ("first", "second", "third"):
        add(rooms, 1, words=words)
    odoo.fault = once(refusing("psycopg2.errors.SerializationFailure"), on="message_post")

    drain_until_done(rooms)

    assert [row["body"].split()[0] for row in odoo.all("mail.message")] == ["<p>first", "<p>second", "<p>third"]


def test_one_that_is_slow_does_not_keep_those_of_other_records_waiting(rooms: Rooms, odoo: SmallOdoo) -> None:
    for number in range(1, 7):
        add(rooms, number)
    overtaken: list[int] = []

    def wait_for_the_others(_handler: BaseHTTPRequestHandler, _method: str) -> bool:
        until = time.monotonic() + 0.9
        while odoo.done["message_post"] < 6 and time.monotonic() < until:
            time.sleep(0.01)
        overtaken.append(odoo.done["message_post"] - 1)
        return False

    odoo.after = once(wait_for_the_others, on="message_post")
    write_back.drain(rooms)

    assert overtaken == [5]
    assert states(rooms) == ["done"] * 6


def test_no_more_than_four_of_a_process_are_in_odoos_hands_at_once(rooms: Rooms, odoo: SmallOdoo) -> None:
    for number in range(1, 25):
        add(rooms, number)
    together = Together()
    odoo.fault = together.enter
    odoo.after = together.leave

    threads = [threading.Thread(target=write_back.drain, args=(rooms,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 2 <= together.most <= 4
    assert states(rooms) == ["done"] * 24


# Odoo is not well ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (hang_up, "odoo is stopped by unreachable"),
        (html, "odoo is stopped by not_json"),
        (slow(1.5), "odoo is stopped by "),
        (refusing("psycopg2.OperationalError"), "odoo is stopped by psycopg2.OperationalError"),
        (refusing("odoo.exceptions.AccessDenied"), "odoo is stopped by access_denied"),
    ],
    ids=["down", "a page of html", "slow", "its database is away", "our key is refused"],
)
def test_an_hour_without_odoo_loses_nothing_doubles_nothing_and_is_told(
    fault: Callable[[BaseHTTPRequestHandler, str], bool],
    told: str,
    make_rooms: Callable[..., Rooms],
    erp: Callable[[], Erp],
    odoo: SmallOdoo,
) -> None:
    rooms = make_rooms(erp=erp())
    for number in range(1, 9):
        add(rooms, number)
    odoo.fault = fault

    for _ in range(3):
        write_back.drain(rooms)
        query(rooms.engine, "update outbox set next_at = clock_timestamp()")
    assert states(rooms) == ["waiting"] * 8
    assert any(words.startswith(told) for words in notices(rooms)), notices(rooms)

    odoo.fault = None
    an_hour_later(rooms)
    rooms = replace(rooms, erp=erp())  # an hour later nobody remembers in which call it was found away
    drain_until_done(rooms)

    assert states(rooms) == ["done"] * 8
    assert sorted(row["res_id"] for row in odoo.all("mail.message")) == list(range(1, 9))
    assert odoo.done == {"message_post": 8}


def test_while_odoo_is_stopped_one_writing_probes_it_and_the_others_wait(rooms: Rooms, odoo: SmallOdoo) -> None:
    for number in range(1, 9):
        add(rooms, number)
    odoo.fault = refusing("odoo.exceptions.AccessDenied")
    write_back.drain(rooms)
    tried = query(rooms.engine, "select sum(attempts) as number from outbox")[0].number

    an_hour_later(rooms)
    write_back.drain(rooms)
    write_back.drain(rooms)

    assert query(rooms.engine, "select sum(attempts) as number from outbox")[0].number == tried + 1
    due = query(rooms.engine, "select count(*) as number from outbox where next_at <= clock_timestamp()")[0]
    assert due.number == 0


@pytest.mark.parametrize("lost", [hang_up_on_acts, html], ids=["hung up", "a page of html"])
def test_an_answer_that_is_lost_after_the_work_was_done_doubles_nothing(
    lost: Callable[[BaseHTTPRequestHandler, str], bool], rooms: Rooms, odoo: SmallOdoo, erp: Callable[[], Erp]
) -> None:
    add(rooms, 1)
    add(rooms, 2, Kind.ACTIVITY)
    add(rooms, 3, Kind.TICKET, project="Customer care")
    struck: list[str] = []
    odoo.after = on_acts(lambda handler, method: bool(struck.append(method)) or lost(handler, method))
    write_back.drain(rooms)
    assert sorted(struck) == ["activity_schedule", "create", "message_post"]

    odoo.after = None
    drain_until_done(replace(rooms, erp=erp()))

    assert odoo.done == {"message_post": 1, "activity_schedule": 1, "project.task.create": 1}
    assert states(rooms) == ["done"] * 3


def test_what_odoo_refuses_is_given_up_told_and_written_once_it_is_tried_again(rooms: Rooms, odoo: SmallOdoo) -> None:
    add(rooms, 1)
    add(rooms, 2)
    odoo.fault = once(refusing("odoo.exceptions.AccessError", "You are not allowed"), on="message_post")
    write_back.drain(rooms)
    assert sorted(states(rooms)) == ["dead", "done"]
    [words] = notices(rooms)
    dead = query(rooms.engine, "select id from outbox where state = 'dead'")[0].id
    assert "postroom odoo check" in words
    assert words.endswith(f"postroom outbox retry {dead}")


def test_a_writing_that_breaks_the_writer_is_dead_after_five_times_and_blocks_no_other(
    rooms: Rooms, odoo: SmallOdoo
) -> None:
    with rooms.engine.begin() as connection:
        poison = Writing(COMPANY, Wire.SANDBOX, Kind.CHATTER, "poison", "account.move:1", {"channel": "sms"})
        add_writings(connection, rooms.sealer, [poison])
    add(rooms, 2)

    for _ in range(7):
        write_back.drain(rooms)
        query(rooms.engine, "update outbox set next_at = clock_timestamp()")

    [row] = query(rooms.engine, "select state, code, attempts from outbox where key = 'poison'")
    assert tuple(row) == ("dead", "bug:5", 5)
    assert states(rooms) == ["dead", "done"]
    assert "was not written into Odoo" in notices(rooms)[0]


def test_a_worker_that_was_away_for_longer_than_its_lease_changes_nothing_any_more(
    rooms: Rooms, odoo: SmallOdoo
) -> None:
    add(rooms, 1)
    asked, answer = threading.Event(), threading.Event()

    def hold(_handler: BaseHTTPRequestHandler, _method: str) -> bool:
        asked.set()
        answer.wait(5)
        return False

    odoo.fault = once(hold, on="message_post")
    away = threading.Thread(target=write_back.drain, args=(rooms,))
    away.start()
    assert asked.wait(5)
    query(rooms.engine, "update outbox set attempts = attempts + 1, lease_until = clock_timestamp()")
    answer.set()
    away.join()

    assert (states(rooms), odoo.done) == (["done"], {"message_post": 1})
    [row] = query(rooms.engine, "select attempts from outbox")
    assert row.attempts == 3, "who was away closed it, although another held it by then"


def test_a_record_that_is_gone_becomes_a_task_where_its_company_has_a_place_for_those(
    rooms: Rooms, odoo: SmallOdoo
) -> None:
    add(rooms, 999, project="Customer care")
    add(rooms, 998)
    write_back.drain(rooms)

    assert states(rooms) == ["done", "dead"]
    assert [row["project_id"] for row in odoo.all("project.task")] == [1]


# Which Odoo, and whether at all -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "state", "code"),
    [
        (None, "void", "sandbox_mode"),
        (Mode.SHADOW, "void", "shadow"),
        (Mode.ALLOWLIST, "done", ""),
        (Mode.LIVE, "done", ""),
    ],
)
def test_the_companys_mode_decides_whether_the_real_odoo_is_written_to(
    mode: Mode | None,
    state: str,
    code: str,
    make_rooms: Callable[..., Rooms],
    erp: Callable[..., Erp],
    odoo: SmallOdoo,
) -> None:
    rooms = make_rooms(erp=erp(Wire.LIVE))
    if mode is not None:
        with rooms.engine.begin() as connection:
            set_mode(connection, COMPANY, ChannelName.ODOO, mode)
    add(rooms, 1, wire=Wire.LIVE)
    write_back.drain(rooms)

    [row] = query(rooms.engine, "select state, code from outbox")
    assert tuple(row) == (state, code)
    assert len(odoo.all("mail.message")) == (1 if state == "done" else 0)


def test_without_credentials_everything_waits_and_the_operator_is_told(make_rooms: Callable[..., Rooms]) -> None:
    rooms = make_rooms(erp=Erp({}))
    add(rooms, 1)
    write_back.drain(rooms)

    assert states(rooms) == ["waiting"]
    assert "postroom connect odoo" in notices(rooms)[0]


def test_what_an_operator_has_paused_is_not_written(rooms: Rooms, odoo: SmallOdoo) -> None:
    with rooms.engine.begin() as connection:
        pause(connection, "channel", "odoo")
    add(rooms, 1)
    write_back.drain(rooms)

    assert (states(rooms), odoo.done) == (["waiting"], {})


def test_the_ticker_hints_where_something_waits_and_a_backlog_does_not_grow_by_it(rooms: Rooms) -> None:
    ticker.hint_where_writings_wait(rooms)
    published = rooms.hints.published.messages  # type: ignore[attr-defined]
    assert published == []

    add(rooms, 1)
    for _ in range(5):
        ticker.hint_where_writings_wait(rooms)
    assert published == [("write_back", (), "outbox")]


# Faults that strike as told -----------------------------------------------------------------------------------------

Fault = Callable[[BaseHTTPRequestHandler, str], bool]


def once(fault: Fault, *, on: str) -> Fault:
    """The fault strikes the first call of a method."""
    struck: list[str] = []

    def strike(handler: BaseHTTPRequestHandler, method: str) -> bool:
        if method != on or struck:
            return False
        struck.append(method)
        return fault(handler, method)

    return strike


def on_acts(fault: Fault) -> Fault:
    """The fault strikes every call that changes something."""
    return lambda handler, method: method in {"message_post", "create", "activity_schedule"} and fault(handler, method)


class Together:
    """How many calls were in Odoo's hands at once."""

    def __init__(self) -> None:
        self.now = self.most = 0
        self._lock = threading.Lock()

    def enter(self, _handler: BaseHTTPRequestHandler, _method: str) -> bool:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(0.005)
        return False

    def leave(self, _handler: BaseHTTPRequestHandler, _method: str) -> bool:
        with self._lock:
            self.now -= 1
        return False
