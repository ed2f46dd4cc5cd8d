"""Several approvers of one document: whose answers are enough, who is asked next, and who hears of it."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from config.escalations import read_chains
from tests.boardroom import SLACK, employ, press, question, recipient, send
from tests.builders import SEALER, FixedClock, StubChannel, keep, query
from workers.tasks import route
from workers.wiring import Rooms

ANA, BEA, CARL, DORA, EVE = range(1, 6)
CHAIN = """\
version: 1
chains:
  approval:
    event: odoo.approval.requested
    owner: user:9
    levels: %s
    steps:
      ask: {notify: asked, by: approval_request}
      remind: {after: 4h, remind: asked, by: approval_request}
"""
ANY, ALL, TWO = "[{to: asked}]", "[{to: asked, needs: all}]", "[{to: asked, needs: quorum, quorum: 2}]"
LOST = "update message_log m set state = 'failed' from intent i where i.id = m.intent_id and i.recipient = :who"
BY_AMOUNT = "[{to: asked}, {to: 'user:4', when: {over: 5000, currency: EUR}}]"


@pytest.fixture
def house(make_rooms: Callable[..., Rooms]) -> Callable[[str], Rooms]:
    """A house that asks by such levels; whoever is asked is known in Slack."""

    def build(levels: str) -> Rooms:
        made = make_rooms(
            StubChannel(SLACK), clock=FixedClock(), chains=read_chains(CHAIN % levels, file="chains.yaml")
        )
        employ(made.engine, range(1, 10))
        return made

    return build


def ask(rooms: Rooms, *users: int, key: str = "", **approval: Any) -> None:
    """One event asks all of these at once."""
    event = question(users[0], **approval)
    event["data"]["approvers"] = [recipient(user) | {"phone": "+34600111222"} for user in users[1:]] or None
    event["data"] = {name: value for name, value in event["data"].items() if value is not None}
    event["id"] += key
    keep(rooms.engine, event)
    settle(rooms)


def settle(rooms: Rooms) -> None:
    """Let everything happen that is due now."""
    route.drain(rooms)
    send(rooms)


def answer(rooms: Rooms, user: int, word: str) -> None:
    assert press(rooms, user, word)
    settle(rooms)


def asked(rooms: Rooms) -> list[tuple[int, int]]:
    """Who was asked, and at which step."""
    rows = query(rooms.engine, "select step_no, recipient from intent where run_id is not null order by id")
    return sorted({(row.step_no, int(row.recipient.removeprefix("partner:")) - 100) for row in rows})


def decided(rooms: Rooms) -> str | None:
    rows = query(rooms.engine, "select outcome from decision")
    return rows[0].outcome if rows else None


def told(rooms: Rooms) -> dict[int, str]:
    """What those heard who were asked and did not decide, by user."""
    rows = query(rooms.engine, "select payload from inbox where key like 'settled:%' order by key")
    data: Iterable[Any] = (SEALER.open_json(row.payload, "inbox.payload")["data"] for row in rows)
    return {each["recipient"]["user_id"]: each["approval"]["title"] for each in data}


def test_one_event_asks_several_and_the_first_answer_is_enough(house: Callable[[str], Rooms]):
    rooms = house(ANY)
    ask(rooms, ANA, BEA, CARL)
    assert asked(rooms) == [(0, ANA), (0, BEA), (0, CARL)]

    answer(rooms, BEA, "approve")
    assert decided(rooms) == "approve"
    assert told(rooms) == {ANA: "P00042 was approved by Person 2", CARL: "P00042 was approved by Person 2"}
    answer(rooms, CARL, "reject")
    assert decided(rooms) == "approve"


def test_all_of_them_must_agree(house: Callable[[str], Rooms]):
    rooms = house(ALL)
    ask(rooms, ANA, BEA, CARL)
    answer(rooms, ANA, "approve")
    answer(rooms, ANA, "approve")  # twice is once
    answer(rooms, CARL, "approve")
    assert decided(rooms) is None

    answer(rooms, BEA, "approve")
    assert decided(rooms) == "approve"
    assert set(told(rooms)) == {ANA, CARL}


def test_where_all_must_agree_one_rejection_is_enough(house: Callable[[str], Rooms]):
    rooms = house(ALL)
    ask(rooms, ANA, BEA, CARL)
    answer(rooms, ANA, "approve")
    answer(rooms, BEA, "reject")

    assert decided(rooms) == "reject"
    assert told(rooms) == {ANA: "P00042 was rejected by Person 2", CARL: "P00042 was rejected by Person 2"}


def test_two_of_three_are_enough_either_way(house: Callable[[str], Rooms]):
    rooms = house(TWO)
    ask(rooms, ANA, BEA, CARL)
    answer(rooms, ANA, "reject")
    answer(rooms, BEA, "approve")
    assert decided(rooms) is None

    answer(rooms, CARL, "reject")
    assert decided(rooms) == "reject"


@pytest.mark.parametrize(("amount", "levels"), [("5000.00", 1), ("5000.01", 2)])
def test_a_large_amount_needs_a_second_bench(house: Callable[[str], Rooms], amount: str, levels: int):
    rooms = house(BY_AMOUNT)
    ask(rooms, ANA, BEA, amount=amount)
    answer(rooms, ANA, "approve")

    assert (decided(rooms) is None) is (levels == 2)
    assert ((2, DORA) in asked(rooms)) is (levels == 2)
    if levels == 2:
        answer(rooms, BEA, "reject")  # a button of the bench before
        assert decided(rooms) is None
        answer(rooms, DORA, "approve")
        assert decided(rooms) == "approve"
        assert set(told(rooms)) == {ANA, BEA}


def test_whoever_a_later_event_names_joins_the_bench(house: Callable[[str], Rooms]):
    rooms = house(ALL)
    ask(rooms, ANA, BEA)
    ask(rooms, ANA, CARL, key="-again")
    assert asked(rooms) == [(0, ANA), (0, BEA), (0, CARL)]
    assert len(query(rooms.engine, "select id from intent where run_id is not null")) == 3  # nobody is asked twice

    answer(rooms, ANA, "approve")
    answer(rooms, BEA, "approve")
    assert decided(rooms) is None
    answer(rooms, CARL, "approve")
    assert decided(rooms) == "approve"


def test_whoever_was_never_reached_is_not_told(house: Callable[[str], Rooms]):
    rooms = house(ANY)
    ask(rooms, ANA, BEA)
    query(rooms.engine, LOST, who=f"partner:{BEA + 100}")
    answer(rooms, ANA, "approve")

    assert told(rooms) == {}
