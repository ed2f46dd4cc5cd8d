"""Somebody asks to be contacted: an activity on the record, for whoever is responsible for it.

Odoo puts activities only on what our user may change, and an invoice he may not: then the responsible is told by name
in the chatter instead.
"""

from collections.abc import Mapping
from html import escape
from typing import Any

from postroom.domain.heard import Heard
from postroom.domain.writings import DEAD, DONE, Ending, Writing
from postroom.odoo.client import Odoo
from postroom.odoo.errors import OdooError
from postroom.odoo.writing.beside import post, refused
from postroom.odoo.writing.places import Place, find, not_there
from postroom.odoo.writing.wording import body_of, way_of

ACTIVITIES = "mail.activity"
TODO = "mail.mail_activity_data_todo"
NOTE = "mail.mt_note"
RESPONSIBLE = ("invoice_user_id", "user_id", "create_uid")
"""Fields that name somebody, the nearest to the customer first."""


def write(erp: Odoo, writing: Writing) -> Ending:
    """Payload: Heard. While one is open that this person asked for on this record, no other is added."""
    heard = Heard.from_json(writing.payload)
    place = find(erp, writing.subject)
    if place is None:
        return Ending(DEAD, "record_gone", f"{writing.subject} is gone, or our user may not see it")
    there = _there(erp, place, heard) or _told(erp, place, heard)
    if there is None:
        user = _responsible(erp, place)
        if user is None:
            return Ending(DEAD, "nobody_responsible", f"nobody active is responsible for {place}")
        _schedule_or_tell(erp, place, heard, user)
        there = _there(erp, place, heard) or _told(erp, place, heard)
    if there is None:
        raise not_there(f"the activity on {place}")
    return Ending(DONE, result=there)


def _schedule_or_tell(erp: Odoo, place: Place, heard: Heard, user: int) -> None:
    try:
        _schedule(erp, place, heard, user)
    except OdooError as error:
        if not refused(error):
            raise
        _tell(erp, place, heard, user)


def _wish(heard: Heard) -> str:
    return f"{heard.name or heard.address or 'The customer'} asks to be contacted ({way_of(heard)})"


def _tell(erp: Odoo, place: Place, heard: Heard, user: int) -> None:
    (row,) = erp.read("res.users", [user], ["partner_id"])
    arguments = {
        "body": f"<p>{escape(_wish(heard))}</p>{body_of(heard, known=True)}",
        "body_is_html": True,
        "message_type": "comment",
        "subtype_xmlid": NOTE,
        "partner_ids": [row["partner_id"][0]],
        "message_id": _calling(heard),
    }
    post(erp, place, arguments)


def _told(erp: Odoo, place: Place, heard: Heard) -> Mapping[str, Any] | None:
    domain = [["message_id", "=", _calling(heard)], ["model", "=", place.model], ["res_id", "=", place.id]]
    found = erp.search("mail.message", domain, limit=1)
    return {"record": str(place), "message": found[0]} if found else None


def _calling(heard: Heard) -> str:
    return f"<postroom-call-{heard.inbox_id}@postroom>"


def _schedule(erp: Odoo, place: Place, heard: Heard, user: int) -> None:
    arguments = {
        "act_type_xmlid": TODO,
        "date_deadline": f"{heard.at:%Y-%m-%d}",
        "summary": _wish(heard)[:200],
        "note": f"{body_of(heard, known=True)}<p><small>{escape(_reference(heard))}</small></p>",
        "user_id": user,
    }
    erp.act(place.model, [place.id], "activity_schedule", arguments)


def _there(erp: Odoo, place: Place, heard: Heard) -> Mapping[str, Any] | None:
    domain = [["res_model", "=", place.model], ["res_id", "=", place.id], ["note", "ilike", _reference(heard)]]
    found = erp.search_read(ACTIVITIES, domain, ["user_id", "date_deadline"], limit=1)
    if not found:
        return None
    return {"record": str(place), "activity": found[0]["id"], "user": found[0]["user_id"][0]}


def _responsible(erp: Odoo, place: Place) -> int | None:
    fields = [name for name in RESPONSIBLE if name in erp.fields(place.model)]
    [record] = erp.read(place.model, [place.id], fields)
    named = [record[name][0] for name in fields if record[name]]
    # Odoo's own robot stands where nobody was chosen; it is inactive, and reads nothing.
    active = erp.search("res.users", [["id", "in", named], ["share", "=", False], ["active", "=", True]])
    return next((user for user in named if user in active and user != erp.uid), None)


def _reference(heard: Heard) -> str:
    return f"postroom:{heard.conversation}"
