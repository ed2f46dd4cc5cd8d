"""The parts of the Slack channel that need no wire: its settings, its memory, the words of a person."""

import subprocess
import sys
from dataclasses import dataclass, field

import pytest

from workers.channels.slack import SlackConfig
from workers.channels.slack.directory import MOST_MEMBERS, REMEMBERED_SECONDS, Directory
from workers.channels.slack.payload import is_id
from workers.channels.slack.verdicts import TRANSPORT, VERDICTS
from workers.channels.slack.words import shown, words_of

US = frozenset({"U0POSTROOM"})


# Settings -----------------------------------------------------------------------------------------------------------


def test_every_fault_of_the_settings_is_named_at_once() -> None:
    with pytest.raises(ValueError, match="Slack is not configured") as caught:
        SlackConfig("ftp://slack", "team", "", "", connect_timeout=0)
    assert all(name in str(caught.value) for name in ("api_url", "team_id 'team'", "bot_token is empty", "timeouts"))


@pytest.mark.parametrize("token", ["xoxb a", "xoxb-\n", "xoxb-é"])
def test_a_token_that_no_header_can_carry_is_a_fault_and_not_shown(token: str) -> None:
    with pytest.raises(ValueError, match="bot_token holds a blank or odd sign") as caught:
        SlackConfig("https://slack.com/api", "T0ACME0001", token, "")
    assert token not in str(caught.value)


def test_secrets_are_not_shown() -> None:
    shown_config = repr(SlackConfig("https://slack.com/api/", "T0ACME0001", "xoxb-token", "signing-secret"))

    assert "xoxb-token" not in shown_config
    assert "signing-secret" not in shown_config


def test_a_method_is_called_below_the_api_whatever_its_slash() -> None:
    urls = {
        SlackConfig(f"https://slack.com/api{end}", "T0ACME0001", "x", "").method_url("auth.test") for end in ("", "/")
    }

    assert urls == {"https://slack.com/api/auth.test"}


def test_wiring_slack_loads_no_client() -> None:
    asked = (
        "import sys, workers.channels.slack, workers.channels.slack.capabilities;"
        "sys.exit(any(name in sys.modules for name in ('slack_sdk', 'requests')))"
    )

    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0


# Whom ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["U012AB3CD", "W012AB3CD", "C012AB3CD", "G012AB3CD", "D012AB3CD"])
def test_slacks_ids_are_known_by_their_first_letter(address: str) -> None:
    assert is_id(address)


@pytest.mark.parametrize("address", ["", "u012ab3cd", "T012AB3CD", "U012", "U012AB3CD\n", "#general", "a@b.example"])
def test_other_addresses_are_no_ids(address: str) -> None:
    assert not is_id(address)


@dataclass
class Workspace:
    """Answers look-ups, and counts them; raises for whoever is not there."""

    members: dict[str, str]
    asked: list[str] = field(default_factory=list)

    def look_up(self, email: str) -> str:
        self.asked.append(email)
        return self.members[email]


def test_a_member_is_remembered_for_an_hour() -> None:
    workspace, clock = Workspace({"a@b.example": "U1"}), [0.0]
    directory = Directory(workspace.look_up, lambda: clock[0])

    assert [directory.member("a@b.example") for _ in range(2)] == ["U1", "U1"]
    clock[0] = REMEMBERED_SECONDS - 1
    directory.member("a@b.example")
    assert len(workspace.asked) == 1

    clock[0] = REMEMBERED_SECONDS
    workspace.members["a@b.example"] = "U2"
    assert directory.member("a@b.example") == "U2"


def test_whoever_was_not_found_is_asked_for_again() -> None:
    workspace = Workspace({})
    directory = Directory(workspace.look_up)

    for _ in range(2):
        with pytest.raises(KeyError):
            directory.member("a@b.example")

    assert len(workspace.asked) == 2


def test_the_memory_has_a_bound_and_the_oldest_go_first() -> None:
    workspace = Workspace({str(number): f"U{number}" for number in range(MOST_MEMBERS + 1)})
    directory = Directory(workspace.look_up, lambda: 0.0)
    for number in range(MOST_MEMBERS + 1):
        directory.member(str(number))

    directory.member(str(MOST_MEMBERS))
    directory.member("0")

    assert workspace.asked[MOST_MEMBERS + 1 :] == ["0"]


# Words --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("Sí, mañana", "Sí, mañana"),
        ("3 &lt; 4 &amp;&amp; 5 &gt; 4", "3 < 4 && 5 > 4"),
        ("&amp;lt;b&amp;gt;", "&lt;b&gt;"),
        ("caf&eacute;", "caf&eacute;"),
        ("<@U0POSTROOM> stop", "stop"),
        ("<@U0POSTROOM|postroom>: stop", ": stop"),
        ("ask <@U0PABLO001|pablo>", "ask @pablo"),
        ("ask <@U0PABLO001>", "ask @U0PABLO001"),
        ("in <#C0BUYERS01|buyers> or <#C0BUYERS02>", "in #buyers or #C0BUYERS02"),
        ("<!here> <!channel|channel> <!subteam^S1|@buyers> <!subteam^S2>", "@here @channel @buyers @subteam"),
        ("<mailto:a@b.example|a@b.example> <tel:+34600|600 00>", "a@b.example 600 00"),
        ("<http://example.com|example.com>", "example.com"),
        ("<https://example.com/x>", "https://example.com/x"),
        ("<https://evil.example|your bank>", "your bank (https://evil.example)"),
        ("a \xa0 b\n  c  ", "a b\nc"),
        ("<", "<"),
        ("<>", "<>"),
        (None, ""),
        (7, ""),
    ],
)
def test_marks_and_escapes_are_undone(typed: object, read: str) -> None:
    assert words_of({"text": typed}, US) == read


@pytest.mark.parametrize(
    ("files", "read"),
    [
        ([{"name": "offer.pdf"}, {"id": "F1"}], "See [file offer.pdf] [file]"),
        ([None, 7], "See [file] [file]"),
        ("offer.pdf", "See"),
        (None, "See"),
    ],
)
def test_files_are_named_behind_the_words(files: object, read: str) -> None:
    assert shown({"files": files}, "See") == read


def test_a_message_without_words_says_so() -> None:
    assert shown({}, "") == "[empty message]"


# Verdicts -----------------------------------------------------------------------------------------------------------


def test_no_code_has_two_meanings() -> None:
    assert not VERDICTS.keys() & TRANSPORT.keys()
