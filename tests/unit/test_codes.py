"""Codes for links, and how a question stands for whoever opens one: the rules, without a database."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from postroom.domain.approvals import Refusal
from postroom.domain.channels import ChannelName
from postroom.domain.codes import (
    LASTS,
    MOST_OF_PERSON,
    MOST_OF_RUN,
    TRIES,
    Code,
    Proof,
    bound,
    next_at,
    proven,
    spoken,
    typed,
)
from postroom.domain.deciding import Bar, Matter, Standing, bar_of, standing_of
from postroom.domain.links import Links
from postroom.domain.runs import RunStatus
from webhooks.deciding_words import EN, WORDS

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
SLACK = ChannelName.SLACK
LAURA, PABLO, RUN, OTHER = (UUID(int=each) for each in range(1, 5))


def code(*, tries: int = 0, age: timedelta = timedelta()) -> Code:
    return Code(UUID(int=9), SLACK, b"digest", tries, NOW - age)


@pytest.mark.parametrize(
    ("kept", "digest", "proof"),
    [
        pytest.param(code(), b"digest", Proof.GOOD, id="the one that was sent"),
        pytest.param(code(), b"another", Proof.WRONG, id="another"),
        pytest.param(code(), None, Proof.WRONG, id="nothing"),
        pytest.param(code(tries=TRIES - 1), b"digest", Proof.GOOD, id="at the last try"),
        pytest.param(code(tries=TRIES), b"digest", Proof.WORN, id="after the last try"),
        pytest.param(code(age=LASTS - timedelta(seconds=1)), b"digest", Proof.GOOD, id="in the last second"),
        pytest.param(code(age=LASTS), b"digest", Proof.OLD, id="too old"),
        pytest.param(code(age=LASTS, tries=TRIES), b"digest", Proof.OLD, id="too old and tried too often"),
        pytest.param(None, b"digest", Proof.OLD, id="none was sent"),
    ],
)
def test_a_code_proves_what_it_was_sent_for_in_time_and_within_its_tries(
    kept: Code | None, digest: bytes | None, proof: Proof
) -> None:
    assert proven(kept, digest, NOW) is proof


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("407193", "407193"),
        (" 407 193 ", "407193"),
        ("407-193", "407193"),
        ("000000", "000000"),
        ("40719", None),
        ("4071933", None),
        ("407193 " * 20, None),
        ("40719x", None),
        ("٤٠٧١٩٣", None),
        ("", None),
    ],
)
def test_a_code_is_read_as_people_copy_it(words: str, found: str | None) -> None:
    assert typed(words) == found


def test_a_code_always_has_six_digits() -> None:
    assert (spoken(0), spoken(42), spoken(999_999)) == ("000000", "000042", "999999")


def test_what_is_hashed_of_a_code_differs_by_person_and_by_question() -> None:
    assert len({bound(LAURA, RUN, "407193"), bound(PABLO, RUN, "407193"), bound(LAURA, OTHER, "407193")}) == 3


def sent(number: int, every: timedelta = timedelta(minutes=1)) -> list[datetime]:
    """When codes were sent, the last of them just now."""
    return [NOW - every * back for back in reversed(range(number))]


@pytest.mark.parametrize(
    ("of_run", "of_person", "waits"),
    [
        pytest.param([], [], None, id="none yet"),
        pytest.param(sent(MOST_OF_RUN - 1), sent(MOST_OF_RUN - 1), None, id="one is left"),
        pytest.param(sent(MOST_OF_RUN), sent(MOST_OF_RUN), timedelta(minutes=58), id="an hour after the first"),
        pytest.param([], sent(MOST_OF_PERSON), timedelta(minutes=49), id="for other questions"),
        pytest.param(sent(MOST_OF_RUN, timedelta(minutes=30)), [], None, id="the first is an hour ago"),
        pytest.param(sent(MOST_OF_RUN), sent(MOST_OF_PERSON), timedelta(minutes=58), id="the later of both"),
    ],
)
def test_so_many_codes_are_sent_in_an_hour(
    of_run: list[datetime], of_person: list[datetime], waits: timedelta | None
) -> None:
    assert next_at(of_run, of_person, NOW) == (NOW + waits if waits else None)


def matter(
    status: RunStatus = RunStatus.ACTIVE,
    why: str | None = None,
    *,
    answered: bool = False,
    awaited: bool = True,
    expired: bool = False,
) -> Matter:
    return Matter(status, why, answered, awaited, expired)


@pytest.mark.parametrize(
    ("known", "stands"),
    [
        (matter(), Standing.OPEN),
        (matter(RunStatus.PAUSED), Standing.OPEN),
        (matter(answered=True), Standing.ANSWERED),
        (matter(answered=True, awaited=False, expired=True), Standing.ANSWERED),
        (matter(awaited=False), Standing.PASSED),
        (matter(expired=True), Standing.EXPIRED),
        (matter(RunStatus.DECIDED, "approve", answered=True), Standing.DECIDED),
        (matter(RunStatus.OBSOLETE, "changed"), Standing.CHANGED),
        (matter(RunStatus.OBSOLETE, "decided"), Standing.OVER),
        (matter(RunStatus.CANCELLED, "by an operator"), Standing.OVER),
        (matter(RunStatus.GIVEN_UP, "nobody answered", expired=True), Standing.OVER),
    ],
)
def test_how_a_question_stands(known: Matter, stands: Standing) -> None:
    assert standing_of(known) is stands


@pytest.mark.parametrize("refusal", [None, *Refusal])
def test_whoever_may_not_decide_is_told_why(refusal: Refusal | None) -> None:
    bar = bar_of(refusal, [SLACK])
    assert (bar is None) == (refusal in (None, Refusal.TOO_LATE))
    assert bar is None or getattr(EN, bar)


def test_who_has_no_other_account_decides_in_odoo() -> None:
    assert bar_of(None, []) is Bar.NO_CHANNEL


@pytest.mark.parametrize("language", WORDS)
def test_the_page_has_words_for_everything_in_each_language(language: str) -> None:
    words = WORDS[language]
    for name in EN.__slots__:
        said, meant = getattr(words, name), getattr(EN, name)
        assert said
        assert language == "en" or name in ("tag", "in_odoo") or said != meant
        for place in ("{channel}", "{at}", "{answer}", "{by}", "{left}", "{document}"):
            assert (place in said) == (place in meant), f"{language}.{name}"
    assert all(getattr(words, each) for each in (*Standing, *Bar) if each is not Standing.DECIDED)


def test_a_form_is_known_again_by_the_link_that_it_stands_behind() -> None:
    links = Links("secret", "https://post.example.com")
    assert links.is_own_form("token", links.form_mark("token"))
    assert not links.is_own_form("another", links.form_mark("token"))
    assert not Links("other", "").is_own_form("token", links.form_mark("token"))
    assert not links.is_own_form("token", "")
