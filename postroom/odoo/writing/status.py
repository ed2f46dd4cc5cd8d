"""How a message fares, on its record: by the add-on where it is installed, else as one note that moves on."""

from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape
from typing import Any

from postroom.domain.writings import DEAD, DONE, Ending, Writing
from postroom.odoo.calls import Call
from postroom.odoo.client import Odoo
from postroom.odoo.writing.beside import post
from postroom.odoo.writing.places import Place, find, not_there

MESSAGES = "mail.message"
NOTE = "mail.mt_note"
LIST = "postroom.message"
"""The add-on's model."""


def write(erp: Odoo, writing: Writing) -> Ending:
    """Payload: message_id, message_type, channel, state, reason, at and words; in the order in which it moved."""
    place = find(erp, writing.subject)
    if place is None:
        return Ending(DEAD, "record_gone", f"{writing.subject} is gone, or our user may not see it")
    return Ending(DONE, result=(_set if erp.has_model(LIST) else _noted)(erp, place, writing))


def _set(erp: Odoo, place: Place, writing: Writing) -> Mapping[str, Any]:
    """The add-on's own list: it knows a repeat, and what is older than what stands there."""
    given = writing.payload
    arguments = {
        "key": given["message_id"],
        "model": place.model,
        "res_id": place.id,
        "message_type": given["message_type"],
        "channel": given["channel"],
        "state": given["state"],
        "at": f"{datetime.fromisoformat(given['at']).astimezone(UTC):%Y-%m-%d %H:%M:%S}",
        "reason": given["reason"] or "",
    }
    stands = erp.call(Call(LIST, "set_status", None, arguments, repeatable=True))
    return {"record": str(place), "list": LIST, "state": str(stands)}


def _noted(erp: Odoo, place: Place, writing: Writing) -> Mapping[str, Any]:
    note, body = _note(erp, place, writing), _body(writing)
    if note is None:
        arguments = {
            "body": body,
            "body_is_html": True,
            "message_type": "comment",
            "subtype_xmlid": NOTE,
            "message_id": _reference(writing),
        }
        post(erp, place, arguments)
    elif escape(writing.payload["words"]) not in note["body"]:
        erp.write(MESSAGES, [note["id"]], {"body": body})
    seen = _note(erp, place, writing)
    if seen is None:
        raise not_there(f"the status on {place}")
    return {"record": str(place), "message": seen["id"], "state": writing.payload["state"]}


def _note(erp: Odoo, place: Place, writing: Writing) -> dict[str, Any] | None:
    domain = [["message_id", "=", _reference(writing)], ["model", "=", place.model], ["res_id", "=", place.id]]
    found = erp.search_read(MESSAGES, domain, ["body"], limit=1)
    return found[0] if found else None


def _body(writing: Writing) -> str:
    return f"<p>{escape(writing.payload['words'])}</p>"


def _reference(writing: Writing) -> str:
    return f"<postroom-status-{writing.payload['message_id']}@postroom>"
