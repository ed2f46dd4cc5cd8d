"""Whether a document still needs somebody, and what operators read about a run that waits for him."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from config.escalations import load_chains
from postroom.domain.approvals import WAYS, Refusal, Result
from postroom.domain.fates import Fate, answer_after, fate_of, look_first
from postroom.domain.run_words import Held, Outlook, next_words
from postroom.domain.runs import RunStatus

NOW = datetime(2026, 11, 23, 21, 30, tzinfo=UTC)  # a Monday
CHAIN = next(chain for chain in load_chains() if chain.key == "approval")
PLACES = {step.name: place for place, step in enumerate(CHAIN.steps)}


@pytest.mark.parametrize(
    ("model", "state", "fate"),
    [
        ("purchase.order", "to approve", Fate.OPEN),
        ("purchase.order", "done", Fate.APPROVED),
        ("purchase.order", "cancel", Fate.REJECTED),
        ("purchase.order", "draft", Fate.WITHDRAWN),
        ("purchase.order", None, Fate.GONE),
        ("hr.leave", "validate1", Fate.OPEN),  # the second approval is still to be given
        ("project.task", "1_canceled", Fate.REJECTED),
    ],
)
def test_a_document_s_state_says_whether_it_still_needs_somebody(model: str, state: str | None, fate: Fate) -> None:
    assert fate_of(WAYS[model][18], state) is fate


@pytest.mark.parametrize(
    ("looked", "wanted", "waits"),
    [
        (timedelta(seconds=50), None, False),
        (timedelta(hours=3), None, True),
        (None, timedelta(minutes=9), True),
        (timedelta(hours=3), timedelta(minutes=11), False),  # Odoo is away: rather once too often
    ],
)
def test_a_step_waits_for_odoo_s_word_and_not_for_ever(
    looked: timedelta | None, wanted: timedelta | None, waits: bool
) -> None:
    at = [None if ago is None else NOW - ago for ago in (looked, wanted)]
    assert (look_first(*at, NOW, lambda real: real) is not None) is waits


def test_in_a_day_of_seconds_what_was_said_a_moment_ago_is_still_believed() -> None:
    assert look_first(NOW - timedelta(hours=20), None, NOW, lambda real: real * 3600) is None


@pytest.mark.parametrize(
    ("status", "why", "told"),
    [
        (RunStatus.DECIDED, "approve", None),
        (RunStatus.OBSOLETE, "changed", Result.CHANGED),
        (RunStatus.OBSOLETE, "approved_in_odoo", Result.ALREADY_APPROVED),
        (RunStatus.OBSOLETE, "gone", Result.GONE),
        (RunStatus.CANCELLED, "operator", Refusal.TOO_LATE),
        (RunStatus.GIVEN_UP, "nobody answered", Refusal.TOO_LATE),
    ],
)
def test_whoever_answers_when_nobody_waits_any_more_hears_why(
    status: RunStatus, why: str, told: Result | Refusal | None
) -> None:
    assert answer_after(status, why) is told


def waiting(place: str | None, **more: object) -> Outlook:
    known = Outlook(
        RunStatus.ACTIVE, None, "Europe/Madrid", NOW, PLACES[place] if place else None, NOW + timedelta(hours=10)
    )
    return replace(known, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("outlook", "words"),
    [
        (
            waiting("sms"),
            "waits until Tue 08:30 Europe/Madrid: 1 day after the question without an answer,"
            " then sms: SMS to whoever is asked",
        ),
        (
            waiting("sms", held=(Held("SMS", NOW + timedelta(hours=10, minutes=30), "quiet hours"),), due_at=NOW),
            "waits until Tue 09:00 Europe/Madrid: quiet hours, then SMS; is due: sms: SMS to whoever is asked",
        ),
        (waiting("give_up", due_at=NOW + timedelta(days=9)), "waits until Wed 02 Dec 22:30 Europe/Madrid"),
        (
            waiting("manager", reached=False),
            "the message before has reached nobody yet, then manager: SMS to his manager",
        ),
        (waiting("remind", dead=True), "cannot go on, for its timer failed five times"),
        (waiting("remind", due_at=None), "has lost its timer"),
        (waiting("remind", look_wanted_at=NOW), "until Odoo says that the document is still open"),
        (waiting(None), "waits for an answer: every step was taken"),
        (waiting("sms", status=RunStatus.PAUSED, paused_at=NOW), "stands still since Mon 22:30 Europe/Madrid"),
        (waiting("sms", status=RunStatus.OBSOLETE, why="gone"), "nothing follows: it was deleted in Odoo"),
        (waiting("sms", status=RunStatus.GIVEN_UP, why="x"), "nothing follows: nobody answered, and it was given up"),
    ],
)
def test_an_operator_reads_what_a_run_waits_for_and_what_it_does_then(outlook: Outlook, words: str) -> None:
    assert words in next_words(CHAIN, outlook, lambda _rule: "SMS")
