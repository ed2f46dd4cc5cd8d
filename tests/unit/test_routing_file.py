"""routing.yaml: read whole, or refused with every fault, its line and its remedy."""

import contextlib
import json
from datetime import timedelta
from pathlib import Path

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from config.differences import differences
from config.faults import ConfigFault, ConfigRefused
from config.routing_schema import SCHEMA_FILE, routing_schema
from config.rules import ROUTING_FILE, Routing, load_routing, read_routing, span
from config.template_files import load_templates
from postroom.domain.channels import ChannelName
from postroom.domain.messages import Urgency
from postroom.domain.routing import Needs, Slot, Stage

TEMPLATES = load_templates()
SHIPPED = ROUTING_FILE.read_text("utf-8")
TAKEN = ("odoo.invoice.payment_reminder", "odoo.sale.order_confirmed")
SMALL = """\
version: 1
rules:
  payment_reminder:
    event: odoo.invoice.payment_reminder
    any_of: [whatsapp]
    fallbacks: [email]
    urgency: bulk
    not_after: 24h
    mutable: false
  order_confirmation:
    event: odoo.sale.order_confirmed
    all_of: [whatsapp, email]
    urgency: normal
    not_after: 3d
    mutable: true
    confirm_within: 90m
"""


def read(text: str) -> Routing:
    return read_routing(text, file="routing.yaml", templates=TEMPLATES, taken=TAKEN)


def faults(text: str) -> tuple[ConfigFault, ...]:
    with pytest.raises(ConfigRefused) as refused:
        read(text)
    return refused.value.faults


W, SMS, E, ODOO, CHAT = ChannelName.WHATSAPP, ChannelName.SMS, ChannelName.EMAIL, ChannelName.ODOO, Slot.TEAM_CHAT
TABLE = {
    "payment_reminder": (Urgency.BULK, Needs.ANY_OF, (W,), [(E,)]),
    "approval_request": (Urgency.URGENT, Needs.ANY_OF, (CHAT,), [(E,)]),
    "order_confirmation": (Urgency.NORMAL, Needs.ANY_OF, (W,), [(E,)]),
    "delivery_update": (Urgency.NORMAL, Needs.ALL_OF, (W, SMS), [(E,)]),
    "daily_digest": (Urgency.BULK, Needs.ANY_OF, (CHAT, E), [(ODOO,)]),
    "critical_alert": (Urgency.URGENT, Needs.ALL_OF, (SMS, CHAT), [(W, E)]),
    "sales_follow_up": (Urgency.BULK, Needs.ANY_OF, (W,), [(E,)]),
    "invoice_delivery": (Urgency.NORMAL, Needs.ALL_OF, (W, E), []),
}
"""The routing table that the user gave, row by row: urgency, first choice, fallbacks."""


@pytest.mark.parametrize("name", TABLE)
def test_the_shipped_rules_are_the_routing_table(name: str):
    [rule] = [rule for rule in load_routing(templates=TEMPLATES).rules if rule.message_type == name]

    fallbacks = [stage.channels for stage in rule.fallbacks]
    assert (rule.urgency, rule.primary.needs, rule.primary.channels, fallbacks) == TABLE[name]


def test_only_the_classes_that_are_listed_use_sms():
    users = {rule.message_type for rule in load_routing(templates=TEMPLATES).rules if SMS in rule.channels}

    listed = {"critical_alert", "approval_escalation", "delivery_update", "portabilling"}
    assert users <= listed | {"payment_overdue", "payment_notice"}  # where neither of the customer's letters arrives


def test_what_must_be_heard_cannot_be_muted_and_waits_for_no_hour():
    for rule in load_routing(templates=TEMPLATES).rules:
        if rule.urgency is Urgency.URGENT:
            assert not rule.mutable, rule.message_type
            assert not rule.quiet_hours, rule.message_type


def test_a_rule_is_read_as_it_is_written():
    order, reminder = read(SMALL).rules

    assert order.primary == Stage(Needs.ALL_OF, (ChannelName.WHATSAPP, ChannelName.EMAIL))
    assert (order.confirm_within, order.mutable) == (timedelta(minutes=90), True)
    assert reminder.fallbacks == (Stage(Needs.ANY_OF, (ChannelName.EMAIL,)),)
    assert reminder.not_after == timedelta(days=1)


