"""What a person opens from a message to see or pay a document: Odoo is asked then, and says where it is shown now."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol
from urllib.parse import urlsplit

import structlog
from flask import Blueprint, Response, render_template, request

from postroom.domain import formats, languages
from postroom.domain.channels import Verdict
from postroom.domain.events import Event, EventRefused, event_from
from postroom.domain.facts import Facts, Link
from postroom.domain.links import DECISIONS, DOCUMENTS, Links, NotALink, Opening, Purpose, TooOld
from postroom.domain.safety import Wire
from postroom.odoo.client import Odoo
from postroom.odoo.documents import Found, Named, Standing, find
from postroom.odoo.errors import OdooError
from postroom.odoo.patience import Busy, Late, Patience
from postroom.store.engine import Engine
from postroom.store.inbox import Unavailable, reaching
from postroom.store.openings import Carried, carried, note_click
from postroom.store.sealing import Sealer
from webhooks.document_words import EN, Words, words_for
from webhooks.links import Names
from webhooks.visitors import only_looks

SECONDS = 5.0
"""For all that is asked of Odoo: longer, nobody looks at a white page."""
LOOKED_UP_AT_ONCE = 2
"""Of the door's four threads; the others go on taking in what comes."""
LOOKS = 5
"""How often a page that waits for its turn loads itself again."""
PAUSE = 3
"""Seconds between two of them."""
FACTS: Mapping[Purpose, tuple[str, ...]] = {
    Purpose.VIEW: ("portal_url",),
    Purpose.PAY: ("payment_url", "portal_url"),
    Purpose.RECORD: ("record_url",),
    Purpose.DECIDE: ("record_url",),
}
"""Where the event itself says that a link leads."""
log = structlog.get_logger(__name__)


class Memory(Protocol):
    """What is known of messages. Raises Unavailable."""

    def carried(self, opening: Opening, *, clicked: bool) -> Carried | None: ...


@dataclass(frozen=True, slots=True)
class StoreMemory:
    """The store, as these pages know it."""

    engine: Engine
    sealer: Sealer

    def carried(self, opening: Opening, *, clicked: bool) -> Carried | None:
        """The message that carried the link; that it was opened is noted beside it."""
        with reaching(), self.engine.begin() as connection:
            found = carried(connection, self.sealer, opening.message)
            if found is not None and clicked:
                note_click(connection, found.company, opening)
        return found


@dataclass(frozen=True, slots=True)
class DocumentDesk:
    """What the pages work with."""

    links: Links
    memory: Memory
    odoo_at: Callable[[Wire], Odoo | None]
    portals: Mapping[Wire, str]
    """Where the Odoo of each wire is reached, should nobody say where the world reaches it."""
    name_of: Names
    patience: Patience


@dataclass(frozen=True, slots=True)
class _Visit:
    """Somebody at the desk, and what he came for."""

    opening: Opening
    message: Carried
    event: Event

    @property
    def words(self) -> Words:
        return words_for(self.message.language)

    @property
    def locale(self) -> str:
        return languages.locale_for(self.message.language, self.message.languages)

    @property
    def number(self) -> str:
        """What the event calls the document."""
        facts = self.event.facts
        return str(facts.get("invoice_number") or facts.get("order_number") or "")

    @property
    def own_address(self) -> str | None:
        """Where the event itself leads."""
        return _own_address(self.event.facts, self.opening.purpose)


def documents(desk: DocumentDesk | None) -> Blueprint:
    """The room behind the links to documents; without a secret to sign links there are none. It changes nothing."""
    room = Blueprint("documents", __name__)
    if desk is None:
        return room

    @room.get(f"{DOCUMENTS}<token>")
    def open_document(token: str) -> Response:
        response = _answer(desk, token)
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return room


def _answer(desk: DocumentDesk, token: str) -> Response:
    looking = only_looks(request.method, dict(request.headers)) and "open" not in request.args
    try:
        opening = desk.links.opening(token, datetime.now(UTC))
        if opening.purpose is Purpose.DECIDE:  # under a WhatsApp button, whose beginning Meta approved
            return _led(f"{DECISIONS}{token}")
        message = desk.memory.carried(opening, clicked=not looking and not _looks())
        if message is None:
            raise TooOld
        visit = _Visit(opening, message, event_from(message.event))
    except (TooOld, EventRefused):
        return _page(EN, "old", 410)
    except NotALink:
        return _page(EN, "unknown", 404)
    except Unavailable:
        return _later(EN, None, None)
    if looking:
        return _page(visit.words, "yours", 200, company=_company(desk, visit), onward={"open": "?open=1"})
    return _opened(desk, visit)


