"""The portal's documents: a page for people, and the same as a PDF."""

from sandbox.http1 import Request, Response
from sandbox.odoo.pdf import one_page
from sandbox.odoo.rpc import page
from sandbox.rooms import Rooms

TITLES = {"invoices": "Invoice", "orders": "Order", "purchase": "Purchase order"}
PREFIXES = {"invoices": "INV", "orders": "S", "purchase": "P"}
EXPIRED = "expired"
"""The access token that opens nothing."""


async def document(_rooms: Rooms, request: Request, kind: str, document_id: str) -> Response:
    """GET /odoo/my/invoices/91?access_token=…; `number` and `amount` in the query are what the document shows."""
    query = request.query
    if not query.get("access_token") or query["access_token"] == EXPIRED:
        return Response(303, headers={"Location": "/odoo/my"})
    number = query.get("number") or f"{PREFIXES[kind]}/{document_id}"
    title = f"{TITLES[kind]} {number}"
    if query.get("report_type") != "pdf":
        return page(200, title)
    amount = query.get("amount")
    lines = [f"Amount due: {amount}"] if amount else []
    name = "".join(sign if sign.isalnum() else "_" for sign in number if sign.isascii())
    headers = {"Content-Disposition": f'attachment; filename="{name}.pdf"'} if "download" in query else {}
    return Response(
        200, one_page(title, [*lines, "This document was made by the sandbox."]), "application/pdf", headers
    )


async def login(_rooms: Rooms, _request: Request) -> Response:
    """GET /odoo/my: what Odoo shows to somebody whose token opens nothing."""
    return page(200, "Log in")
