"""Messages, activities, followers, and the lists of those who want none."""

import re

from sandbox.odoo import chatter, rights
from sandbox.odoo.catalogue.base import normal_address, normal_number
from sandbox.odoo.editions import ONLY_19
from sandbox.odoo.fields import active, boolean, char, choice, date, html, integer, many, moment, one, text
from sandbox.odoo.models import Method, Model, Values
from sandbox.odoo.raised import user_error
from sandbox.odoo.records import Env, Records

EXAMPLE = "+1 555-555-5555"

# Messages -----------------------------------------------------------------------------------------------------------


def _message_prepared(env: Env, values: Values) -> Values:
    values.setdefault("message_id", chatter.new_reference())
    values.setdefault("date", env.now)
    if values.get("model") and values.get("res_id") and not values.get("record_name"):
        values["record_name"] = env.sudo().records(values["model"], [values["res_id"]])["display_name"]
    return values


def _message_guard(record: Records, operation: str) -> bool:
    """As the document that it stands beside; its author and those it was sent to may read it anyway."""
    row, own = record.sudo(), record.env.user["partner_id"].id
    if operation == "create" or row["author_id"].id == own:
        return True
    if operation == "read" and own in row["partner_ids"].ids:
        return True
    needed = "read" if operation == "read" else "write"
    return rights.reaches_document(record.env, row["model"], row["res_id"], needed)


MESSAGE = Model(
    "mail.message",
    "Message",
    {
        "subject": char("Subject"),
        "date": moment("Date"),
        "body": html("Contents", default=""),
        "preview": char("Preview", compute=lambda record: re.sub(r"<[^>]+>", " ", record["body"] or "").strip()[:190]),
        "message_type": choice("Type", chatter.MESSAGE_TYPES, default="comment", required=True),
        "subtype_id": one("mail.message.subtype", "Subtype"),
        "is_internal": boolean("Employee Only"),
        "model": char("Related Document Model"),
        "res_id": integer("Related Document ID"),
        "record_name": char("Message Record Name"),
        "author_id": one("res.partner", "Author"),
        "email_from": char("From"),
        "reply_to": char("Reply-To"),
        "parent_id": one("mail.message", "Parent Message"),
        "partner_ids": many("res.partner", "Recipients"),
        "attachment_ids": many("ir.attachment", "Attachments"),
        "message_id": char("Message-Id"),
        "tracking_value_ids": many(
            "mail.tracking.value",
            "Tracking values",
            compute=lambda r: r.env["mail.tracking.value"].search([["mail_message_id", "=", r.id]]).ids,
            groups="base.group_system",
        ),
    },
    order="id desc",
    module="mail",
    shown=lambda record: str(record["record_name"] or ""),
    prepare=_message_prepared,
    guard=_message_guard,
)
SUBTYPE = Model(
    "mail.message.subtype",
    "Message subtypes",
    {"name": char("Message Type", required=True), "internal": boolean("Internal Only"), "res_model": char("Model")},
    module="mail",
)
TRACKING = Model(
    "mail.tracking.value",
    "Mail Tracking Value",
    {
        "field_name": char("Field"),
        "old_value_char": char("Old Value Char"),
        "new_value_char": char("New Value Char"),
        "mail_message_id": one("mail.message", "Message ID", required=True),
    },
    module="mail",
    shown=lambda record: f"{record['field_name']}: {record['old_value_char']} → {record['new_value_char']}",
)
FOLLOWERS = Model(
    "mail.followers",
    "Document Followers",
    {
        "res_model": char("Related Document Model Name", required=True),
        "res_id": integer("Related Document ID"),
        "partner_id": one("res.partner", "Related Partner", required=True),
    },
    module="mail",
    shown=lambda record: str(record["partner_id"]["display_name"]),
)
THREAD = Model(
    "mail.thread", "Email Thread", {}, {"message_notify": Method(chatter.message_notify, makes=True)}, module="mail"
)

# Activities ---------------------------------------------------------------------------------------------------------


def _model_id(record: Records) -> int | bool:
    found = record.env["ir.model"].search([["model", "=", record["res_model"]]])
    return found.id or False


def _activity_prepared(env: Env, values: Values) -> Values:
    """The model may be named by its record in ir.model, as Odoo's own views do."""
    if values.get("res_model_id") and not values.get("res_model"):
        values["res_model"] = env.sudo().records("ir.model", [values["res_model_id"]])["model"]
    values.setdefault("activity_type_id", env.ref("mail.mail_activity_data_todo").id)
    return values


