"""Fetches the documents that a message encloses, just before it is sent.

A document's address comes from an event, so that only our own ERP is asked for it, and what it answers is looked at
before it goes to anybody. Where the event names none, or one that opens nothing, Odoo is asked by its API for the
record's: at its portal, or as it keeps it. Whatever fails here, nothing has left: trying again is safe, and it says
nothing about the sender's health.
"""

import http.client
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from io import BytesIO
from time import monotonic
from types import MappingProxyType
from typing import TypeVar
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
from urllib3.exceptions import HTTPError

from postroom.domain.channels import Attachment, Pace, Rendered, Verdict
from postroom.domain.safety import Wire
from postroom.odoo.client import Odoo
from postroom.odoo.documents import Named, kept_pdf, portal_path
from postroom.odoo.errors import OdooError
from postroom.odoo.patience import Late, Patience
from postroom.outside.rulings import Ruling, fault_of
from workers.channels.base import ChannelError
from workers.channels.http import Lost, Sessions, exchange, retry_after

MOST_BYTES = 10 * 1024 * 1024
CONNECT_SECONDS = 3.0
WHOLE_SECONDS = 10.0
"""For a document and all redirects to it: Odoo takes four for an invoice that nobody has asked for yet."""
ALL_SECONDS = 16.0
"""With Odoo's API before it and after it; an attempt has thirty, and the channel needs the rest."""
ASKED_AT_ONCE = 4
"""Questions to Odoo that one process has under way, whose own workers are few."""
MOST_REDIRECTS = 3
KEPT_SECONDS = 300.0
MOST_KEPT_BYTES = 64 * 1024 * 1024
LOOPBACK = frozenset({"localhost", "127.0.0.1"})
MEDIA_TYPES = frozenset({"application/pdf", "pdf", "application/octet-stream", "binary/octet-stream", ""})
"""What a PDF is announced as; the bare word is Odoo 19's own."""

RULINGS: Mapping[str, Ruling] = MappingProxyType(
    {
        "document_unreachable": Ruling(Verdict.TRANSIENT, "The host of its document does not answer", Pace.BESIDE),
        "document_unavailable": Ruling(Verdict.TRANSIENT, "The host of its document cannot serve it now", Pace.BESIDE),
        "document_refused": Ruling(Verdict.PERMANENT, "The host of its document has no such document, or not for us"),
        "document_host": Ruling(Verdict.PERMANENT, "Its document lies on a host that is not in DOCUMENT_HOSTS"),
        "document_moved": Ruling(Verdict.PERMANENT, "Its document leads elsewhere: to another host, or in circles"),
        "document_too_large": Ruling(Verdict.PERMANENT, "Its document is larger than 10 MB"),
        "document_not_pdf": Ruling(Verdict.PERMANENT, "What lies at its document's address is no PDF: a login page?"),
        "document_encrypted": Ruling(Verdict.PERMANENT, "Its document is encrypted: its reader could not open it"),
        "document_broken": Ruling(Verdict.PERMANENT, "Its document cannot be read as a PDF, or has no pages"),
        "document_access": Ruling(Verdict.TRANSIENT, "Odoo does not take our key: no document can be had", Pace.BESIDE),
        "document_unknown": Ruling(Verdict.PERMANENT, "Its event says of no document where it lies, nor does Odoo"),
    }
)
"""What can be wrong with a document; nothing has left in any of these."""

MENDED = frozenset({"document_unknown", "document_refused", "document_host", "document_moved", "document_not_pdf"})
"""No address, or one that opens nothing: its token is old, its host is not ours. The record's own may be had."""

ASKED: Mapping[Verdict, str] = MappingProxyType(
    {
        Verdict.TRANSIENT: "document_unavailable",
        Verdict.LATER: "document_unavailable",
        Verdict.UNKNOWN: "document_unavailable",  # what it may have made is found the next time
        Verdict.PERMANENT: "document_refused",
        Verdict.SENDER_STOPPED: "document_access",
    }
)
"""What Odoo's refusal of a call says about the document."""

Answer = TypeVar("Answer")

_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
_UNSERVED = frozenset({408, 425, 429})
# What pypdf raises for bytes that are no PDF, beside its own errors.
_UNREADABLE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class Library:
    """The Odoo of each wire, and where its portal is reached from here."""

    at: Callable[[Wire], Odoo | None] = lambda _: None
    portals: Mapping[Wire, str] = field(default_factory=dict)


