"""How a message fares, on its record: by the add-on where it is installed, else as one note that moves on."""

from html import escape
from typing import Any

from postroom.domain.writings import DEAD, DONE, Ending, Writing
from postroom.odoo.client import Odoo
from postroom.odoo.writing.beside import post
from postroom.odoo.writing.places import Place, find, not_there

MESSAGES = "mail.message"
NOTE = "mail.mt_note"


def write(erp: Odoo, writing: Writing) -> Ending:
    """Payload: message_id, state and words; they come in the order in which the message moved."""
    place = find(erp, writing.subject)
    if place is None:
        return Ending(DEAD, "record_gone", f"{writing.subject} is gone, or our user may not see it")
    note = _note(erp, place, writing)
    body = _body(writing)
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
    return Ending(DONE, result={"record": str(place), "message": seen["id"], "state": writing.payload["state"]})


def _note(erp: Odoo, place: Place, writing: Writing) -> dict[str, Any] | None:
    domain = [["message_id", "=", _reference(writing)], ["model", "=", place.model], ["res_id", "=", place.id]]
    found = erp.search_read(MESSAGES, domain, ["body"], limit=1)
    return found[0] if found else None


def _body(writing: Writing) -> str:
    return f"<p>{escape(writing.payload['words'])}</p>"


def _reference(writing: Writing) -> str:
    return f"<postroom-status-{writing.payload['message_id']}@postroom>"
