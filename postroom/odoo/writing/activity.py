"""Somebody asks to be contacted: an activity on the record, for whoever is responsible for it."""

from collections.abc import Mapping
from html import escape
from typing import Any

from postroom.domain.heard import Heard
from postroom.domain.writings import DEAD, DONE, Ending, Writing
from postroom.odoo.client import Odoo
from postroom.odoo.writing.places import Place, find, not_there
from postroom.odoo.writing.wording import body_of, way_of

ACTIVITIES = "mail.activity"
TODO = "mail.mail_activity_data_todo"
RESPONSIBLE = ("invoice_user_id", "user_id", "create_uid")
"""Fields that name somebody, the nearest to the customer first."""


def write(erp: Odoo, writing: Writing) -> Ending:
    """Payload: Heard. While one is open that this person asked for on this record, no other is added."""
    heard = Heard.from_json(writing.payload)
    place = find(erp, writing.subject)
    if place is None:
        return Ending(DEAD, "record_gone", f"{writing.subject} is gone, or our user may not see it")
    there = _there(erp, place, heard)
    if there is None:
        user = _responsible(erp, place)
        if user is None:
            return Ending(DEAD, "nobody_responsible", f"nobody active is responsible for {place}")
        _schedule(erp, place, heard, user)
        there = _there(erp, place, heard)
    if there is None:
        raise not_there(f"the activity on {place}")
    return Ending(DONE, result=there)


def _schedule(erp: Odoo, place: Place, heard: Heard, user: int) -> None:
    who = heard.name or heard.address or "The customer"
    arguments = {
        "act_type_xmlid": TODO,
        "date_deadline": f"{heard.at:%Y-%m-%d}",
        "summary": f"{who} asks to be contacted ({way_of(heard)})"[:200],
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