class Documents:
    """Fetches and checks; remembers the newest for a while, since one PDF goes by several attempts."""

    def __init__(self, hosts: Iterable[str], sandbox_url: str, library: Library | None = None) -> None:
        """`hosts` may be asked for documents; raises ValueError that names every one that is no host."""
        self._hosts = frozenset(host.lower() for host in hosts)
        odd = sorted(host for host in self._hosts if not _HOST.fullmatch(host))
        if odd:
            raise ValueError(
                f"DOCUMENT_HOSTS holds {', '.join(map(repr, odd))}; write host names, as in erp.example.com."
            )
        self._sandbox_url = sandbox_url.rstrip("/")
        self._library = library or Library()
        self._patience = Patience(ASKED_AT_ONCE, "documents")
        self._sessions = Sessions()
        self._shelf = _Shelf()

    def enclosed(self, rendered: Rendered, wire: Wire) -> Rendered:
        """The message with the bytes of its documents. Raises ChannelError, and then nothing has left."""
        if not rendered.attachments:
            return rendered
        return replace(rendered, attachments=tuple(self._filled(each, wire) for each in rendered.attachments))

    def close(self) -> None:
        """Let go of this thread's connection."""
        self._sessions.close()

    def _filled(self, attachment: Attachment, wire: Wire) -> Attachment:
        shelved = f"{wire}:{attachment.url or attachment.record}"
        content = self._shelf.find(shelved)
        if content is None:
            content = self._content(attachment, wire, monotonic() + ALL_SECONDS)
            self._shelf.keep(shelved, content)
        return replace(attachment, content=content)

    def _content(self, attachment: Attachment, wire: Wire, until: float) -> bytes:
        """From its address, and where that opens nothing from the record that it belongs to."""
        record = Named.of(attachment.record)
        try:
            return self._checked(self._address(attachment.url, wire), until)
        except ChannelError as error:
            odoo = self._odoo(wire, until) if record and error.fault.code in MENDED else None
            if odoo is None or record is None:
                raise
            return self._of_record(odoo, record, wire, until)

    def _odoo(self, wire: Wire, until: float) -> Odoo | None:
        return self._asked(("odoo", wire), lambda: self._library.at(wire), until)

    def _of_record(self, odoo: Odoo, record: Named, wire: Wire, until: float) -> bytes:
        """As its customer would download it; where the portal does not give it to us, as Odoo keeps it."""
        if record.shown and wire in self._library.portals:
            path = self._asked(("portal", wire, record), lambda: portal_path(odoo, record, pdf=True), until)
            try:
                return self._checked(self._library.portals[wire] + _path(path), until)
            except ChannelError as error:
                if error.fault.code not in MENDED:
                    raise
        content = self._asked(("kept", wire, record), lambda: kept_pdf(odoo, record), until)
        if content is None:
            raise _fault("document_refused", f"Odoo keeps no PDF of {record.model}")
        if len(content) > MOST_BYTES:
            raise _fault("document_too_large", f"{len(content)} bytes")
        check_pdf(content)
        return content

    def _asked(self, key: tuple[object, ...], question: Callable[[], Answer], until: float) -> Answer:
        try:
            return self._patience.ask(key, question, until - monotonic())
        except OdooError as error:
            raise _refused(error) from error
        except ValueError as error:  # its settings cannot be right
            raise _fault("document_access", "see postroom doctor") from error
        except Late as error:
            raise _fault("document_unavailable", "Odoo did not answer in time") from error

    def _checked(self, address: str, until: float) -> bytes:
        content = self._fetch(address, min(until, monotonic() + WHOLE_SECONDS))
        check_pdf(content)
        return content

    def _address(self, url: str, wire: Wire) -> str:
        """Where the document is fetched from: on the sandbox's wire from the sandbox's Odoo, whatever host is named."""
        if not url:
            raise _fault("document_unknown")
        parts = _split(url)
        if wire is Wire.SANDBOX:
            return f"{self._sandbox_url}/odoo{parts._replace(scheme='', netloc='', fragment='').geturl()}"
        host = (parts.hostname or "").lower()
        schemes = ("https", "http") if host in LOOPBACK else ("https",)
        if host not in self._hosts or parts.scheme not in schemes or parts.username is not None:
            raise _fault("document_host", host)
        return parts._replace(fragment="").geturl()

    def _fetch(self, address: str, until: float) -> bytes:
        """The bytes, wherever on the same host the address leads to."""
        origin, asked = _origin(address), address
        for _ in range(1 + MOST_REDIRECTS):
            with closing(self._ask(asked, until)) as answer:
                if not answer.is_redirect:
                    return _content(answer)
                asked = urljoin(asked, answer.headers["Location"])
            if _origin(asked) != origin:
                raise _fault("document_moved", _split(asked).hostname or "")
        raise _fault("document_moved", _split(asked).hostname or "")

    def _ask(self, address: str, until: float) -> requests.Response:
        session = self._sessions.current()
        headers = {"Accept": "application/pdf", "Accept-Encoding": "identity"}
        try:
            request = session.prepare_request(requests.Request("GET", address, headers=headers))
            left = max(0.1, until - monotonic())
            return exchange(session, request, connect=min(CONNECT_SECONDS, left), answer=left, only_head=True)
        except (Lost, ValueError) as error:
            raise _fault("document_unreachable", _split(address).hostname or "") from error


