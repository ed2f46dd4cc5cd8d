"""Approvals: whose press counts, how a document is decided, and what is told of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from string import Formatter
from uuid import UUID

import pytest

from postroom.domain.approval_words import BUTTONS, BY_OTHER, COUNTED, SECOND, STANDS, TABLES, first_answer, told
from postroom.domain.approvals import (
    WAYS,
    Answer,
    Asked,
    Refusal,
    Result,
    Way,
    asked_from,
    judged,
    moved,
    standing,
)
from postroom.domain.people import Person, Recognised, Stranger, Unknown
from postroom.domain.safety import Wire

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LAURA = Person(
    id=UUID(int=1),
    wire=Wire.LIVE,
    database="d",
    user_id=6,
    partner_id=7,
    company="1",
    companies=(1, 2),
    name="Laura Gil",
    login="laura",
)
ASKED = Asked("purchase.order", 42, "1", user_id=6, partner="7", requester_id=9, not_after=NOW + timedelta(days=1))
PURCHASE = WAYS["purchase.order"][17]
EVERY_CODE = {*map(str, Result), *map(str, Refusal), SECOND, COUNTED, *BY_OTHER.values()}
FACTS = {
    "document": "P00042",
    "words": "You may not.",
    "amount": "€8,400.00",
    "state": "Purchase Order",
    "answer": "Approve",
    "by": "Laura Gil",
    "at": "23 Nov 10:02",
}


# Whose press counts ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "who", "why"),
    [
        (ASKED, Recognised(LAURA), None),
        (replace(ASKED, user_id=None), Recognised(LAURA), None),  # known by the partner alone
        (replace(ASKED, partner=""), Recognised(LAURA), None),
        (replace(ASKED, not_after=NOW), Recognised(LAURA), None),
        (replace(ASKED, not_after=None), Recognised(LAURA), None),
        (replace(ASKED, company="2"), Recognised(LAURA), None),
        (ASKED, Stranger(Unknown.NO_ACCOUNT), Refusal.STRANGER),
        (ASKED, Stranger(Unknown.DEACTIVATED), Refusal.STRANGER),
        (None, Stranger(Unknown.NO_ACCOUNT), Refusal.STRANGER),
        (None, Recognised(LAURA), Refusal.NO_DOCUMENT),
        (replace(ASKED, user_id=8, partner="8"), Recognised(LAURA), Refusal.NOT_ASKED),
        (replace(ASKED, user_id=None, partner=""), Recognised(LAURA), Refusal.NOT_ASKED),
        (replace(ASKED, requester_id=6), Recognised(LAURA), Refusal.OWN_REQUEST),
        (replace(ASKED, company="3"), Recognised(LAURA), Refusal.OTHER_COMPANY),
        (ASKED, Recognised(replace(LAURA, companies=())), Refusal.OTHER_COMPANY),
        (replace(ASKED, not_after=NOW - timedelta(seconds=1)), Recognised(LAURA), Refusal.TOO_LATE),
    ],
)
def test_a_press_counts_or_is_refused_for_a_reason(
    asked: Asked | None, who: Recognised | Stranger, why: Refusal | None
) -> None:
    assert judged(asked, who, NOW) is why


def test_an_event_says_who_was_asked_about_what() -> None:
    event = {
        "data": {
            "company": {"id": 1},
            "recipient": {"user_id": 6, "partner_id": 7},
            "approval": {"model": "purchase.order", "id": 42, "requester_id": 9},
        }
    }
    assert asked_from(event, ASKED.not_after) == ASKED


@pytest.mark.parametrize("approval", [None, {}, {"model": "purchase.order"}, {"id": 42}, {"model": "x", "id": "42"}])
def test_an_event_that_names_no_document_asks_for_no_decision(approval: object) -> None:
    assert asked_from({"data": {"approval": approval}}, None) is None


# How a document is decided --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "result"),
    [
        ("to approve", "purchase", Result.APPROVED),
        ("to approve", "to approve", Result.NOT_MOVED),  # what a method says that does nothing and raises nothing
        ("to approve", "sent", Result.FIRST_OF_TWO),
    ],
)
def test_a_step_is_judged_by_the_state_after_it(before: str, after: str, result: Result) -> None:
    assert moved(PURCHASE, Answer.APPROVE, before, after) is result


@pytest.mark.parametrize(
    ("answer", "state", "his", "result"),
    [
        (Answer.APPROVE, "purchase", False, Result.ALREADY_APPROVED),
        (Answer.REJECT, "purchase", False, Result.ALREADY_APPROVED),
        (Answer.REJECT, "purchase", True, Result.ALREADY_APPROVED),
        (Answer.APPROVE, "cancel", False, Result.ALREADY_REJECTED),
        (Answer.APPROVE, "draft", True, Result.NOT_OPEN),
        (Answer.APPROVE, "purchase", True, Result.APPROVED),  # the answer to his own command was lost
        (Answer.REJECT, "cancel", True, Result.REJECTED),
    ],
)
def test_a_document_that_is_not_open_stands_as_somebody_decided(
    answer: Answer, state: str, his: bool, result: Result
) -> None:
    assert standing(PURCHASE, answer, state, his=his) is result


ALL_WAYS = [(model, version, way) for model, versions in WAYS.items() for version, way in versions.items()]


@pytest.mark.parametrize(("model", "version", "way"), ALL_WAYS)
def test_no_step_is_taken_from_a_state_that_was_asked_for(model: str, version: int, way: Way) -> None:
    for answer in Answer:
        assert not set(way.steps(answer)) & way.wanted(answer)
    assert not way.approved & way.rejected


# What is told ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", TABLES)
def test_every_result_and_refusal_has_words_in_each_language(language: str) -> None:
    assert set(map(str, TABLES[language])) == {*EVERY_CODE, STANDS}
    fields = chain.from_iterable(Formatter().parse(words) for row in TABLES[language].values() for words in row)
    assert {name for _, name, _, _ in fields if name} <= set(FACTS)
    for code in EVERY_CODE:
        title, sentences = told(code, language, FACTS)
        assert title
        assert len(title) < 255
        assert "Purchase Order" in sentences


def test_a_state_that_odoo_does_not_name_is_not_told() -> None:
    title, sentences = told(Result.APPROVED, "en_US", {**FACTS, "state": ""})
    assert title == "P00042 is approved"
    assert sentences == "Your approval was carried out in Odoo in your name."


def test_braces_in_what_odoo_says_are_only_words() -> None:
    assert "{0.__class__}" in told(Result.REFUSED, "fr", {**FACTS, "words": "{0.__class__}"})[1]


def test_who_reads_none_of_the_four_languages_is_told_in_english() -> None:
    assert told(Result.GONE, "pt_BR", FACTS) == told(Result.GONE, None, FACTS) == told(Result.GONE, "en", FACTS)


def test_the_first_answer_is_told_with_its_time_by_the_readers_clock() -> None:
    facts = first_answer(Answer.REJECT, "Laura Gil", NOW, "es_ES", "Europe/Madrid")
    assert facts == {"answer": "Rechazar", "by": "Laura Gil", "at": "23 nov 10:00"}
    assert first_answer(Answer.APPROVE, "Laura Gil", NOW, None, None)["at"] == "23 Nov 09:00 UTC"
    assert set(BUTTONS) == set(TABLES)
