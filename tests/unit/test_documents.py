"""Which documents go out, and which never do: addresses, and the PDF itself."""

from io import BytesIO

import pytest
from pypdf import PdfWriter

from postroom.domain.channels import Attachment, ChannelName, Pace, Rendered, Verdict
from postroom.domain.delivery import PACES
from postroom.domain.safety import PACED, Wire
from workers.channels.base import ChannelError
from workers.documents import RULINGS, Documents, check_pdf

SANDBOX = "http://127.0.0.1:8090"


def _enclosing(url: str) -> Rendered:
    pdf = Attachment("INV_2026_00091.pdf", "application/pdf", url)
    return Rendered(ChannelName.EMAIL, "en", "Your invoice", subject="Invoice", attachments=(pdf,))


def _pdf(pages: int = 1, password: str = "") -> bytes:
    writer, out = PdfWriter(), BytesIO()
    for _ in range(pages):
        writer.add_blank_page(595, 842)
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    writer.write(out)
    return out.getvalue()


def test_a_message_without_documents_goes_as_it_is() -> None:
    plain = Rendered(ChannelName.EMAIL, "en", "Hello")
    assert Documents((), SANDBOX).enclosed(plain, Wire.LIVE) is plain


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("https://evil.example/invoice.pdf", id="another host"),
        pytest.param("http://erp.example.com/invoice.pdf", id="no https"),
        pytest.param("ftp://erp.example.com/invoice.pdf", id="no http at all"),
        pytest.param("file:///etc/passwd", id="a file"),
        pytest.param("https://erp.example.com@evil.example/x", id="our host as a user name"),
        pytest.param("https://me@erp.example.com/x", id="a user name"),
        pytest.param("https://erp.example.com.evil.example/x", id="our host as a prefix"),
        pytest.param("https://sub.erp.example.com/x", id="a host under ours"),
        pytest.param("http://127.0.0.1:6379/", id="this machine, which nobody allowed"),
        pytest.param("http://169.254.169.254/latest/meta-data", id="a cloud's own door"),
        pytest.param("https://[::1", id="a broken host"),
        pytest.param("https://erp.example.com:99999/x", id="a broken port"),
        pytest.param("/my/invoices/1", id="no host"),
    ],
)
def test_only_our_own_erp_is_asked(url: str) -> None:
    with pytest.raises(ChannelError) as caught:
        Documents(("erp.example.com",), SANDBOX).enclosed(_enclosing(url), Wire.LIVE)
    fault = caught.value.fault
    assert (fault.verdict, fault.code) == (Verdict.PERMANENT, "document_host")


@pytest.mark.parametrize(
    "host", ["https://erp.example.com", "erp.example.com/my", "erp.example.com:8069", "a@b.example", "[", "é.es"]
)
def test_what_is_no_host_name_is_refused_at_the_start(host: str) -> None:
    with pytest.raises(ValueError, match="DOCUMENT_HOSTS"):
        Documents(("erp.example.com", host), SANDBOX)


def test_every_host_that_is_none_is_named_at_once() -> None:
    with pytest.raises(ValueError, match=r"'a/b', 'c:1'"):
        Documents(("c:1", "erp.example.com", "a/b"), SANDBOX)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "ERP.example.com", "xn--mller-kva.example"])
def test_names_and_addresses_of_hosts_are_taken(host: str) -> None:
    Documents((host,), SANDBOX)


# The PDF ------------------------------------------------------------------------------------------------------------


def test_a_pdf_with_pages_may_go() -> None:
    check_pdf(_pdf())
    check_pdf(b"\n" * 100 + _pdf(3))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(b"", "document_not_pdf", id="nothing"),
        pytest.param(b"<!DOCTYPE html><title>Log in</title>", "document_not_pdf", id="a login page"),
        pytest.param(b" " * 2000 + _pdf(), "document_not_pdf", id="a PDF behind two thousand blanks"),
        pytest.param(b"%PDF-1.7\n", "document_broken", id="a head without a body"),
        pytest.param(_pdf()[:200], "document_broken", id="a PDF that broke off"),
        pytest.param(b"%PDF-1.7\n" + b"\xff" * 5000, "document_broken", id="noise behind a head"),
        pytest.param(_pdf(0), "document_broken", id="no pages"),
        pytest.param(_pdf(password="secret"), "document_encrypted", id="an encrypted PDF"),
    ],
)
def test_what_its_reader_could_not_open_never_goes(content: bytes, code: str) -> None:
    with pytest.raises(ChannelError) as caught:
        check_pdf(content)
    assert (caught.value.fault.verdict, caught.value.fault.code) == (Verdict.PERMANENT, code)


# What it means for the sender ---------------------------------------------------------------------------------------


def test_nothing_about_a_document_speaks_against_the_sender() -> None:
    for ruling in RULINGS.values():
        assert ruling.verdict in (Verdict.PERMANENT, Verdict.TRANSIENT)
        assert ruling.verdict is Verdict.PERMANENT or ruling.pace in PACED


def test_a_document_is_asked_for_again_for_a_while() -> None:
    assert RULINGS["document_unreachable"].pace is Pace.BESIDE
    assert PACES[Pace.BESIDE].tries >= 5
