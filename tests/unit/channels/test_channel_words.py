"""The words of people and providers: opt-outs, answers without their quotations, details without addresses."""

from pathlib import Path

import pytest

from postroom.domain.channels import EventKind
from postroom.outside.rulings import MAX_DETAIL, redacted
from workers.channels.email import inbound
from workers.channels.email.verdicts import reply_fault
from workers.channels.email.wording import own_words
from workers.channels.opt_out import WORDS, is_opt_out
from workers.channels.tokens import label
from workers.channels.whatsapp import webhook

FIXTURES = Path(__file__).parents[2] / "fixtures"


@pytest.mark.parametrize("word", [word for words in WORDS.values() for word in words])
def test_every_word_is_known_in_any_dress(word: str) -> None:
    for dressed in (word, word.upper(), f"  {word}!  ", f"«{word}».", f"{word}\n"):
        assert is_opt_out(dressed)


@pytest.mark.parametrize(
    "word", ["STOP", "Stop.", "stop!!!", "ARRET", "arrêt", "Arrêt", "désabonner", "ＳＴＯＰ", "s\u0301top"]
)
def test_case_accents_and_width_do_not_matter(word: str) -> None:
    assert is_opt_out(word)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "!",
        "Please stop by on Monday",
        "stop stop",
        "cancel",
        "Cancelar",
        "end",
        "no",
        "unstoppable",
        "don't stop",
        "STOP" * 99,
    ],
)
def test_an_answer_is_no_opt_out(text: str) -> None:
    assert not is_opt_out(text)


@pytest.mark.parametrize(
    ("text", "own"),
    [
        pytest.param("Paid.\n\nOn Mon 23 Nov, P <p@x.y> wrote:\n> due\n> now", "Paid.", id="English"),
        pytest.param("Bezahlt.\n\nAm 23.11.2026 um 09:15 schrieb P:\n\n> fällig", "Bezahlt.", id="German"),
        pytest.param(
            "Payé.\n\nLe lun. 23 nov. 2026 à 09:15,\nP <p@x.y> a écrit :\n> due", "Payé.", id="French, two lines"
        ),
        pytest.param(
            "Paid.\n\n-----Original Message-----\nFrom: P <p@x.y>\nSent: Monday\nTo: M\n\ndue", "Paid.", id="Outlook"
        ),
        pytest.param("> Paid?\nYes.\n> When?\nMonday.", "> Paid?\nYes.\n> When?\nMonday.", id="between the lines"),
        pytest.param("Yes.\n-- \nMarta\n+34 600", "Yes.", id="signature"),
        pytest.param("> only a quotation", "> only a quotation", id="nothing of one's own"),
        pytest.param("The list:\n- a\n- b", "The list:\n- a\n- b", id="a colon of one's own"),
        pytest.param("Paid.\n\nPostroom wrote:\n> due", "Paid.", id="an introduction by itself"),
        pytest.param("See below:\n> quoted", "See below:", id="an introduction without date or address is kept"),
        pytest.param("From: here to there it is far", "From: here to there it is far", id="a sentence like a header"),
    ],
)
def test_an_answer_is_freed_of_what_the_program_added(text: str, own: str) -> None:
    assert own_words(text) == own


def test_a_quoted_stop_is_not_the_persons() -> None:
    raw = (FIXTURES / "email" / "replied__gmail.eml").read_bytes()
    [event] = inbound.parse(raw, "", bounce_domain="b.example", account="p@x.y").events
    assert event.kind is EventKind.REPLIED
    assert event.text == "I paid yesterday, see the slip.\n\nBest\nMarta"


def test_an_attachment_is_named_in_the_answer() -> None:
    raw = (FIXTURES / "email" / "replied__with_attachment.eml").read_bytes()
    [event] = inbound.parse(raw, "", bounce_domain="b.example", account="p@x.y").events
    assert event.text == "Here it is.\n[attachment slip.pdf]"


def test_bytes_of_an_old_charset_are_read_in_it() -> None:
    raw = (FIXTURES / "email" / "replied__latin_1_bytes.eml").read_bytes()
    [event] = inbound.parse(raw, "", bounce_domain="b.example", account="p@x.y").events
    assert event.text == "Danke, ist überwiesen."


def test_a_bounce_is_told_by_its_notice_and_not_by_the_letter_that_it_returns() -> None:
    raw = (FIXTURES / "email" / "failed__plain_text_notice.eml").read_bytes()
    [event] = inbound.parse(raw, "", bounce_domain="b.example", account="p@x.y").events
    assert event.fault is not None
    assert (event.fault.code, event.fault.unreachable) == ("5.1.1", True)


@pytest.mark.parametrize(
    ("file", "text", "payload"),
    [
        ("replied__image_with_caption", "[image] the transfer slip", None),
        ("replied__document", "[document slip.pdf]", None),
        ("replied__voice_message", "[voice message]", None),
        ("replied__place", "[location] Office, Carrer Major 1 (41.39, 2.17)", None),
        ("replied__contact_card", "[contacts] Our Accountant", None),
        ("replied__reaction", "[reaction] 👍", None),
        ("replied__edited", "[edited] I paid on Monday", None),
        ("replied__poll_that_meta_keeps", "[unsupported message] poll_creation", None),
        ("pressed__template_quick_reply", "Contact Us", "contact_us"),
        ("pressed__list_row", "Branch 2", "branch_2"),
        ("opted_out__pressed", "Stop promotions", "stop_promotions"),
    ],
)
def test_whatever_a_person_sends_is_put_into_words(file: str, text: str, payload: str | None) -> None:
    [event] = webhook.parse((FIXTURES / "whatsapp" / f"{file}.json").read_bytes()).events
    assert (event.text, event.payload) == (text, payload)
    assert event.address == "+34600111222"


def test_a_person_who_hides_the_number_is_known_by_the_user_id() -> None:
    [event] = webhook.parse((FIXTURES / "whatsapp" / "replied__user_name_only.json").read_bytes()).events
    assert event.address == "ES.10000000000000000001"


@pytest.mark.parametrize(
    ("words", "safe"),
    [
        ("550 5.1.1 <marta@example.net>: User unknown", "550 5.1.1 <<address>>: User unknown"),
        ("(#131026) to +34 600 111 222 failed", "(#131026) to <number> failed"),
        ("wa_id 34600111222", "wa_id <number>"),
        ("(#2388299) stays", "(#2388299) stays"),
        ("two\r\nlines\tand\x00odd", "two lines and odd"),
    ],
)
def test_a_providers_words_lose_addresses_and_numbers(words: str, safe: str) -> None:
    assert redacted(words) == safe


def test_a_providers_words_are_bounded() -> None:
    assert len(redacted("x" * 10**6)) == MAX_DETAIL


@pytest.mark.parametrize(
    ("basic", "words", "code"),
    [
        (550, "5.1.1 no", "5.1.1"),
        (550, "no 5.1.1 at the start", "550"),
        (450, "5.1.1 contradicts", "450"),
        (550, "5.1.1.1 is no code", "550"),
        (550, "", "550"),
    ],
)
def test_an_enhanced_code_counts_where_it_leads_and_agrees(basic: int, words: str, code: str) -> None:
    assert reply_fault(basic, words).code == code


def test_a_label_is_fit_for_a_metric_whatever_it_is_made_of() -> None:
    assert label("Field", "Ünknown\n" * 99, "") == "field:" + ("_nknown" * 99)[:64] + ":none"
