"""The configuration is changed while runs are under way: each ends by the rules by which it began."""

from datetime import timedelta
from pathlib import Path

from tests.boardroom import account
from tests.faults import papers
from tests.faults.crowd import ask, asked_again, rounds_pass
from tests.faults.patience import eventually
from tests.faults.scene import Scene

FILES = papers.FILES

EDITED = papers.CHAINS.replace("after: 40d", "after: 1d")
READERS = ("core", "ticker")
"""Processes that begin runs and take their steps."""


def test_a_run_keeps_to_its_chain_although_that_is_edited_meanwhile(scene: Scene):
    old = ask(scene, 3)
    (scene.house.root / "config" / "escalations.yaml").write_text(EDITED, "utf-8")
    for name in READERS:
        scene.kill(name)
    scene.wait_for_worker("core")
    new = ask(scene, 3)

    scene.go_to(scene.clock.now() + timedelta(days=2))
    eventually(lambda: asked_again(scene, new) == [2] * 3, what="whoever was asked afterwards is reminded")
    rounds_pass(scene)
    assert asked_again(scene, old) == [1] * 3

    scene.go_to(scene.clock.now() + timedelta(days=39))
    eventually(lambda: asked_again(scene, old) == [2] * 3, what="the others, too, when it was said")
    assert scene.witness.count(account(old[0])) == 2


IMPOSSIBLE = ("0h", "-1h", "10000d", "1.5h")


def test_waits_that_cannot_be_are_refused_before_anything_runs_by_them(scene: Scene, tmp_path: Path):
    """None at all, negative, longer than a year, or no number of anything: all are named, and the runs go on."""
    (user,) = ask(scene, 1)
    steps = "\n".join(
        f"      step_{number}: {{after: {wait}, remind: asked, by: approval_reminder}}"
        for number, wait in enumerate(IMPOSSIBLE)
    )
    bad = tmp_path / "escalations.yaml"
    bad.write_text(papers.CHAINS.replace("      remind: {after: 40d, remind: asked, by: approval_reminder}", steps))

    said = scene.cli("config", "check", "--escalations", bad, code=1)
    scene.note("impossible waits")

    assert all(f"steps.step_{number}.after" in said for number in range(len(IMPOSSIBLE)))
    scene.go_to(scene.clock.now() + timedelta(days=41))
    eventually(lambda: asked_again(scene, [user]) == [2], what="a run goes on by what is in force")
