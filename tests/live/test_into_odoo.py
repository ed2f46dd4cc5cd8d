"""What people answer stands in Odoo, once, by a user who may change nothing there."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from postroom.domain.channels import ChannelName
from postroom.domain.enclosures import Document, Enclosed
from postroom.domain.heard import Heard
from postroom.domain.safety import Wire
from postroom.domain.writings import DONE, Ending, Kind, Writing
from postroom.odoo.client import Odoo
from postroom.odoo.writing import activity, blacklist, chatter, status, ticket
from tests.live.place import needs, newest
from tests.live.sheet import Sheet

WORDS = "I paid <b>yesterday</b> & twice.\nPlease look."
FILE = Document("receipt.txt", "text/plain", b"paid")
RECORDS = ("account.move", "sale.order", "purchase.order", "stock.picking", "hr.leave", "hr.expense")


@pytest.fixture
def heard(erp: Odoo) -> Heard:
    """What a customer said, with an id of its own."""
    customer = newest(erp, "res.partner", [["email", "!=", False], ["is_company", "=", True]], ["email", "name"])
    return Heard(
        inbox_id=str(uuid4()),
        conversation=str(uuid4()),
        channel=ChannelName.EMAIL,
        at=datetime.now(UTC),
        words=WORDS,
        address=str(customer["email"]),
        name=str(customer["name"]),
        partner=str(customer["id"]),
    )


def writing(kind: Kind, subject: str, payload: dict[str, Any]) -> Writing:
    return Writing("1", Wire.LIVE, kind, f"{kind}:{uuid4()}", subject, payload)


@pytest.mark.parametrize("model", RECORDS)
def test_a_reply_stands_in_the_chatter(erp: Odoo, sheet: Sheet, heard: Heard, model: str) -> None:
    needs(erp, model)
    subject = f"{model}:{newest(erp, model, [])['id']}"
    one = writing(Kind.CHATTER, subject, heard.to_json())
    first = chatter.write(erp, one, Enclosed((FILE,)))
    sheet.add(f"chatter.write, with {FILE.name}", first.result, _said(erp, heard))
    again = chatter.write(erp, one, Enclosed((FILE,)))
    sheet.add("the same again", again.result, f"{erp.count('mail.message', _by(heard))} message")
    assert (first.state, first.result) == (DONE, again.result)
    (message,) = erp.search_read("mail.message", _by(heard), ["body", "author_id", "attachment_ids"])
    assert "&lt;b&gt;yesterday&lt;/b&gt; &amp; twice." in message["body"]
    assert message["author_id"][0] == int(heard.partner)
    assert [row["name"] for row in erp.read("ir.attachment", message["attachment_ids"], ["name"])] == [FILE.name]


def _by(heard: Heard) -> list[Any]:
    return [["message_id", "=", heard.reference]]


def _said(erp: Odoo, heard: Heard) -> str:
    (row,) = erp.search_read("mail.message", _by(heard), ["model", "res_id", "author_id", "attachment_ids", "body"])
    files = len(row["attachment_ids"])
    where = f"{row['model']}:{row['res_id']}"
    return f"mail.message:{row['id']} on {where} by {row['author_id'][1]}, {files} file: {row['body']}"


def test_the_document_itself_is_not_changed_by_it(erp: Odoo, sheet: Sheet, heard: Heard) -> None:
    needs(erp, "sale.order")
    order = newest(erp, "sale.order", [["state", "=", "sent"]])["id"]
    before = _followers(erp, order)
    chatter.write(erp, writing(Kind.CHATTER, f"sale.order:{order}", heard.to_json()), Enclosed())
    sheet.add("chatter.write", f"followers before {before}", f"followers after {_followers(erp, order)}")
    assert len(_followers(erp, order) - before) <= 1  # whose words they are may follow; we do not stay


def _followers(erp: Odoo, order: int) -> set[int]:
    (row,) = erp.read("sale.order", [order], ["message_follower_ids"])
    return set(row["message_follower_ids"])


@pytest.mark.parametrize(("model", "responsible"), [("account.move", "invoice_user_id"), ("sale.order", "user_id")])
def test_somebody_is_told_to_call(erp: Odoo, sheet: Sheet, heard: Heard, model: str, responsible: str) -> None:
    needs(erp, model)
    record = newest(erp, model, [[responsible, "!=", False]])["id"]
    pressed = replace(heard, pressed=True, words="Contact me")
    one = writing(Kind.ACTIVITY, f"{model}:{record}", pressed.to_json())
    first = activity.write(erp, one)
    again = activity.write(erp, one)
    sheet.add("activity.write, twice", first.result, again.result or "")
    assert (first.state, first.result) == (DONE, again.result)


def test_words_that_belong_nowhere_become_a_ticket(erp: Odoo, sheet: Sheet, heard: Heard) -> None:
    needs(erp, "project.task", "project.project")
    project = newest(erp, "project.project", [])["display_name"]
    lost = replace(heard, project=project)
    first = ticket.write(erp, writing(Kind.TICKET, "", lost.to_json()), Enclosed((FILE,)))
    sheet.add("ticket.write", first.result, _task(erp, first))
    further = replace(lost, inbox_id=str(uuid4()), words="And once more.")
    second = ticket.write(erp, writing(Kind.TICKET, "", further.to_json()), Enclosed())
    sheet.add("a further word of the same person", second.result, _task(erp, first))
    assert first.state == second.state == DONE
    assert first.result
    assert second.result
    assert first.result["record"] == second.result["record"]


def _task(erp: Odoo, ending: Ending) -> str:
    assert ending.result
    model, _, number = str(ending.result["record"]).partition(":")
    (row,) = erp.read(model, [int(number)], ["display_name", "message_ids"])
    return f"{model}:{number} {row['display_name']}, {len(row['message_ids'])} messages"


def test_a_messages_state_is_told_once_and_moves_on(erp: Odoo, sheet: Sheet) -> None:
    """By the add-on's list where it is installed, else as one note."""
    needs(erp, "account.move")
    subject = f"account.move:{newest(erp, 'account.move', [['state', '=', 'posted']])['id']}"
    told = {"message_id": str(uuid4()), "message_type": "payment_reminder", "channel": "whatsapp", "reason": ""}
    endings = []
    for state in ("sent", "delivered", "read"):
        payload = {**told, "state": state, "at": datetime.now(UTC).isoformat(), "words": f"Live test: {state}"}
        ending = status.write(erp, writing(Kind.STATUS, subject, payload))
        sheet.add(f"status.write {state}", ending.state, ending.result or "")
        endings.append(ending.result or {})
    assert [each["state"] for each in endings] == ["sent", "delivered", "read"]
    assert len({each.get("message") for each in endings}) == 1


