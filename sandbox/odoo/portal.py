"""The portal's documents: a page for people, and the same as a PDF."""

from urllib.parse import quote

from sandbox.http1 import Request, Response
from sandbox.odoo.pdf import one_page
from sandbox.odoo.records import Records
from sandbox.odoo.rpc import page
from sandbox.odoo.servers import server_at
from sandbox.rooms import Rooms

TITLES = {"invoices": "Invoice", "orders": "Order", "purchase": "Purchase order"}
PREFIXES = {"invoices": "INV", "orders": "S", "purchase": "P"}
MODELS = {"invoices": "account.move", "orders": "sale.order", "purchase": "purchase.order"}
EXPIRED = "expired"
"""The access token that opens nothing."""


async def document(rooms: Rooms, request: Request, version: str, kind: str, document_id: str) -> Response:
    """GET /odoo/my/invoices/91?access_token=…; `number` and `amount` in the query are what the document shows."""
    query = request.query
    record = server_at(rooms, version).root().records(MODELS[kind], [int(document_id)]).exists()
    if not _opens(record, query.get("access_token", "")):
        return Response(303, headers={"Location": f"/odoo{version}/my"})
    number = query.get("number") or (record and record["name"]) or f"{PREFIXES[kind]}/{document_id}"
    title = f"{TITLES[kind]} {number}"
    if query.get("report_type") != "pdf":
        return page(200, title)
    amount = query.get("amount") or _amount(record)
    lines = [f"Amount due: {amount}"] if amount else []
    name = "".join(sign if sign.isalnum() else "_" for sign in number if sign.isascii())
    headers = {"Content-Disposition": f'attachment; filename="{name}.pdf"'} if "download" in query else {}
    return Response(
        200, one_page(title, [*lines, "This document was made by the sandbox."]), "application/pdf", headers
    )


def _opens(record: Records, token: str) -> bool:
    """A document that gave a token away opens by that alone; one that nobody made here, by any."""
    own = record["access_token"] if record else False
    return bool(token == own) if own else token not in ("", EXPIRED)


def _amount(record: Records) -> str:
    if not record:
        return ""
    owed = record["amount_residual"] if record.model == "account.move" else record["amount_total"]
    return f"{owed:.2f} {record['currency_id']['name']}"


async def report(_rooms: Rooms, _request: Request, _version: str, path: str) -> Response:
    """GET /odoo/report/pdf/…: for sessions alone; a key opens nothing."""
    return Response(303, headers={"Location": f"/web/login?redirect={quote(f'/report/pdf/{path}', safe='')}%3F"})


async def login(_rooms: Rooms, _request: Request, _version: str) -> Response:
    """GET /odoo/my: what Odoo shows to somebody whose token opens nothing."""
    return page(200, "Log in")
