"""Whether the document still needs somebody: decided, withdrawn, changed or deleted in Odoo while people are asked."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import requests

from config.escalations import read_chains
from postroom.domain.channels import ChannelName
from postroom.domain.safety import Mode, Wire
from postroom.odoo.access import Access
from postroom.odoo.connecting import connect
from postroom.store.safety import set_mode
from sandbox.testing import SECRET, Running, running_sandbox
from scheduler.ticker import fire_timers, hint_where_documents_wait
from tests import boardroom
from tests.boardroom import employ, press
from tests.builders import SEALER, FixedClock, StubChannel, query
from workers.erp import Erp
from workers.tasks import reread, route
from workers.wiring import Rooms

CHAIN = """\
version: 1
chains:
  approval:
    event: odoo.approval.requested
    owner: user:7
    steps:
      ask: {notify: asked, by: approval_request}
      remind: {after: 4h, remind: asked, by: approval_request}
      again: {after: 24h, remind: asked, by: approval_request}
      give_up: {after: 72h, give_up: true}
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    with running_sandbox() as running:
        yield running


@pytest.fixture
def odoo(sandbox: Running) -> Running:
    sandbox.post("odoo_reset")
    return sandbox


@pytest.fixture
def slack() -> StubChannel:
    return StubChannel(ChannelName.SLACK)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


def erp_at(sandbox: Running, wire: Wire = Wire.SANDBOX) -> Erp:
    """The stand-in of version 17, where an expense is decided by its report."""
    return Erp({wire: partial(connect, Access(f"{sandbox.url}/odoo17", "sandbox", "postroom", SECRET))})


@pytest.fixture
def rooms(make_rooms: Callable[..., Rooms], odoo: Running, slack: StubChannel, clock: FixedClock) -> Rooms:
    made = make_rooms(slack, clock=clock, chains=read_chains(CHAIN, file="chains.yaml"), erp=erp_at(odoo))
    employ(made.engine, (7, 8))
    return made


def ask(rooms: Rooms, document: int = 42, **approval: Any) -> None:
    boardroom.ask(rooms, 7, document, **approval)
    boardroom.send(rooms)


def set_in_odoo(odoo: Running, document: int, model: str = "purchase.order", **values: Any) -> None:
    odoo.post("odoo_record", version="17", model=model, id=str(document), values=values)


def delete_in_odoo(odoo: Running, document: int) -> None:
    there = {"version": "17", "model": "purchase.order", "id": str(document)}
    answer = requests.delete(f"{odoo.url}/_sandbox/odoo_record", params=there, timeout=5)
    assert answer.ok, answer.text


def due(rooms: Rooms, clock: FixedClock, hours: float = 5) -> None:
    """A step comes due, Odoo is asked, and the step is looked at again."""
    clock.time += timedelta(hours=hours)
    for _ in range(2):
        fire_timers(rooms)
        reread.drain(rooms)
        clock.time += timedelta(seconds=3)
    fire_timers(rooms)
    route.drain(rooms)
    boardroom.send(rooms)


def ends(rooms: Rooms) -> list[tuple[str, str | None]]:
    return [(row.status, row.why) for row in query(rooms.engine, "select status, why from run order by subject")]


def told(rooms: Rooms) -> list[str]:
    rows = query(rooms.engine, "select content from message_log where message_type = 'approval_outcome' order by id")
    return [str(SEALER.open_json(row.content, "message_log.content")["subject"]) for row in rows if row.content]


