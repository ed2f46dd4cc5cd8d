"""The sandbox's own rules, without a socket."""

import base64
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from sandbox.channels import any_address
from sandbox.control import way_back
from sandbox.courier import meta_body
from sandbox.environment import Misconfigured, read
from sandbox.faults import EMAIL, ENDINGS, WHATSAPP, Channel, FaultBook, fault_from, magic_kind
from sandbox.files import File, FileBook
from sandbox.journal import Journal
from sandbox.messages import Message, MessageBook
from sandbox.meta.errors import ERRORS
from sandbox.meta.templates import fill, template_from
from sandbox.meta.webhooks import new_wamid
from sandbox.page.markup import card_markdown, chat_markup, dressed, json_markup, mrkdwn, openable
from sandbox.page.sheet import Card
from sandbox.people import Person, PhoneBook
from sandbox.scripts import Script
from sandbox.witness import Outcome, Seen, Witness, tally

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def message(number: int = 1, **more: Any) -> Message:
    fields = {"id": f"wamid.{number}", "channel": Channel.WHATSAPP, "address": "34600111222", "at": NOW, "text": "x"}
    return Message(**{**fields, **more})


# --- faults


def test_every_kind_of_whatsapp_fault_has_its_own_ending() -> None:
    endings = ENDINGS[Channel.WHATSAPP]
    assert sorted(endings.values()) == sorted(WHATSAPP)
    assert all(magic_kind(Channel.WHATSAPP, f"3460000{ending}") == kind for ending, kind in endings.items())
    assert magic_kind(Channel.WHATSAPP, "34600111222") is None


@pytest.mark.parametrize(
    ("mailbox", "kind"),
    [
        ("greylist@a.example", "greylist"),
        ("out-of-office@a.example", "out_of_office"),
        ("marta+bounce@a.example", "bounce"),
        ("marta@greylist.example", None),
        ("nobodyelse@a.example", None),
    ],
)
def test_a_mailbox_asks_for_a_fault_by_its_whole_name_or_tag(mailbox: str, kind: str | None) -> None:
    assert magic_kind(Channel.EMAIL, mailbox) == kind


def test_every_code_of_a_fault_is_one_that_can_be_answered() -> None:
    codes = {code for script in WHATSAPP.values() for code in (script.error, script.failure) if code}
    assert codes <= set(ERRORS)


def test_a_fault_for_a_person_goes_before_one_for_anybody() -> None:
    book = FaultBook()
    for fields in ({"kind": "slow"}, {"kind": "lost", "recipient": "+34 600"}):
        fault, faults = fault_from({"channel": "whatsapp", **fields})
        assert fault is not None, faults
        book.arm(fault)
    kinds = [book.script_for(Channel.WHATSAPP, to)[0] for to in ("34600", "34600", "34600")]
    assert kinds == ["lost", "slow", ""]


def test_a_fault_for_mail_leaves_whatsapp_alone() -> None:
    book = FaultBook()
    fault, _ = fault_from({"channel": "email", "kind": "slow"})
    assert fault is not None
    book.arm(fault)
    assert book.script_for(Channel.WHATSAPP, "34600111222")[0] == ""


@pytest.mark.parametrize("times", ["-1", "0", "1.5", "nan", "inf", "many", "99999999"])
def test_an_impossible_number_of_times_is_refused(times: str) -> None:
    fault, faults = fault_from({"channel": "email", "kind": "slow", "times": times})
    assert fault is None
    assert faults[0].startswith("/times")


# --- memory


def test_what_the_sender_knows_never_goes_back() -> None:
    book = MessageBook(lambda _: None)
    book.put(message())
    for status in ("read", "delivered", "sent"):
        book.tell("wamid.1", status)
    kept = book.get("wamid.1")
    assert kept is not None
    assert kept.told == "read"


