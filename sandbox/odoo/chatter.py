"""What every document with a chatter has: messages, followers, activities."""

import base64
import html
import secrets
from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any

from sandbox.odoo import markup, rights
from sandbox.odoo.fields import Field, children, choice, one
from sandbox.odoo.models import Method
from sandbox.odoo.raised import access_error, value_error
from sandbox.odoo.records import Records

MESSAGE_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "email": "Incoming Email",
        "comment": "Comment",
        "email_outgoing": "Outgoing Email",
        "notification": "System notification",
        "auto_comment": "Automated Targeted Notification",
        "user_notification": "User Specific Notification",
        "sms": "SMS",
    }
)
EXTRA = frozenset({"message_id", "reply_to", "record_name", "model", "res_id", "is_internal", "incoming_email_to"})
"""Further values of a message that may be given when one is posted."""


def _activity_state(record: Records) -> str | bool:
    states = {each["state"] for each in record["activity_ids"]}
    return next((state for state in ("overdue", "today", "planned") if state in states), False)


FIELDS: Mapping[str, Field] = MappingProxyType(
    {
        "message_ids": children("mail.message", "res_id", "Messages", by="model"),
        "message_follower_ids": children("mail.followers", "res_id", "Followers", by="res_model"),
        "activity_ids": children("mail.activity", "res_id", "Activities", by="res_model"),
        "activity_state": choice(
            "Activity State",
            {"overdue": "Overdue", "today": "Today", "planned": "Planned"},
            compute=_activity_state,
        ),
        "message_main_attachment_id": one("ir.attachment", "Main Attachment", copied=False),
    }
)


def message_post(
    records: Records,
    *,
    body: str = "",
    subject: str | None = None,
    message_type: str = "notification",
    email_from: str | None = None,
    author_id: int | None = None,
    parent_id: int | bool = False,
    subtype_xmlid: str | None = None,
    subtype_id: int | bool = False,
    partner_ids: Sequence[int] | None = None,
    attachments: Sequence[Sequence[str]] | None = None,
    attachment_ids: Sequence[int] | None = None,
    body_is_html: bool = False,
    **kwargs: Any,
) -> Records:
    """A message in the chatter; a body is taken for plain text unless it says that it is HTML."""
    env = records.env
    _check_values(message_type, kwargs)
    author = env.sudo().records("res.partner", [author_id]) if author_id else env.user["partner_id"]
    author.need()
    _check_posting(records)
    made = {
        "body": markup.kept(body) if body_is_html else markup.from_text(body),
        "subject": subject or False,
        "message_type": message_type,
        "subtype_id": subtype_id or env.ref(subtype_xmlid or "mail.mt_note").id,
        "author_id": author.id,
        "email_from": email_from or _formatted(author),
        "parent_id": parent_id or (min(records.sudo()["message_ids"].ids, default=0) or False),
        "partner_ids": [(6, 0, list(partner_ids or []))],
        "attachment_ids": [(6, 0, _attached(records, attachments or (), attachment_ids or ()))],
        "model": records.model,
        "res_id": records.id,
        **kwargs,
    }
    return Records(env, "mail.message", tuple(env.sudo()["mail.message"].create([made]).ids))


def _check_values(message_type: str, more: Mapping[str, Any]) -> None:
    if unknown := sorted(set(more) - EXTRA):
        raise value_error(f"Those values are not supported when posting or notifying: {', '.join(unknown)}")
    if message_type == "user_notification":
        raise value_error("Use message_notify to send a notification to an user.")
    if message_type not in MESSAGE_TYPES:
        raise value_error(f"Wrong value for mail.message.message_type: {message_type!r}")


def _check_posting(records: Records) -> None:
    """Whoever may change a document, or follows it, may write beside it; 17 asks before that who may change such."""
    env = records.env
    if env.su:
        return
    operation = "read" if records.kind.posts_by_reading else "write"
    if env.edition.number == 17:
        rights.check_model(env, records.model, operation)
    followers = [each["partner_id"].id for each in records.sudo()["message_follower_ids"]]
    if env.user["partner_id"].id in followers or rights.reaches(records, operation):
        return
    if env.edition.post_refused:
        raise access_error(env.edition.post_refused.format(id=records.id, uid=env.uid))
    rights.check_records(records, operation)


def _formatted(partner: Records) -> str:
    return f'"{partner["name"]}" <{partner["email"]}>' if partner["email"] else str(partner["name"])


