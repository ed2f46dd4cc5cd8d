"""The page that a person opens from a message: what it shows, what it changes, and whom it tells nothing."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine

from postroom.domain.channels import ChannelName
from postroom.domain.digests import Digest, Planned, Section
from postroom.domain.links import LASTS, Holder, Links
from postroom.domain.messages import Urgency
from postroom.domain.preferences import Choice
from postroom.domain.routing import Needs, Rule, Stage
from postroom.store.contacts import Address, contact_points
from postroom.store.digests import muted_sections, plan_edition, reader_keys
from postroom.store.engine import connect
from postroom.store.inbox import Unavailable
from postroom.store.preferences import NewChoice, choose, history, standing
from tests.boardroom import employ
from tests.builders import SEALER, query
from tests.contract.door.senders import Recorder, door_over
from webhooks.app import create_app
from webhooks.choices import StoreChoices
from webhooks.links import Desk

EMAIL, WHATSAPP, SMS = ChannelName.EMAIL, ChannelName.WHATSAPP, ChannelName.SMS
LINKS = Links("link-secret-for-tests", "https://post.example.com")
MARTA = Holder("1", "partner:42", "es_ES", "order_confirmation", datetime.now(UTC))
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def rule(name: str, *channels: ChannelName, mutable: bool = True) -> Rule:
    stage = Stage(Needs.ANY_OF, channels)
    return Rule(name, "odoo.sale.order_confirmed", stage, (), Urgency.NORMAL, timedelta(days=1), mutable)


RULES = (
    rule("order_confirmation", WHATSAPP, EMAIL),
    rule("delivery_update", WHATSAPP, SMS, EMAIL),
    rule("payment_reminder", WHATSAPP, EMAIL, mutable=False),
)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = connect(database_url)
    with made.begin() as connection:
        contact_points(
            connection,
            SEALER,
            [
                Address("1", "42", EMAIL, "marta@example.com", "Marta"),
                Address("1", "42", WHATSAPP, "+34600111222", "Marta"),
                Address("1", "42", WHATSAPP, "+34600111333", "Marta"),
            ],
        )
    yield made
    made.dispose()


@pytest.fixture
def open_client(engine: Engine) -> Callable[..., FlaskClient]:
    def made(choices: Any = None) -> FlaskClient:
        desk = Desk(LINKS, choices or StoreChoices(engine, RULES), lambda company: "Acme Iberia")
        door = door_over(None, Recorder(), None)
        app = create_app(type(door)(**{name: getattr(door, name) for name in door.__slots__} | {"desk": desk}))
        return app.test_client()

    return made


@pytest.fixture
def client(open_client: Callable[..., FlaskClient]) -> FlaskClient:
    return open_client()


DIGESTS = (
    Digest("sales", {"en": "Sales"}, time(7, 30), (Section.PIPELINE, Section.QUOTATIONS)),
    Digest("finance", {"en": "Finance"}, time(7, 30), (Section.INVOICES,)),
)


@pytest.fixture
def reader(engine: Engine) -> str:
    """User 7 of Odoo, who is partner 107, reads the digest of sales."""
    employ(engine, [7])
    with engine.begin() as connection:
        [key] = reader_keys(connection, "1", "partner:107")
        plan_edition(
            connection, "sales", key, "1", Planned(date(2026, 11, 23), datetime(2026, 11, 23, 6, 30, tzinfo=UTC))
        )
    return key


def sections_of(engine: Engine, reader: str) -> set[str]:
    """What he does without."""
    with engine.connect() as connection:
        return set(muted_sections(connection, [reader]).get(reader, ()))


def test_who_reads_a_digest_leaves_a_section_of_it_out_and_takes_it_back(
    engine: Engine, open_client: Callable[..., FlaskClient], reader: str
) -> None:
    client = open_client(StoreChoices(engine, RULES, DIGESTS))
    page = page_of(Holder("1", "partner:107", "es_ES", "daily_digest", datetime.now(UTC)))

    shown = client.get(page).text
    assert all(title in shown for title in ("En su resumen diario", "Oportunidades", "Presupuestos"))
    assert "Cobros" not in shown  # it is no part of what he reads
    assert sections_of(engine, reader) == set()

    both = {"shown_section": ["pipeline", "quotations", "nonsense"]}
    told = client.post(page, data={**both, "section": ["quotations"]}).text
    assert "«Oportunidades» ya no está en su resumen." in told
    assert sections_of(engine, reader) == {"pipeline"}

    told = client.post(page, data={**both, "section": ["pipeline", "quotations"]}).text
    assert "«Oportunidades» vuelve a estar en su resumen." in told
    assert sections_of(engine, reader) == set()


def test_nobody_leaves_out_what_he_was_not_shown(
    engine: Engine, open_client: Callable[..., FlaskClient], reader: str
) -> None:
    client = open_client(StoreChoices(engine, RULES, DIGESTS))
    client.post(page_of(), data={"shown_section": ["pipeline"]})
    assert "resumen diario" not in client.get(page_of()).text
    assert sections_of(engine, reader) == set()


def page_of(holder: Holder = MARTA) -> str:
    return f"/preferences/{LINKS.token(holder)}"


def boxes(html: str, name: str) -> dict[str, bool]:
    found = re.findall(rf'<input type="checkbox" name="{name}" value="([^"]+)"( checked)?>', html)
    return {value: bool(checked) for value, checked in found}


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def saved(client: FlaskClient, ticked: list[str], ways: list[str], **headers: str) -> str:
    html = client.get(page_of()).text
    form = {"shown": list(boxes(html, "on")), "shown_way": list(boxes(html, "way")), "on": ticked, "way": ways}
    return client.post(page_of(), data=form, headers=headers).text


def test_the_page_shows_what_he_may_mute_in_his_language_and_no_name_or_address(client: FlaskClient) -> None:
    answer = client.get(page_of())
    assert answer.status_code == 200
    assert boxes(answer.text, "on") == {"order_confirmation:email": True, "order_confirmation:whatsapp": True}
    assert boxes(answer.text, "way") == {"email": True, "whatsapp": True}
    assert '<html lang="es">' in answer.text
    assert "Confirmaciones de pedido" in answer.text
    assert "Acme Iberia" in answer.text
    assert not re.search(r"marta|600111|partner|payment_reminder|delivery_update", answer.text.lower())


def test_what_he_was_sent_or_chose_before_is_on_the_page_too(client: FlaskClient, engine: Engine) -> None:
    with engine.begin() as connection:
        choose(connection, "1", "partner:42", [NewChoice("delivery_update", "whatsapp", Choice.OFF)], source="cli")
    assert boxes(client.get(page_of()).text, "on")["delivery_update:whatsapp"] is False


def test_saving_mutes_what_was_unticked_tells_so_and_leaves_the_rest(client: FlaskClient, engine: Engine) -> None:
    html = saved(client, ["order_confirmation:email"], ["email", "whatsapp"])
    assert "Confirmaciones de pedido por WhatsApp: ya no los recibirá." in words(html)
    assert boxes(html, "on") == {"order_confirmation:email": True, "order_confirmation:whatsapp": False}
    with engine.connect() as connection:
        (row,) = history(connection, "1", "partner:42")
    assert (row.message_type, row.channel, row.choice, row.source) == ("order_confirmation", "whatsapp", "off", "link")


def test_saving_what_holds_already_writes_nothing_and_says_so(client: FlaskClient, engine: Engine) -> None:
    html = saved(client, ["order_confirmation:email", "order_confirmation:whatsapp"], ["email", "whatsapp"])
    assert "No ha cambiado nada" in html
    assert query(engine, "select 1 from message_channel_preference union all select 1 from consent") == []


def test_closing_a_way_opts_every_address_of_it_out_and_opening_it_opts_them_in(
    client: FlaskClient, engine: Engine
) -> None:
    both = ["order_confirmation:email", "order_confirmation:whatsapp"]
    assert "WhatsApp: ya no le llegará nada por ahí." in words(saved(client, both, ["email"]))
    consents = query(engine, "select channel, granted, source from consent")
    assert [tuple(row) for row in consents] == [("whatsapp", False, "link")] * 2
    assert "WhatsApp: podemos volver a escribirle" in words(saved(client, both, ["email", "whatsapp"]))
    with engine.connect() as connection:
        assert standing(connection, "1", "partner:42").channels == {EMAIL: True, WHATSAPP: True}


def test_one_button_turns_everything_off_that_can_be(client: FlaskClient) -> None:
    html = client.get(page_of()).text
    form = {"shown": list(boxes(html, "on")), "on": list(boxes(html, "on")), "none": "1", "way": ["email", "whatsapp"]}
    after = client.post(page_of(), data=form).text
    assert not any(boxes(after, "on").values())
    assert all(boxes(after, "way").values())


def test_what_he_was_not_shown_stays_as_it_is(client: FlaskClient, engine: Engine) -> None:
    client.post(page_of(), data={"shown": ["order_confirmation:email"], "on": []})
    with engine.connect() as connection:
        chosen = standing(connection, "1", "partner:42").preferences
    assert chosen.muted("order_confirmation", EMAIL)
    assert not chosen.muted("order_confirmation", WHATSAPP)


@pytest.mark.parametrize(
    "box", ["payment_reminder:email", "payment_reminder:fax", "nonsense", "order_confirmation:slack", ":", ""]
)
def test_a_forged_box_changes_nothing(client: FlaskClient, engine: Engine, box: str) -> None:
    answer = client.post(page_of(), data={"shown": [box], "shown_way": ["teams", "fax"]})
    assert answer.status_code == 200
    assert query(engine, "select 1 from message_channel_preference union all select 1 from consent") == []


def test_looking_changes_nothing_however_often_a_scanner_does(client: FlaskClient, engine: Engine) -> None:
    for _ in range(3):
        client.get(page_of())
        client.head(page_of())
        assert client.get(f"/unsubscribe/{LINKS.token(MARTA)}").headers["Location"] == page_of()
    assert query(engine, "select 1 from message_channel_preference union all select 1 from consent") == []


# One click ------------------------------------------------------------------------------------------------------------


def test_one_click_mutes_that_message_type_on_email_once(client: FlaskClient, engine: Engine) -> None:
    for _ in range(2):
        assert client.post(f"/unsubscribe/{LINKS.token(MARTA)}", data=ONE_CLICK).status_code == 200
    rows = query(engine, "select message_type, channel, choice, source from message_channel_preference")
    assert [tuple(row) for row in rows] == [("order_confirmation", "email", "off", "unsubscribe")]


def test_a_post_that_does_not_say_one_click_changes_nothing(client: FlaskClient, engine: Engine) -> None:
    assert client.post(f"/unsubscribe/{LINKS.token(MARTA)}", data={"x": "y"}).status_code == 200
    assert query(engine, "select 1 from message_channel_preference") == []


def test_what_must_reach_him_is_not_muted_by_one_click_either(client: FlaskClient, engine: Engine) -> None:
    token = LINKS.token(Holder("1", "partner:42", "en", "payment_reminder", datetime.now(UTC)))
    answer = client.post(f"/unsubscribe/{token}", data=ONE_CLICK)
    assert "Nothing was changed" in answer.text
    assert query(engine, "select 1 from message_channel_preference") == []


# Whom it tells nothing ------------------------------------------------------------------------------------------------


def _tampered() -> Iterator[Any]:
    token, other = LINKS.token(MARTA), Links("another-secret", "https://post.example.com")
    body, _, signature = token.partition(".")
    stranger = LINKS.token(Holder("1", "partner:43", "es_ES", "order_confirmation", MARTA.issued)).partition(".")[0]
    yield pytest.param(f"{stranger}.{signature}", id="another person's body")
    yield pytest.param(f"{body}.{'A' * len(signature)}", id="no signature of ours")
    yield pytest.param(body, id="no signature at all")
    yield pytest.param(f"{body}.", id="an empty signature")
    yield pytest.param(other.token(MARTA), id="another house's secret")
    yield pytest.param("x" * 5000, id="far too long")
    yield pytest.param("ключ.ключ", id="not ASCII")
    old = Holder("1", "partner:42", "es_ES", "order_confirmation", datetime.now(UTC) - LASTS - timedelta(days=1))
    yield pytest.param(LINKS.token(old), id="long ago")


@pytest.mark.parametrize("token", list(_tampered()))
@pytest.mark.parametrize("way", ["preferences", "unsubscribe"])
def test_a_wrong_link_is_one_plain_page_whatever_is_wrong_with_it(client: FlaskClient, way: str, token: str) -> None:
    answers = [client.post(f"/{way}/{token}", data=ONE_CLICK), client.get(f"/preferences/{token}")]
    assert {answer.status_code for answer in answers} == {404}
    assert {answer.text for answer in answers} == {client.get("/preferences/a.b").text}


def test_a_form_from_another_site_is_refused(client: FlaskClient, engine: Engine) -> None:
    form = {"shown": ["order_confirmation:email"]}
    assert client.post(page_of(), data=form, headers={"Origin": "https://evil.example.com"}).status_code == 403
    assert query(engine, "select 1 from message_channel_preference") == []
    assert client.post(page_of(), data=form, headers={"Origin": "https://post.example.com"}).status_code == 200


def test_the_page_lets_its_form_be_sent_to_us_alone_and_its_address_to_nobody(client: FlaskClient) -> None:
    headers = client.get(page_of()).headers
    assert "form-action 'self'" in headers["Content-Security-Policy"]
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in headers


def test_while_the_store_is_away_a_page_asks_to_come_back(open_client: Callable[..., FlaskClient]) -> None:
    class Away:
        def sheet(self, holder: Holder) -> None:
            raise Unavailable("PostgreSQL cannot be reached")

    answer = open_client(Away()).get(page_of())
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert "text/html" in answer.content_type


def test_without_a_secret_there_are_no_links_at_all() -> None:
    client = create_app(door_over(None, Recorder(), None)).test_client()
    assert client.get(page_of()).status_code == 404
    with pytest.raises(ValueError, match="LINK_SECRET is empty"):
        Links("", "https://post.example.com")