def test_the_window_is_open_for_a_day_after_the_person_wrote() -> None:
    book = MessageBook(lambda _: None)
    book.put(message())
    assert not book.window_open("34600111222", NOW)
    book.put(message(2, from_person=True))
    assert book.window_open("34600111222", NOW + timedelta(hours=23, minutes=59))
    assert not book.window_open("34600111222", NOW + timedelta(hours=24))


def test_the_oldest_messages_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.messages.MOST_MESSAGES", 3)
    book = MessageBook(lambda _: None)
    for number in range(5):
        book.put(message(number))
    assert [kept.id for kept in book] == ["wamid.2", "wamid.3", "wamid.4"]


def test_the_witness_forgets_the_oldest_and_counts_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.witness.MOST_REQUESTS", 2)
    witness = Witness(lambda _: None)
    for key in ("a", "b", "b"):
        seen = witness.arrived(Channel.WHATSAPP, key, "34600111222", NOW)
        witness.settle(seen, Outcome.ACCEPTED, status=200)
    assert witness.find("a") == []
    assert tally(witness.find()) == {"b": {"seen": 2, "taken": 2}}


def test_two_addresses_become_one_person_whoever_came_first() -> None:
    book = PhoneBook()
    by_mail = book.at(Channel.EMAIL, "marta@example.com", "Marta")
    by_phone = book.at(Channel.WHATSAPP, "34600111222")
    one = book.introduce("", {Channel.WHATSAPP: "+34 600 111 222", Channel.EMAIL: "Marta@Example.com"})
    assert one.id == by_phone.id != by_mail.id
    assert (one.name, one.addresses) == (
        "Marta",
        {Channel.WHATSAPP: "34600111222", Channel.EMAIL: "marta@example.com"},
    )
    assert book.behind("marta@example.com") == book.behind("34600111222") == one
    assert book.all() == [one]


def test_a_number_is_one_person_by_whatsapp_and_by_sms() -> None:
    book = PhoneBook()
    by_whatsapp = book.at(Channel.WHATSAPP, "34600111222", "Marta")
    by_sms = book.at(Channel.SMS, "34600111222")
    assert by_sms.id == by_whatsapp.id
    assert by_sms.addresses == {Channel.WHATSAPP: "34600111222", Channel.SMS: "34600111222"}
    assert book.all() == [by_sms]


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("+34 600-111.222", "34600111222"),
        ("Marta@Example.com", "marta@example.com"),
        ("U0MARTA01", "U0MARTA01"),
        ("19:AbC@thread.v2", "19:AbC@thread.v2"),
        ("user:7", "user:7"),
        ("https://erp.example.com/Hook", "https://erp.example.com/Hook"),
    ],
)
def test_an_address_has_one_spelling(written: str, address: str) -> None:
    assert any_address(written) == address


