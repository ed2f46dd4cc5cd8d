"""From Meta's webhook to events: every entry, every change, every status and message in it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from postroom.domain.channels import ChannelEvent, ChannelName, EventKind, Parsed
from workers.channels.base import Malformed
from workers.channels.opt_out import consent_in
from workers.channels.tokens import id_of, label, text_of
from workers.channels.whatsapp.content import Content, read_content
from workers.channels.whatsapp.errors import fault_of_errors

STATUSES: Mapping[str, EventKind] = {
    "sent": EventKind.SENT,
    "delivered": EventKind.DELIVERED,
    "read": EventKind.READ,
    "played": EventKind.READ,  # a voice message was listened to
    "failed": EventKind.FAILED,
}

IGNORED_STATUSES = frozenset({"deleted", "warning", "pending"})

# They matter to the operator of an account, and none of them to one message.
IGNORED_FIELDS = frozenset(
    {
        "account_alerts",
        "account_review_update",
        "account_settings_update",
        "account_update",
        "automatic_events",
        "business_capability_update",
        "business_status_update",
        "calls",
        "flows",
        "group_lifecycle_update",
        "group_participants_update",
        "group_settings_update",
        "group_status_update",
        "history",
        "message_echoes",
        "message_template_components_update",
        "message_template_quality_update",
        "message_template_status_update",
        "partner_solutions",
        "payment_configuration_update",
        "phone_number_name_update",
        "phone_number_quality_update",
        "security",
        "smb_app_state_sync",
        "smb_message_echoes",
        "template_category_update",
        "template_correct_category_detection",
        "tracking_events",
        # A stop of *marketing* messages: Meta holds those back itself (131050). It is no opt-out from one's invoices.
        "user_preferences",
    }
)

# No words of a person's, and nothing to answer.
IGNORED_MESSAGES = frozenset({"system", "revoke", "request_welcome", "ephemeral"})

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Ignored:
    """One thing that is left out on purpose."""

    label: str


@dataclass(frozen=True, slots=True)
class _Unknown:
    """One thing that nobody foresaw; the raw request is kept."""

    label: str


_Item = ChannelEvent | _Ignored | _Unknown


def parse(raw: bytes) -> Parsed:
    """The payload as events and labels. Raises Malformed for a body that is no such payload at all."""
    items = tuple(_items(_payload(raw)))
    return Parsed(
        events=tuple(item for item in items if isinstance(item, ChannelEvent)),
        ignored=tuple(item.label for item in items if isinstance(item, _Ignored)),
        unknown=tuple(item.label for item in items if isinstance(item, _Unknown)),
    )


def _payload(raw: bytes) -> Json:
    try:
        payload = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"The body is not JSON ({error}). Meta posts one JSON object.") from error
    if not isinstance(payload, dict):
        raise Malformed(f"The body is a JSON {type(payload).__name__}. Meta posts one JSON object.")
    if not isinstance(payload.get("entry"), list):
        raise Malformed("'/entry' is missing or no list. Meta posts {object, entry: [{id, changes: [...]}]}.")
    return payload


def _items(payload: Json) -> Iterator[_Item]:
    if payload.get("object") != "whatsapp_business_account":
        yield _Unknown(label("object", text_of(payload.get("object"))))
        return
    for entry in payload["entry"]:
        changes = entry.get("changes") if isinstance(entry, dict) else None
        if not isinstance(changes, list):
            yield _Unknown("entry:unreadable")
            continue
        for change in changes:
            yield from _change(change)


def _change(change: object) -> Iterator[_Item]:
    value = change.get("value") if isinstance(change, dict) else None
    field = text_of(change.get("field")) if isinstance(change, dict) else ""
    if field in IGNORED_FIELDS:
        yield _Ignored(label("field", field))
    elif field != "messages":
        yield _Unknown(label("field", field))
    elif not isinstance(value, dict):
        yield _Unknown("messages:unreadable")
    else:
        yield from _messages_field(value)


def _messages_field(value: Json) -> Iterator[_Item]:
    metadata = value.get("metadata")
    account = id_of(metadata.get("phone_number_id")) if isinstance(metadata, dict) else ""
    for status in _listed(value, "statuses"):
        yield _status(status, account) if isinstance(status, dict) else _Unknown("status:unreadable")
    for message in _listed(value, "messages"):
        yield from (
            _message(message, account, _contact(value))
            if isinstance(message, dict)
            else [_Unknown("message:unreadable")]
        )
    for _ in _listed(value, "message_echoes"):
        yield _Ignored("message_echo")
    for error in _listed(value, "errors"):
        code = error.get("code") if isinstance(error, dict) else None
        yield _Unknown(label("error", str(code)))


def _listed(value: Json, name: str) -> list[Any]:
    listed = value.get(name)
    return listed if isinstance(listed, list) else []


def _contact(value: Json) -> Json:
    """The one contact of a payload with one; system messages come without."""
    contacts = _listed(value, "contacts")
    return contacts[0] if len(contacts) == 1 and isinstance(contacts[0], dict) else {}


# Statuses: what became of a message of ours -------------------------------------------------------------------------


def _status(status: Json, account: str) -> _Item:
    name, provider_id = text_of(status.get("status")), id_of(status.get("id"))
    if status.get("recipient_type") == "group":
        return _Ignored("status:group")  # we send to persons only
    if name in IGNORED_STATUSES:
        return _Ignored(label("status", name))
    if name not in STATUSES or not provider_id:
        return _Unknown(label("status", name) if provider_id else "status:without_id")
    kind = STATUSES[name]
    return ChannelEvent(
        kind=kind,
        key=f"{provider_id}:{name}",
        channel=ChannelName.WHATSAPP,
        account=account,
        occurred_at=_moment(status.get("timestamp")),
        provider_id=provider_id,
        attempt_id=_attempt(status.get("biz_opaque_callback_data")),
        address=_address(status.get("recipient_id"), status.get("recipient_user_id")),
        fault=fault_of_errors(status.get("errors")) if kind is EventKind.FAILED else None,
        extra=_facts(status),
    )


def _attempt(raw: object) -> UUID | None:
    """Our id; other software on the same number may put anything there."""
    try:
        return UUID(text_of(raw)) if raw else None
    except ValueError:
        return None


_FACTS = (
    ("conversation", "conversation", "id"),
    ("pricing_category", "pricing", "category"),
    ("pricing_model", "pricing", "pricing_model"),
    ("pricing_type", "pricing", "type"),
    ("billable", "pricing", "billable"),
)


def _facts(status: Json) -> dict[str, str]:
    """What a message costs, as far as Meta says."""
    found = {}
    for name, part, key in _FACTS:
        block = status.get(part)
        fact = block.get(key) if isinstance(block, dict) else None
        if isinstance(fact, bool):
            found[name] = str(fact).lower()
        elif id_of(fact):
            found[name] = id_of(fact)
    return found


# Messages: what a person said ---------------------------------------------------------------------------------------


def _message(message: Json, account: str, contact: Json) -> Iterator[_Item]:
    kind, key = text_of(message.get("type")), id_of(message.get("id"))
    if not key:
        yield _Unknown("message:without_id")
        return
    if kind in IGNORED_MESSAGES:
        yield _Ignored(label("message", kind))
        return
    content = read_content(kind, message)
    if not content.known:
        yield _Unknown(label("message", kind))
    yield _said(message, content, account, contact) if content.text else _Ignored(label("message", f"{kind}_withdrawn"))


def _said(message: Json, content: Content, account: str, contact: Json) -> ChannelEvent:
    context = message.get("context")
    quoted = id_of(context.get("id")) if isinstance(context, dict) else ""
    return ChannelEvent(
        kind=consent_in(content.words) or content.kind,
        key=id_of(message.get("id")),
        channel=ChannelName.WHATSAPP,
        account=account,
        occurred_at=_moment(message.get("timestamp")),
        provider_id=content.about or quoted or None,
        address=_address(
            message.get("from") or contact.get("wa_id"), message.get("from_user_id") or contact.get("user_id")
        ),
        text=content.text,
        payload=content.payload,
        extra=content.facts,
    )


def _address(phone: object, user_id: object) -> str | None:
    """The phone number as we keep it, with its plus; else the business-scoped id of a person who hides the number."""
    digits = id_of(phone)
    if digits.isascii() and digits.isdecimal():
        return f"+{digits}"
    return digits or id_of(user_id) or None


def _moment(raw: object) -> datetime:
    """Meta's Unix seconds. What cannot be read is now: a person's words are not lost for want of a clock."""
    digits = str(raw) if isinstance(raw, int) and not isinstance(raw, bool) else text_of(raw)
    if digits.isascii() and digits.isdecimal() and len(digits) <= 10:
        return datetime.fromtimestamp(int(digits), UTC)
    return datetime.now(UTC)
