"""Who hears of an event, on which channel, in which order, and why."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postroom.domain.channels import ChannelName
from postroom.domain.event_types import PAYMENT_REMINDER
from postroom.domain.events import sample_event
from postroom.domain.messages import MISSED, Role, State, Urgency
from postroom.domain.routing import (
    TITLES,
    Contact,
    Needs,
    Plan,
    Rule,
    Slot,
    Stage,
    next_stage,
    plan,
    reach_of,
    rules_for,
)

WHATSAPP, EMAIL = ChannelName.WHATSAPP, ChannelName.EMAIL
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
HERE = {WHATSAPP: Contact(address="+34600111222"), EMAIL: Contact(address="marta@example.com")}


def rule(
    *channels: ChannelName,
    needs: Needs = Needs.ANY_OF,
    fallbacks: tuple[Stage, ...] = (),
    **changes: Any,
) -> Rule:
    values: dict[str, Any] = {
        "message_type": "payment_reminder",
        "event_type": PAYMENT_REMINDER.name,
        "primary": Stage(needs, channels),
        "fallbacks": fallbacks,
        "urgency": Urgency.BULK,
        "not_after": timedelta(days=3),
        "mutable": True,
    }
    return Rule(**{**values, **changes})


EMAIL_LAST = (Stage(Needs.ANY_OF, (EMAIL,)),)
SLACK, TEAMS, SMS, ODOO = ChannelName.SLACK, ChannelName.TEAMS, ChannelName.SMS, ChannelName.ODOO


def test_team_chat_is_what_the_company_works_in():
    chat = rule(Slot.TEAM_CHAT, fallbacks=EMAIL_LAST)
    reach = {**HERE, SLACK: Contact(address="U0123456"), TEAMS: Contact(address="ana@example.com")}

    assert plan(chat, reach, team_chat=SLACK, now=NOW).legs[0].channel is SLACK
    assert plan(chat, reach, team_chat=TEAMS, now=NOW).legs[0].channel is TEAMS
    assert chat.written_for() == (SLACK, TEAMS, EMAIL)


def test_team_chat_stands_alone_for_slack_and_teams():
    with pytest.raises(ValueError, match="team_chat beside slack or teams"):
        rule(Slot.TEAM_CHAT, fallbacks=(Stage(Needs.ANY_OF, (SLACK,)),))


def test_who_works_in_odoo_is_found_by_his_address_there_and_a_customer_is_not():
    customer = reach_of(sample_event(PAYMENT_REMINDER))
    colleague = reach_of(sample_event(PAYMENT_REMINDER, user_id=7, slack="U0123456"))

    assert {channel for channel, contact in customer.items() if contact.address} == {WHATSAPP, SMS, EMAIL}
    assert (colleague[SLACK].address, colleague[TEAMS].address) == ("U0123456", "marta@example.com")
    assert colleague[ODOO].address == "user:7"


def test_where_no_channel_tells_of_delivery_sent_is_confirmation_enough():
    made = plan(
        rule(SMS, SLACK, needs=Needs.ALL_OF, fallbacks=EMAIL_LAST, confirm_within=timedelta(minutes=5)),
        {**HERE, SMS: Contact(address="+34600111222"), SLACK: Contact(address="U0123456")},
        now=NOW,
    )

    assert next_stage(made, 0, {SMS: State.SENT, SLACK: State.SENT}, overdue=True) is None
    assert next_stage(made, 0, {SMS: State.SENT, SLACK: State.FAILED}, overdue=True) == 1


def test_the_first_choice_goes_first_and_its_fallback_waits_behind_it():
    made = plan(rule(WHATSAPP, fallbacks=EMAIL_LAST), HERE, now=NOW)

    assert [[leg.channel for leg in stage] for stage in made.stages] == [[WHATSAPP], [EMAIL]]
    assert [leg.role for leg in made.legs] == [Role.PRIMARY, Role.FALLBACK]
    assert made.explain() == ("WhatsApp: rule payment_reminder", "email: fallback, when WhatsApp fails")


def test_all_of_lays_a_leg_on_every_channel_at_once():
    made = plan(rule(WHATSAPP, EMAIL, needs=Needs.ALL_OF), HERE, now=NOW)

    assert [[leg.channel for leg in stage] for stage in made.stages] == [[WHATSAPP, EMAIL]]
    assert {leg.role for leg in made.legs} == {Role.PRIMARY}


def test_any_of_uses_the_first_reachable_channel_and_keeps_the_others_behind_it():
    made = plan(rule(WHATSAPP, EMAIL), HERE, now=NOW)

    assert [[leg.channel for leg in stage] for stage in made.stages] == [[WHATSAPP], [EMAIL]]
    assert [leg.role for leg in made.legs] == [Role.PRIMARY, Role.FALLBACK]


def test_a_number_known_not_to_be_on_whatsapp_is_skipped_until_then_and_says_so():
    until = NOW + timedelta(days=30)
    known = {**HERE, WHATSAPP: Contact("+34600111222", unreachable_until=until, unreachable_code="131026")}

    made = plan(rule(WHATSAPP, fallbacks=EMAIL_LAST), known, now=NOW)

    assert made.explain() == (
        "email: fallback of rule payment_reminder, since nothing before it is reachable",
        "WhatsApp: skipped, the number is known not to be on WhatsApp until 2026-12-22 (131026)",
    )
    assert made.legs[0].role is Role.FALLBACK
    assert plan(rule(WHATSAPP), known, now=until).legs[0].channel is WHATSAPP


@pytest.mark.parametrize(
    ("contact", "why"),
    [
        (Contact(), "there is no address"),
        (Contact(address_fault="the phone number cannot exist: it has too few digits"), "too few digits"),
        (Contact("+34600111222", opted_out=True), "opted out"),
        (Contact("+34600111222", muted=True), "muted payment_reminder"),
    ],
    ids=["no address", "bad address", "opted out", "muted"],
)
def test_an_unusable_channel_is_skipped_with_its_reason(contact: Contact, why: str):
    made = plan(rule(WHATSAPP), {WHATSAPP: contact}, now=NOW)

    assert made.stages == ()
    assert why in made.skipped[0].why


def test_what_cannot_be_muted_is_sent_to_those_who_muted_it():
    muted = {WHATSAPP: Contact("+34600111222", muted=True)}

    assert plan(rule(WHATSAPP, mutable=False), muted, now=NOW).legs


def test_the_event_says_how_its_recipient_can_be_reached():
    event = sample_event(PAYMENT_REMINDER, phone="600 111 222", email="nobody")

    reach = reach_of(event)

    assert reach[WHATSAPP].address == "+34600111222"
    assert reach[EMAIL].address is None
    assert "name@domain" in reach[EMAIL].address_fault


def test_only_rules_of_the_events_type_are_set_off():
    other = rule(WHATSAPP, event_type="odoo.sale.order_confirmed")

    assert rules_for(PAYMENT_REMINDER.name, [rule(EMAIL), other]) == (rule(EMAIL),)


def test_a_rule_that_names_a_channel_twice_cannot_be_built():
    with pytest.raises(ValueError, match="names a channel twice"):
        rule(WHATSAPP, EMAIL, fallbacks=EMAIL_LAST)


def test_a_stage_without_channels_cannot_be_built():
    with pytest.raises(ValueError, match="without channels"):
        rule()


# Falling back -------------------------------------------------------------------------------------------------------


def test_a_fallback_starts_only_when_every_leg_of_the_stage_missed():
    third = Stage(Needs.ANY_OF, (EMAIL,))
    made = plan(rule(WHATSAPP, fallbacks=(third,)), HERE, now=NOW)

    for state in State:
        assert next_stage(made, 0, {WHATSAPP: state}) == (1 if state in MISSED else None), state


def test_one_leg_that_may_still_arrive_holds_the_fallback_back():
    both = Plan(
        "payment_reminder",
        (plan(rule(WHATSAPP, EMAIL, needs=Needs.ALL_OF), HERE, now=NOW).stages[0], ()),
    )

    assert next_stage(both, 0, {WHATSAPP: State.FAILED, EMAIL: State.SENT}) is None
    assert next_stage(both, 0, {WHATSAPP: State.FAILED, EMAIL: State.EXPIRED}) == 1


def test_an_overdue_confirmation_starts_the_fallback_unless_something_was_delivered():
    made = plan(rule(WHATSAPP, fallbacks=EMAIL_LAST, confirm_within=timedelta(minutes=10)), HERE, now=NOW)

    assert next_stage(made, 0, {WHATSAPP: State.SENT}, overdue=True) == 1
    assert next_stage(made, 0, {WHATSAPP: State.UNKNOWN}, overdue=True) == 1
    assert next_stage(made, 0, {WHATSAPP: State.DELIVERED}, overdue=True) is None
    assert "nobody confirms within 10 minutes" in made.explain()[1]


def test_there_is_no_stage_after_the_last():
    made = plan(rule(WHATSAPP), HERE, now=NOW)

    assert next_stage(made, 0, {WHATSAPP: State.FAILED}) is None


# Properties ---------------------------------------------------------------------------------------------------------

contacts = st.builds(
    Contact,
    address=st.none() | st.just("address"),
    opted_out=st.booleans(),
    muted=st.booleans(),
    unreachable_until=st.none() | st.sampled_from([NOW - timedelta(days=1), NOW, NOW + timedelta(days=1)]),
)
reaches = st.dictionaries(st.sampled_from(ChannelName), contacts)


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    channels = draw(st.permutations(list(ChannelName)))[: draw(st.integers(1, len(ChannelName)))]
    first = draw(st.integers(1, len(channels)))
    fallbacks = tuple(Stage(draw(st.sampled_from(Needs)), (channel,)) for channel in channels[first:])
    needs = draw(st.sampled_from(Needs))
    return rule(*channels[:first], needs=needs, fallbacks=fallbacks, mutable=draw(st.booleans()))


def usable(contact: Contact | None, made_for: Rule) -> bool:
    return (
        contact is not None
        and contact.address is not None
        and not contact.opted_out
        and not (contact.muted and made_for.mutable)
        and not (contact.unreachable_until is not None and contact.unreachable_until > NOW)
    )


@settings(deadline=None)
@given(rules(), reaches)
def test_exactly_the_usable_channels_get_a_leg_and_each_only_one(given_rule: Rule, reach: dict[ChannelName, Contact]):
    made = plan(given_rule, reach, now=NOW)

    planned = [leg.channel for leg in made.legs]
    assert sorted(planned) == sorted(
        channel for channel in given_rule.channels if usable(reach.get(channel), given_rule)
    )
    assert len(planned) == len(set(planned))


@settings(deadline=None)
@given(rules(), reaches)
def test_the_explanation_covers_every_channel_of_the_rule_once(given_rule: Rule, reach: dict[ChannelName, Contact]):
    lines = plan(given_rule, reach, now=NOW).explain()

    assert sorted(line.partition(":")[0] for line in lines) == sorted(TITLES[each] for each in given_rule.channels)
    assert all(line.partition(": ")[2] for line in lines)


@settings(deadline=None)
@given(rules(), reaches)
def test_stages_are_never_empty_and_come_to_an_end_when_everything_fails(
    given_rule: Rule, reach: dict[ChannelName, Contact]
):
    made = plan(given_rule, reach, now=NOW)
    failed = dict.fromkeys(ChannelName, State.FAILED)

    assert all(made.stages)
    visited = [0] if made.stages else []
    while visited and (following := next_stage(made, visited[-1], failed)) is not None:
        visited.append(following)
    assert visited == list(range(len(made.stages)))


@settings(deadline=None)
@given(rules(), reaches)
def test_a_plan_survives_being_kept_as_json(given_rule: Rule, reach: dict[ChannelName, Contact]):
    made = plan(given_rule, reach, now=NOW)

    assert Plan.from_json(json.loads(json.dumps(made.to_json()))) == made