def test_whoever_is_asked_is_let_go_when_odoo_needs_him_no_more(rooms: Rooms, odoo: Running, clock: FixedClock) -> None:
    rooms = replace(rooms, erp=erp_at(odoo, Wire.LIVE))
    with rooms.engine.begin() as connection:
        set_mode(connection, "1", ChannelName.ODOO, Mode.LIVE)
    documents = {
        50: ("purchase", "approved_in_odoo", "P00050 was approved already"),
        51: ("cancel", "rejected_in_odoo", "P00051 was rejected already"),
        52: ("draft", "withdrawn_in_odoo", "P00052 is not open for a decision"),
        53: ("to approve", "gone", "P00053 is gone"),
    }
    for document in documents:
        set_in_odoo(odoo, document, name=f"P000{document}", state="to approve", partner_id=1)
        ask(rooms, document, document_number=f"P000{document}")
    for document, (state, _, _) in documents.items():
        set_in_odoo(odoo, document, state=state)
    delete_in_odoo(odoo, 53)
    due(rooms, clock)

    assert ends(rooms) == [("obsolete", why) for _, why, _ in documents.values()]
    assert sorted(told(rooms)) == sorted(title for _, _, title in documents.values())
    asked = query(rooms.engine, "select from message_log where message_type = 'approval_request' and state = 'sent'")
    assert len(asked) == len(documents)  # nobody was reminded
    due(rooms, clock, 48)
    press(rooms, 7, "approve", 50)
    route.drain(rooms)
    boardroom.send(rooms)
    assert not query(rooms.engine, "select from vote")
    assert told(rooms)[-1] == "P00050 was approved already"


def test_a_document_that_is_still_open_is_asked_about_again_however_odoo_has_touched_it(
    rooms: Rooms, odoo: Running, clock: FixedClock
) -> None:
    ask(rooms, revision="2020-01-01 00:00:00")
    clock.time += timedelta(hours=5)
    fire_timers(rooms)
    assert len(query(rooms.engine, "select from intent")) == 1  # it waits for Odoo's word
    hint_where_documents_wait(rooms)
    assert ("reread", (), "outbox") in rooms.hints.published.messages  # type: ignore[attr-defined]
    assert str(reread.drain(rooms)) == "1 open"
    fire_timers(rooms)
    assert len(query(rooms.engine, "select from intent")) == 2
    due(rooms, clock, 20)
    noted = query(rooms.engine, "select detail from run_event where what = 'changed_in_odoo'")
    assert len(noted) == 1
    assert "as of 2020-01-01 00:00:00" in noted[0].detail


def test_what_a_stand_in_does_not_know_is_not_gone(rooms: Rooms, clock: FixedClock) -> None:
    ask(rooms, 9999)
    due(rooms, clock)
    assert ends(rooms) == [("active", None)]
    assert len(query(rooms.engine, "select from intent")) == 2


def test_an_expense_stands_as_its_report_does(rooms: Rooms, odoo: Running, clock: FixedClock) -> None:
    ask(rooms, 1, model="hr.expense")
    due(rooms, clock)
    assert ends(rooms) == [("active", None)]
    set_in_odoo(odoo, 1, "hr.expense", sheet_id=False)
    due(rooms, clock, 20)
    assert ends(rooms) == [("obsolete", "withdrawn_in_odoo")]


def test_nobody_is_kept_waiting_longer_than_ten_minutes_by_an_odoo_that_is_away(
    make_rooms: Callable[..., Rooms], clock: FixedClock, slack: StubChannel
) -> None:
    away = partial(connect, Access("http://127.0.0.1:1/odoo17", "sandbox", "postroom", SECRET))
    rooms = make_rooms(slack, clock=clock, chains=read_chains(CHAIN, file="chains.yaml"), erp=Erp({Wire.SANDBOX: away}))
    employ(rooms.engine, (7,))
    ask(rooms)
    due(rooms, clock)
    clock.time += timedelta(minutes=9)
    fire_timers(rooms)
    assert len(query(rooms.engine, "select from intent")) == 1
    clock.time += timedelta(minutes=2)
    fire_timers(rooms)
    assert len(query(rooms.engine, "select from intent")) == 2
    assert len(query(rooms.engine, "select from run_event where what = 'unseen'")) == 1


def test_a_stand_in_is_not_asked_about_the_documents_of_a_real_odoo(
    make_rooms: Callable[..., Rooms], odoo: Running, clock: FixedClock, slack: StubChannel
) -> None:
    stand_in = partial(connect, Access(f"{odoo.url}/odoo17", "sandbox", "postroom", SECRET))
    both = Erp({Wire.SANDBOX: stand_in, Wire.LIVE: stand_in})
    rooms = make_rooms(slack, clock=clock, chains=read_chains(CHAIN, file="chains.yaml"), erp=both)
    employ(rooms.engine, (7,))
    ask(rooms, 9999)
    clock.time += timedelta(hours=5)
    fire_timers(rooms)
    assert len(query(rooms.engine, "select from intent")) == 2
