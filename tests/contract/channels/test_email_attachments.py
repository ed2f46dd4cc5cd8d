"""Documents in letters, as they go over the wire."""

from collections.abc import Callable
from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any
from uuid import UUID

import pytest

from postroom.domain.channels import Attachment, Rendered, Verdict
from tests.contract.channels.conftest import LETTER
from workers.channels.base import ChannelError

Fail = Callable[[Any], ChannelError]
PDF = b"%PDF-1.4\n" + bytes(range(256)) * 40 + b"\n.\n%%EOF\n"


def _with(*names: str, content: bytes = PDF) -> Rendered:
    enclosed = (Attachment(name, "application/pdf", "https://erp.example.com/x", content) for name in names)
    return replace(LETTER, attachments=tuple(enclosed))


def _sent(email: Any) -> EmailMessage:
    [raw] = email.relay.letters
    message = message_from_bytes(raw.replace(b"\r\n..", b"\r\n."), policy=default)
    assert isinstance(message, EmailMessage)
    return message


def test_a_document_stands_beside_both_alternatives_of_the_words(email: Any, key: UUID) -> None:
    email.channel.send(_with("INV_2026_00088.pdf"), email.to, key)
    types = [part.get_content_type() for part in _sent(email).walk()]
    assert types == ["multipart/mixed", "multipart/alternative", "text/plain", "text/html", "application/pdf"]


def test_a_document_arrives_byte_for_byte_under_its_name(email: Any, key: UUID) -> None:
    email.channel.send(_with("INV_2026_00088.pdf", "Terms.pdf"), email.to, key)
    enclosed = list(_sent(email).iter_attachments())
    assert [part.get_filename() for part in enclosed] == ["INV_2026_00088.pdf", "Terms.pdf"]
    assert [part.get_payload(decode=True) for part in enclosed] == [PDF, PDF]
    assert {part.get_content_disposition() for part in enclosed} == {"attachment"}


def test_the_words_are_those_of_a_letter_without_documents(email: Any, key: UUID) -> None:
    email.channel.send(_with("INV_2026_00088.pdf"), email.to, key)
    letter = _sent(email)
    [plain, html] = [letter.get_body((kind,)) for kind in ("plain", "html")]
    assert plain is not None
    assert html is not None
    assert "la factura vence" in plain.get_content()
    assert "<b>la factura</b>" in html.get_content()
    assert letter["X-Postroom-Attempt"] == str(key)


@pytest.mark.parametrize("to", ["marta@example.net", "marta@müller.example"])
@pytest.mark.parametrize("name", ["Factura Nº 88 – señor.pdf", "発票_88.pdf", 'a "quoted" one.pdf', "x" * 95 + "é.pdf"])
def test_a_name_in_any_script_arrives(email: Any, key: UUID, name: str, to: str) -> None:
    email.channel.send(_with(name), to, key)
    [enclosed] = _sent(email).iter_attachments()
    assert enclosed.get_filename() == name
    assert max(map(len, email.relay.letters[0].split(b"\r\n"))) <= 998
    assert email.relay.letters[0].isascii()


@pytest.mark.parametrize(
    ("rendered", "says"),
    [
        pytest.param(_with("a.pdf", content=b""), "'a.pdf' has no content", id="a document that was not fetched"),
        pytest.param(_with("a\r\nBcc: eve@example.net.pdf"), "", id="a name that would be a header"),
        pytest.param(_with(*"abcdefgh", content=PDF * 200), "bytes", id="more than any relay takes"),
    ],
)
def test_what_no_letter_can_carry_never_leaves(email: Any, fail: Fail, rendered: Rendered, says: str) -> None:
    email.material = rendered
    fault = fail(email).fault
    assert (fault.verdict, fault.code) == (Verdict.PERMANENT, "unsendable")
    assert says in fault.detail
    assert email.seen() == 0


def test_a_relay_that_wants_to_know_is_told_the_size(email: Any, key: UUID) -> None:
    email.say(extensions=("8BITMIME", "SIZE 26214400"))
    email.channel.send(_with("a.pdf"), email.to, key)
    [mail] = [line for line in email.relay.lines if line.upper().startswith("MAIL")]
    size = int(mail.upper().partition("SIZE=")[2])
    assert abs(size - len(email.relay.letters[0])) < 10


def test_a_letter_too_large_for_its_relay_is_not_offered(email: Any, fail: Fail) -> None:
    email.say(extensions=("SIZE 5000",))
    email.material = _with("a.pdf")
    fault = fail(email).fault
    assert (fault.verdict, fault.code) == (Verdict.PERMANENT, "unsendable")
    assert "the relay takes 5000" in fault.detail
    assert not [line for line in email.relay.lines if line.upper().startswith("MAIL")]


@pytest.mark.parametrize("announced", ["SIZE", "SIZE 0", "SIZE lots"])
def test_a_relay_that_names_no_size_is_offered_everything(email: Any, key: UUID, announced: str) -> None:
    email.say(extensions=(announced,))
    assert email.channel.send(_with("a.pdf"), email.to, key).provider_id
