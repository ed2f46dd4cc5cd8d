"""A person's words in the chatter of a record, once, in his own name."""

from collections.abc import Mapping
from typing import Any

from postroom.domain.enclosures import Enclosed
from postroom.domain.heard import Heard
from postroom.odoo.client import Odoo
from postroom.odoo.writing.authors import author_of
from postroom.odoo.writing.beside import post
from postroom.odoo.writing.places import Place, not_there
from postroom.odoo.writing.wording import body_of

MESSAGES = "mail.message"
COMMENT, NOTE = "mail.mt_comment", "mail.mt_note"


def tell(erp: Odoo, place: Place, heard: Heard, enclosed: Enclosed) -> Mapping[str, Any]:
    """Post the words once; what Odoo shows of them afterwards."""
    there = _there(erp, place, heard.reference)
    if there is None:
        author = author_of(erp, heard)
        arguments: dict[str, Any] = {
            "body": body_of(heard, known=author is not None, left_out=enclosed.left_out),
            "body_is_html": True,
            "message_type": "comment",
            "subtype_xmlid": COMMENT if author is not None and not heard.internal else NOTE,
            "message_id": heard.reference,
        }
        if author is not None:
            arguments["author_id"] = author
        post(erp, place, arguments, enclosed.documents)
        there = _there(erp, place, heard.reference)
    if there is None:
        raise not_there(f"the message on {place}")
    return there


def _there(erp: Odoo, place: Place, reference: str) -> Mapping[str, Any] | None:
    domain = [["message_id", "=", reference], ["model", "=", place.model], ["res_id", "=", place.id]]
    found = erp.search_read(MESSAGES, domain, ["author_id", "subtype_id", "attachment_ids"], limit=1)
    if not found:
        return None
    seen = found[0]
    return {
        "record": str(place),
        "message": seen["id"],
        "author": seen["author_id"][0] if seen["author_id"] else None,
        "subtype": seen["subtype_id"][1] if seen["subtype_id"] else None,
        "attachments": len(seen["attachment_ids"]),
    }
