"""Documents on WhatsApp: uploaded first, then sent by Meta's id."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import jsonschema_rs
import pytest
import requests

from postroom.domain.channels import Attachment, Button, ChannelName, ProviderTemplate, Rendered, Verdict
from sandbox.testing import NUMBER_ID, SECRET, Running, running_sandbox
from tests.contract.channels.conftest import WhatsAppBench
from tests.contract.channels.stands import IMPATIENT, MetaServer, Reply, serving
from workers.channels.base import ChannelError
from workers.channels.whatsapp import WhatsAppConfig
from workers.channels.whatsapp import channel as module
from workers.channels.whatsapp.channel import WhatsApp
from workers.channels.whatsapp.payload import request_body

Fail = Callable[[Any], ChannelError]
TO = "+34600111222"
MEDIA_ID = "4490709327384033"
PDF = b"%PDF-1.4\n" + bytes(range(256)) * 40 + b"\r\n--boundary\r\n%%EOF\n"
INVOICE = Attachment("INV_2026_00088 – señor.pdf", "application/pdf", "https://erp.example.com/x?access_token=t", PDF)
TEMPLATE = Rendered(
    ChannelName.WHATSAPP,
    "en",
    "Here is your invoice",
    template=ProviderTemplate("invoice_delivery", "en", (("amount", "€ 5"),)),
    attachments=(INVOICE,),
)
LINK = Button("View Invoice", url="https://erp.example.com/my/invoices/88?access_token=a")
HELP = Button("Contact Us", payload="contact_us")


def _free(*buttons: Button, text: str = "Here is your invoice") -> Rendered:
    return Rendered(ChannelName.WHATSAPP, "en", text, buttons=buttons, attachments=(INVOICE,))


class _Meta(MetaServer):
    """Takes uploads as well; what a test says of them stands in `uploads`."""

    def __init__(self) -> None:
        super().__init__(read=lambda raw: raw if raw.startswith(b"--") else json.loads(raw))
        self.uploads: list[Reply] = []

    def reply_to(self, body: Any) -> Reply:
        if isinstance(body, bytes):
            return self.uploads.pop(0) if self.uploads else Reply(body={"id": MEDIA_ID})
        return super().reply_to(body)

    @property
    def paths(self) -> list[str]:
        return [path.rpartition("/")[2] for path, *_ in self.requests]


@pytest.fixture
def meta() -> Iterator[_Meta]:
    with serving(server := _Meta()):
        yield server


@pytest.fixture
def whatsapp(meta: _Meta) -> Iterator[Any]:
    yield (bench := WhatsAppBench(meta))
    for channel in bench.built:
        channel.close()


SENDABLE = {
    "template": TEMPLATE,
    "template with buttons": replace(TEMPLATE, buttons=(LINK, HELP)),
    "document with a caption": _free(),
    "document over one link": _free(LINK),
    "document over reply buttons": _free(HELP),
    "document with links as lines": _free(LINK, Button("Pay Now", url="https://pay.example.com/1")),
}


@pytest.mark.parametrize("name", SENDABLE)
def test_every_request_with_a_document_keeps_metas_schema(shared: Any, name: str) -> None:
    schema = json.loads((shared / "contracts/whatsapp/send_message.schema.json").read_text())
    body = request_body(SENDABLE[name], TO, uuid4(), MEDIA_ID)
    jsonschema_rs.validator_for(schema).validate(body)
    assert json.dumps(body).count(MEDIA_ID) == 1


def test_a_document_stands_in_the_header_of_its_template(whatsapp: Any, meta: _Meta, key: UUID) -> None:
    whatsapp.channel.send(TEMPLATE, TO, key)
    assert meta.paths == ["media", "messages"]
    document = {"id": MEDIA_ID, "filename": INVOICE.name}
    assert meta.requests[1][2]["template"]["components"] == [
        {"type": "header", "parameters": [{"type": "document", "document": document}]},
        {"type": "body", "parameters": [{"type": "text", "parameter_name": "amount", "text": "€ 5"}]},
    ]


def test_an_upload_carries_the_bytes_and_our_token(whatsapp: Any, meta: _Meta, key: UUID) -> None:
    whatsapp.channel.send(TEMPLATE, TO, key)
    path, headers, raw, _ = meta.requests[0]
    assert path == "/v23.0/100000000000001/media"
    assert headers["Authorization"] == "Bearer a-token-nobody-should-see"
    assert b'name="messaging_product"\r\n\r\nwhatsapp\r\n' in raw
    assert b'name="type"\r\n\r\napplication/pdf\r\n' in raw
    assert PDF in raw


def test_one_document_is_uploaded_once_for_many_messages(whatsapp: Any, meta: _Meta) -> None:
    for rendered in (TEMPLATE, _free(), TEMPLATE):
        whatsapp.channel.send(rendered, TO, uuid4())
    assert meta.paths == ["media", "messages", "messages", "messages"]


def test_other_bytes_are_another_document(whatsapp: Any, meta: _Meta, key: UUID) -> None:
    other = replace(TEMPLATE, attachments=(replace(INVOICE, content=PDF + b"\n"),))
    for rendered in (TEMPLATE, other):
        whatsapp.channel.send(rendered, TO, key)
    assert meta.paths.count("media") == 2


def test_an_upload_is_forgotten_in_time(whatsapp: Any, meta: _Meta, key: UUID, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LIFETIME", timedelta())
    whatsapp.built.append(forgetful := WhatsApp(whatsapp.config))
    for _ in range(2):
        forgetful.send(TEMPLATE, TO, key)
    assert meta.paths.count("media") == 2


@pytest.mark.parametrize(("code", "uploads"), [(131053, 2), (131009, 2), (131026, 1), (130429, 1)])
def test_a_document_that_meta_lost_is_uploaded_again(
    whatsapp: Any, meta: _Meta, key: UUID, code: int, uploads: int
) -> None:
    meta.replies.append(Reply(400, {"error": {"code": code, "message": "no"}}))
    with pytest.raises(ChannelError):
        whatsapp.channel.send(TEMPLATE, TO, key)
    whatsapp.channel.send(TEMPLATE, TO, key)
    assert meta.paths.count("media") == uploads


LOST = {
    "read_timeout": Reply(hang=2 * IMPATIENT),
    "dropped": Reply(drop=True),
    "not_json": Reply(raw=b"<html>"),
    "no_message_id": Reply(body={"id": ""}),
    "http_502": Reply(502, raw=b"<html>bad gateway</html>"),
}


@pytest.mark.parametrize("code", LOST)
def test_an_upload_whose_answer_is_lost_leaves_nothing_open(whatsapp: Any, meta: _Meta, key: UUID, code: str) -> None:
    meta.uploads.append(LOST[code])
    with pytest.raises(ChannelError) as caught:
        whatsapp.channel.send(TEMPLATE, TO, key)
    assert (caught.value.fault.verdict, caught.value.fault.code) == (Verdict.TRANSIENT, code)
    assert whatsapp.channel.send(TEMPLATE, TO, key).provider_id
    assert meta.paths == ["media", "media", "messages"]  # a server that hangs may write down late what it was sent


@pytest.mark.parametrize(
    ("code", "verdict"),
    [(190, Verdict.SENDER_STOPPED), (131053, Verdict.TRANSIENT), (100, Verdict.PERMANENT), (4, Verdict.LATER)],
)
def test_a_refused_upload_has_the_verdict_of_its_row(
    whatsapp: Any, meta: _Meta, key: UUID, code: int, verdict: Verdict
) -> None:
    meta.uploads.append(Reply(400, {"error": {"code": code, "message": "no"}}))
    with pytest.raises(ChannelError) as caught:
        whatsapp.channel.send(TEMPLATE, TO, key)
    assert (caught.value.fault.verdict, caught.value.fault.code) == (verdict, str(code))
    assert meta.paths == ["media"]


def test_a_lost_answer_to_the_message_is_unknown_as_ever(whatsapp: Any, meta: _Meta, key: UUID) -> None:
    meta.replies.append(Reply(drop=True))
    with pytest.raises(ChannelError) as caught:
        whatsapp.channel.send(TEMPLATE, TO, key)
    assert caught.value.fault.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("rendered", "to", "says"),
    [
        pytest.param(replace(TEMPLATE, attachments=(INVOICE, INVOICE)), TO, "2 documents", id="two documents"),
        pytest.param(replace(TEMPLATE, attachments=(replace(INVOICE, content=b""),)), TO, "no content", id="no bytes"),
        pytest.param(replace(TEMPLATE, attachments=(replace(INVOICE, name="x" * 241),)), TO, "241", id="long name"),
        pytest.param(_free(text="x" * 1025), TO, "1025 characters", id="long caption"),
        pytest.param(TEMPLATE, "marta@example.net", "phone number", id="no address"),
    ],
)
def test_what_meta_would_refuse_is_not_even_uploaded(
    whatsapp: Any, meta: _Meta, key: UUID, rendered: Rendered, to: str, says: str
) -> None:
    with pytest.raises(ChannelError, match=says):
        whatsapp.channel.send(rendered, to, key)
    assert meta.requests == []


# Before our own stand-in for Meta -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    with running_sandbox() as started:
        yield started


@pytest.fixture
def channel(sandbox: Running) -> Iterator[WhatsApp]:
    sandbox.post("reset")
    made = WhatsApp(WhatsAppConfig(sandbox.url, "v23.0", NUMBER_ID, SECRET, SECRET, SECRET))
    yield made
    made.close()


def _approve(sandbox: Running, **header: Any) -> int:
    """Put the template before Meta; the status of its answer."""
    body = {
        "type": "BODY",
        "text": "Dear customer, your invoice over {{amount}} is enclosed.",
        "example": {"body_text_named_params": [{"param_name": "amount", "example": "€ 5"}]},
    }
    definition = {
        "name": "invoice_delivery",
        "language": "en",
        "category": "UTILITY",
        "parameter_format": "NAMED",
        "components": [{"type": "HEADER", "format": "DOCUMENT", **header}, body],
    }
    answer = requests.post(
        f"{sandbox.url}/v23.0/200000000000001/message_templates",
        json=definition,
        headers={"Authorization": f"Bearer {SECRET}"},
        timeout=5,
    )
    return answer.status_code


def test_the_person_gets_the_document_byte_for_byte(sandbox: Running, channel: WhatsApp) -> None:
    assert _approve(sandbox, example={"header_handle": ["4::aW52b2ljZQ=="]}) == 200
    channel.send(TEMPLATE, TO, uuid4())
    [message] = sandbox.get("messages", recipient=TO)["messages"]
    [document] = message["attachments"]
    assert (document["name"], document["media_type"], document["size"]) == (INVOICE.name, "application/pdf", len(PDF))
    assert requests.get(sandbox.url + document["url"], timeout=5).content == PDF


def test_a_template_with_a_document_is_refused_without_one(sandbox: Running, channel: WhatsApp) -> None:
    _approve(sandbox, example={"header_handle": ["4::aW52b2ljZQ=="]})
    with pytest.raises(ChannelError, match="expected DOCUMENT, received UNKNOWN") as caught:
        channel.send(replace(TEMPLATE, attachments=()), TO, uuid4())
    assert caught.value.fault.code == "132012"


def test_a_header_without_a_sample_is_not_approved(sandbox: Running) -> None:
    assert _approve(sandbox) == 400
    assert _approve(sandbox, example={"header_handle": []}) == 400


def test_a_document_answers_a_person_who_wrote(sandbox: Running, channel: WhatsApp) -> None:
    sandbox.post("reply", recipient=TO, text="Can I have the invoice?")
    for rendered in (_free(), _free(LINK), _free(HELP)):
        channel.send(rendered, TO, uuid4())
    sent = [m for m in sandbox.get("messages", recipient=TO)["messages"] if not m["from_person"]]
    assert [len(message["attachments"]) for message in sent] == [1, 1, 1]
    assert {message["text"] for message in sent} == {"Here is your invoice"}


def test_media_that_the_sandbox_has_no_more_is_uploaded_again(sandbox: Running, channel: WhatsApp) -> None:
    _approve(sandbox, example={"header_handle": ["4::aW52b2ljZQ=="]})
    channel.send(TEMPLATE, TO, uuid4())
    sandbox.post("reset")
    with pytest.raises(ChannelError, match="does not exist"):
        channel.send(TEMPLATE, TO, uuid4())
    assert channel.send(TEMPLATE, TO, uuid4()).provider_id


@pytest.mark.parametrize(
    ("fields", "files", "says"),
    [
        ({"messaging_product": "sms", "type": "application/pdf"}, {"file": ("d", PDF)}, "/messaging_product"),
        ({"messaging_product": "whatsapp", "type": "text/html"}, {"file": ("d", PDF)}, "/type"),
        ({"messaging_product": "whatsapp", "type": "application/pdf"}, {"file": ("d", b"")}, "/file"),
        ({"messaging_product": "whatsapp", "type": "application/pdf"}, None, "multipart"),
    ],
)
def test_an_upload_that_meta_would_refuse_is_refused(sandbox: Running, fields: Any, files: Any, says: str) -> None:
    url, headers = f"{sandbox.url}/v23.0/{NUMBER_ID}/media", {"Authorization": f"Bearer {SECRET}"}
    answer = requests.post(url, data=fields, files=files, headers=headers, timeout=5)
    assert answer.status_code == 400
    assert says in answer.json()["error"]["error_data"]["details"]
