"""Words beside a document that our user may read and not change.

Whoever follows a record may write in its chatter, and whoever may read it may follow it (17 to 19). So where Odoo
refuses the words our user follows the record for as long as it takes to post them, and nobody need let him change it.
"""

import base64
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from postroom.domain.enclosures import Document
from postroom.odoo.client import Odoo
from postroom.odoo.errors import OdooError
from postroom.odoo.rights import ACCESS_ERROR
from postroom.odoo.writing.places import Place

BEING_WRITTEN = {"res_model": "mail.compose.message", "res_id": 0}
"""Of a message that is still written: message_post takes it along to the record, and Odoo sweeps up what is left."""
ASIDE = {
    "disable_attachment_import": True,  # 19 reads a file beside an invoice into the invoice; a customer's must not be
    "no_new_invoice": True,  # 17 does the same, by this name
    "mail_post_autofollow": False,  # 17: whoever is named beside an order follows it, and only a writer may add him
}


def post(erp: Odoo, place: Place, arguments: Mapping[str, Any], documents: Iterable[Document] = ()) -> None:
    """message_post, with its documents."""
    files = [_loose(erp, document) for document in documents]
    whole = {**arguments, "attachment_ids": files} if files else dict(arguments)
    try:
        _post(erp, place, whole)
    except OdooError as error:
        ourselves = _ourselves(erp) if refused(error) else None
        if ourselves is None:
            raise
        with _following(erp, place, ourselves):
            _post(erp, place, whole)


def refused(error: OdooError) -> bool:
    """Whether our user lacks the right, and nothing was done."""
    return error.fault.code == ACCESS_ERROR


def _post(erp: Odoo, place: Place, arguments: Mapping[str, Any]) -> None:
    erp.act(place.model, [place.id], "message_post", arguments, context=ASIDE)


def _loose(erp: Odoo, document: Document) -> int:
    content = base64.b64encode(document.content).decode("ascii")
    values = {"name": document.name, "datas": content, "mimetype": document.media_type, **BEING_WRITTEN}
    return erp.create("ir.attachment", values)


def _ourselves(erp: Odoo) -> int | None:
    """The partner that our user is."""
    rows = erp.read("res.users", [erp.uid], ["partner_id"])
    return int(rows[0]["partner_id"][0]) if rows else None


@contextmanager
def _following(erp: Odoo, place: Place, partner: int) -> Iterator[None]:
    ourselves = {"partner_ids": [partner]}
    erp.act(place.model, [place.id], "message_subscribe", ourselves, repeatable=True)
    try:
        yield
    finally:
        erp.act(place.model, [place.id], "message_unsubscribe", ourselves, repeatable=True)