@pytest.mark.parametrize(
    ("url", "kind"), [("https://a.example/hook/slow", "slow"), ("https://slow.example/", None), ("user:slow", None)]
)
def test_a_url_asks_for_a_fault_by_its_last_step(url: str, kind: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.faults.KINDS", {Channel.CALLBACK: {"slow": Script("slow")}})
    assert magic_kind(Channel.CALLBACK, url) == kind


def test_the_oldest_documents_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.files.MOST_BYTES", 5)
    book = FileBook()
    first, second = book.keep("a b.pdf", "application/pdf", b"1234"), book.keep("c", "text/html", b"56")
    assert book.get(first.url.split("/")[2]) is None
    assert book.get(second.url.split("/")[2]) == File("c", "text/html", b"56")
    assert (first.url.split("/")[3], first.size) == ("a%20b.pdf", 4)


def test_people_come_before_machines_in_the_list() -> None:
    person = Person("0" * 12, "Marta", {Channel.SMS: "34600111222"})
    machine = Person("1" * 12, "", {Channel.CALLBACK: "https://erp.example.com/hook"})
    older, newer = message(1), message(2, at=NOW + timedelta(hours=1))
    cards = [Card(machine, newer, 0), Card(person, older, 0), Card(person, newer, 0)]
    assert sorted(cards, key=lambda card: card.rank) == [cards[2], cards[1], cards[0]]
    assert machine.title == "erp.example.com"


def test_a_journal_cut_off_by_a_crash_gives_back_the_whole_lines(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal")
    journal.start_over(iter(()))
    journal.write(message(text="ñ\nline"))
    journal.write(Seen(7, Channel.EMAIL, "<k@x>", "a@b", NOW, Outcome.DROPPED, reasons=("r",)))
    journal.close()
    with (tmp_path / "journal").open("a") as file:
        file.write('message {"id": "wamid.2", "cha')

    assert list(Journal(tmp_path / "journal").replay()) == [
        message(text="ñ\nline"),
        Seen(7, Channel.EMAIL, "<k@x>", "a@b", NOW, Outcome.DROPPED, reasons=("r",)),
    ]
    assert (tmp_path / "journal").stat().st_mode & 0o077 == 0


# --- words


def test_a_template_by_position_takes_its_values_in_order() -> None:
    body = {
        "type": "BODY",
        "text": "Order {{1}} of {{2}} is on its way, see you then.",
        "example": {"body_text": [["a", "b"]]},
    }
    template = template_from({"name": "t", "language": "en", "category": "UTILITY", "components": [body]})
    values = [{"type": "text", "text": "S1"}, {"type": "text", "text": "{{1}} {{evil}}"}]
    assert (
        fill(template, [{"type": "body", "parameters": values}]).text
        == "Order S1 of {{1}} {{evil}} is on its way, see you then."
    )


@given(st.text(max_size=200))
def test_a_chat_message_is_never_anything_but_text_with_our_own_marks(text: str) -> None:
    markup = str(chat_markup(text))
    for ours in ("<strong>", "</strong>", "<em>", "</em>", "<s>", "</s>", "<code>", "</code>", "</a>"):
        markup = markup.replace(ours, "")
    assert "<" not in markup.replace('<a href="', "")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*bold* _it_ ~gone~ ```code```", "<strong>bold</strong> <em>it</em> <s>gone</s> <code>code</code>"),
        ("2*3*4 a_b_c", "2*3*4 a_b_c"),
        ("<b>&", "&lt;b&gt;&amp;"),
        ("see https://a.example/x_y_z?q=1&r=*2*.", None),
    ],
)
def test_chat_marks_are_whatsapps(text: str, html: str | None) -> None:
    link = "https://a.example/x_y_z?q=1&amp;r=*2*"
    expected = html or f'see <a href="{link}" target="_blank" rel="noopener noreferrer">{link}</a>.'
    assert chat_markup(text) == expected


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", " https://a", "JAVASCRIPT:x", "file:///etc", ""]
)
def test_a_button_opens_the_web_and_nothing_else(url: str) -> None:
    assert not openable(url)
    assert openable("https://a.example")


@pytest.mark.parametrize("path", ["//evil.example", "https://evil.example", "/\\evil.example", "evil", "/a\r\nX: y"])
def test_the_way_back_never_leads_elsewhere(path: str) -> None:
    assert way_back({"next": path}) == "/"
    assert way_back({"next": "/people/0123456789ab?view=email"}) == "/people/0123456789ab?view=email"


@given(st.text(max_size=50))
def test_a_webhook_is_ascii_and_still_the_same_json(text: str) -> None:
    body = meta_body("1", [{"value": text}])
    assert body.isascii()
    assert json.loads(body)["entry"][0]["changes"] == [{"value": text}]
    assert b"/" not in body.replace(b"\\/", b"")


