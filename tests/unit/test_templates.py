"""Templates: versions that never change, languages that stand in for one another, and what Meta would refuse."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from config.faults import ConfigRefused
from config.template_files import TEMPLATES_FOLDER, load_templates, read_template_file
from postroom.domain.channels import ChannelName
from postroom.domain.event_types import EVENT_TYPES, matches
from postroom.domain.meta_limits import flaws, least_words
from postroom.domain.meta_templates import meta_definition
from postroom.domain.own_links import SAMPLE
from postroom.domain.templates import (
    PLACEHOLDER,
    TemplateMissing,
    TemplateVersion,
    WhatsAppWording,
    canonical,
    template_from,
    template_set,
)
from workers.channels.opt_out import is_opt_out

WHATSAPP, EMAIL = ChannelName.WHATSAPP, ChannelName.EMAIL
TEMPLATES = load_templates()
REMINDER = TEMPLATES.find("payment_reminder", ["en"], WHATSAPP)

APPROVAL = (
    "{{approver_name}}, a {{document_type}} from {{requester}} needs your approval:\n"
    "{{description}} -- Amount: {{amount}} {{currency}}"
)
"""The approval request as the product owner wrote it."""
APPROVAL_FOR_META = TEMPLATES.find("approval_request", ["en"], WHATSAPP).spec["body"]


def wording(**changes: Any) -> WhatsAppWording:
    made = template_from({**REMINDER.spec, **changes}).wording
    assert isinstance(made, WhatsAppWording)
    return made


def problems(**changes: Any) -> list[str]:
    return [f"{flaw.path}: {flaw.problem}" for flaw in flaws(wording(**changes))]


# Versions -----------------------------------------------------------------------------------------------------------


CHANNELS = {
    "payment_reminder": "whatsapp email",
    "approval_request": "slack teams email whatsapp sms",
    "approval_reminder": "slack teams email",
    "approval_escalation": "sms whatsapp email",
    "approval_outcome": "slack teams email odoo",
    "decision_code": "slack teams",
    "payment_statement": "whatsapp email",
    "payment_overdue": "whatsapp email sms",
    "payment_notice": "email sms",
    "collection_approval": "slack teams email odoo",
    "collection_task": "slack teams email odoo",
    "order_confirmation": "whatsapp email",
    "delivery_update": "whatsapp sms email",
    "daily_digest": "slack teams email odoo",
    "critical_alert": "sms slack teams whatsapp email",
    "alert_taken": "slack teams email odoo",
    "sales_follow_up": "whatsapp email",
    "invoice_delivery": "whatsapp email",
}


def test_every_message_type_is_written_in_four_languages_for_each_of_its_channels():
    written = {(version.name, version.language, version.channel.value) for version in TEMPLATES}

    assert written == {
        (name, language, channel)
        for name, channels in CHANNELS.items()
        for language in ("en", "es", "fr", "de")
        for channel in channels.split()
    }


@pytest.mark.parametrize("version", TEMPLATES.versions, ids=lambda version: version.title)
def test_a_template_holds_no_hidden_character(version: TemplateVersion):
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\ufeff]", str(canonical(version.spec)))


def test_a_version_comes_back_from_its_json_whatever_the_order_of_its_keys():
    kept = json.loads(json.dumps(dict(reversed(REMINDER.spec.items()))))

    assert template_from(kept) == REMINDER
    assert template_from(kept).sha256 == REMINDER.sha256


def test_another_word_is_another_version():
    other = template_from({**REMINDER.spec, "footer": "Acme"})

    assert other.sha256 != REMINDER.sha256


def test_the_reader_gets_the_first_language_that_is_written():
    assert TEMPLATES.find("payment_reminder", ["pt_BR", "pt", "es_ES", "es", "en"], EMAIL).language == "es"


def test_a_missing_template_names_what_there_is_and_where_to_add_it():
    with pytest.raises(TemplateMissing, match=r"written in de, en, es, fr.*payment_reminder\.pt\.yaml"):
        TEMPLATES.find("payment_reminder", ["pt_BR", "pt"], WHATSAPP)


def test_a_message_that_nobody_wrote_is_missing():
    with pytest.raises(TemplateMissing, match="written in no language"):
        template_set([]).find("payment_reminder", ["en"], WHATSAPP)


# Meta's rules -------------------------------------------------------------------------------------------------------


def test_the_seeds_approval_text_is_refused_as_meta_would():
    found = problems(body=APPROVAL)

    assert found == [
        "body: begins with a placeholder (Meta 2388299)",
        "body: ends with a placeholder (Meta 2388299; a full stop does not help)",
        "body: has 6 words beside 6 placeholders; Meta wants about 13 (2388293)",
    ]


def test_the_approval_request_is_the_seeds_with_the_fewest_added_words():
    assert f"Hello {APPROVAL}. Please press one of the buttons." == APPROVAL_FOR_META
    assert problems(body=APPROVAL_FOR_META) == []
    buttons = TEMPLATES.find("approval_request", ["en"], WHATSAPP).wording.buttons
    assert [button.title for button in buttons] == ["Approve", "Reject", "View Details"]


@pytest.mark.parametrize("word", ["Hello ", " Please", " press", " one", " of", " the", " buttons"])
def test_every_added_word_is_needed(word: str):
    assert problems(body=APPROVAL_FOR_META.replace(word, "", 1)) != []


def test_the_seeds_reminder_needs_five_more_words_and_has_just_those():
    body = REMINDER.spec["body"]
    seed = "Hi {{customer_name}}, invoice {{invoice_number}} for {{amount}} {{currency}}\nis due on {{due_date}}."

    assert body == f"{seed} Thank you for your business."
    assert any("6 words beside 5" in problem for problem in problems(body=seed))
    assert least_words(len(PLACEHOLDER.findall(body))) == 11


LINK = {"title": "Pay Now", "url": "https://erp.example.com/{{1}}", "fact": "portal_url"}
REPLY = {"title": "Contact Us", "reply": "contact_us"}


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"body": "Dear customer " * 80}, "body: has 1120 characters"),
        ({"body": ""}, "body: has 0 characters"),
        ({"body": "Hello {{ customer_name }} and welcome back to us"}, "is not a flat placeholder"),
        ({"body": "Hello {{1}} and welcome back to all of us"}, "is not a flat placeholder"),
        ({"body": "Hello {{customer_name and welcome"}, "is not a flat placeholder"),
        ({"body": "Hello {{customer_name}}{{currency}} and welcome back to the shop of ours"}, "that touch"),
        ({"body": "Hello\tyou"}, "a tab"),
        ({"body": "Hello\n\n\nyou"}, "two line breaks"),
        ({"footer": "a" * 61}, "footer: has 61"),
        ({"footer": "For {{customer_name}}"}, "footer: holds a placeholder"),
        ({"meta": {"name": "Payment-Reminder", "language": "en", "category": "UTILITY"}}, "meta.name"),
        ({"meta": {"name": "x", "language": "en-US", "category": "UTILITY"}}, "meta.language"),
        ({"meta": {"name": "x", "language": "en", "category": "AUTHENTICATION"}}, "meta.category"),
        ({"buttons": [{**LINK, "title": "Pay this invoice now, please"}]}, "buttons.0.title: has 28"),
        ({"buttons": [LINK, {**LINK, "title": "B"}, {**LINK, "title": "C"}]}, "more than 2 links"),
        ({"buttons": [LINK, REPLY, {**LINK, "title": "B"}]}, "mix links and replies"),
        ({"buttons": [REPLY, REPLY]}, "stands twice"),
        ({"buttons": [{**REPLY, "title": f"B{at}"} for at in range(11)]}, "are 11"),
        ({"buttons": [{**REPLY, "reply": "Contact us!"}]}, "buttons.0.reply"),
        ({"buttons": [{**LINK, "url": "https://erp.example.com{{1}}"}]}, "a host name and a slash"),
        ({"buttons": [{**LINK, "url": "http://erp.example.com/{{1}}"}]}, "must begin with https://"),
        ({"buttons": [{**LINK, "url": "https://erp.example.com/{{1}}/x"}]}, "at its end"),
    ],
)
def test_what_meta_refuses_is_found_before_meta_is_asked(changes: dict[str, Any], problem: str):
    assert any(problem in found for found in problems(**changes)), problems(**changes)


@pytest.mark.parametrize("version", TEMPLATES.matching(channel=WHATSAPP), ids=lambda version: version.title)
def test_metas_definition_holds_an_example_for_every_placeholder(version: TemplateVersion):
    definition = meta_definition(version, SAMPLE.documents)

    components = {component["type"]: component for component in definition["components"]}
    body, buttons = components["BODY"], components.get("BUTTONS", {"buttons": []})
    named = {each["param_name"]: each["example"] for each in body["example"]["body_text_named_params"]}
    assert set(named) == set(PLACEHOLDER.findall(body["text"]))
    assert all(named.values())
    assert definition["parameter_format"] == "NAMED"
    for button in buttons["buttons"]:
        assert button["type"] == "QUICK_REPLY" or not button["example"][0].startswith("http")


def test_the_invoice_goes_to_meta_with_a_document_over_its_body():
    invoice = TEMPLATES.find("invoice_delivery", ["en"], WHATSAPP)

    header = meta_definition(invoice, SAMPLE.documents, handle="4::aW")["components"][0]

    assert header == {"type": "HEADER", "format": "DOCUMENT", "example": {"header_handle": ["4::aW"]}}


def test_a_follow_up_is_marketing_with_a_way_out():
    for version in TEMPLATES.matching("sales_follow_up", WHATSAPP):
        assert isinstance(version.wording, WhatsAppWording)
        assert version.wording.category == "MARKETING"
        word = re.search(r"\b[A-Z]{4,}\b", version.wording.footer or "")
        assert word
        assert is_opt_out(word[0])


def test_an_email_has_no_definition_at_meta():
    with pytest.raises(ValueError, match="not for WhatsApp"):
        meta_definition(TEMPLATES.find("payment_reminder", ["en"], EMAIL), SAMPLE.documents)


# Files --------------------------------------------------------------------------------------------------------------


def written(tmp_path: Path, file: str = "payment_reminder.en.yaml", **replacements: str) -> Path:
    """The folder of templates with some texts of one file replaced."""
    for source in TEMPLATES_FOLDER.glob("*.yaml"):
        (tmp_path / source.name).write_text(source.read_text("utf-8"), "utf-8")
    changed = tmp_path / file
    text = changed.read_text("utf-8")
    for old, new in replacements.items():
        assert old in text
        text = text.replace(old, new)
    changed.write_text(text, "utf-8")
    return tmp_path


def faults(folder: Path) -> list[str]:
    with pytest.raises(ConfigRefused) as refused:
        load_templates(folder)
    return [f"{Path(fault.file).name}:{fault.line} {fault.path}: {fault}" for fault in refused.value.faults]


def test_faults_of_all_kinds_are_told_at_once_with_their_lines(tmp_path: Path):
    folder = written(
        tmp_path,
        **{
            "    body: |-": "    bodi: x\n    body: |-",
            "fact: portal_url}\n      - {title: Contact Us, reply: contact_us, ": "fact: amount}\n      - {title: C, ",
            "{{ amount_due|money }} to": "{{ amount_dew|money }} to",
        },
    )
    (folder / "order_confirmation.fr.yaml").write_text("name: [", "utf-8")

    found = faults(folder)

    assert any(":10 channels.whatsapp.bodi" in each and "Did you mean body?" in each for each in found)
    assert any("order_confirmation.fr.yaml:" in each and "is not YAML" in each for each in found)
    assert any("channels.email.buttons[2]" in each for each in found)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("{{ amount_due|money }} to", "{{ amount_dew|money }} to", "Did you mean amount_due?"),
        ("{{customer_name}}, invoice", "{{customer}}, invoice", "Did you mean customer_name?"),
        ("fact: portal_url}\n      - {title: Contact Us, reply: contact_us, i", "fact: amount}\n      - {title: C, reply: c, i", "is no link"),  # noqa: E501
        (', instead: "Questions? Simply reply to this email."', "", "which an email cannot carry"),
        ("preheader: \"", "preheader: \"{{ customer_name|upper }} ", "No filter named"),
        ("language: en\nevent", "language: en-us\nevent", "Write en_US."),
        ("name: payment_reminder\nlanguage", "name: payment_remindr\nlanguage", "Rename the file"),
        ("fact: payment_url}\n      - {title: View Invoice, fact: portal_url}\n      - {title: C", "title2: x}\n      - {title: View Invoice, fact: portal_url}\n      - {title: C", "is not a key"),  # noqa: E501
        ("  email:", "  emial:", "Did you mean email?"),
        ("event: odoo.invoice.payment_reminder", "event: odoo.invoice", "is not an event type of ours"),
        ("    footer: ", "    footer: 3\n    footer2: ", "must be a text"),
    ],
)  # fmt: skip
def test_a_bad_template_file_is_refused_with_its_remedy(tmp_path: Path, old: str, new: str, expected: str):
    found = faults(written(tmp_path, **{old: new}))

    assert any(expected in each and "payment_reminder.en.yaml:" in each for each in found), found


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("approval_request", "{{ requester }} asks", "{{ requestor }} asks", "Did you mean requester?"),
        (
            "approval_request",
            "reply: approve, style: primary",
            "reply: approve, style: green",
            "is not a style of buttons",
        ),
        ("approval_request", "reply: approve, style: primary", "reply: OK!, style: primary", "may hold 1 to 128"),
        (
            "approval_request",
            "fact: record_url}\n\n  teams",
            "fact: amount}\n\n  teams",
            "The links of these events: record_url",
        ),
        ("approval_request", "label: Requested by", "label: " + "Requested by " * 4, "at most 40 are shown whole"),
        ("approval_request", "label: Requested by", "name: Requested by", "'label' is missing"),
        ("approval_request", "Still waiting", "Still waiting “for ever” ¿ķ" + " and ever" * 30, "segments of UCS-2"),
        ("daily_digest", "Open in Odoo, fact: record_url}\n\n  email", "Yes, reply: y}\n\n  email", "against y"),
        ("critical_alert", "{{title}}.", "{{title}} in {{document}}.", "which some alert events leave out"),
        (
            "invoice_delivery",
            "header: {document: pdf}",
            "header: {document: due_date}",
            "The documents of these events: pdf",
        ),
        ("invoice_delivery", "header: {document: pdf}", "header: {image: pdf}", "'image' is not a key"),
        ("invoice_delivery", "attachments: [pdf]", "attachments: pdf", "must be a list"),
        ("invoice_delivery", "attachments: [pdf]", "attachments: [pfd]", "Did you mean pdf?"),
        ("critical_alert", '"alert.*"', '"alert.x"', "is not an event type of ours"),
        ("critical_alert", "[severity]", "[sevrity]", "Did you mean severity?"),
    ],
)
def test_a_bad_variant_of_any_channel_is_refused_with_its_remedy(
    tmp_path: Path, file: str, old: str, new: str, expected: str
):
    found = faults(written(tmp_path, file=f"{file}.en.yaml", **{old: new}))

    assert any(expected in each for each in found), found


def test_a_translation_whose_buttons_do_other_things_is_refused(tmp_path: Path):
    folder = written(tmp_path)
    spanish = folder / "payment_reminder.es.yaml"
    spanish.write_text(spanish.read_text("utf-8").replace("reply: contact_us}", "reply: call_me}"), "utf-8")

    found = faults(folder)

    assert len(found) == 1
    assert "payment_reminder.es.yaml:" in found[0]
    assert "payment_url, portal_url, call_me against payment_url, portal_url, contact_us" in found[0]


def test_a_message_without_english_is_refused(tmp_path: Path):
    folder = written(tmp_path)
    (folder / "payment_reminder.en.yaml").unlink()

    assert all("Add payment_reminder.en.yaml" in each for each in faults(folder))


def test_an_empty_folder_is_refused(tmp_path: Path):
    assert "holds no template" in faults(tmp_path)[0]


def test_a_reply_button_or_a_link_but_not_a_mixture_is_read():
    source = (TEMPLATES_FOLDER / "payment_reminder.en.yaml").read_text("utf-8")
    mixed = source.replace("reply: contact_us}", 'reply: contact_us, url: "https://x.example/"}')

    with pytest.raises(ConfigRefused, match="'url' is not a key of this place"):
        read_template_file(mixed, file="payment_reminder.en.yaml")


def test_every_event_type_has_a_sample_that_fills_its_templates():
    for name in EVENT_TYPES:
        assert any(matches(version.event_type, name) for version in TEMPLATES), name