@pytest.fixture
def forgotten(erp: Odoo) -> Iterator[Callable[[str, str], None]]:
    """Takes what a test has listed off the list again."""
    listed: list[tuple[str, str]] = []
    yield lambda *which: listed.append(which)
    for name, address in listed:
        wanted = {"list": name, "address": address, "listed": False}
        blacklist.write(erp, writing(Kind.BLACKLIST, "", wanted))


@pytest.mark.parametrize(
    ("name", "model", "field", "address"),
    [
        ("phone", "phone.blacklist", "number", "+34600555444"),
        ("email", "mail.blacklist", "email", "live.test@example.com"),
    ],
    ids=["phone", "email"],
)
def test_who_said_stop_is_on_odoos_list(
    erp: Odoo, sheet: Sheet, forgotten: Callable[..., None], name: str, model: str, field: str, address: str
) -> None:
    needs(erp, model)
    forgotten(name, address)
    for wanted in (True, True, False, True):
        payload = {"list": name, "address": address, "listed": wanted}
        ending = blacklist.write(erp, writing(Kind.BLACKLIST, "", payload))
        rows = erp.search_read(model, [[field, "=", address], ["active", "in", [True, False]]], ["active"])
        sheet.add(f"blacklist.write {name}, listed={wanted}", ending.state, f"{model} {rows}")
        assert ending.state == DONE
        assert [row["active"] for row in rows] == [wanted]
