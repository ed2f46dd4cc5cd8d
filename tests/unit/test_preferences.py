"""What a person wants to hear of, and where."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from postroom.domain.channels import ChannelName
from postroom.domain.links import LASTS, Holder, Links, NotALink
from postroom.domain.messages import State, Urgency
from postroom.domain.preferences import Choice, NotMutable, Preference, Preferences, preferring, refuse_muting
from postroom.domain.quiet_hours import Hours, Window
from postroom.domain.routing import Needs, Rule, Slot, Stage
from postroom.domain.safety import Leave, Mode, Prospect, Stay, Terms, Wire, before_sending

NOW = datetime(2026, 11, 22, 21, 0, tzinfo=UTC)  # a Sunday evening
WHATSAPP, EMAIL, SLACK, TEAMS, SMS = (ChannelName(name) for name in ("whatsapp", "email", "slack", "teams", "sms"))
ON, OFF, PREFERRED = Choice.ON, Choice.OFF, Choice.PREFERRED


def chosen(*rows: tuple[str, str, Choice]) -> Preferences:
    """Choices, each made a minute after the one before."""
    return Preferences.of(
        Preference(kind, channel, choice, "cli", NOW + timedelta(minutes=minute))
        for minute, (kind, channel, choice) in enumerate(rows)
    )


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([], ON, id="without a word it is on"),
        pytest.param([("order", "email", OFF), ("order", "email", ON)], ON, id="the newest of two such"),
        pytest.param([("order", "email", ON), ("order", "*", OFF)], ON, id="the channel beats all channels"),
        pytest.param([("*", "email", OFF), ("order", "*", ON)], ON, id="the message type beats the channel"),
        pytest.param([("order", "*", OFF), ("*", "*", ON)], OFF, id="anything beats everything"),
        pytest.param([("*", "*", OFF)], OFF, id="everything is something"),
        pytest.param([("order", "whatsapp", OFF), ("digest", "email", OFF)], ON, id="others do not count"),
    ],
)
def test_the_most_specific_word_counts_and_of_two_such_the_newest(
    rows: list[tuple[str, str, Choice]], expected: Choice
) -> None:
    assert chosen(*rows).choice("order", "email") is expected


def test_rows_count_by_their_time_and_not_by_their_order() -> None:
    first, second = chosen(("order", "email", OFF), ("order", "email", ON)).rows
    assert Preferences.of([second, first]).choice("order", "email") is ON


# Preferred channels ---------------------------------------------------------------------------------------------------


def rule(*stages: Stage, mutable: bool = True) -> Rule:
    return Rule("order", "odoo.sale.order_confirmed", stages[0], stages[1:], Urgency.NORMAL, timedelta(days=1), mutable)


def any_of(*channels: ChannelName | Slot) -> Stage:
    return Stage(Needs.ANY_OF, channels)


def all_of(*channels: ChannelName | Slot) -> Stage:
    return Stage(Needs.ALL_OF, channels)


@pytest.mark.parametrize(
    ("stages", "rows", "expected"),
    [
        pytest.param([any_of(WHATSAPP, EMAIL)], [], [any_of(WHATSAPP, EMAIL)], id="nothing chosen"),
        pytest.param(
            [any_of(WHATSAPP, EMAIL)], [("order", "email", PREFERRED)], [any_of(EMAIL, WHATSAPP)], id="within a stage"
        ),
        pytest.param(
            [any_of(WHATSAPP), any_of(EMAIL)],
            [("order", "email", PREFERRED)],
            [any_of(EMAIL, WHATSAPP)],
            id="a fallback comes first, and what was first stands behind it",
        ),
        pytest.param(
            [all_of(WHATSAPP, SMS), any_of(EMAIL)],
            [("order", "email", PREFERRED)],
            [all_of(WHATSAPP, SMS), any_of(EMAIL)],
            id="where all go out together there is nothing to prefer",
        ),
        pytest.param(
            [any_of(Slot.TEAM_CHAT, EMAIL)],
            [("*", "email", PREFERRED)],
            [any_of(EMAIL, Slot.TEAM_CHAT)],
            id="for every message type",
        ),
        pytest.param(
            [any_of(EMAIL), any_of(Slot.TEAM_CHAT)],
            [("order", "teams", PREFERRED)],
            [any_of(Slot.TEAM_CHAT, EMAIL)],
            id="a chat fills the slot",
        ),
        pytest.param(
            [any_of(WHATSAPP), all_of(SMS, EMAIL)],
            [("order", "email", PREFERRED)],
            [any_of(WHATSAPP), all_of(SMS, EMAIL)],
            id="nothing is torn out of an all-of stage",
        ),
    ],
)
def test_a_preferred_channel_comes_before_the_others(
    stages: list[Stage], rows: list[tuple[str, str, Choice]], expected: list[Stage]
) -> None:
    assert list(preferring(rule(*stages), chosen(*rows)).stages) == expected


def test_a_person_chooses_his_chat_over_his_companys_but_not_both_at_once() -> None:
    assert chosen(("order", "teams", PREFERRED)).team_chat("order") is TEAMS
    assert chosen(("order", "teams", PREFERRED)).team_chat("digest") is None
    assert chosen(("*", "teams", PREFERRED), ("*", "slack", PREFERRED)).team_chat("order") is None


def test_what_must_reach_everybody_cannot_be_muted_but_may_be_preferred() -> None:
    with pytest.raises(NotMutable, match="order cannot be muted"):
        refuse_muting(rule(any_of(EMAIL), mutable=False), OFF)
    refuse_muting(rule(any_of(EMAIL), mutable=False), PREFERRED)
    refuse_muting(rule(any_of(EMAIL)), OFF)
    refuse_muting(None, OFF)


# The last look --------------------------------------------------------------------------------------------------------

LIVE = Prospect(Mode.LIVE, listed=False, opted_out=False, not_after=None)
BOXED = replace(LIVE, mode=Mode.SANDBOX)
DAY = (Window(time(9), time(18)),)
OFFICE = Hours((*[DAY] * 6, ()), "UTC")
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
WAITS = Stay(State.HELD, "quiet_hours", MONDAY)


@pytest.mark.parametrize(
    ("leg", "terms", "expected"),
    [
        pytest.param(replace(LIVE, muted=True), Terms(), Stay(State.SUPPRESSED, "muted"), id="muted meanwhile"),
        pytest.param(replace(LIVE, muted=True), Terms(mutable=False), Leave(Wire.LIVE), id="muted in vain"),
        pytest.param(LIVE, Terms(opt_in=True), Stay(State.SUPPRESSED, "no_opt_in"), id="no opt-in"),
        pytest.param(replace(LIVE, opted_in=True), Terms(opt_in=True), Leave(Wire.LIVE), id="opted in"),
        pytest.param(BOXED, Terms(opt_in=True), Leave(Wire.SANDBOX), id="nobody real reads the sandbox"),
        pytest.param(LIVE, Terms(hours=OFFICE), WAITS, id="on Sunday evening it waits for Monday"),
        pytest.param(LIVE, Terms(hours=None), Leave(Wire.LIVE), id="what keeps no hours never waits"),
        pytest.param(BOXED, Terms(hours=OFFICE), Leave(Wire.SANDBOX), id="the sandbox wakes nobody"),
        pytest.param(BOXED, Terms(hours=OFFICE, hours_in_sandbox=True), WAITS, id="unless that is rehearsed"),
        pytest.param(
            replace(LIVE, zones=("Pacific/Auckland",)),
            Terms(hours=OFFICE),
            Leave(Wire.LIVE),
            id="in Auckland it is Monday morning",
        ),
        pytest.param(
            replace(LIVE, opted_out=True), Terms(hours=OFFICE), Stay(State.SUPPRESSED, "opted_out"), id="STOP"
        ),
        pytest.param(
            replace(LIVE, mode=Mode.SHADOW), Terms(hours=OFFICE), Stay(State.SUPPRESSED, "shadow"), id="a shadow"
        ),
    ],
)
def test_the_last_look_before_sending(leg: Prospect, terms: Terms, expected: Leave | Stay) -> None:
    assert before_sending(leg, terms, NOW) == expected


# Links ----------------------------------------------------------------------------------------------------------------

LINKS = Links("secret", "https://post.example.com/")
HOLDER = Holder("1|x", "partner:42", "es_ES", "order", NOW)


def test_a_link_leads_back_to_its_holder() -> None:
    assert LINKS.holder(LINKS.token(HOLDER), NOW + timedelta(days=30)) == HOLDER
    assert LINKS.preferences(HOLDER).startswith("https://post.example.com/preferences/")
    assert LINKS.unsubscribe(HOLDER).startswith("https://post.example.com/unsubscribe/")


def test_each_changed_character_of_a_token_makes_it_none_of_ours() -> None:
    token = LINKS.token(HOLDER)
    for at, letter in enumerate(token[:-1]):  # the last one carries two bits that say nothing
        with pytest.raises(NotALink):
            LINKS.holder(f"{token[:at]}{'A' if letter != 'A' else 'B'}{token[at + 1 :]}", NOW)


def test_a_link_outlives_its_message_by_nothing() -> None:
    with pytest.raises(NotALink):
        LINKS.holder(LINKS.token(HOLDER), NOW + LASTS + timedelta(seconds=1))
