"""The words that take an opt-out back, and how WhatsApp and email hear them."""

import pytest

from postroom.domain.channels import EventKind
from workers.channels.email import inbound
from workers.channels.opt_out import START_WORDS, WORDS, consent_in, is_opt_in, is_opt_out
from workers.channels.whatsapp import webhook

STARTS = [word for words in START_WORDS.values() for word in words]
STOPS = [word for words in WORDS.values() for word in words]


@pytest.mark.parametrize("word", STARTS)
def test_every_word_is_known_in_any_dress(word: str) -> None:
    for dressed in (word, word.upper(), f"  {word}!  ", f"«{word}».", f"{word}\n"):
        assert is_opt_in(dressed)
        assert consent_in(dressed) is EventKind.OPTED_IN


def test_no_word_both_stops_and_starts() -> None:
    assert [word for word in STARTS if is_opt_out(word)] == []
    assert [word for word in STOPS if is_opt_in(word)] == []
    assert all(consent_in(word) is EventKind.OPTED_OUT for word in STOPS)


def test_both_tables_speak_the_same_languages() -> None:
    assert START_WORDS.keys() == WORDS.keys()


@pytest.mark.parametrize(
    "text",
    ["", "YES", "yes", "Sí", "oui", "ok", "continue", "resume", "Can you start on Monday?", "restart", "start " * 99],
)
def test_an_answer_is_no_opt_in(text: str) -> None:
    assert not is_opt_in(text)
    assert consent_in(text) is None


def test_whatsapp_hears_start() -> None:
    raw = b"""{"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"field": "messages", "value":
        {"metadata": {"phone_number_id": "100000000000001"}, "messages": [{"id": "wamid.1", "from": "34600111222",
        "timestamp": "1795000000", "type": "text", "text": {"body": "Start"}}]}}]}]}"""

    [event] = webhook.parse(raw).events

    assert (event.kind, event.address, event.text) == (EventKind.OPTED_IN, "+34600111222", "Start")


@pytest.mark.parametrize(
    ("subject", "body", "kind"),
    [
        pytest.param("Re: Invoice", "START", EventKind.OPTED_IN, id="in the body"),
        pytest.param("Subscribe", "", EventKind.OPTED_IN, id="as the subject of an empty mail"),
        pytest.param("Start", "When do we begin?", EventKind.REPLIED, id="a subject beside other words"),
        pytest.param("Unsubscribe", "START", EventKind.OPTED_OUT, id="in doubt, peace"),
        pytest.param("Stop", "I paid yesterday", EventKind.OPTED_OUT, id="a stop beside other words"),
    ],
)
def test_email_hears_start(subject: str, body: str, kind: EventKind) -> None:
    raw = f"From: Marta <marta@example.com>\r\nTo: p@x.y\r\nSubject: {subject}\r\n\r\n{body}\r\n".encode()

    [event] = inbound.parse(raw, "", bounce_domain="b.example", account="p@x.y").events

    assert event.kind is kind
