"""What people answer: twice, at once, too late, about what has changed since, while a step is taken or Odoo is away."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from postroom.cli.demo.person import Stage
from tests.boardroom import account, question
from tests.faults.crowd import (
    MANAGER,
    SCANNERS,
    UNTIL_REMINDED,
    answers_about,
    ask,
    cards_of,
    employed,
    is_asked_about,
    link_for,
    messages,
    odoo_away,
    order,
    press,
    presses_heard,
    put_into_odoo,
    rounds_pass,
    somebody,
    status,
    steps,
)
from tests.faults.news import News
from tests.faults.patience import eventually
from tests.faults.scene import Scene

CABLES, PIPES = 42, 43
"""Orders that wait in the stand-in's Odoo."""
ADMINISTRATOR = 101
ENDS = {"purchase": "approve", "cancel": "reject"}
"""How an order stands once a decision about it was carried out."""


TOO_LATE = """
    select r.subject, e.step_no, e.fired_at, d.decided_at from step_exec e
    join decision d on d.run_id = e.run_id join run r on r.id = e.run_id
    where e.outcome = 'fired' and e.fired_at > d.decided_at
"""


@pytest.mark.parametrize("fault", ["ticker.timer_claimed=hold:3", "ticker.step_written=hold:3"])
def test_an_answer_while_a_step_is_taken_comes_before_it_or_after_it(scene: Scene, fault: str):
    """Before: the step is never taken. After: its message is cancelled, for it has not left."""
    (user,) = ask(scene, 1)

    with scene.paused("slack"):
        with scene.armed(fault):
            scene.let_pass(UNTIL_REMINDED)
        Stage(scene.house.environment["SANDBOX_URL"]).press(account(user), "approve")
        eventually(lambda: status(scene, user) == "decided", what="the answer is heard")

    rounds_pass(scene)
    eventually(lambda: reminders(scene, user) in ([], ["cancelled"]), what="no reminder is on its way")
    assert scene.ask(TOO_LATE) == []


def reminders(scene: Scene, user: int) -> list[str]:
    """How it stands with what a person's run has written after its question."""
    rows = scene.ask(
        "select m.state from message_log m join intent i on i.id = m.intent_id"
        " where i.subject = :subject and i.step_no > 0",
        subject=f"purchase.order:{user}",
    )
    return [row.state for row in rows]


def test_forty_answers_that_come_as_their_reminders_fall_due_are_each_before_or_after(scene: Scene):
    users = ask(scene, 40)
    stage = Stage(scene.house.environment["SANDBOX_URL"])

    with ThreadPoolExecutor(4) as pool:
        pressed = [pool.submit(stage.press, account(user), "approve") for user in users]
        time.sleep(0.2)
        scene.let_pass(UNTIL_REMINDED)
        for each in pressed:
            each.result()
    scene.note("40 answers while 40 reminders fell due")
    eventually(lambda: {status(scene, user) for user in users} == {"decided"}, within=40, what="all are decided")
    rounds_pass(scene)

    assert scene.ask(TOO_LATE) == []


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


def test_a_card_pressed_four_times_at_once_and_again_later_decides_once(scene: Scene):
    before = presses_heard(scene)
    card = is_asked_about(scene, CABLES)

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
    old = is_asked_about(scene, PIPES, amount="4000.00", revision="2020-01-01 00:00:00")
    new = is_asked_about(scene, PIPES, amount="4900.00", revision=order(scene, PIPES)["write_date"])
    scene.note("the order was changed")

    press(scene, old, "Approve")
    eventually(lambda: presses_heard(scene) == before + 1, what="the old card's press is heard")
    assert (answers_about(scene, PIPES), order(scene, PIPES)["state"]) == (([], 0), "to approve")

    press(scene, new, "Approve")
    eventually(lambda: order(scene, PIPES)["state"] == "purchase", within=30, what="the new card decides")