def test_the_hash_follows_the_meaning_and_not_the_spelling():
    respelt = (
        SMALL.replace("24h", "1d").replace("version", "# a comment\nversion").replace("[email]", "\n      - email")
    )

    assert read(respelt).sha256 == read(SMALL).sha256
    assert read(SMALL.replace("24h", "25h")).sha256 != read(SMALL).sha256


def test_the_canonical_text_is_itself_a_routing_file():
    routing = read(SMALL)

    assert read(routing.canonical) == routing


def test_every_fault_is_told_at_once_with_line_column_path_and_remedy():
    found = faults(
        """\
version: 2
rules:
  payment_reminder:
    event: odoo.invoice.payment_remindr
    any_of: [whatsap]
    fallbacks: [email, email]
    urgency: bulky
    not_after: 0d
    mutabel: true
    mutable: yes
    urgency: bulk
  Order:
    all_of: [whatsapp]
    any_of: [email]
    urgency: 3
    not_after: 99999999999d
owner: me
"""
    )

    told = {(fault.line, fault.column, fault.path): (fault.problem, fault.remedy) for fault in found}
    assert told[1, 10, "version"] == ("2 is not a version of this file that we know", "Write version: 1.")
    assert told[4, 12, "rules.payment_reminder.event"][1] == "Did you mean odoo.invoice.payment_reminder?"
    assert told[5, 13, "rules.payment_reminder.any_of"][1] == "Did you mean whatsapp?"
    assert told[6, 24, "rules.payment_reminder.fallbacks[1]"][0] == "email is tried already (line 6, column 17)"
    assert told[7, 14, "rules.payment_reminder.urgency"][1] == "Did you mean bulk?"
    assert told[8, 16, "rules.payment_reminder.not_after"] == ("is no time at all", "Write at least 1s.")
    assert told[9, 14, "rules.payment_reminder.mutabel"][1] == "Did you mean mutable?"
    assert told[10, 14, "rules.payment_reminder.mutable"][1] == "Write true or false."
    assert told[11, 5, "rules.payment_reminder.urgency"][0] == "stands twice (first on line 7)"
    assert told[15, 14, "rules.Order.urgency"][0] == "3 is not an urgency"
    assert told[16, 16, "rules.Order.not_after"][0] == "'99999999999d' is longer than a year"
    assert told[17, 8, "owner"][0] == "'owner' is not a key of this place"
    at_the_rule = [fault.problem for fault in found if fault.line == 12]
    assert sorted(at_the_rule) == [
        "'Order' cannot name a rule",
        "'event' is missing",
        "'mutable' is missing",
        "has both all_of and any_of",
    ]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("24h", "-1d", "is not a duration"),
        ("24h", "1.5h", "is not a duration"),
        ("24h", "24", "is not a duration"),
        ("24h", "0s", "is no time at all"),
        ("24h", "367d", "longer than a year"),
        ("24h", "9" * 40 + "d", "is not a duration"),
        ("24h", "null", "is not a duration"),
        ("90m", "3d", "is not before not_after"),
        ("fallbacks: [email]", "fallbacks: email", "must be a list"),
        ("fallbacks: [email]", "fallbacks: [whatsapp]", "whatsapp is tried already"),
        ("fallbacks: [email]", "fallbacks: [{any_of: [email], all_of: [email]}]", "has both"),
        ("fallbacks: [email]", "fallbacks: [{some: [email]}]", "'some' is not a key"),
        ("fallbacks: [email]", "fallbacks: [pigeon]", "'pigeon' is not a channel"),
        ("fallbacks: [email]", "fallbacks: [callback]", "'callback' is not a channel"),
        ("fallbacks: [email]", "fallbacks: [sms]", "uses sms without being listed for it"),
        ("fallbacks: [email]", "fallbacks: [slack, team_chat]", "slack stands beside team_chat"),
        ("mutable: false", "mutable: false\n    contact: boss", "'boss' is not a contact's role"),
        ("any_of: [whatsapp]", "any_of: []", "at least one channel"),
        ("any_of: [whatsapp]", "any_of: whatsapp", "must be a list"),
        ("any_of: [whatsapp]\n", "\n", "neither all_of nor any_of"),
        ("mutable: true", "mutable: 1", "1 is neither true nor false"),
        ("urgency: normal", "urgency: &fast normal", "has an anchor or alias"),
        ("rules:", "rules: []\nother:", "must be a mapping"),
        ("event: odoo.sale.order_confirmed", "event: odoo.invoice.payment_reminder", "templates' event"),
        ("event: odoo.sale.order_confirmed", "event: odoo.invoice.payment_reminder", "no rule for the event odoo.sale"),
        ("  order_confirmation:", "  order_thanks:", "for which nothing is written in en"),
        ("version: 1", "version: true", "True is not a version"),
        ("version: 1\n", "", "'version' is missing"),
        ("    event: odoo.sale", "   event: odoo.sale", "is not YAML"),
    ],
)
def test_a_bad_line_is_refused(old: str, new: str, problem: str):
    assert old in SMALL

    found = faults(SMALL.replace(old, new))

    assert any(problem in fault.problem for fault in found), found
    assert all(fault.remedy for fault in found)