def check_pdf(content: bytes) -> None:
    """Raises ChannelError unless the bytes are a PDF that anybody can open."""
    from pypdf import PdfReader  # 30 ms and 8 MiB that only a worker with documents pays
    from pypdf.errors import PyPdfError

    if b"%PDF-" not in content[:1024]:
        raise _fault("document_not_pdf")
    try:
        reader = PdfReader(BytesIO(content))
        encrypted = reader.is_encrypted
        pages = 0 if encrypted else len(reader.pages)
    except (PyPdfError, *_UNREADABLE) as error:
        raise _fault("document_broken", type(error).__name__) from error
    if encrypted:
        raise _fault("document_encrypted")
    if not pages:
        raise _fault("document_broken", "it has no pages")


def _content(answer: requests.Response) -> bytes:
    """The body of an answer that says it is a document, no more of it than we would send."""
    status = answer.status_code
    if status >= 500 or status in _UNSERVED:
        raise _unavailable(answer)
    if status != requests.codes.ok:
        raise _fault("document_refused", f"HTTP {status}")
    media_type = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if media_type not in MEDIA_TYPES:
        raise _fault("document_not_pdf", media_type)
    declared = answer.headers.get("Content-Length", "")
    if declared.isdecimal() and int(declared) > MOST_BYTES:
        raise _fault("document_too_large", f"{declared} bytes")
    return _body(answer)


def _body(answer: requests.Response) -> bytes:
    content = bytearray()
    try:
        for chunk in answer.iter_content(64 * 1024):
            content += chunk
            if len(content) > MOST_BYTES:
                raise _fault("document_too_large")
    except (requests.RequestException, HTTPError, http.client.HTTPException, OSError) as error:
        raise _fault("document_unreachable", "it broke off, or took too long") from error
    return bytes(content)


def _unavailable(answer: requests.Response) -> ChannelError:
    ruling, code = RULINGS["document_unavailable"], "document_unavailable"
    detail = f"{ruling.words}: HTTP {answer.status_code}"
    return ChannelError(fault_of(ruling, code, detail, retry_after=retry_after(answer.headers)))


def _fault(code: str, detail: str = "") -> ChannelError:
    """Never with the address itself: it holds the token that opens the document."""
    ruling = RULINGS[code]
    return ChannelError(fault_of(ruling, code, f"{ruling.words}: {detail}" if detail else ruling.words))


def _refused(error: OdooError) -> ChannelError:
    """What Odoo's refusal is for the message: nothing of it has left, and its sender is as well as ever."""
    code = ASKED.get(error.fault.verdict, "document_unavailable")
    ruling = RULINGS[code]
    return ChannelError(
        fault_of(ruling, code, f"{ruling.words}: {error.fault.code}", retry_after=error.fault.retry_after)
    )


def _path(url: str) -> str:
    """Below a portal's address, whatever host Odoo may name: we ask the one that we know."""
    return _split(url)._replace(scheme="", netloc="", fragment="").geturl()


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port  # is read on demand, and raises only then
    except ValueError as error:
        raise _fault("document_host") from error
    return parts


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = _split(url)
    return parts.scheme, parts.hostname, parts.port


class _Shelf:
    """Documents by address, each for five minutes; the oldest make room."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[bytes, float]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def find(self, address: str) -> bytes | None:
        with self._lock:
            content, until = self._kept.get(address, (None, 0.0))
            return content if monotonic() < until else None

    def keep(self, address: str, content: bytes) -> None:
        with self._lock:
            self._drop(address)
            self._kept[address] = (content, monotonic() + KEPT_SECONDS)
            self._bytes += len(content)
            while self._bytes > MOST_KEPT_BYTES:
                self._drop(next(iter(self._kept)))

    def _drop(self, address: str) -> None:
        content, _ = self._kept.pop(address, (b"", 0.0))
        self._bytes -= len(content)
