"""What stands in an Odoo, for people: its documents, and one record with its chatter, activities and attachments."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from sandbox.http1 import Request, Response
from sandbox.odoo.catalogue.attachments import content
from sandbox.odoo.chatter import FIELDS as OF_THE_CHATTER
from sandbox.odoo.common import FIELDS as OF_EVERY_RECORD
from sandbox.odoo.markup import as_text
from sandbox.odoo.records import Records, Server
from sandbox.odoo.rpc import page as plain_page
from sandbox.odoo.servers import server_at
from sandbox.page.views import GUARD, INLINE, templates
from sandbox.rooms import Rooms

DOCUMENTS = (
    "purchase.order",
    "sale.order",
    "account.move",
    "hr.leave",
    "hr.expense",
    "hr.expense.sheet",
    "project.task",
    "helpdesk.ticket",
    "crm.lead",
    "res.partner",
    "res.users",
    "mail.blacklist",
    "phone.blacklist",
    "postroom.message",
    "postroom.command",
)
"""What a person wants to look at, the busiest first."""
PLACES: Mapping[str, str] = MappingProxyType(
    {
        "purchase": "purchase.order",
        "sales": "sale.order",
        "invoices": "account.move",
        "vendor-bills": "account.move",
        "time-off": "hr.leave",
        "expenses": "hr.expense",
        "tasks": "project.task",
        "contacts": "res.partner",
    }
)
"""Odoo 19's own paths: /odoo/purchase/42."""
MOST = 200


@dataclass(frozen=True, slots=True)
class Line:
    """One field as a person reads it."""

    label: str
    value: str
    links: tuple[tuple[str, str], ...] = ()
    """Name and address of each record that it leads to."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One model in the list at the side."""

    model: str
    title: str
    count: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """Everything that the page shows."""

    server: Server
    kinds: tuple[Kind, ...]
    model: str = ""
    title: str = ""
    record: Records | None = None
    listed: tuple[Records, ...] = ()

    @property
    def base(self) -> str:
        """Where this Odoo's pages begin."""
        return f"/odoo{self.server.edition.number}/web"

    @property
    def lines(self) -> Iterator[Line]:
        """The record's own fields, those that are set."""
        record = self.record
        for name, field in record.env.fields(record.model).items() if record else ():
            if record and name not in OF_EVERY_RECORD and name not in OF_THE_CHATTER:
                line = _line(self, record, name)
                if line.value or line.links:
                    yield Line(field.string, line.value, line.links)

    def open(self, record: Records) -> str:
        """Where a record opens."""
        return f"{self.base}/{record.model}/{record.id}"


def _line(sheet: Sheet, record: Records, name: str) -> Line:
    field, value = record.env.fields(record.model)[name], record[name]
    if isinstance(value, Records):
        named = tuple((str(each["display_name"]), sheet.open(each)) for each in value.exists())
        return Line("", "", named)
    if field.type == "selection":
        return Line("", field.selection.get(value or "", ""))
    if field.type == "boolean":
        return Line("", "yes" if value else "")
    if field.type == "html":
        return Line("", as_text(value or ""))
    if field.type == "monetary":
        return Line("", f"{value:.2f}")
    if field.type == "binary":
        return Line("", f"{len(value or '')} characters of base64" if value else "")
    return Line("", "" if value is False else str(value))


async def start(rooms: Rooms, _request: Request, version: str) -> Response:
    """GET /odoo/web: which documents there are."""
    return _rendered(rooms, Sheet(server := server_at(rooms, version), _kinds(server)))


async def listing(rooms: Rooms, _request: Request, version: str, model: str) -> Response:
    """GET /odoo/web/purchase.order: its records, the newest first."""
    server = server_at(rooms, version)
    if model not in server.models:
        return _missing(f"There is no {model} in this Odoo.")
    records = server.root().with_context(active_test=False)[model].search([], limit=MOST, order="id desc")
    return _rendered(rooms, Sheet(server, _kinds(server), model, server.models[model].title, listed=tuple(records)))


async def record(rooms: Rooms, _request: Request, version: str, place: str, number: str) -> Response:
    """GET /odoo/web/purchase.order/42, or Odoo 19's own /odoo/odoo/purchase/42."""
    server = server_at(rooms, version)
    model = PLACES.get(place, place)
    found = server.root().with_context(active_test=False).records(model, [int(number)])
    if model not in server.models or not found.exists():
        return _missing(f"There is no {model} {number} in this Odoo.")
    return _rendered(rooms, Sheet(server, _kinds(server), model, server.models[model].title, found))


async def attachment(rooms: Rooms, request: Request, version: str, number: str) -> Response:
    """GET /odoo/web/content/7?access_token=…: an attachment, for whoever has its token."""
    found = server_at(rooms, version).root().records("ir.attachment", [int(number)]).exists()
    token = found["access_token"] if found else False
    if not found or not (found["public"] or (token and request.query.get("access_token") == token)):
        return plain_page(404, "Not Found")
    return _file(found, "download" in request.query)


async def file(rooms: Rooms, _request: Request, version: str, number: str) -> Response:
    """GET /odoo/web/files/7: an attachment, for the person at this page."""
    found = server_at(rooms, version).root().records("ir.attachment", [int(number)]).exists()
    return _file(found, download=False) if found else _missing("This attachment is no longer here.")


def _file(found: Records, download: bool) -> Response:
    media_type = found["mimetype"] if found["mimetype"] in INLINE else "application/octet-stream"
    kind = "attachment" if download or media_type not in INLINE else "inline"
    headers = {**GUARD, "Content-Disposition": f"{kind}; filename*=UTF-8''{quote(str(found['name']))}"}
    return Response(200, content(found), media_type, headers)


def _kinds(server: Server) -> tuple[Kind, ...]:
    there = [model for model in DOCUMENTS if model in server.models]
    return tuple(Kind(each, server.models[each].title, len(server.database.ids(each))) for each in there)


def _rendered(rooms: Rooms, sheet: Sheet) -> Response:
    html = templates().get_template("odoo.html").render(sheet=sheet, rooms=rooms, beside=beside)
    return Response(200, html.encode(), "text/html; charset=utf-8", GUARD)


def _missing(words: str) -> Response:
    return Response(404, words.encode(), "text/plain; charset=utf-8", GUARD)


def beside(document: Records, kind: str, **conditions: Any) -> list[Records]:
    """What belongs to a document: its attachments, the statuses of messages about it."""
    if kind not in document.env.server.models:
        return []
    named = {"res_id": document.id, **conditions}
    return list(document.env[kind].search([[name, "=", value] for name, value in named.items()]))
