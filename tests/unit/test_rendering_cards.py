"""What teams read in Slack, Teams and Odoo, what telephones read by SMS, and the documents that go along."""

from dataclasses import replace
from typing import Any

import pytest

from config.template_files import load_templates
from postroom.domain.channels import Attachment, Button, ChannelName, Field, Rendered
from postroom.domain.event_types import DAILY_DIGEST, DELIVERY_UPDATED, EventType
from postroom.domain.events import event_from
from postroom.domain.facts import Facts, Link, Prose
from postroom.domain.own_links import sample_facts
from postroom.domain.rendering import RenderingFault, render
from postroom.domain.rendering.card import MAX_TITLE
from postroom.domain.safe_text import MAX_FACT, MAX_PROSE
from postroom.domain.sms_text import Encoding, segments
from postroom.domain.template_lint import SUPPOSED
from postroom.domain.templates import TemplateVersion, template_from
from workers.channels.registry import capabilities

WHATSAPP, SLACK, TEAMS, SMS, EMAIL, ODOO = (
    ChannelName.WHATSAPP,
    ChannelName.SLACK,
    ChannelName.TEAMS,
    ChannelName.SMS,
    ChannelName.EMAIL,
    ChannelName.ODOO,
)
TEMPLATES = load_templates()
BY_SMS = TEMPLATES.matching(channel=SMS)
PDF = Attachment(
    "INV_2026_00091.pdf",
    "application/pdf",
    "https://erp.example.com/my/invoices/91?access_token=sample&report_type=pdf&download=true",
    record="account.move:91",
)


def found(name: str, channel: ChannelName, language: str = "en") -> TemplateVersion:
    return TEMPLATES.find(name, [language], channel)


def facts_for(version: TemplateVersion, **changes: Any) -> Facts:
    return {**sample_facts(version.event_type), **changes}


def write(version: TemplateVersion, *, carried: Any = None, **changes: Any) -> Rendered:
    return render(
        version,
        facts_for(version, **changes),
        language=version.language,
        capabilities=carried or SUPPOSED[version.channel],
    )


def event_with(shape: EventType, place: str, **changes: Any) -> Facts:
    data = {**shape.sample, place: {**shape.sample[place], **changes}}
    return event_from({"id": "1", "source": "/odoo/x", "type": shape.name, "data": data}).facts


# Cards --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channel", [SLACK, TEAMS])
def test_an_approval_can_be_given_where_the_team_works(channel: ChannelName):
    rendered = write(found("approval_request", channel))

    assert rendered.subject == "Approval needed: purchase order P00042"
    assert rendered.fields == (
        Field("Document", "purchase order P00042"),
        Field("Amount", "€8,400.00"),
        Field("Requested by", "Pablo Soler"),
        Field("Deadline", "November 27, 2026"),
    )
    assert rendered.buttons == (
        Button("Approve", payload="approve", style="primary"),
        Button("Reject", payload="reject", style="danger", reason="Reason, if you reject"),
        Button("View Details", url="https://erp.example.com/odoo/purchase/42"),
    )


def test_a_field_whose_fact_is_left_out_takes_its_label_with_it():
    rendered = write(found("approval_request", SLACK), deadline=None)

    assert [field.label for field in rendered.fields] == ["Document", "Amount", "Requested by"]


@pytest.mark.parametrize(("channel", "stays"), [(SLACK, ["Acknowledge"]), (TEAMS, ["Acknowledge"]), (EMAIL, [])])
def test_a_link_button_falls_away_where_the_event_has_no_link(channel: ChannelName, stays: list[str]):
    alert = found("critical_alert", channel)

    assert [button.title for button in write(alert).buttons] == [*stays, "View Details"]
    assert [button.title for button in write(alert, record_url=None).buttons] == stays


def test_each_channel_writes_a_digest_in_its_own_marks():
    texts = {channel: write(found("daily_digest", channel)).text for channel in (SLACK, TEAMS, ODOO)}

    assert "*Sales*\n• Orders confirmed yesterday: 14 (€8,250.00)\n" in texts[SLACK]
    assert "**Sales**\n\n- Orders confirmed yesterday: 14 (€8,250.00)\n" in texts[TEAMS]
    assert texts[ODOO].startswith("Sales\n- Orders confirmed yesterday: 14 (€8,250.00)\n")


def test_a_digest_that_is_too_long_for_slack_is_refused_and_fits_an_email():
    lines = [{"label": "Orders " * 15, "value": "14"}] * 25
    facts = event_with(DAILY_DIGEST, "digest", sections=[{"title": "Sales", "lines": lines}] * 12)
    slack, email = found("daily_digest", SLACK), found("daily_digest", EMAIL)

    with pytest.raises(RenderingFault) as refused:
        render(slack, facts, language="en", capabilities=capabilities(SLACK))

    assert refused.value.reason == "too_long"
    assert render(email, facts, language="en", capabilities=capabilities(EMAIL)).text.count("14") == 300


def test_a_long_title_ends_in_an_ellipsis():
    wordy = template_from({**found("critical_alert", SLACK).spec, "title": "{{ title }} " * 3})

    rendered = write(wordy, title="Stock " * 20)

    assert rendered.subject is not None
    assert len(rendered.subject) == MAX_TITLE
    assert rendered.subject.endswith("…")