def _attached(records: Records, given: Sequence[Sequence[str]], ids: Sequence[int]) -> list[int]:
    """The attachments, moved to the document that they are posted on."""
    env = records.env.sudo()
    home = {"res_model": records.model, "res_id": records.id}
    named = [{"name": name, "datas": base64.b64encode(content.encode()).decode(), **home} for name, content in given]
    waiting = env.records("ir.attachment", ids)
    if waiting:
        waiting.write(home)
    return [*waiting.ids, *env["ir.attachment"].create(named).ids]


def activity_schedule(
    records: Records,
    act_type_xmlid: str = "",
    date_deadline: str | None = None,
    summary: str = "",
    note: str = "",
    **act_values: Any,
) -> Records:
    """An activity on each record."""
    env = records.env
    kind = act_values.pop("activity_type_id", None) or env.ref(act_type_xmlid or "mail.mail_activity_data_todo").id
    rows = [
        {
            "activity_type_id": kind,
            "summary": summary,
            "note": note,
            "date_deadline": date_deadline or env.today,
            "res_model": records.model,
            "res_id": each.id,
            "user_id": act_values.get("user_id") or env.uid,
        }
        for each in records
    ]
    return env["mail.activity"].create(rows)


def activity_feedback(
    records: Records, act_type_xmlids: Sequence[str], user_id: int | None = None, feedback: str | None = None
) -> bool:
    """Mark the activities of some types as done."""
    kinds = [records.env.ref(each).id for each in act_type_xmlids]
    for each in records.sudo()["activity_ids"]:
        if each["activity_type_id"].id in kinds and user_id in (None, each["user_id"].id):
            action_feedback(each, feedback or False)
    return True


def action_feedback(
    records: Records, feedback: str | bool = False, attachment_ids: Sequence[int] | None = None
) -> int | bool:
    """Mark activities as done: a message says so, and 19 keeps them out of sight."""
    posted: int | bool = False
    for each in records:
        document = each.env.records(each["res_model"], [each["res_id"]])
        words = f"<p>{html.escape(each['activity_type_id']['name'])} done</p>"
        told = markup.from_text(str(feedback)) if feedback else ""
        message = message_post(
            document,
            body=words + told,
            body_is_html=True,
            subtype_xmlid="mail.mt_activities",
            attachment_ids=attachment_ids,
        )
        posted = posted or message.id
        if each.env.edition.keeps_done_activities:
            each.sudo().write({"active": False, "feedback": feedback, "date_done": each.env.today})
        else:
            each.sudo().unlink()
    return posted


def message_subscribe(
    records: Records, partner_ids: Sequence[int] | None = None, subtype_ids: Sequence[int] | None = None
) -> bool:
    """Make partners followers."""
    del subtype_ids
    for each in records.sudo():
        there = {follower["partner_id"].id for follower in each["message_follower_ids"]}
        rows = [
            {"res_model": each.model, "res_id": each.id, "partner_id": partner}
            for partner in partner_ids or []
            if partner not in there
        ]
        each.env["mail.followers"].create(rows)
    return True


def message_unsubscribe(records: Records, partner_ids: Sequence[int] | None = None) -> bool:
    """Let partners follow no more."""
    for each in records.sudo():
        gone = [one.id for one in each["message_follower_ids"] if one["partner_id"].id in (partner_ids or [])]
        each.env.records("mail.followers", gone).unlink()
    return True


def message_notify(records: Records, **values: Any) -> Records:
    """A message to users alone; the inbox of each is the sandbox's business."""
    env = records.env.sudo()
    row = {
        "body": markup.from_text(str(values.get("body") or "")),
        "subject": values.get("subject") or False,
        "message_type": "user_notification",
        "subtype_id": env.ref("mail.mt_note").id,
        "author_id": records.env.user["partner_id"].id,
        "model": records.model if records else False,
        "res_id": records.id,
    }
    return env["mail.message"].create([row])


def register_as_main_attachment(records: Records, force: bool = True) -> None:
    """Make an attachment the one that is shown beside its document."""
    for each in records:
        document = each.env.records(each["res_model"], [each["res_id"]])
        if force or not document["message_main_attachment_id"]:
            document.write({"message_main_attachment_id": each.id})


def new_reference() -> str:
    """A Message-Id of Odoo's own."""
    return f"<{secrets.randbelow(10**15)}-openerp@odoo>"


def deadline_state(record: Records) -> str:
    """Whether an activity is late."""
    due, today = str(record["date_deadline"]), record.env.today
    return "today" if due == today else "overdue" if date.fromisoformat(due) < date.fromisoformat(today) else "planned"


METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "message_post": Method(message_post, makes=True),
        "message_subscribe": Method(message_subscribe),
        "message_unsubscribe": Method(message_unsubscribe),
        "activity_schedule": Method(activity_schedule),
        "activity_feedback": Method(activity_feedback),
    }
)
