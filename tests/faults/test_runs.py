"""Runs, when processes die, are doubled, or were away: each step is taken once, and an answer ends it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from postroom.services.keeper import Keeper
from postroom.services.leash import Leash
from tests.faults.crowd import UNTIL_REMINDED, ask, asked_again, steps, wait_until_reminded
from tests.faults.patience import eventually
from tests.faults.scene import Scene

TICKER_DIES = ("ticker.timer_claimed=kill", "ticker.timer_fired=kill")
SOON = timedelta(seconds=10)

AHEAD = Path(__file__).with_name("ahead.py")
LATER_BEATS = "select from heartbeat where name = 'ticker' and at > :before + interval '3 seconds'"


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


@pytest.mark.parametrize("fault", TICKER_DIES)
def test_a_step_is_taken_once_although_its_ticker_is_killed(scene: Scene, fault: str):
    users = ask(scene, 5)

    with scene.armed(fault):
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


def test_a_run_that_cannot_be_read_is_set_aside_and_holds_nobody_up(scene: Scene):
    poisoned, *others = ask(scene, 5)

    with unreadable(scene, poisoned):
        scene.let_pass(UNTIL_REMINDED)
        wait_until_reminded(scene, others)
        eventually(lambda: tried_again(scene, poisoned) == "dead", within=30, what="its timer is set aside")
        (told,) = scene.ask("select text from notice where kind = 'dead'")
        assert "failed five times" in told.text
    assert asked_again(scene, [poisoned]) == [1]

    scene.cli("timers", "retry", timer_of(scene, poisoned).id)
    wait_until_reminded(scene, [poisoned])


@contextmanager
def unreadable(scene: Scene, user: int) -> Iterator[None]:
    """The chain of one run is nothing that any version of ours has written."""
    about = {"it": f"purchase.order:{user}"}
    (before,) = scene.ask("select flow_version_id as id from run where subject = :it", **about)
    scene.ask(
        "with broken as (insert into flow_version (id, flow_key, version, spec, sha256)"
        " values (gen_random_uuid(), 'broken', 1, '{}', 'x') returning id)"
        " update run set flow_version_id = (select id from broken) where subject = :it",
        **about,
    )
    scene.note("a run that cannot be read")
    yield
    scene.ask("update run set flow_version_id = :before where subject = :it", before=before.id, **about)


def timer_of(scene: Scene, user: int) -> Any:
    (row,) = scene.ask(
        "select t.id, t.state from timer t join run r on r.id = t.subject_id"
        " where r.subject = :it and t.state in ('due', 'dead')",
        it=f"purchase.order:{user}",
    )
    return row


def tried_again(scene: Scene, user: int) -> str:
    """Its timer's state; where it waits for its next try, that is now."""
    timer = timer_of(scene, user)
    scene.ask("update timer set lease_until = null where id = :id and state = 'due'", id=timer.id)
    return str(timer.state)


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