def test_of_two_who_answer_at_once_one_decides_and_the_other_is_told(scene: Scene):
    put_into_odoo(scene, "purchase.order", CABLES, state="to approve")
    revision = order(scene, CABLES)["write_date"]
    asked = {user: is_asked_about(scene, CABLES, user, revision=revision) for user in (MANAGER, ADMINISTRATOR)}
    written, told = answers_about(scene, CABLES)[1], second_told(scene)

    with scene.frozen("slack"), ThreadPoolExecutor(2) as pool:  # neither card loses its buttons meanwhile
        for pressed in [
            pool.submit(press, scene, asked[MANAGER], "Approve"),
            pool.submit(press, scene, asked[ADMINISTRATOR], "Reject"),
        ]:
            pressed.result()
    scene.note("approved and rejected at once")
    eventually(lambda: order(scene, CABLES)["state"] in ENDS, within=30, what="one is carried out")
    eventually(lambda: second_told(scene) == told + 1, what="the other is told")

    assert ENDS[order(scene, CABLES)["state"]] == outcome(scene, CABLES)
    assert answers_about(scene, CABLES)[1] == written + 1


def outcome(scene: Scene, document: int) -> str:
    """What was decided last about a document."""
    rows = scene.ask(
        "select d.outcome from decision d join run r on r.id = d.run_id where r.subject = :it order by d.decided_at",
        it=f"purchase.order:{document}",
    )
    return str(rows[-1].outcome)


def second_told(scene: Scene) -> int:
    """How many have been told that somebody else was first."""
    rows = scene.ask("select from inbox where type = 'postroom.approval.settled' and key like 'second:%'")
    return len(rows)


def test_a_card_loses_its_buttons_although_whoever_changes_it_is_killed(scene: Scene):
    (user,) = ask(scene, 1)
    (card,) = cards_of(scene, user)

    with scene.armed("edit.made=kill"):
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
    card = is_asked_about(scene, CABLES, revision=order(scene, CABLES)["write_date"])
    before = answers_about(scene, CABLES)[1]

    with odoo_away(scene):
        press(scene, card, "Approve")
        eventually(lambda: answers_about(scene, CABLES)[1] == before + 1, what="the decision is kept")
    eventually(lambda: order(scene, CABLES)["state"] == "purchase", within=60, what="it is carried out")

    assert answers_about(scene, CABLES)[1] == before + 1


def test_an_order_that_was_approved_in_odoo_itself_is_asked_about_no_more(scene: Scene):
    put_into_odoo(scene, "purchase.order", PIPES, state="to approve")
    card = is_asked_about(scene, PIPES, revision=order(scene, PIPES)["write_date"])

    put_into_odoo(scene, "purchase.order", PIPES, state="purchase")
    scene.note("approved in Odoo itself")
    scene.let_pass(UNTIL_REMINDED)

    eventually(lambda: newest_run(scene, PIPES).status == "obsolete", within=40, what="its run ends")
    eventually(lambda: card not in cards_of(scene, MANAGER), what="its card has no buttons any more")
    assert not scene.ask(
        "select from intent where run_id = :run and step_no > 0 and rule <> 'approval_outcome'",
        run=newest_run(scene, PIPES).id,
    )


def newest_run(scene: Scene, document: int) -> Any:
    rows = scene.ask("select * from run where subject = :it order by id desc", it=f"purchase.order:{document}")
    return rows[0]


def test_a_question_to_somebody_who_has_left_goes_to_his_manager_at_once(scene: Scene):
    gone, boss = somebody(), somebody()
    employed(scene, gone, boss)
    scene.ask("update person set active = false, manager_id = :boss where user_id = :gone", boss=boss, gone=gone)
    scene.note("he has left the company")

    scene.post(News(question(gone, gone)))

    eventually(lambda: cards_of(scene, boss), what="his manager is asked")
    assert not cards_of(scene, gone)


def test_nothing_is_decided_by_whatever_opens_the_links_of_a_mail(scene: Scene):
    user = somebody()
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
