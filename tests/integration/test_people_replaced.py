"""Whoever cannot be asked is replaced at once: scenario 20, on a real database."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from config.escalations import read_chains
from postroom.domain.safety import Wire
from postroom.domain.standing_in import Delegation
from postroom.store.delegations import delegate, end_delegation
from postroom.store.people import person_of_user
from scheduler.ticker import fire_timers
from tests.boardroom import SLACK, employ, press, question, send
from tests.builders import SEALER, FixedClock, StubChannel, keep, query
from workers.tasks import route
from workers.wiring import Rooms

ANA, BEA, CARL, DORA, BOSS, OWNER = 1, 2, 3, 4, 5, 9
CHAIN = """\
version: 1
chains:
  approval:
    event: odoo.approval.requested
    owner: user:9
    levels: [{to: '%s', needs: all}]
    steps:
      ask: {notify: asked, by: approval_request}
      manager: {after: 4h, escalate: manager, by: approval_request}
"""
House = Callable[..., Rooms]


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def house(make_rooms: Callable[..., Rooms], clock: FixedClock) -> House:
    """A house that asks whom a level names; Ana, Bea and Carl answer to the boss."""

    def build(to: str = "asked") -> Rooms:
        made = make_rooms(StubChannel(SLACK), clock=clock, chains=read_chains(CHAIN % to, file="chains.yaml"))
        employ(made.engine, range(1, 10))
        change(made, "manager_id = :boss", ANA, BEA, CARL, boss=BOSS)
        return made

    return build


def change(rooms: Rooms, what: str, *users: int, **values: Any) -> None:
    """As a sync writes it."""
    query(rooms.engine, f"update person set {what} where user_id = any(:users)", users=list(users), **values)


def ask(rooms: Rooms, user: int = ANA, **approval: Any) -> None:
    keep(rooms.engine, question(user, **approval))
    settle(rooms)


def settle(rooms: Rooms) -> None:
    route.drain(rooms)
    send(rooms)


def asked(rooms: Rooms) -> list[int]:
    """Who has a question of the run, the first of them first."""
    rows = query(
        rooms.engine,
        "select i.recipient from intent i where i.run_id is not null"
        " and exists (select from leg_key k where k.intent_id = i.id) order by i.id",
    )
    return [int(row.recipient.removeprefix("partner:")) - 100 for row in rows]


def replaced(rooms: Rooms) -> list[str]:
    rows = query(rooms.engine, "select detail from run_event where what = 'replaced' order by id")
    return [row.detail for row in rows]


def let_decide(rooms: Rooms, clock: FixedClock, user: int, instead: int) -> None:
    with rooms.engine.begin() as connection:
        person = person_of_user(connection, SEALER, Wire.SANDBOX, user)
        assert person is not None
        until = clock.now() + timedelta(days=1)
        delegate(connection, person, Delegation(user, instead, clock.now(), until), clock.now(), by="test")


def test_who_is_there_is_asked_himself(house: House):
    rooms = house()
    ask(rooms)
    assert (asked(rooms), replaced(rooms)) == ([ANA], [])


def test_a_delegate_is_asked_and_decides_in_his_own_name(house: House, clock: FixedClock):
    rooms = house()
    let_decide(rooms, clock, ANA, BEA)
    ask(rooms)
    assert (asked(rooms), replaced(rooms)) == ([BEA], ["user:1 (delegated): user:2"])

    assert press(rooms, BEA, "approve")
    (decision,) = query(rooms.engine, "select actor, outcome from decision")
    assert tuple(decision) == ("partner:102", "approve")


def test_a_delegation_that_ended_or_has_had_its_time_replaces_nobody(house: House, clock: FixedClock):
    rooms = house()
    let_decide(rooms, clock, ANA, BEA)
    clock.time += timedelta(days=2)
    ask(rooms)
    let_decide(rooms, clock, ANA, BEA)
    with rooms.engine.begin() as connection:
        person = person_of_user(connection, SEALER, Wire.SANDBOX, ANA)
        assert person is not None
        assert end_delegation(connection, person, clock.now(), by="test")
    ask(rooms, id=43)

    assert asked(rooms) == [ANA, ANA]


def test_who_is_away_is_replaced_by_his_manager(house: House, clock: FixedClock):
    rooms = house()
    change(rooms, "away_from = :since", ANA, since=clock.now())
    ask(rooms)
    assert (asked(rooms), replaced(rooms)) == ([BOSS], ["user:1 (away): user:5"])


@pytest.mark.parametrize("boss", [None, ANA, DORA])
def test_where_no_way_leads_to_anybody_the_owner_is_asked(house: House, boss: int | None):
    rooms = house()
    change(rooms, "active = false, manager_id = :boss", ANA, boss=boss)
    change(rooms, "active = false, manager_id = :back", DORA, back=ANA)  # a circle
    ask(rooms)
    assert (asked(rooms), replaced(rooms)) == ([OWNER], ["user:1 (deactivated): user:9"])


def test_where_the_owner_is_gone_as_well_operators_hear_of_it_at_once(house: House):
    rooms = house()
    change(rooms, "active = false, manager_id = null", ANA, OWNER)
    ask(rooms)
    assert asked(rooms) == []
    assert replaced(rooms)[0] == "user:1 (deactivated): nobody can be asked in his place"
    assert "has nobody to hear" in query(rooms.engine, "select text from notice where kind = 'unanswered'")[0].text


def test_nobody_is_asked_for_his_own_request_nor_whom_he_chose(house: House, clock: FixedClock):
    rooms = house()
    let_decide(rooms, clock, ANA, BEA)
    ask(rooms, requester_id=ANA)
    assert (asked(rooms), replaced(rooms)) == ([BOSS], ["user:1 (requester): user:5"])


def test_whom_no_channel_reaches_is_replaced_and_need_not_agree(house: House):
    rooms = house()
    event = question(ANA)
    nowhere = {"partner_id": BEA + 100, "name": "Bea", "phone": "+34600111222", "user_id": BEA}
    event["data"]["approvers"] = [nowhere]
    keep(rooms.engine, event)
    settle(rooms)
    assert (asked(rooms), replaced(rooms)) == ([ANA, BOSS], ["user:2 (unreachable): user:5"])

    assert press(rooms, ANA, "approve")
    assert press(rooms, BOSS, "approve")
    assert len(query(rooms.engine, "select from decision")) == 1


def test_of_a_role_those_are_asked_who_are_there(house: House, clock: FixedClock):
    rooms = house("role:purchase.group_purchase_manager")
    change(rooms, "roles = '[\"purchase.group_purchase_manager\"]'", BEA, CARL, DORA)
    change(rooms, "away_from = :since", CARL, since=clock.now())
    change(rooms, "companies = '[2]'", DORA)
    ask(rooms)
    assert (asked(rooms), replaced(rooms)) == ([BEA], [])


def test_who_goes_on_leave_while_he_is_asked_has_his_managers_manager_asked_after_him(house: House, clock: FixedClock):
    rooms = house()
    change(rooms, "manager_id = :above", BOSS, above=DORA)
    ask(rooms)
    change(rooms, "away_from = :since", BOSS, since=clock.now())
    clock.time += timedelta(hours=5)
    fire_timers(rooms)
    assert (asked(rooms), replaced(rooms)) == ([ANA, DORA], ["user:5 (away): user:4"])