def test_an_id_looks_like_metas_and_is_never_the_same() -> None:
    ids = {new_wamid("34600111222") for _ in range(100)}
    assert len(ids) == 100
    assert all(b"34600111222" in base64.b64decode(one.removeprefix("wamid.")) for one in ids)


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*bold* _it_ ~gone~ `code`", "<strong>bold</strong> <em>it</em> <s>gone</s> <code>code</code>"),
        ("Cables &amp; M&lt;ás&gt;", "Cables &amp; M&lt;ás&gt;"),
        (
            "see <https://a.example/x?y=1&amp;z=2|the order>",
            'see <a href="https://a.example/x?y=1&amp;z=2" target="_blank" rel="noopener noreferrer">the order</a>',
        ),
        ("<javascript:alert(1)|click>", "click"),
        ("ask <@U012|ana> in <#C3|ops>, <!here>", None),
        (":warning: 12:30:45 :nosuch:", "⚠️ 12:30:45 :nosuch:"),
    ],
)
def test_slacks_marks_are_slacks(text: str, html: str | None) -> None:
    mentions = [f'<span class="mention">{name}</span>' for name in ("@ana", "#ops", "@here")]
    assert mrkdwn(text) == (html or f"ask {mentions[0]} in {mentions[1]}, {mentions[2]}")


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("**bold** *it* _it_", "<strong>bold</strong> <em>it</em> <em>it</em>"),
        (r"WH\_Main \*no\* \<b\>", "WH_Main *no* &lt;b&gt;"),
        ("- one\n- two", "• one\n• two"),
        (
            r"[a \[b\]](https://a.example)",
            '<a href="https://a.example" target="_blank" rel="noopener noreferrer">a [b]</a>',
        ),
        ("[click](javascript:alert(1))", "[click](javascript:alert(1))"),
        ("[b](https://a.example)", '<a href="https://a.example" target="_blank" rel="noopener noreferrer">b</a>'),
    ],
)
def test_a_cards_marks_are_those_of_a_text_block(text: str, html: str) -> None:
    assert card_markdown(text) == html


@pytest.mark.parametrize("channel", Channel)
@given(text=st.text(alphabet=st.sampled_from("<>&\"'@#!|[]()*_~`\\:/.ahtps -\n\ue03c"), max_size=60))
def test_no_text_on_any_channel_becomes_a_tag_of_its_own(channel: Channel, text: str) -> None:
    markup = re.sub(
        r'<a href="(https?://|tel:)[^"<>]*" target="_blank" rel="noopener noreferrer">', "", dressed(text, channel)
    )
    ours = r"</?(strong|em|s|code)>|</a>|<span class=\"mention\">|</span>"
    assert re.search("[<>]", re.sub(ours, "", markup)) is None


def test_json_is_shown_whole_and_inert() -> None:
    shown = json_markup({"a": ["<script>", 1.5, None, True], "b": 'x"y'})
    assert "<script>" not in shown
    assert json.loads(Markup(shown).striptags()) == {"a": ["<script>", 1.5, None, True], "b": 'x"y'}


# --- the environment


@pytest.mark.parametrize("url", ["smtp://localhost:25", "smtp://127.0.0.1:8025", "smtp://[::1]:25", ""])
def test_a_mail_server_on_this_machine_is_no_live_sender(url: str) -> None:
    assert read({"SANDBOX_SECRET": "x", "SMTP_URL": url}).port == 8090


@pytest.mark.parametrize(
    "url", ["smtp://mail.example.com", "smtps://10.0.0.1", "smtp://u:p@0.0.0.0", "nonsense", "smtp://["]
)
def test_any_other_mail_server_is_one(url: str) -> None:
    with pytest.raises(Misconfigured, match="SMTP_URL"):
        read({"SANDBOX_SECRET": "x", "SMTP_URL": url})


# --- the documentation


def test_the_documentation_has_every_recipient_that_always_fails() -> None:
    words = (ROOT / "docs" / "sandbox.md").read_text()
    rows = [f"| `{ending}` | `{kind}` | {WHATSAPP[kind].title}" for ending, kind in ENDINGS[Channel.WHATSAPP].items()]
    rows += [f"| `{kind.replace('_', '-')}@` | `{kind}` | {script.title}" for kind, script in EMAIL.items()]
    assert [row for row in rows if row not in words] == []
