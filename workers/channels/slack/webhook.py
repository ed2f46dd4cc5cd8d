"""From what Slack posts to events: a pressed button, an answer, or nothing of ours."""

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from postroom.domain.channels import MOST_REASON, ChannelEvent, ChannelName, EventKind, Parsed
from workers.channels.base import Malformed
from workers.channels.opt_out import consent_in
from workers.channels.slack.payload import ATTEMPT, EVENT, LINK, REASON
from workers.channels.slack.words import shown, words_of
from workers.channels.tokens import id_of, label, text_of

SPOKEN = frozenset({"", "file_share", "thread_broadcast"})
"""The subtypes of a message that somebody wrote; the others are edits, joins and what bots say."""

IGNORED_EVENTS = frozenset({"app_home_opened", "member_joined_channel", "reaction_added", "reaction_removed"})
IGNORED_ACTIONS = frozenset(
    {"view_submission", "view_closed", "shortcut", "message_action", "block_suggestion", "dialog_submission"}
)
"""Things that people do in Slack and that nothing here asks for."""

NOTHING = ("text/plain; charset=utf-8", b"")
NOT_YET = "Postroom hears this command and does nothing with it yet."

Body = Mapping[str, Any]


def parse(raw: bytes) -> Parsed:
    """The webhook as events and labels. Raises Malformed for a body that is nothing of Slack's."""
    kind, body = _read(raw)
    return READERS[kind](body)


def answer(raw: bytes) -> tuple[str, bytes]:
    """What Slack wants to read at once: content type and body. Raises nothing."""
    try:
        kind, body = _read(raw)
    except Malformed:
        return NOTHING
    if kind == "event" and body.get("type") == "url_verification":
        return "text/plain; charset=utf-8", text_of(body.get("challenge"))[:500].encode()
    if kind == "command" and "command" in body:
        return "application/json", json.dumps({"response_type": "ephemeral", "text": NOT_YET}).encode()
    return NOTHING


def _read(raw: bytes) -> tuple[str, Body]:
    """Which of its three kinds a body is, and its content: an event (JSON), an action or a command (forms)."""
    if raw.lstrip()[:1] in (b"{", b"["):
        return "event", _object(raw)
    try:
        form = {name: values[0] for name, values in parse_qs(raw.decode("utf-8"), max_num_fields=100).items()}
    except ValueError as error:
        raise Malformed(f"The body is neither JSON nor a form ({error}).") from error
    if "payload" in form:
        return "action", _object(form["payload"].encode())
    if "command" in form or "ssl_check" in form:
        return "command", form
    raise Malformed("The form has neither 'payload' (an action) nor 'command' (a slash command).")


def _object(raw: bytes) -> Body:
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"The body is not JSON ({type(error).__name__}).") from error
    if not isinstance(body, dict):
        raise Malformed("The body is not a JSON object.")
    return body


# Events: what somebody wrote ----------------------------------------------------------------------------------------


def _event(body: Body) -> Parsed:
    outer = label(text_of(body.get("type")))
    if outer == "url_verification":
        return Parsed(ignored=(outer,))
    event = body.get("event")
    if outer != "event_callback" or not isinstance(event, dict):
        return Parsed(unknown=(outer,))
    kind = text_of(event.get("type"))
    if kind in IGNORED_EVENTS:
        return Parsed(ignored=(label(kind),))
    if kind not in ("message", "app_mention"):
        # tokens_revoked and app_uninstalled are among these: the next attempt says so, and stops the sender.
        return Parsed(unknown=(label(kind),))
    return _message(body, event)


def _message(body: Body, event: Body) -> Parsed:
    kind, subtype = text_of(event.get("type")), text_of(event.get("subtype"))
    if subtype not in SPOKEN:
        return Parsed(ignored=(label(kind, subtype),))
    if event.get("bot_id") or not id_of(event.get("user")):
        return Parsed(ignored=(label(kind, "bot"),))
    direct = kind == "message"
    if direct and event.get("channel_type") != "im":
        return Parsed(ignored=(label(kind, text_of(event.get("channel_type")) or "channel"),))
    if not id_of(event.get("channel")) or not id_of(event.get("ts")):
        return Parsed(unknown=(label(kind, "without_id"),))
    words = words_of(event, _us(body))
    # In a channel others read along: a word to the bot there is an answer, and no wish about one's own messages.
    consent = consent_in(words) if direct else None
    return Parsed(events=(_said(body, event, consent or EventKind.REPLIED, words),))


