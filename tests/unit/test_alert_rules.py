"""Alerts without a database: whose word takes one, which are the same, and when several are a storm."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from string import Formatter
from typing import Any

import pytest

from postroom.domain.alert_words import KINDS, TABLES, kind_in, told
from postroom.domain.alerts import NotTaken, subject_of, taker, takes, worse
from postroom.domain.channels import ChannelEvent, ChannelName, EventKind
from postroom.domain.storms import named_titles, storm_since

NOW = datetime(2026, 11, 23, 9, 14, tzinfo=UTC)


def word(kind: EventKind, channel: ChannelName, **what: Any) -> ChannelEvent:
    return ChannelEvent(kind, "key", channel, "stub", NOW, address="+34600000001", **what)


@pytest.mark.parametrize("words", ["OK", " ok. ", "Okay!", "ack"])
def test_an_ok_from_a_phone_takes_an_alert(words: str) -> None:
    assert takes(word(EventKind.REPLIED, ChannelName.SMS, text=words), named=False)


@pytest.mark.parametrize("words", ["no", "OK, but who are you?", "not ok", ""])
def test_other_words_take_none(words: str) -> None:
    assert not takes(word(EventKind.REPLIED, ChannelName.SMS, text=words), named=True)


def test_an_ok_by_mail_takes_none_since_anybody_can_write_a_sender_into_a_mail() -> None:
    assert not takes(word(EventKind.REPLIED, ChannelName.EMAIL, text="OK"), named=True)


def test_a_press_takes_the_alert_that_it_names_and_none_else() -> None:
    press = word(EventKind.PRESSED, ChannelName.SLACK, payload="acknowledge")

    assert takes(press, named=True)
    assert not takes(press, named=False)
    assert not takes(word(EventKind.PRESSED, ChannelName.SLACK, payload="approve"), named=True)


@pytest.mark.parametrize(
    ("there", "known", "counts"),
    [
        ("partner:7", None, "partner:7"),
        (None, "partner:8", "partner:8"),
        ("partner:7", "partner:8", "partner:8"),
        (None, "partner:9", NotTaken.NOT_ASKED),
        (None, None, NotTaken.STRANGER),
    ],
    ids=["the address that was asked", "a colleague who was asked", "a shared number", "not asked", "a stranger"],
)
def test_a_word_counts_for_whoever_was_asked(there: str | None, known: str | None, counts: str) -> None:
    assert taker(frozenset({"partner:7", "partner:8"}), there=there, known=known) == counts


def test_alerts_about_the_same_document_are_the_same_and_without_one_those_with_the_same_id() -> None:
    about = {"type": "alert.stock_out", "data": {"alert": {"id": "a1", "document": "CABLE-3M"}}}
    without = {"type": "alert.stock_out", "data": {"alert": {"id": "a1"}}}

    assert subject_of(about) == "alert:stock_out:CABLE-3M"
    assert subject_of(without) == "alert:stock_out:a1"


def test_an_alert_is_worse_than_a_lesser_one_and_than_nothing_that_is_unknown() -> None:
    assert worse("critical", "high")
    assert not worse("high", "high")
    assert not worse("low", "high")
    assert not worse("critical", None)


def test_the_fourth_within_ten_minutes_is_one_too_many() -> None:
    three = [NOW - timedelta(minutes=each) for each in (9, 5, 1)]

    assert storm_since(three[1:], NOW) is None
    assert storm_since(three, NOW) == three[0]
    assert storm_since(three, NOW + timedelta(minutes=1)) is None


def test_five_are_named_each_once_and_the_others_counted() -> None:
    assert named_titles(["A", "B", "A"]) == "A; B"
    assert named_titles(list("ABCDEFG")) == "A; B; C; D; E (+2)"


def named(words: Iterable[str]) -> set[str]:
    return {name for each in words for _, name, _, _ in Formatter().parse(each) if name}


def test_each_language_says_all_that_the_others_say() -> None:
    assert set(TABLES) == set(KINDS) == {"en", "es", "fr", "de"}
    for language, table in TABLES.items():
        facts = {code: named(words) for code, words in table.items()}
        assert facts == {code: named(words) for code, words in TABLES["en"].items()}, language
        assert set(KINDS[language]) == set(KINDS["en"]), language


def test_a_reader_of_another_language_reads_english_and_a_type_without_a_name_is_called_as_it_is() -> None:
    facts = {"by": "Ana", "title": "It burns"}

    assert told("taken", "pt_PT", facts)[0] == told("taken", "en_US", facts)[0] == "Ana takes care of it: It burns"
    assert told("taken", "de_DE", facts)[0] != told("taken", None, facts)[0]
    assert (kind_in("alert.fraud", "de_AT"), kind_in("alert.flood", "de")) == ("Betrugsverdacht", "flood")