def _opened(desk: DocumentDesk, visit: _Visit) -> Response:
    company = _company(desk, visit)
    try:
        found = _asked(desk, visit)
    except Busy:
        return _wait(visit, company)
    except Late:
        log.warning("document_not_found_in_time", company=visit.message.company)
        return _later(visit.words, company, visit.own_address)
    except OdooError as error:
        return _refused(visit, company, error)
    except ValueError as error:  # its settings cannot be right: the doctor says which
        log.error("odoo_misconfigured", problem=str(error))
        return _later(visit.words, company, visit.own_address)
    if isinstance(found, Found):
        return _shown(visit, company, found)
    return _led(found) if found else _page(visit.words, "gone", 404, company=company)


def _asked(desk: DocumentDesk, visit: _Visit) -> Found | str | None:
    """What Odoo says of the document; an address where it is not to be asked; None where there is neither.

    Raises OdooError, Late.
    """
    record, wire, address = Named.of(visit.event.document), visit.message.wire, visit.own_address
    if record is None or wire is None or not record.shown or visit.opening.purpose is Purpose.RECORD:
        return address
    base, paying = _origin(address), visit.opening.purpose is Purpose.PAY

    def question() -> Found | str | None:
        odoo = desk.odoo_at(wire)
        if odoo is None:
            return address
        found = find(odoo, record, base, paying=paying)
        return found and _below(found, desk.portals.get(wire, ""))

    return desk.patience.ask((wire, record, paying), question, SECONDS, in_line=False)


def _below(found: Found, portal: str) -> Found:
    """Odoo did not say where the world reaches it: where we do."""
    if not found.address.startswith("/"):
        return found
    return Found(found.paper, portal + found.address, portal + found.pdf)


# What is answered -----------------------------------------------------------------------------------------------------


def _shown(visit: _Visit, company: str, found: Found) -> Response:
    standing = found.paper.standing
    log.info("document_opened", company=visit.message.company, standing=standing.value, purpose=visit.opening.purpose)
    if standing is Standing.OPEN:
        return _led(found.address)
    told = {
        "number": found.paper.number or visit.number,
        "amount": formats.money(found.paper.total, visit.locale),
        "day": formats.day(found.paper.paid_on, visit.locale) if found.paper.paid_on else "",
    }
    onward = {"pdf": found.pdf, "portal": found.address} if standing in _SHOWN_STILL else {}
    return _page(visit.words, standing.value, 200, company=company, told=told, onward=onward)


_SHOWN_STILL = frozenset({Standing.PAID, Standing.CREDITED})
"""Documents that are a customer's to keep."""


def _led(address: str) -> Response:
    return Response(status=303, headers={"Location": address})


def _refused(visit: _Visit, company: str, error: OdooError) -> Response:
    """Odoo does not tell us: the event's own address will do; where it may tell later, we ask for patience."""
    log.warning("document_not_found", company=visit.message.company, code=error.fault.code)
    if error.fault.verdict is Verdict.PERMANENT and visit.own_address:
        return _led(visit.own_address)
    return _later(visit.words, company, visit.own_address)


def _wait(visit: _Visit, company: str) -> Response:
    """Others are before him: the page loads itself again for a while."""
    looks = _looks() + 1
    if looks > LOOKS:
        return _later(visit.words, company, visit.own_address)
    response = _page(visit.words, "moment", 503, company=company, onward={"again": f"?open=1&look={looks}"})
    response.headers["Refresh"] = f"{PAUSE}; url=?open=1&look={looks}"
    response.headers["Retry-After"] = str(PAUSE)
    return response


def _later(words: Words, company: str | None, address: str | None) -> Response:
    onward = {"again": "?open=1"} | ({"portal": address} if address else {})
    response = _page(words, "later", 503, company=company, onward=onward)
    response.headers["Retry-After"] = "60"
    return response


def _page(
    words: Words,
    name: str,
    status: int,
    *,
    company: str | None = None,
    told: Mapping[str, str] | None = None,
    onward: Mapping[str, str] | None = None,
) -> Response:
    told = told or {}
    leads = [getattr(words, f"{name}_lead").format(**told)]
    if name == Standing.PAID and told.get("day"):
        leads.append(words.paid_on.format(**told))
    ways = [(getattr(words, way), address) for way, address in (onward or {}).items()]
    title = getattr(words, name)
    page = render_template("document.html", w=words, title=title, leads=leads, ways=ways, company=company)
    return Response(page, status)


# What is read ---------------------------------------------------------------------------------------------------------


def _company(desk: DocumentDesk, visit: _Visit) -> str:
    return desk.name_of(visit.message.company) or visit.event.company.name


def _looks() -> int:
    given = request.args.get("look", "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 3 else 0


def _own_address(facts: Facts, purpose: Purpose) -> str | None:
    links = (facts.get(name) for name in FACTS[purpose])
    return next((link.url for link in links if isinstance(link, Link)), None)


def _origin(address: str | None) -> str | None:
    """The host that the event names is the one that its customers know."""
    parts = urlsplit(address or "")
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else None