@pytest.mark.parametrize(
    "text", ["", "# nothing", "just words", "- a list", "3", "\x00", "{", "a: b: c", "x" * 300_000]
)
def test_what_is_no_routing_file_is_refused(text: str):
    assert faults(text)


def test_a_bomb_of_aliases_is_refused_without_being_built():
    bomb = "a: &a [x]\n" + "\n".join(f"b{at}: &b{at} [*a, *a, *a]" for at in range(50))

    assert any("anchor or alias" in fault.problem for fault in faults(bomb))


@settings(deadline=None)
@given(st.text(max_size=200) | st.lists(st.sampled_from(SMALL.splitlines(keepends=True)), max_size=12).map("".join))
def test_any_text_is_read_or_refused_and_nothing_else(text: str):
    with contextlib.suppress(ConfigRefused):
        assert read(text).rules


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path):
    with pytest.raises(ConfigRefused, match="cannot be read"):
        load_routing(tmp_path / "absent.yaml", templates=TEMPLATES)


@given(st.integers(1, 366 * 86400))
def test_a_duration_is_written_as_it_is_read(seconds: int):
    text = span(timedelta(seconds=seconds))

    assert read(SMALL.replace("90m", "1s").replace("24h", text)).rules[1].not_after == timedelta(seconds=seconds)


FIRST = "order_confirmation: first choice"

# What changed -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("    fallbacks: [email]\n", "", "payment_reminder: fallback email removed"),
        ("urgency: bulk", "urgency: urgent", "payment_reminder: urgency bulk -> urgent"),
        ("24h", "12h", "payment_reminder: not_after 1d -> 12h"),
        ("mutable: true", "mutable: false", "order_confirmation: mutable yes -> no"),
        ("    confirm_within: 90m\n", "", "order_confirmation: confirm_within 90m -> none"),
        (
            "all_of: [w",
            "any_of: [w",
            "order_confirmation: first choice all of whatsapp, email -> any of whatsapp, email",
        ),
    ],
)
def test_a_change_is_told_in_words(old: str, new: str, line: str):
    assert differences(read(SMALL), read(SMALL.replace(old, new))) == (line,)


def test_rules_that_come_and_go_are_told():
    one = read_routing(SMALL.partition("  order")[0], file="old", templates=None)

    assert differences(read(SMALL), one) == ("order_confirmation: rule removed",)
    assert differences(one, read(SMALL)) == (
        "order_confirmation: rule added, odoo.sale.order_confirmed by all of whatsapp, email, normal, stale after 3d",
    )


def test_the_same_rules_differ_in_nothing():
    assert differences(read(SMALL), read(read(SMALL).canonical)) == ()


# The published schema -----------------------------------------------------------------------------------------------


def test_the_published_schema_is_the_one_that_the_code_makes():
    assert json.loads(SCHEMA_FILE.read_text("utf-8")) == routing_schema()


@pytest.mark.parametrize("text", [SHIPPED, SMALL])
def test_good_files_satisfy_the_published_schema(text: str):
    jsonschema_rs.validator_for(routing_schema()).validate(YAML(typ="safe", pure=True).load(text))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("24h", "0d"),
        ("bulk", "bulky"),
        ("[whatsapp]", "[pigeon]"),
        ("mutable: true", "mutabel: true"),
        ("all_of", "any"),
    ],
)
def test_bad_files_break_the_published_schema(old: str, new: str):
    document = YAML(typ="safe", pure=True).load(SMALL.replace(old, new))

    assert not jsonschema_rs.validator_for(routing_schema()).is_valid(document)
