"""The pages: the inbox, the body of a mail in its own cage, the stream of changes, the style sheet."""

import mimetypes
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import cache
from pathlib import Path

from jinja2 import Environment as Jinja
from jinja2 import FileSystemLoader

from sandbox.answers import ANSWERS
from sandbox.channels import NAMES, Channel, shown
from sandbox.faults import KINDS
from sandbox.http1 import EventStream, Request, Response
from sandbox.odoo.markup import as_text
from sandbox.page.markup import dressed, json_markup, openable
from sandbox.page.sheet import (
    OWN_TICKS,
    SEEN,
    TICKS,
    clock_time,
    day_name,
    gist,
    mail_token,
    recipients_that_fail,
    sheet,
)
from sandbox.rooms import Rooms

HERE = Path(__file__).parent
STATIC = HERE / "static"

GUARD = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src "
    "'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
CAGE = {
    **GUARD,
    # A mail may style itself and show what it carries; it may not run, load, post, or be itself the whole page.
    "Content-Security-Policy": "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src "
    "'unsafe-inline'; img-src data:; form-action 'none'; frame-ancestors 'self'",
}
HEAD = re.compile(r"<head[^>]*>", re.IGNORECASE)


async def inbox(rooms: Rooms, request: Request, person_id: str) -> Response:
    """The inbox page."""
    page = sheet(rooms, person_id, request.query.get("view", ""))
    if person_id and page.chosen is None:
        return Response(404, b"Nobody here has this address any more. Go back to /", "text/plain", GUARD)
    html = (
        templates()
        .get_template("inbox.html")
        .render(
            page=page,
            rooms=rooms,
            courier=rooms.courier,
            refused=rooms.witness.refused()[:20],
            today=rooms.now().astimezone().date(),
        )
    )
    return Response(200, html.encode(), "text/html; charset=utf-8", GUARD)


async def mail_body(rooms: Rooms, _request: Request, token: str) -> Response:
    """A mail's HTML, for the frame that shows it."""
    for message in rooms.messages:
        if message.mail and mail_token(message.id) == token:
            return Response(200, _caged(message.mail.html).encode(), "text/html; charset=utf-8", CAGE)
    return Response(404, b"This mail is no longer here.", "text/plain", CAGE)


def _caged(html: str) -> str:
    """Links open in a tab of their own, not in the frame."""
    base = '<base target="_blank">'
    found = HEAD.search(html)
    return html[: found.end()] + base + html[found.end() :] if found else base + html


INLINE = frozenset({"application/pdf", "image/png", "image/jpeg", "image/gif", "text/plain"})
"""What a browser shows by itself without running anything of the sender's; all else is saved to disk."""
PLATE = {**GUARD, "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"}


async def document(rooms: Rooms, _request: Request, token: str) -> Response:
    """A document that came with a message."""
    file = rooms.files.get(token)
    if file is None:
        return Response(404, b"This document is no longer here.", "text/plain", GUARD)
    if file.media_type in INLINE:
        return Response(200, file.content, file.media_type, PLATE)
    return Response(200, file.content, "application/octet-stream", {**PLATE, "Content-Disposition": "attachment"})


async def events(rooms: Rooms, _request: Request, _: str) -> EventStream:
    """Server-sent events: 'changed', for the page to look again."""
    return EventStream(_changes(rooms), GUARD)


async def _changes(rooms: Rooms) -> AsyncGenerator[bytes, None]:
    yield b"retry: 1000\n\n"
    async with aclosing(rooms.bell.changes()) as changes:
        async for changed in changes:
            yield b"event: changed\ndata: \n\n" if changed else b": still here\n\n"


async def static(_rooms: Rooms, _request: Request, name: str) -> Response:
    """A file of the page; only those that lie in the directory itself."""
    path = STATIC / name
    if path.parent != STATIC or not path.is_file():
        return Response(404, b"There is no such file.", "text/plain", GUARD)
    content_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Response(200, path.read_bytes(), content_type, GUARD)


@cache
def templates() -> Jinja:
    """What the pages are made of."""
    jinja = Jinja(loader=FileSystemLoader(HERE / "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    jinja.filters |= {
        "dressed": dressed,
        "clock": clock_time,
        "token": mail_token,
        "shown": shown,
        "json": json_markup,
        "gist": gist,
        "as_text": as_text,
    }
    jinja.tests["openable"] = openable
    jinja.globals |= {
        "ANSWERS": ANSWERS,
        "Channel": Channel,
        "KINDS": KINDS,
        "NAMES": NAMES,
        "OWN_TICKS": OWN_TICKS,
        "SEEN": SEEN,
        "TICKS": TICKS,
        "day_name": day_name,
        "recipients_that_fail": recipients_that_fail(),
    }
    return jinja