def test_a_title_is_the_texts_first_line_where_the_channel_has_none():
    alert = found("critical_alert", TEAMS)

    rendered = write(alert, carried=replace(SUPPOSED[TEAMS], subject=False))

    assert rendered.subject is None
    assert rendered.text.startswith("🔴 Cable 3 m is out of stock\n\nWH/Stock")


def test_a_reply_button_without_its_sentence_is_refused_where_no_press_comes_back():
    mute = replace(SUPPOSED[TEAMS], reply_buttons=False)

    with pytest.raises(RenderingFault, match="Approve") as refused:
        write(found("approval_request", TEAMS), carried=mute)

    assert refused.value.reason == "reply_button"


def test_a_reply_buttons_sentence_stands_in_for_it_where_no_press_comes_back():
    spec = found("daily_digest", ODOO).spec
    button = {"title": "Later", "reply": "later", "instead": "It comes again tomorrow."}

    rendered = write(template_from({**spec, "buttons": [button]}), carried=capabilities(ODOO))

    assert rendered.buttons == ()
    assert rendered.text.endswith("\n\nIt comes again tomorrow.")


@pytest.mark.parametrize(
    ("channel", "shown"),
    [
        (SLACK, "<https://erp.example.com/a?b=(1)&amp;c=%7C|erp.example.com>"),
        (TEAMS, "[erp.example.com](https://erp.example.com/a?b=%281%29&c=|)"),
        (ODOO, "https://erp.example.com/a?b=(1)&c=|"),
    ],
)
def test_a_link_in_a_text_is_written_as_its_channel_writes_links(channel: ChannelName, shown: str):
    spec = {**found("daily_digest", channel).spec, "text": "See {{ record_url }} or {{ record_url|link }}."}

    rendered = write(template_from(spec), record_url=Link("https://erp.example.com/a?b=(1)&c=|"))

    assert rendered.text == f"See {shown} or {shown}."


def test_a_sentence_may_be_longer_than_a_name_and_is_bounded_too():
    approval = found("approval_request", SLACK)

    rendered = write(approval, description=Prose("d" * 2000), document_type="t" * 2000)

    assert "d" * (MAX_PROSE - 1) + "…" in rendered.text
    assert "d" * MAX_PROSE not in rendered.text
    assert "t" * MAX_FACT not in rendered.fields[0].value


@pytest.mark.parametrize("version", TEMPLATES.versions, ids=lambda version: version.title)
def test_every_message_fits_what_its_channel_says_it_carries(version: TemplateVersion):
    carried = replace(capabilities(version.channel), attachments=True)

    rendered = write(version, carried=carried)

    assert Rendered.from_json(rendered.to_json()) == rendered


# SMS ----------------------------------------------------------------------------------------------------------------


WORTH_TWO_SEGMENTS = {"critical_alert"}
"""What says how it is answered, too: who takes an alert spares everybody else."""


@pytest.mark.parametrize("version", BY_SMS, ids=lambda version: version.title)
def test_an_sms_is_one_line_of_one_segment_with_its_link_last(version: TemplateVersion):
    rendered = write(version)

    assert "\n" not in rendered.text
    assert rendered.text.rpartition(" ")[2].startswith("https://")
    assert segments(rendered.text).count <= 1 + (version.name in WORTH_TWO_SEGMENTS)
    assert segments(rendered.text).encoding is Encoding.GSM_7


def test_an_sms_about_an_alert_without_link_has_none():
    rendered = write(found("critical_alert", SMS), record_url=None)

    assert rendered.text == (
        "ALERT Acme Iberia SL: Cable 3 m is out of stock. WH/Stock holds 0; 4 confirmed orders wait for 26 pieces."
        " Reply OK to take it."
    )


@pytest.mark.parametrize("version", BY_SMS, ids=lambda version: version.title)
def test_facts_of_any_length_leave_an_sms_payable(version: TemplateVersion):
    long = {name: fact * 50 if type(fact) is str else fact for name, fact in facts_for(version).items()}

    rendered = write(version, **{**long, "description": Prose("d" * 2000), "detail": Prose("d" * 2000)})

    assert segments(rendered.text).count <= 3


# Documents ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channel", [WHATSAPP, EMAIL])
def test_an_invoice_is_delivered_with_its_pdf(channel: ChannelName):
    rendered = write(found("invoice_delivery", channel))

    assert rendered.attachments == (PDF,)


def test_an_email_without_attachments_leads_to_the_portal_instead():
    rendered = write(found("invoice_delivery", EMAIL), carried=replace(SUPPOSED[EMAIL], attachments=False))

    assert rendered.attachments == ()
    assert all((button.url or "").startswith("https://post.example.com/o/") for button in rendered.buttons[:2])


def test_whatsapp_without_attachments_is_refused_since_the_header_is_approved():
    with pytest.raises(RenderingFault) as refused:
        write(found("invoice_delivery", WHATSAPP), carried=replace(SUPPOSED[WHATSAPP], attachments=False))

    assert refused.value.reason == "attachment"


def test_a_delivery_without_a_carriers_page_is_followed_in_the_portal():
    own = event_with(DELIVERY_UPDATED, "delivery", tracking_url="https://carrier.example.com/t/1")
    email = found("delivery_update", EMAIL)

    tracked = render(email, own, language="en", capabilities=SUPPOSED[EMAIL])

    assert tracked.buttons[0].url == "https://carrier.example.com/t/1"
    assert write(email).buttons[0].url == "https://erp.example.com/my/orders/17?access_token=sample"
