"""What follows when Odoo cannot take something: wait and look first, or give up and say so."""

from datetime import timedelta

import pytest

from postroom.domain.channels import Fault, Verdict
from postroom.domain.safety import Mode, Wire
from postroom.domain.writings import Again, Effort, Ending, after_bug, after_fault, remedy_for, shut_out

YOUNG, OLD = timedelta(hours=1), timedelta(days=8)


def fault(verdict: Verdict, **more: object) -> Fault:
    return Fault(verdict, "code", "words", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("verdict", [Verdict.TRANSIENT, Verdict.UNKNOWN])
@pytest.mark.parametrize(("tries", "longest"), [(1, 2), (2, 4), (5, 32), (20, 900), (500, 900)])
def test_waits_are_jittered_in_full_and_never_longer_than_a_quarter_of_an_hour(
    verdict: Verdict, tries: int, longest: int
) -> None:
    waits = [after_fault(Effort(tries, YOUNG), fault(verdict), roll=roll) for roll in (0.0, 0.5, 0.999)]
    assert [each.wait.total_seconds() for each in waits if isinstance(each, Again)] == [
        pytest.approx(longest * roll) for roll in (0.0, 0.5, 0.999)
    ]


def test_odoos_own_wait_is_kept_to_the_second() -> None:
    asked = fault(Verdict.TRANSIENT, retry_after=timedelta(seconds=7))
    assert after_fault(Effort(3, YOUNG), asked, roll=0.9) == Again(timedelta(seconds=7), "code", "words")


@pytest.mark.parametrize(
    ("verdict", "age", "follows"),
    [
        (Verdict.TRANSIENT, OLD, "dead"),
        (Verdict.UNKNOWN, OLD, "dead"),
        (Verdict.LATER, YOUNG, timedelta(hours=1)),
        (Verdict.LATER, OLD, "dead"),
        (Verdict.SENDER_STOPPED, YOUNG, timedelta(minutes=1)),
        (Verdict.SENDER_STOPPED, OLD, timedelta(minutes=1)),
        (Verdict.PERMANENT, YOUNG, "dead"),
        (Verdict.FALLBACK, YOUNG, "dead"),
        (Verdict.OPT_OUT, YOUNG, "dead"),
    ],
)
def test_every_verdict_has_its_consequence(verdict: Verdict, age: timedelta, follows: object) -> None:
    following = after_fault(Effort(9, age), fault(verdict), roll=0.5)
    assert follows == (following.wait if isinstance(following, Again) else following.state)


def test_five_faults_of_our_own_one_after_the_other_are_enough_and_others_between_them_begin_anew() -> None:
    code, seen = "", []
    for _ in range(5):
        following = after_bug(Effort(300, YOUNG, code), "broke", roll=0.5)
        code = following.code
        seen.append(following.state if isinstance(following, Ending) else code)
    assert seen == ["bug:1", "bug:2", "bug:3", "bug:4", "dead"]
    assert after_bug(Effort(6, YOUNG, "dropped"), "broke", roll=0.5).code == "bug:1"


@pytest.mark.parametrize(
    ("wire", "mode", "code"),
    [
        (Wire.SANDBOX, Mode.SANDBOX, None),
        (Wire.SANDBOX, Mode.LIVE, None),
        (Wire.LIVE, Mode.SANDBOX, "sandbox_mode"),
        (Wire.LIVE, Mode.SHADOW, "shadow"),
        (Wire.LIVE, Mode.ALLOWLIST, None),
        (Wire.LIVE, Mode.LIVE, None),
    ],
)
def test_only_a_company_that_is_for_real_writes_into_the_real_odoo(wire: Wire, mode: Mode, code: str | None) -> None:
    ending = shut_out(wire, mode)
    assert (ending and (ending.state, ending.code)) == (code and ("void", code))


def test_a_refused_right_names_the_command_that_shows_what_is_missing() -> None:
    assert "postroom odoo check" in remedy_for("odoo.exceptions.AccessError")
    assert remedy_for("something new")
