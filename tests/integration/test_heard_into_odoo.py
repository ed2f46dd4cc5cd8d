"""From what somebody says on a channel to what Odoo shows of it: the right record, the right name, the right Odoo."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from functools import partial
from typing import Any

import pytest

from postroom.cli.outbox_words import written_words
from postroom.domain.channels import ChannelEvent, ChannelName, EventKind
from postroom.domain.into_odoo import IntoOdoo, Replies
from postroom.domain.messages import Urgency
from postroom.domain.safety import Mode, Wire
from postroom.odoo.access import Access
from postroom.odoo.connecting import connect
from postroom.store.ids import new_id
from postroom.store.inbox import NewChannelEvent, keep_channel_events
from postroom.store.safety import set_mode
from postroom.store.story import tell_one
from scheduler import ticker
from tests.builders import SEALER, StubChannel, keep, legs, query, reminder
from tests.integration.small_odoo import SmallOdoo, running
from workers.erp import Erp
from workers.tasks import deliver, observe, route, write_back
from workers.tasks.note_status import Wishes
from workers.wiring import Rooms

WHATSAPP, EMAIL, SMS = ChannelName.WHATSAPP, ChannelName.EMAIL, ChannelName.SMS
MARTA = "+34600111222"


@pytest.fixture
def stand_in() -> SmallOdoo:
    return SmallOdoo()


@pytest.fixture
def real() -> SmallOdoo:
    return SmallOdoo()


@pytest.fixture
def make(make_rooms: Callable[..., Rooms], stand_in: SmallOdoo, real: SmallOdoo) -> Iterator[Callable[..., Rooms]]:
    with running(stand_in) as sandbox, running(real) as live:

        def build(**terms: Any) -> Rooms:
            erp = Erp({Wire.SANDBOX: partial(_connect, sandbox), Wire.LIVE: partial(_connect, live)})
            rooms = make_rooms(*(StubChannel(name) for name in (WHATSAPP, EMAIL, SMS)), erp=erp)
            companies = rooms.book.companies
            practice = replace(companies.default, odoo=IntoOdoo(project="Customer care", **terms))
            return replace(rooms, book=replace(rooms.book, companies=replace(companies, default=practice)))

        yield build


def _connect(url: str) -> Any:
    return connect(Access(url, "db", "postroom", "key", version="17", answer_timeout=2.0))


@pytest.fixture
def rooms(make: Callable[..., Rooms]) -> Rooms:
    return make()


def remind(rooms: Rooms, odoo: SmallOdoo, number: int = 88) -> None:
    """Marta is reminded of an invoice that Odoo has."""
    odoo.invoice(number)
    keep(rooms.engine, reminder(number, partner_id=42, phone=MARTA, email="marta@example.com"))
    route.drain(rooms)
    for lane in Urgency:
        deliver.drain(rooms, WHATSAPP, lane)


def says(rooms: Rooms, kind: EventKind, wire: Wire = Wire.SANDBOX, body: bytes = b"", **fields: Any) -> None:
    """Somebody says something by a channel, believed by the secret of a wire."""
    channel = fields.pop("channel", WHATSAPP)
    event = ChannelEvent(kind, str(new_id()), channel, "stub", datetime.now(UTC), **fields)
    request_id = new_id()
    blind = SEALER.blind(channel, event.address) if event.address else None
    query(
        rooms.engine,
        "insert into request (id, source, sha256, headers, body, state)"
        " values (:id, 'meta', :sha, :headers, :body, 'parsed')",
        id=request_id,
        sha=request_id.bytes,
        headers=SEALER.seal_json({"x-postroom-wire": wire.value}, "request.headers"),
        body=SEALER.seal(body, "request.body"),
    )
    with rooms.engine.begin() as connection:
        new = NewChannelEvent(request_id, f"{channel}:stub", event.key, kind.value, event.to_json(), blind)
        keep_channel_events(connection, SEALER, [new])
    observe.drain(rooms)
    write_back.drain(rooms)


def go_live(rooms: Rooms, mode: Mode = Mode.LIVE) -> None:
    with rooms.engine.begin() as connection:
        set_mode(connection, "1", ChannelName.ODOO, mode)


def test_a_reply_stands_on_its_invoice_in_the_customers_name_with_its_line_breaks_and_nothing_else(
    rooms: Rooms, stand_in: SmallOdoo
) -> None:
    remind(rooms, stand_in)
    says(rooms, EventKind.REPLIED, text="I <b>paid</b>\nyesterday & today", address=MARTA)

    [row] = stand_in.all("mail.message")
    assert (row["model"], row["res_id"], row["author_id"][0]) == ("account.move", 88, 42)
    assert row["body"].startswith("<p>I &lt;b&gt;paid&lt;/b&gt;<br>yesterday &amp; today</p>")
    assert row["subtype_id"][1] == "mail.mt_comment"


@pytest.mark.parametrize(("mode", "written"), [(Mode.LIVE, 1), (Mode.SHADOW, 0)])
def test_what_is_said_in_the_sandbox_never_reaches_the_real_odoo_nor_the_other_way_round(
    mode: Mode, written: int, rooms: Rooms, stand_in: SmallOdoo, real: SmallOdoo
) -> None:
    go_live(rooms, mode)
    remind(rooms, stand_in)
    real.invoice(88)

    says(rooms, EventKind.REPLIED, text="in the sandbox", address=MARTA)
    assert (len(stand_in.all("mail.message")), len(real.all("mail.message"))) == (1, 0)

    says(rooms, EventKind.REPLIED, Wire.LIVE, text="for real", address=MARTA)
    assert (len(stand_in.all("mail.message")), len(real.all("mail.message"))) == (1, written)


def test_stop_and_start_move_the_number_on_and_off_odoos_own_list(rooms: Rooms, stand_in: SmallOdoo) -> None:
    remind(rooms, stand_in)
    for kind, listed in ((EventKind.OPTED_OUT, True), (EventKind.OPTED_IN, False), (EventKind.OPTED_OUT, True)):
        says(rooms, kind, text="STOP", address=MARTA)
        assert [(row["number"], row["active"]) for row in stand_in.all("phone.blacklist")] == [(MARTA, listed)]
    assert stand_in.all("mail.message") == []


def test_an_opt_out_by_mail_is_taken_up_again_after_it_was_taken_back(rooms: Rooms, stand_in: SmallOdoo) -> None:
    remind(rooms, stand_in)
    for kind in (EventKind.OPTED_OUT, EventKind.OPTED_IN, EventKind.OPTED_OUT):
        says(rooms, kind, channel=EMAIL, text="stop", address="Marta@example.com")
    assert [(row["email"], row["active"]) for row in stand_in.all("mail.blacklist")] == [("marta@example.com", True)]


def test_who_asks_to_be_contacted_twice_makes_one_activity_for_who_is_responsible(
    rooms: Rooms, stand_in: SmallOdoo
) -> None:
    remind(rooms, stand_in)
    for _ in range(2):
        says(rooms, EventKind.PRESSED, text="Contact Us", payload="contact_us", address=MARTA)

    [activity] = stand_in.all("mail.activity")
    assert (activity["res_id"], activity["user_id"][0]) == (88, 7)
    assert "asks to be contacted (WhatsApp)" in activity["summary"]
    assert len(stand_in.all("mail.message")) == 2


@pytest.mark.parametrize("word", ["approve", "reject", "acknowledge", "agree", "hold"])
def test_a_decision_is_not_told_a_second_time_in_the_chatter(rooms: Rooms, stand_in: SmallOdoo, word: str) -> None:
    remind(rooms, stand_in)
    says(rooms, EventKind.PRESSED, text=word.capitalize(), payload=word, address=MARTA)
    assert stand_in.all("mail.message") == []


def test_a_strangers_words_become_a_task_and_his_further_words_go_below_it(rooms: Rooms, stand_in: SmallOdoo) -> None:
    for words in ("Do you sell cables?", "3 metres"):
        says(rooms, EventKind.REPLIED, text=words, address="+34699000111")
    says(rooms, EventKind.REPLIED, text="Hello", address="+34699000222")

    first, second = stand_in.all("project.task")
    assert first["name"] == "WhatsApp from +34699000111: Do you sell cables?"
    assert "+34699000111 wrote by WhatsApp" in first["description"]
    [further] = stand_in.all("mail.message")
    assert (further["model"], further["res_id"]) == ("project.task", first["id"])
    assert second["name"].endswith("Hello")


def test_a_mails_files_come_with_it_and_what_is_too_large_is_named(rooms: Rooms, stand_in: SmallOdoo) -> None:
    remind(rooms, stand_in)
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "marta@example.com", "Re: invoice"
    mail.set_content("Here is the proof.")
    mail.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="../proof é.pdf")
    mail.add_attachment(b"", maintype="application", subtype="zip", filename="empty.zip")
    answered = {"channel": EMAIL, "text": "Here is the proof.", "address": "marta@example.com"}
    stand_in.rows["res.partner"][42]["email_normalized"] = "marta@example.com"
    attempt = query(rooms.engine, "select id from attempt")[0].id
    says(rooms, EventKind.REPLIED, body=mail.as_bytes(), attempt_id=attempt, **answered)

    [attachment] = stand_in.all("ir.attachment")
    assert (attachment["name"], attachment["res_id"]) == ("proof é.pdf", 88)
    [row] = stand_in.all("mail.message")
    assert row["attachment_ids"] == [attachment["id"]]
    assert "Not carried over: empty.zip (it is empty)" in row["body"]


def test_a_mail_that_was_forwarded_is_not_answered_in_the_customers_name(rooms: Rooms, stand_in: SmallOdoo) -> None:
    remind(rooms, stand_in)
    attempt = query(rooms.engine, "select id from attempt")[0].id
    says(rooms, EventKind.REPLIED, channel=EMAIL, text="Not mine", address="bob@example.com", attempt_id=attempt)

    [row] = stand_in.all("mail.message")
    assert (row["author_id"][0], row["subtype_id"][1]) == (2, "mail.mt_note")
    assert "bob@example.com wrote by email" in row["body"]


def test_replies_can_be_notes_for_colleagues_or_stay_with_us(make: Callable[..., Rooms], stand_in: SmallOdoo) -> None:
    rooms = make(replies=Replies.NOTE)
    remind(rooms, stand_in)
    says(rooms, EventKind.REPLIED, text="hm", address=MARTA)
    assert [row["subtype_id"][1] for row in stand_in.all("mail.message")] == ["mail.mt_note"]

    silent = make(replies=Replies.NONE, opt_outs=False, contact_requests=False)
    says(silent, EventKind.REPLIED, text="hm", address=MARTA)
    says(silent, EventKind.PRESSED, text="Contact", payload="contact_us", address=MARTA)
    says(silent, EventKind.OPTED_OUT, text="stop", address=MARTA)
    assert len(stand_in.all("mail.message")) == 1
    assert (stand_in.all("mail.activity"), stand_in.all("phone.blacklist")) == ([], [])


def test_how_a_message_fares_is_one_note_that_moves_on(make: Callable[..., Rooms], stand_in: SmallOdoo) -> None:
    rooms = make(status=True)
    Wishes().say(rooms)
    remind(rooms, stand_in)
    ticker.relay_status(rooms)
    write_back.drain(rooms)
    [note] = stand_in.all("mail.message")
    assert "Payment reminder by WhatsApp: sent" in note["body"]

    [leg] = legs(rooms.engine)
    says(rooms, EventKind.DELIVERED, provider_id=leg.provider_id)
    ticker.relay_status(rooms)
    write_back.drain(rooms)
    [note] = stand_in.all("mail.message")
    assert "Payment reminder by WhatsApp: delivered" in note["body"]


def test_the_story_of_a_message_tells_what_was_written_into_odoo_for_it(rooms: Rooms, stand_in: SmallOdoo) -> None:
    remind(rooms, stand_in)
    says(rooms, EventKind.REPLIED, text="paid", address=MARTA)

    event_id = query(rooms.engine, "select event_id from intent")[0].event_id
    with rooms.engine.connect() as connection:
        [leg] = tell_one(connection, SEALER, event_id).legs
    assert [written_words(each) for each in leg.written] == ["done; message 1 on account.move:88; in the sandbox"]
