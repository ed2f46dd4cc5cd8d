"""From an activity of the Bot Framework to events: what a person wrote, and which button he pressed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from postroom.domain.channels import MOST_REASON, ChannelEvent, ChannelName, EventKind, Parsed
from workers.channels.base import Malformed
from workers.channels.opt_out import consent_in
from workers.channels.teams.answer import message_id
from workers.channels.teams.card import REASON
from workers.channels.teams.words import shown, words_of
from workers.channels.tokens import id_of, label, text_of

Json = Mapping[str, Any]

EXECUTE = "adaptiveCard/action"

# They happen around a conversation; nobody says or decides anything by them.
IGNORED_TYPES = frozenset(
    {
        "commandResult",
        "contactRelationUpdate",
        "conversationUpdate",
        "deleteUserData",
        "endOfConversation",
        "event",  # meetings, and read receipts of chats where the app may see them
        "handoff",
        "installationUpdate",
        "messageDelete",
        "messageReaction",
        "trace",
        "typing",
    }
)

# Features of Teams apps that ours does not use, though a manifest or an admin may switch one on.
IGNORED_INVOKES = frozenset(
    {
        "actionableMessage/executeAction",
        "application/search",
        "composeExtension/anonymousQueryLink",
        "composeExtension/fetchTask",
        "composeExtension/onCardButtonClicked",
        "composeExtension/query",
        "composeExtension/queryLink",
        "composeExtension/querySettingUrl",
        "composeExtension/selectItem",
        "composeExtension/setting",
        "composeExtension/submitAction",
        "config/fetch",
        "config/submit",
        "fileConsent/invoke",
        "message/fetchTask",
        "message/submitAction",  # thumbs up or down under a message
        "signin/failure",
        "signin/tokenExchange",
        "signin/verifyState",
        # Chips over the box where one writes. No message of ours offers any, so one cannot be an answer to ours;
        # without an attempt in it nobody could say to what.
        "suggestedActions/submit",
        "tab/fetch",
        "tab/submit",
        "task/fetch",
        "task/submit",
    }
)


@dataclass(frozen=True, slots=True)
class _Ignored:
    """Left out on purpose."""

    label: str


@dataclass(frozen=True, slots=True)
class _Unknown:
    """Nobody foresaw it; the raw request is kept."""

    label: str


_Item = ChannelEvent | _Ignored | _Unknown


def parse(raw: bytes) -> Parsed:
    """The one activity, as an event or a label. Raises Malformed for a body that is no activity at all."""
    item = _item(read_activity(raw))
    return Parsed(
        events=(item,) if isinstance(item, ChannelEvent) else (),
        ignored=(item.label,) if isinstance(item, _Ignored) else (),
        unknown=(item.label,) if isinstance(item, _Unknown) else (),
    )


def read_activity(raw: bytes) -> Json:
    """The activity. Raises Malformed."""
    try:
        activity = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"The body is not JSON ({error}). Teams posts one activity as a JSON object.") from error
    if not isinstance(activity, dict):
        raise Malformed(f"The body is a JSON {type(activity).__name__}. Teams posts one activity as a JSON object.")
    if not isinstance(activity.get("type"), str) or not isinstance(activity.get("from", {}), dict):
        raise Malformed("'/type' is missing, or '/from' is no object. Teams posts {type, id, from, conversation, ...}.")
    if activity["type"] == "AdaptiveCard":
        raise Malformed("'/type' is 'AdaptiveCard': a card alone is no activity. Teams posts {type: 'message', ...}.")
    return activity


def _item(activity: Json) -> _Item:
    kind, name = text_of(activity["type"]), text_of(activity.get("name"))
    if kind in IGNORED_TYPES:
        return _Ignored(label("activity", kind))
    if kind == "invoke" and name in IGNORED_INVOKES:
        return _Ignored(label("invoke", name))
    if not id_of(activity.get("id")) or not _conversation(activity):
        return _Unknown(label("activity", kind, "without_id"))
    if kind == "invoke":
        return _executed(activity) if name == EXECUTE else _Unknown(label("invoke", name))
    if kind == "message":
        return _submitted(activity) if activity.get("value") is not None else _said(activity)
    return _edited(activity) if kind == "messageUpdate" else _Unknown(label("activity", kind))


# Words --------------------------------------------------------------------------------------------------------------


def _said(activity: Json) -> ChannelEvent:
    words = words_of(activity)
    return _event(activity, consent_in(words) or EventKind.REPLIED, text=shown(activity, words))


def _edited(activity: Json) -> _Item:
    """A person changed what he had written. It has the id of the first version, so the time tells them apart."""
    data = activity.get("channelData")
    change = text_of(data.get("eventType")) if isinstance(data, dict) else ""
    if change != "editMessage":
        return _Ignored(label("activity", "messageUpdate", change))  # taken back, or restored
    text = f"[edited] {shown(activity, words_of(activity))}"
    return _event(activity, EventKind.REPLIED, text=text, version=id_of(activity.get("timestamp")) or "edited")


# Buttons ------------------------------------------------------------------------------------------------------------


def _executed(activity: Json) -> _Item:
    """Action.Execute."""
    value = activity.get("value")
    action = value.get("action") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(action, dict):
        return _Unknown("invoke:adaptivecard_action:unreadable")
    if value.get("trigger") == "automatic":
        return _Ignored("invoke:adaptivecard_action:refresh")  # a client shows the card; nobody pressed
    data = action.get("data")
    return _pressed(activity, text_of(action.get("verb")), data if isinstance(data, dict) else {})


def _submitted(activity: Json) -> _Item:
    """Action.Submit, the fallback of clients that do not know Action.Execute."""
    value = activity["value"]
    return _pressed(activity, text_of(value.get("verb")), value) if isinstance(value, dict) else _foreign()


def _pressed(activity: Json, verb: str, data: Json) -> _Item:
    payload = id_of(verb)
    if not payload:
        return _foreign()
    title = text_of(data.get("title")).strip() or payload
    pressed = _event(activity, EventKind.PRESSED, text=title, payload=payload, attempt_id=_attempt(data.get("attempt")))
    return replace(pressed, reason=text_of(data.get(REASON)).strip()[:MOST_REASON] or None)


def _foreign() -> _Unknown:
    return _Unknown("button:not_ours")


def _attempt(raw: object) -> UUID | None:
    """Our id; a card of other software behind the same bot may put anything there."""
    try:
        return UUID(text_of(raw)) if raw else None
    except ValueError:
        return None


# What all have in common --------------------------------------------------------------------------------------------


def _event(
    activity: Json,
    kind: EventKind,
    *,
    text: str,
    payload: str | None = None,
    attempt_id: UUID | None = None,
    version: str = "",
) -> ChannelEvent:
    conversation = _conversation(activity)
    key = f"{conversation};{id_of(activity.get('id'))}"
    return ChannelEvent(
        kind=kind,
        key=f"{key}:{version}" if version else key,
        channel=ChannelName.TEAMS,
        account=_account(activity),
        occurred_at=_moment(activity.get("timestamp")),
        provider_id=_about(activity, conversation),
        attempt_id=attempt_id,
        address=_person(activity),
        text=text,
        payload=payload,
        extra=_facts(activity),
    )


def _conversation(activity: Json) -> str:
    return _id_in(activity, "conversation", "id")


def _about(activity: Json, conversation: str) -> str | None:
    """The message of ours that was answered: the one named, else the root of the thread."""
    answered = id_of(activity.get("replyToId")) or conversation.partition(";messageid=")[2]
    return message_id(conversation, answered) if answered else None


def _account(activity: Json) -> str:
    return _id_in(activity, "recipient", "id").removeprefix("28:")


def _person(activity: Json) -> str | None:
    """The user's object id in Entra, by which a person is known; else the id that he has towards our bot."""
    return _id_in(activity, "from", "aadObjectId").lower() or _id_in(activity, "from", "id") or None


def _facts(activity: Json) -> dict[str, str]:
    found = {
        "conversation": _conversation(activity),
        "service_url": id_of(activity.get("serviceUrl")),
        "locale": id_of(activity.get("locale")),
    }
    return {name: fact for name, fact in found.items() if fact}


def _id_in(activity: Json, block: str, name: str) -> str:
    inner = activity.get(block)
    return id_of(inner.get(name)) if isinstance(inner, dict) else ""


def _moment(raw: object) -> datetime:
    """When it happened; what cannot be read is now: a person's words are not lost for want of a clock."""
    try:
        moment = datetime.fromisoformat(text_of(raw))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return datetime.now(UTC)
