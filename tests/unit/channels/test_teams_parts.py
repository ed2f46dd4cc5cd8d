"""The parts of the Teams channel that need no wire: its settings, its memory, the words of a person."""

from dataclasses import replace
from datetime import timedelta

import pytest

from workers.channels.memory import Memory
from workers.channels.teams import TeamsConfig
from workers.channels.teams.answer import message_id
from workers.channels.teams.words import shown, words_of

GUID = "11111111-2222-4333-8444-555555555555"
CONFIG = TeamsConfig(
    app_id=GUID,
    tenant_id=GUID,
    service_url="https://smba.trafficmanager.net/teams",
    login_url="https://login.microsoftonline.com",
    openid_url="https://login.botframework.com/v1/.well-known/openidconfiguration",
    graph_url="https://graph.microsoft.com/v1.0",
    app_password="secret",
)
US = {"id": "28:bot", "name": "Postroom"}


def mention(name: str, who: str) -> dict[str, object]:
    return {"type": "mention", "mentioned": {"id": who}, "text": f"<at>{name}</at>"}


def test_every_fault_of_the_settings_is_named_at_once() -> None:
    with pytest.raises(ValueError, match="Teams is not configured") as caught:
        TeamsConfig("bot", "", "ftp://x", "login", "https://[", "", "", connect_timeout=0)
    for name in ("app_id 'bot'", "tenant_id", "service_url", "login_url", "openid_url", "graph_url", "app_password"):
        assert name in str(caught.value)
    assert "timeouts" in str(caught.value)


def test_the_password_is_not_shown() -> None:
    assert "secret" not in repr(CONFIG)


def test_addresses_are_put_together_whatever_their_last_slash() -> None:
    slashed = replace(CONFIG, service_url=f"{CONFIG.service_url}/", login_url=f"{CONFIG.login_url}/")
    assert slashed.conversations_url == "https://smba.trafficmanager.net/teams/v3/conversations"
    assert slashed.token_url == f"https://login.microsoftonline.com/{GUID}/oauth2/v2.0/token"


def test_memory_forgets_with_time_by_word_and_when_it_is_full() -> None:
    now = [0.0]
    memory = Memory[str, str](2, timedelta(minutes=1), lambda: now[0])
    memory.put("a", "1")
    now[0] = 59
    memory.put("b", "2")
    assert (memory.get("a"), memory.get("b")) == ("1", "2")
    now[0] = 60
    assert (memory.get("a"), memory.get("b")) == (None, "2")
    memory.put("c", "3")
    memory.put("d", "4")
    assert [memory.get(name) for name in "bcd"] == [None, "3", "4"]
    memory.forget("c")
    assert memory.get("c") is None


@pytest.mark.parametrize(
    ("text", "entities", "words"),
    [
        ("Hola", [], "Hola"),
        ("<at>Postroom</at> stop", [mention("Postroom", "28:bot")], "stop"),
        ("<at>Postroom</at>&nbsp;  stop\r\n", [mention("Postroom", "28:bot")], "stop"),
        ("ask <at>Marta Ruiz</at>", [mention("Marta Ruiz", "29:marta")], "ask Marta Ruiz"),
        ('<at id="0">Marta</at> \xa0and I', [], "Marta and I"),
        ("one\n\n two", [], "one\n\ntwo"),
        ("a < b <at b", [{"type": "mention", "text": "", "mentioned": {"id": "28:bot"}}, "odd", None], "a < b <at b"),
        (None, None, ""),
    ],
)
def test_words_lose_the_mention_of_us_alone(text: object, entities: object, words: str) -> None:
    assert words_of({"text": text, "entities": entities, "recipient": US}) == words


@pytest.mark.parametrize(
    ("attachments", "said"),
    [
        ([], "[empty message]"),
        ([{"contentType": "text/html", "content": "<p>x</p>"}], "[empty message]"),
        ([{"contentType": "image/png"}], "[image]"),
        ([{"contentType": "application/vnd.microsoft.card.adaptive"}], "[card]"),
        ([{"contentType": "application/vnd.microsoft.teams.file.download.info", "name": "a.pdf"}], "[file a.pdf]"),
        (["odd", {"name": "x"}], "[empty message]"),
    ],
)
def test_what_comes_along_is_told_in_a_word(attachments: object, said: str) -> None:
    assert shown({"attachments": attachments}, "") == said


@pytest.mark.parametrize("conversation", ["19:a@thread.tacv2", "19:a@thread.tacv2;messageid=17"])
def test_a_message_has_one_name_within_and_without_its_thread(conversation: str) -> None:
    assert message_id(conversation, "17") == "19:a@thread.tacv2;17"