def _said(body: Body, event: Body, kind: EventKind, words: str) -> ChannelEvent:
    conversation, moment = id_of(event.get("channel")), id_of(event.get("ts"))
    thread = id_of(event.get("thread_ts"))
    return ChannelEvent(
        kind=kind,
        key=id_of(body.get("event_id")) or f"{conversation}:{moment}",
        channel=ChannelName.SLACK,
        account=id_of(body.get("team_id")),
        occurred_at=_moment(moment),
        # The message that was answered: the one that the thread hangs on.
        provider_id=f"{conversation}:{thread}" if thread and thread != moment else None,
        address=id_of(event.get("user")),
        text=shown(event, words),
        # What an answer of ours in the same place needs.
        extra={"conversation": conversation, "ts": moment},
    )


def _us(body: Body) -> frozenset[str]:
    """The ids that our bot is mentioned by."""
    listed = body.get("authorizations")
    known = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    return frozenset(id_of(each.get("user_id")) for each in known if each.get("is_bot"))


# Actions: what somebody pressed -------------------------------------------------------------------------------------


def _action(body: Body) -> Parsed:
    kind = text_of(body.get("type"))
    if kind in IGNORED_ACTIONS:
        return Parsed(ignored=(label(kind),))
    listed = body.get("actions")
    if kind != "block_actions" or not isinstance(listed, list) or not listed:
        return Parsed(unknown=(label("action", kind),))
    return _together([_one_action(body, each) for each in listed])


def _one_action(body: Body, action: object) -> Parsed:
    if not isinstance(action, dict):
        return Parsed(unknown=("action:unreadable",))
    if text_of(action.get("action_id")).startswith(LINK):
        return Parsed(ignored=("link",))
    if action.get("type") != "button" or not id_of(action.get("value")):
        return Parsed(unknown=(label("action", text_of(action.get("type"))),))
    if not id_of(_part(body, "user").get("id")) or not id_of(action.get("action_ts")):
        return Parsed(unknown=("action:without_id",))
    return Parsed(events=(_press(body, action),))


def _press(body: Body, action: Body) -> ChannelEvent:
    container, user, team = _part(body, "container"), _part(body, "user"), _part(body, "team")
    conversation = id_of(container.get("channel_id")) or id_of(_part(body, "channel").get("id"))
    posted, value, moment = id_of(container.get("message_ts")), id_of(action.get("value")), id_of(action["action_ts"])
    message = f"{conversation}:{posted}"
    return ChannelEvent(
        kind=EventKind.PRESSED,
        key=":".join((message, id_of(user.get("id")), id_of(action.get("action_id")), moment)),
        channel=ChannelName.SLACK,
        account=id_of(team.get("id")) or id_of(user.get("team_id")),
        occurred_at=_moment(moment),
        provider_id=message if conversation and posted else None,
        attempt_id=_attempt(body, action),
        address=id_of(user.get("id")),
        text=text_of(_part(action, "text").get("text")) or value,
        payload=value,
        reason=_reason(body),
        extra={"conversation": conversation, "ts": posted} if conversation and posted else {},
    )


def _reason(body: Body) -> str | None:
    """What stood in the field beside the buttons when one of them was pressed."""
    values = _part(_part(body, "state"), "values")
    return text_of(_part(_part(values, REASON), REASON).get("value")).strip()[:MOST_REASON] or None


def _attempt(body: Body, action: Body) -> UUID | None:
    """Our id, by the block that the button stands in; else by the message's own metadata, where Slack shows it."""
    block, metadata = text_of(action.get("block_id")), _part(_part(body, "message"), "metadata")
    if block.startswith(ATTEMPT):
        return _uuid(block.removeprefix(ATTEMPT))
    ours = metadata.get("event_type") == EVENT
    return _uuid(text_of(_part(metadata, "event_payload").get("attempt"))) if ours else None


def _uuid(raw: str) -> UUID | None:
    try:
        return UUID(raw)
    except ValueError:
        return None


def _command(body: Body) -> Parsed:
    return Parsed(ignored=("command" if "command" in body else "ssl_check",))


READERS: Mapping[str, Callable[[Body], Parsed]] = MappingProxyType(
    {"event": _event, "action": _action, "command": _command}
)


def _together(parts: Iterable[Parsed]) -> Parsed:
    parts = tuple(parts)
    return Parsed(
        tuple(event for part in parts for event in part.events),
        tuple(name for part in parts for name in part.ignored),
        tuple(name for part in parts for name in part.unknown),
    )


def _part(body: Body, name: str) -> Body:
    part = body.get(name)
    return part if isinstance(part, dict) else {}


def _moment(raw: object) -> datetime:
    """Slack's timestamps are seconds with six decimals; now where one cannot be read."""
    try:
        return datetime.fromtimestamp(float(str(raw)), UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.now(UTC)
