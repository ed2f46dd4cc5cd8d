"""Runs, when processes die, are doubled, or were away: each step is taken once, and an answer ends it."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import requests

from postroom.cli.demo.person import Stage
from postroom.services.keeper import Keeper
from postroom.services.leash import Leash
from tests.boardroom import account, question
from tests.faults.crowd import (
    SCANNERS,
    cards_of,
    employed,
    in_odoo,
    link_for,
    messages,
    odoo_away,
    press,
    presses_heard,
    put_into_odoo,
)
from tests.faults.news import News
from tests.faults.patience import eventually
from tests.faults.scene import Scene

SETTINGS = {"SEND_RATES": "slack=100000 email=100000"}
TICKER_DIES = ("ticker.timer_claimed", "ticker.timer_fired")
EDITOR_DIES = "edit.made"
FAILPOINTS = dict.fromkeys((*TICKER_DIES, EDITOR_DIES), "kill")
SOON = timedelta(seconds=10)
UNTIL_REMINDED = timedelta(hours=4, minutes=1)
"""As config/escalations.yaml has it."""

AHEAD = Path(__file__).with_name("ahead.py")
LATER_BEATS = "select from heartbeat where name = 'ticker' and at > :before + interval '3 seconds'"

MANAGER, CABLES, PIPES = 104, 42, 43
"""Who may approve in the stand-in's Odoo, and two orders that wait there for it."""

_users = count(1000)


def ask(scene: Scene, number: int) -> list[int]:
    """So many people are asked, each about a document of his own, and have the question in Slack."""
    users = [next(_users) for _ in range(number)]
    employed(scene, *users)
    news = [News(question(user, user)) for user in users]
    scene.post(*news)
    eventually(lambda: scene.count(news, "sent", "delivered", channel="slack") == number, what="all have been asked")
    return users


def asked_again(scene: Scene, users: Sequence[int]) -> list[int]:
    """How often each of them was asked, by the provider's own count."""
    return [scene.witness.count(account(user)) for user in users]


def wait_until_reminded(scene: Scene, users: Sequence[int], within: float = 20.0) -> None:
    eventually(lambda: min(asked_again(scene, users)) == 2, within=within, what="all have been reminded")


def steps(scene: Scene, users: Sequence[int]) -> list[int]:
    """How many steps each run has taken."""
    rows = scene.ask(
        "select (select count(*) from step_exec e where e.run_id = r.id and e.outcome = 'fired') as n from run r "
        "where r.subject = any(:subjects)",
        subjects=[f"purchase.order:{user}" for user in users],
    )
    return [row.n for row in rows]


@contextmanager
def second_ticker(scene: Scene, script: Path | None = None) -> Iterator[None]:
    """One more ticker beside the house's own; by a script, one that something is wrong with."""
    first = scene.house.process("ticker").program
    log = scene.house.directory / "logs" / "ticker-2.log"
    program = replace(first, name="ticker-2", argv=(first.argv[0], str(script)) if script else first.argv)
    with Leash() as leash:
        keeper = Keeper(program, leash, log=log, say=lambda _, __: None)
        keeper.start()
        scene.note("a second ticker")
        try:
            yield
        finally:
            keeper.stop()


def test_two_tickers_take_each_step_once(scene: Scene):
    users = ask(scene, 60)
    with second_ticker(scene):
        scene.let_pass(UNTIL_REMINDED)
        wait_until_reminded(scene, users)

    assert asked_again(scene, users) == [2] * len(users)
    assert steps(scene, users) == [2] * len(users)


def test_a_ticker_whose_own_clock_is_ahead_fires_nothing_early(scene: Scene):
    users = ask(scene, 10)
    scene.put_down("ticker")
    before = scene.ask("select at from heartbeat where name = 'ticker'")[0].at

    with second_ticker(scene, AHEAD):
        eventually(lambda: scene.ask(LATER_BEATS, before=before), what="the one that is ahead has made a few rounds")
        assert steps(scene, users) == [1] * len(users)
        scene.let_pass(UNTIL_REMINDED)
        wait_until_reminded(scene, users)
    scene.house.launch("ticker")


