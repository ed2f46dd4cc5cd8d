"""A document on a record: kept once by its name and its bytes."""

import base64
import hashlib
from collections.abc import Iterable

from postroom.domain.enclosures import LARGEST, Document, safe_name
from postroom.domain.writings import DEAD, DONE, Ending, Writing
from postroom.odoo.client import Odoo
from postroom.odoo.writing.places import Place, find, not_there

ATTACHMENTS = "ir.attachment"


def write(erp: Odoo, writing: Writing) -> Ending:
    """Payload: name, media_type, and content in base64."""
    place = find(erp, writing.subject)
    if place is None:
        return Ending(DEAD, "record_gone", f"{writing.subject} is gone, or our user may not see it")
    given = writing.payload
    document = Document(safe_name(given["name"]), given["media_type"], base64.b64decode(given["content"]))
    if len(document.content) > LARGEST:
        return Ending(DEAD, "too_large", f"{document.name} has more than {LARGEST // 1024 // 1024} MB")
    return Ending(DONE, result={"attachment": attach(erp, place, document)})


def attach_all(erp: Odoo, place: Place, documents: Iterable[Document]) -> list[int]:
    """The attachments' ids, in the order of the documents."""
    return [attach(erp, place, document) for document in documents]


def attach(erp: Odoo, place: Place, document: Document) -> int:
    """The attachment's id: of the one that is there, else of a new one."""
    there = _there(erp, place, document)
    if there is None:
        values = {
            "name": document.name,
            "datas": base64.b64encode(document.content).decode("ascii"),
            "res_model": place.model,
            "res_id": place.id,
            "mimetype": document.media_type,
        }
        erp.create(ATTACHMENTS, values)
        there = _there(erp, place, document)
    if there is None:
        raise not_there(f"the attachment on {place}")
    return there


def _there(erp: Odoo, place: Place, document: Document) -> int | None:
    # Odoo keeps the SHA-1 of what it stores; a name alone may be that of another version.
    checksum = hashlib.sha1(document.content, usedforsecurity=False).hexdigest()
    on_record = [["res_model", "=", place.model], ["res_id", "=", place.id]]
    same = [["name", "=", document.name], ["checksum", "=", checksum]]
    found = erp.search(ATTACHMENTS, [*on_record, *same], limit=1)
    return found[0] if found else None
