"""Somebody opens a document from a message: what he meets, what Odoo is asked, and what is noted of it."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from postroom.domain.channels import ChannelName
from postroom.domain.links import Links, Opening, Purpose
from postroom.domain.messages import Urgency
from postroom.domain.safety import Wire
from postroom.odoo.client import Odoo
from postroom.odoo.connecting import connect
from postroom.odoo.patience import Patience
from postroom.store.ids import new_id
from postroom.store.inbox import Unavailable
from tests.books import PAID, Books, invoice, running_books
from tests.builders import SEALER, StubChannel, keep, legs, query, reminder
from tests.contract.door.senders import Recorder, door_over
from webhooks import documents as module
from webhooks.app import create_app
from webhooks.documents import LOOKED_UP_AT_ONCE, DocumentDesk, StoreMemory
from workers.documents import Documents, Library
from workers.tasks import deliver, route
from workers.wiring import Rooms

PHONE = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Safari"}
LINKS = Links("link-secret-for-tests", "https://post.example.com")


@pytest.fixture
def books() -> Iterator[Books]:
    with running_books(invoice(88)) as running:
        yield running


@pytest.fixture
def rooms(make_rooms: Callable[..., Rooms]) -> Rooms:
    return make_rooms(StubChannel(ChannelName.WHATSAPP), StubChannel(ChannelName.EMAIL))


@pytest.fixture
def desk(rooms: Rooms, books: Books) -> DocumentDesk:
    odoo = cache(lambda: connect(books.access))
    return DocumentDesk(
        links=LINKS,
        memory=StoreMemory(rooms.engine, SEALER),
        odoo_at=lambda wire: odoo() if wire is Wire.SANDBOX else None,
        portals={Wire.SANDBOX: books.url},
        name_of=lambda company: None,
        patience=Patience(LOOKED_UP_AT_ONCE),
    )


def client_of(desk: DocumentDesk) -> FlaskClient:
    return create_app(replace(door_over(None, Recorder(), None), document_desk=desk)).test_client()


@pytest.fixture
def client(desk: DocumentDesk) -> FlaskClient:
    return client_of(desk)


def written(rooms: Rooms, *, leaves: bool = True, language: str = "es_ES", **changes: Any) -> dict[str, str]:
    """A reminder about invoice 88 goes by email; where its two buttons lead, as paths."""
    event = reminder(88, phone=None, language=language)
    event["data"]["invoice"].update(changes)
    event["data"]["invoice"] = {name: value for name, value in event["data"]["invoice"].items() if value}
    keep(rooms.engine, event)
    route.drain(rooms)
    if leaves:
        for lane in Urgency:
            deliver.drain(rooms, ChannelName.EMAIL, lane)
    leg = legs(rooms.engine)[-1]
    content = SEALER.open_json(leg.content, "message_log.content")
    pay, view = (button["url"].removeprefix("https://post.example.com") for button in content["buttons"][:2])
    return {"pay": pay, "view": view}


def clicks(rooms: Rooms) -> list[str]:
    return [
        row.detail for row in query(rooms.engine, "select detail from message_event where what = 'clicked' order by at")
    ]


def opened(client: FlaskClient, path: str, **options: Any) -> TestResponse:
    return client.get(path, headers=PHONE, **options)


# What is met ----------------------------------------------------------------------------------------------------------


def test_an_open_invoice_leads_to_the_portal_on_the_host_that_its_event_names(
    client: FlaskClient, rooms: Rooms
) -> None:
    answer = opened(client, written(rooms)["view"])
    assert answer.status_code == 303
    assert answer.headers["Location"] == "https://erp.example.com/my/invoices/88?access_token=t0k3n"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_paying_leads_to_a_payment_link_where_odoo_makes_one_and_to_the_portal_where_not(
    client: FlaskClient, rooms: Rooms, books: Books
) -> None:
    pay = written(rooms)["pay"]
    assert (
        opened(client, pay).headers["Location"].endswith("/my/invoices/88?access_token=t0k3n&payment=True#portal_pay")
    )
    books.payment_links = False
    assert opened(client, pay).headers["Location"] == "https://erp.example.com/my/invoices/88?access_token=t0k3n"


@pytest.mark.parametrize("base", ["https://shop.acme.example", None])
def test_without_an_address_in_the_event_the_host_is_odoos_own(
    client: FlaskClient, rooms: Rooms, books: Books, base: str | None
) -> None:
    books.base_url = base
    answer = opened(client, written(rooms, portal_url=None)["view"])
    assert answer.headers["Location"] == f"{base or books.url}/my/invoices/88?access_token=t0k3n"


@pytest.mark.parametrize(
    ("language", "title", "lead"),
    [
        ("es_ES", "Pagado, gracias", "INV/2026/00088 está pagado: 1.250,00\xa0€."),
        ("de_DE", "Bezahlt, danke", "21. November 2026"),
        ("en_US", "Paid, thank you", "€1,250.00"),
        ("fr_FR", "Payé, merci", "21 novembre 2026"),
    ],
)
def test_a_paid_invoice_says_so_in_the_readers_language_with_its_amount_day_and_pdf(
    client: FlaskClient, rooms: Rooms, books: Books, language: str, title: str, lead: str
) -> None:
    paths = written(rooms, language=language)
    books.invoices[88].update(PAID)
    for path in paths.values():
        answer = opened(client, path)
        assert answer.status_code == 200
        assert title in answer.text
        assert lead in answer.text
        assert "Acme Iberia SL" in answer.text
        assert "/my/invoices/88?access_token=t0k3n&amp;report_type=pdf&amp;download=true" in answer.text
        assert f'lang="{language[:2]}"' in answer.text


@pytest.mark.parametrize(
    ("fields", "title", "ways"),
    [
        pytest.param({"payment_state": "in_payment"}, "Paid, thank you", 2, id="the bank's statement is to come"),
        pytest.param({"payment_state": "reversed"}, "Credited", 2, id="credited"),
        pytest.param({"state": "cancel"}, "Cancelled", 0, id="cancelled"),
        pytest.param({"state": "cancel", "payment_state": "paid"}, "Cancelled", 0, id="cancelled though once paid"),
        pytest.param({"state": "draft"}, "Being corrected", 0, id="taken back"),
        pytest.param({"state": "draft", "name": False}, "INV/2026/00088", 0, id="taken back, its number gone"),
    ],
)
def test_what_is_no_longer_owed_is_told_and_leads_to_no_payment(
    client: FlaskClient, rooms: Rooms, books: Books, fields: dict[str, Any], title: str, ways: int
) -> None:
    path = written(rooms, language="en_US")["pay"]
    books.invoices[88].update(fields)
    answer = opened(client, path)
    assert (answer.status_code, answer.text.count('class="way')) == (200, ways)
    assert title in answer.text
    assert "payment=True" not in answer.text


def test_a_partly_paid_invoice_is_open(client: FlaskClient, rooms: Rooms, books: Books) -> None:
    path = written(rooms)["view"]
    books.invoices[88]["payment_state"] = "partial"
    assert opened(client, path).status_code == 303


def test_a_document_that_odoo_no_longer_has_is_said_to_be_gone(client: FlaskClient, rooms: Rooms, books: Books) -> None:
    path = written(rooms, language="en_US")["view"]
    books.invoices.clear()
    answer = opened(client, path)
    assert answer.status_code == 404
    assert "no longer exists" in answer.text


# What opens nothing ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["x", "a" * 39, "../../etc/passwd", "%00"])
def test_a_link_that_we_did_not_make_tells_nothing(client: FlaskClient, books: Books, token: str) -> None:
    answer = opened(client, f"/o/{token}")
    assert answer.status_code == 404
    assert books.asked == []


def test_a_link_whose_message_is_forgotten_is_too_old(client: FlaskClient) -> None:
    answer = opened(client, f"/o/{LINKS.opening_token(Opening(new_id(), Purpose.VIEW))}")
    assert answer.status_code == 410
    assert "too old" in answer.text


def test_without_a_secret_there_is_no_such_room() -> None:
    app = create_app(door_over(None, Recorder(), None))
    assert app.test_client().get(f"/o/{LINKS.opening_token(Opening(new_id(), Purpose.VIEW))}").status_code == 404


# Which Odoo -----------------------------------------------------------------------------------------------------------


def test_a_message_that_left_by_another_wire_never_asks_this_odoo(
    client: FlaskClient, rooms: Rooms, books: Books
) -> None:
    path = written(rooms)["view"]
    query(rooms.engine, "update message_log set wire = 'live'")
    answer = opened(client, path)
    assert answer.headers["Location"] == "https://erp.example.com/my/invoices/88?access_token=t"
    assert books.asked == []


def test_a_message_that_never_left_asks_nobody(client: FlaskClient, rooms: Rooms, books: Books) -> None:
    path = written(rooms, leaves=False)["view"]
    assert opened(client, path).headers["Location"] == "https://erp.example.com/my/invoices/88?access_token=t"
    assert books.asked == []


def test_the_host_of_a_request_is_believed_in_nothing(client: FlaskClient, rooms: Rooms, books: Books) -> None:
    path = written(rooms)["view"]
    answer = opened(client, path, base_url="https://evil.example")
    assert answer.headers["Location"].startswith("https://erp.example.com/")
    books.invoices[88].update(PAID)
    assert "evil.example" not in opened(client, path, base_url="https://evil.example").text


# When Odoo does not answer --------------------------------------------------------------------------------------------


def test_an_odoo_that_is_down_costs_a_page_with_the_events_own_address(
    client: FlaskClient, rooms: Rooms, books: Books
) -> None:
    path = written(rooms, language="en_US")["view"]
    books.status = 502
    answer = opened(client, path)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert "try again" in answer.text
    assert 'href="https://erp.example.com/my/invoices/88?access_token=t"' in answer.text


def test_an_odoo_that_is_slow_is_waited_for_no_longer_and_its_answer_serves_the_next_load(
    client: FlaskClient, rooms: Rooms, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SECONDS", 0.2)
    path = written(rooms)["view"]
    books.answers.clear()
    assert opened(client, path).status_code == 503
    books.answers.set()
    answers, until = [], time.monotonic() + 20
    while 303 not in answers and time.monotonic() < until:
        answers.append(opened(client, f"{path}?open=1").status_code)
    assert answers[-1] == 303
    assert books.asked == ["account.move.read", "account.move.get_portal_url"]


def test_two_look_ups_run_at_once_and_the_others_are_asked_for_a_moment(
    desk: DocumentDesk, rooms: Rooms, books: Books
) -> None:
    paths = list(written(rooms).values())
    more = written_again(rooms)
    books.invoices[88].update(PAID)
    books.answers.clear()
    held = [threading.Thread(target=opened, args=(client_of(desk), path)) for path in paths]
    for thread in held:
        thread.start()
    until = time.monotonic() + 20
    while books.at_once < 2 and time.monotonic() < until:
        time.sleep(0.01)
    asked = list(books.asked)
    answer = opened(client_of(desk), more)
    assert answer.status_code == 503
    assert books.asked == asked
    assert answer.headers["Refresh"] == "3; url=?open=1&look=1"
    assert "Refresh" not in opened(client_of(desk), f"{more}?open=1&look=5").headers
    books.answers.set()
    for thread in held:
        thread.join(10)
    assert books.most_at_once == 2


def written_again(rooms: Rooms) -> str:
    """Another message, about another invoice."""
    event = reminder(89, phone=None)
    keep(rooms.engine, event)
    route.drain(rooms)
    for lane in Urgency:
        deliver.drain(rooms, ChannelName.EMAIL, lane)
    return f"/o/{LINKS.opening_token(Opening(legs(rooms.engine)[-1].id, Purpose.VIEW))}"


def test_a_store_that_is_away_costs_a_page(desk: DocumentDesk, rooms: Rooms) -> None:
    class Away:
        def carried(self, opening: Opening, *, clicked: bool) -> None:
            raise Unavailable("PostgreSQL cannot be reached")

    answer = opened(client_of(replace(desk, memory=Away())), written(rooms)["view"])
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")


def test_settings_that_cannot_be_right_cost_a_page_and_no_fault(desk: DocumentDesk, rooms: Rooms) -> None:
    def misconfigured(_wire: Wire) -> Odoo:
        raise ValueError("Odoo is not configured: ODOO_DB is empty")

    assert opened(client_of(replace(desk, odoo_at=misconfigured)), written(rooms)["view"]).status_code == 503


# What is noted --------------------------------------------------------------------------------------------------------


def test_clicks_are_noted_beside_the_message_by_purpose_the_first_and_how_many(
    client: FlaskClient, rooms: Rooms
) -> None:
    paths = written(rooms)
    opened(client, paths["view"])
    for _ in range(3):
        opened(client, paths["pay"])
    assert clicks(rooms) == ["the document", "to pay, 3 times"]


def test_looking_is_no_click_asks_odoo_nothing_and_shows_no_amount(
    client: FlaskClient, rooms: Rooms, books: Books
) -> None:
    path = written(rooms)["pay"]
    books.invoices[88].update(PAID)
    answers = [
        client.head(path, headers=PHONE),
        client.get(path, headers={"User-Agent": "WhatsApp/2.23"}),
        client.get(path, headers={**PHONE, "Sec-Purpose": "prefetch"}),
    ]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert not any("1.250" in answer.text or "INV/" in answer.text for answer in answers)
    assert clicks(rooms) == []
    assert books.asked == []


def test_somebody_who_was_taken_for_a_program_goes_on_by_himself(client: FlaskClient, rooms: Rooms) -> None:
    path = written(rooms)["view"]
    assert 'href="?open=1"' in client.get(path, headers={"User-Agent": "Headless"}).text
    assert client.get(f"{path}?open=1", headers={"User-Agent": "Headless"}).status_code == 303
    assert clicks(rooms) == ["the document"]


# Its PDF --------------------------------------------------------------------------------------------------------------


def test_the_house_has_one_odoo_for_links_and_documents(rooms: Rooms, books: Books) -> None:
    odoo = connect(books.access)
    library = Library(lambda wire: odoo, {Wire.SANDBOX: books.url})
    with_library = replace(rooms, documents=Documents((), books.url, library))
    event = reminder(88, phone=None)
    event["type"] = "odoo.invoice.posted"
    due = event["data"]["invoice"].pop("amount_due")
    event["data"]["invoice"].pop("portal_url")
    event["data"]["invoice"]["amount_total"] = due
    keep(rooms.engine, event)
    route.drain(with_library)
    for lane in Urgency:
        deliver.drain(with_library, ChannelName.EMAIL, lane)
    email = rooms.channels.at(ChannelName.EMAIL, Wire.SANDBOX)
    assert isinstance(email, StubChannel)
    [(rendered, _, _)] = email.sent
    [pdf] = rendered.attachments
    assert (pdf.name, pdf.record, pdf.content[:5]) == ("INV_2026_00088.pdf", "account.move:88", b"%PDF-")
    assert books.asked == ["account.move.get_portal_url", "GET /my/invoices/88"]