@pytest.mark.parametrize("point", TICKER_DIES)
def test_a_step_is_taken_once_although_its_ticker_is_killed(scene: Scene, point: str):
    users = ask(scene, 5)

    with scene.armed(point):
        scene.let_pass(UNTIL_REMINDED)
    wait_until_reminded(scene, users, within=30)

    assert asked_again(scene, users) == [2] * len(users)
    assert steps(scene, users) == [2] * len(users)


def test_runs_outlive_a_redis_that_forgot_everything(scene: Scene):
    users = ask(scene, 20)

    scene.lose_redis()
    scene.let_pass(UNTIL_REMINDED)

    wait_until_reminded(scene, users, within=20)
    late = scene.ask(
        "select max(e.late) as seconds from step_exec e join run r on r.id = e.run_id"
        " where e.step_no = 1 and r.subject = any(:subjects)",
        subjects=[f"purchase.order:{user}" for user in users],
    )[0].seconds
    assert timedelta(seconds=late) < SOON + timedelta(minutes=1)  # the test itself let a minute too much pass


def test_an_answer_stops_a_reminder_that_is_written_and_has_not_left(scene: Scene):
    (user,) = ask(scene, 1)

    with scene.paused("slack"):
        scene.let_pass(UNTIL_REMINDED)
        eventually(lambda: steps(scene, [user]) == [2], what="the reminder is written")
        Stage(scene.house.environment["SANDBOX_URL"]).press(account(user), "approve")
        eventually(lambda: status(scene, user) == "decided", what="the answer is heard")
        scene.note("answered while the reminder waited")

    (reminder,) = scene.ask(
        "select m.state, m.attempts from message_log m join intent i on i.id = m.intent_id"
        " where i.subject = :subject and i.step_no = 1",
        subject=f"purchase.order:{user}",
    )
    assert (reminder.state, reminder.attempts) == ("cancelled", 0)


def status(scene: Scene, user: int) -> str:
    (run,) = scene.ask("select status from run where subject = :subject", subject=f"purchase.order:{user}")
    return str(run.status)


def test_a_card_pressed_four_times_at_once_and_again_later_decides_once(scene: Scene):
    before = presses_heard(scene)
    card = manager_is_asked_about(scene, CABLES)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: press(scene, card, "Approve"), range(4)))
    scene.note("pressed four times at once")
    eventually(lambda: order(scene, CABLES)["state"] == "purchase", within=30, what="the order is approved in Odoo")
    press(scene, card, "Reject")
    scene.note("pressed again after the decision")
    eventually(lambda: presses_heard(scene) == before + 5, what="every press is heard")

    assert answers_about(scene, CABLES) == (["approve"], 1)
    assert order(scene, CABLES)["state"] == "purchase"


def test_a_card_about_an_order_that_was_changed_since_decides_nothing(scene: Scene):
    before = presses_heard(scene)
    old = manager_is_asked_about(scene, PIPES, amount="4000.00", revision="2020-01-01 00:00:00")
    new = manager_is_asked_about(scene, PIPES, amount="4900.00", revision=order(scene, PIPES)["write_date"])
    scene.note("the order was changed")

    press(scene, old, "Approve")
    eventually(lambda: presses_heard(scene) == before + 1, what="the old card's press is heard")
    assert (answers_about(scene, PIPES), order(scene, PIPES)["state"]) == (([], 0), "to approve")

    press(scene, new, "Approve")
    eventually(lambda: order(scene, PIPES)["state"] == "purchase", within=30, what="the new card decides")


def test_a_card_loses_its_buttons_although_whoever_changes_it_is_killed(scene: Scene):
    (user,) = ask(scene, 1)
    (card,) = cards_of(scene, user)

    with scene.armed(EDITOR_DIES):
        press(scene, card, "Approve")
    shown = eventually(lambda: told_the_end(scene, user, card), within=40, what="the card says that its order is gone")

    assert [button["title"] for button in shown["buttons"]] == ["View Details"]


def told_the_end(scene: Scene, user: int, card: str) -> dict[str, Any] | None:
    """A card that says what became of it, once that is recorded as well: Odoo has no such order."""
    (shown,) = [each for each in messages(scene, account(user)) if each["id"] == card]
    rows = scene.ask(
        "select e.state from card_edit e join message_log m on m.id = e.id join intent i on i.id = m.intent_id"
        " where i.subject = :subject",
        subject=f"purchase.order:{user}",
    )
    recorded = [row.state for row in rows] == ["done"]
    return shown if recorded and "gone from Odoo" in shown["text"] else None


