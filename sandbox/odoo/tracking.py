"""Changes of tracked fields, noted in the chatter of a document in the name of whoever made them."""

from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.odoo.records import Records


def state(record: "Records") -> dict[str, Any]:
    """The tracked fields as people read them."""
    fields = record.env.fields(record.model)
    if not record.kind.thread:
        return {}
    return {name: _shown(record, name) for name, field in fields.items() if field.tracked}


def note_made(record: "Records") -> None:
    """The first message of a document: that it was made."""
    if record.kind.thread:
        _write(record, f"<span>{escape(record.kind.title)} created</span>")


def note(record: "Records", before: dict[str, Any]) -> None:
    """One message for all that has changed since."""
    after = state(record)
    changed = [name for name, value in before.items() if after[name] != value]
    if not changed:
        return
    env = record.env.sudo()
    fields = env.fields(record.model)
    message = _write(record, "")
    for name in changed:
        row = {"mail_message_id": message.id, "old_value_char": before[name], "new_value_char": after[name]}
        env["mail.tracking.value"].create([{**row, "field_name": fields[name].string}])


def _write(record: "Records", body: str) -> "Records":
    env = record.env.sudo()
    about = {"model": record.model, "res_id": record.id, "author_id": record.env.user["partner_id"].id, "body": body}
    kind = {"message_type": "notification", "subtype_id": env.ref("mail.mt_note").id}
    return env["mail.message"].create([{**about, **kind}])


def _shown(record: "Records", name: str) -> str:
    field = record.env.fields(record.model)[name]
    value = record.sudo()[name]
    if field.type == "many2one":
        return str(value["display_name"] or "")
    if field.type == "selection":
        return field.selection.get(value or "", "")
    return "" if value is False else str(value)