def _activity_guard(record: Records, operation: str) -> bool:
    """His own, and those beside documents that he may read; whom it is given to must be able to read the document."""
    row = record.sudo()
    model, document = row["res_model"], row["res_id"]
    if operation == "create":
        return rights.reaches_document(record.env.with_user(row["user_id"].id), model, document, "read")
    mine = record.env.uid in (row["user_id"].id, row["create_uid"].id)
    return mine or rights.reaches_document(record.env, model, document, "read" if operation == "read" else "write")


def _res_name(record: Records) -> str:
    return str(record.env.records(record["res_model"], [record["res_id"]]).exists()["display_name"])


def _done(records: Records) -> int | bool:
    return chatter.action_feedback(records)


ACTIVITY = Model(
    "mail.activity",
    "Activity",
    {
        "res_model": char("Related Document Model", required=True),
        "res_model_id": one("ir.model", "Document Model", compute=_model_id),
        "res_id": integer("Related Document ID"),
        "res_name": char("Document Name", compute=_res_name),
        "activity_type_id": one("mail.activity.type", "Activity Type"),
        "summary": char("Summary"),
        "note": html("Note"),
        "date_deadline": date("Due Date", required=True, default=lambda env: env.today),
        "user_id": one("res.users", "Assigned to", required=True, default=lambda env: env.uid),
        "state": choice(
            "State", {"overdue": "Overdue", "today": "Today", "planned": "Planned"}, compute=chatter.deadline_state
        ),
        "feedback": text("Feedback", editions=ONLY_19),
        "date_done": date("Done Date", editions=ONLY_19),
        "active": boolean("Active", default=True, editions=ONLY_19),
    },
    {"action_feedback": Method(chatter.action_feedback), "action_done": Method(_done)},
    order="date_deadline, id",
    module="mail",
    shown=lambda record: str(record["summary"] or record["activity_type_id"]["name"]),
    prepare=_activity_prepared,
    guard=_activity_guard,
)
ACTIVITY_TYPE = Model(
    "mail.activity.type",
    "Activity Type",
    {
        "name": char("Name", required=True),
        "summary": char("Default Summary"),
        "category": choice("Action", {"default": "None", "upload_file": "Upload Document", "phonecall": "Phonecall"}),
        "res_model": char("Model"),
        "active": active(),
    },
    module="mail",
)

# Who wants none -----------------------------------------------------------------------------------------------------


def _listed(env: Env, model: str, field: str, value: object) -> Records:
    everything = env.with_context(active_test=False).sudo()[model]
    return everything.search([[field, "=", value]], limit=1)


def _email_prepared(env: Env, values: Values) -> Values:
    """An address that is there already stays as it is, also where it was taken off the list."""
    address = normal_address(values.get("email"))
    if not address:
        raise user_error(f"Invalid email address {env.edition.quoted_address.format(address=values.get('email'))}")
    there = _listed(env, "mail.blacklist", "email", address)
    return {"id": there.id} if there else {**values, "email": address}


def _phone(number: object) -> str:
    normal = normal_number(number)
    if not normal:
        raise user_error(
            f"Invalid number {EXAMPLE}: probably incorrect prefix. Please correct the number and try again."
        )
    return str(normal)


def _phone_prepared(env: Env, values: Values) -> Values:
    """A number that was taken off the list is put back on it."""
    number = _phone(values.get("number"))
    there = _listed(env, "phone.blacklist", "number", number)
    if not there:
        return {**values, "number": number}
    there.write({"active": True})
    return {"id": there.id}


def _phone_add(records: Records, number: str, message: str | None = None) -> Records:
    del message
    rights.check_model(records.env, records.model, "read")
    return records.create([{"number": number}])


def _phone_remove(records: Records, number: str, message: str | None = None) -> Records:
    del message
    there = records.env.with_context(active_test=False)["phone.blacklist"].search([["number", "=", _phone(number)]])
    if there:
        there.write({"active": False})
        return there
    return records.create([{"number": number, "active": False}])


MAIL_BLACKLIST = Model(
    "mail.blacklist",
    "Mail Blacklist",
    {"email": char("Email Address", required=True), "active": active()},
    module="mail",
    shown=lambda record: str(record["email"]),
    thread=True,
    prepare=_email_prepared,
)
PHONE_BLACKLIST = Model(
    "phone.blacklist",
    "Phone Blacklist",
    {"number": char("Phone Number", required=True), "active": active()},
    {"add": Method(_phone_add), "remove": Method(_phone_remove)},
    module="phone_validation",
    shown=lambda record: str(record["number"]),
    thread=True,
    prepare=_phone_prepared,
)

MODELS = (
    MESSAGE,
    SUBTYPE,
    TRACKING,
    FOLLOWERS,
    THREAD,
    ACTIVITY,
    ACTIVITY_TYPE,
    MAIL_BLACKLIST,
    PHONE_BLACKLIST,
)