def test_a_decision_is_kept_until_odoo_is_back(scene: Scene):
    put_into_odoo(scene, "purchase.order", CABLES, state="to approve")
    card = manager_is_asked_about(scene, CABLES, revision=order(scene, CABLES)["write_date"])
    before = answers_about(scene, CABLES)[1]

    with odoo_away(scene):
        press(scene, card, "Approve")
        eventually(lambda: answers_about(scene, CABLES)[1] == before + 1, what="the decision is kept")
    eventually(lambda: order(scene, CABLES)["state"] == "purchase", within=60, what="it is carried out")

    assert answers_about(scene, CABLES)[1] == before + 1


def test_a_question_to_somebody_who_has_left_goes_to_his_manager_at_once(scene: Scene):
    gone, boss = next(_users), next(_users)
    employed(scene, gone, boss)
    scene.ask("update person set active = false, manager_id = :boss where user_id = :gone", boss=boss, gone=gone)
    scene.note("he has left the company")

    scene.post(News(question(gone, gone)))

    eventually(lambda: cards_of(scene, boss), what="his manager is asked")
    assert not cards_of(scene, gone)


def manager_is_asked_about(scene: Scene, document: int, **approval: str) -> str:
    """The card that he has in Slack."""
    employed(scene, MANAGER)
    known = cards_of(scene, MANAGER)
    scene.post(News(question(MANAGER, document, **approval)))
    (card,) = eventually(lambda: cards_of(scene, MANAGER) - known, what="the manager has the question in Slack")
    return card


def order(scene: Scene, document: int) -> dict[str, Any]:
    """How it stands in Odoo."""
    (found,) = in_odoo(scene, "purchase.order", [["id", "=", document]], "state", "write_date")
    return found


def answers_about(scene: Scene, document: int) -> tuple[list[str], int]:
    """What was answered about a document, and how many decisions were to be carried into Odoo."""
    about = {"it": f"purchase.order:{document}"}
    votes = scene.ask("select v.answer from vote v join run r on r.id = v.run_id where r.subject = :it", **about)
    writings = scene.ask("select from outbox where kind = 'decision' and subject = :it", **about)
    return [row.answer for row in votes], len(writings)


def test_nothing_is_decided_by_whatever_opens_the_links_of_a_mail(scene: Scene):
    user = next(_users)
    employed(scene, user)
    event = question(user, user)
    asked = event["data"]["recipient"]
    event["data"]["recipient"] = {name: asked[name] for name in asked if name not in ("slack", "user_id")}
    scene.post(News(event))
    link = eventually(lambda: link_for(scene, user), what="the question came by email")

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda n: SCANNERS[n % len(SCANNERS)](link).status_code, range(24)))
    forged = requests.post(link, data={"do": "approve", "code": "123456", "mark": "x"}, timeout=10)
    scene.note("a scanner opened every link, and somebody made a form of his own")

    assert set(answers) == {200}
    assert forged.status_code == 403
    assert status(scene, user) == "active"
    assert not scene.ask("select 1 from vote where actor = :who", who=f"partner:{user + 100}")


def test_five_days_of_darkness_end_in_one_message(scene: Scene):
    users = ask(scene, 5)

    scene.put_down("ticker")
    scene.let_pass(timedelta(days=5))
    scene.house.launch("ticker")
    scene.note("no ticker for five days")
    eventually(lambda: steps(scene, users) == [2] * len(users), within=30, what="each run has gone on")

    passed = scene.ask("select count(*) as n from step_exec where outcome = 'skipped'")[0].n
    assert passed >= len(users)  # the reminder and the manager's turn, since SMS was due as well
    eventually(lambda: told_by_mail(scene, users) == [1] * len(users), what="each was told once")  # he has no phone
    assert asked_again(scene, users) == [1] * len(users)


def told_by_mail(scene: Scene, users: Sequence[int]) -> list[int]:
    return [scene.witness.count(f"person{user}@example.com") for user in users]
