"""From what Slack posts to events: a pressed button, an answer, or nothing of ours."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from postroom.domain.channels import ChannelEvent, ChannelName, EventKind, Parsed
from workers.channels.base import Malformed
from workers.channels.opt_out import consent_in
from workers.channels.slack.payload import ATTEMPT, LINK
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
    if kind == "command":
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
    if "command" in form:
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
    if kind == "message" and event.get("channel_type") != "im":
        return Parsed(ignored=(label(kind, text_of(event.get("channel_type")) or "channel"),))
    words = text_of(event.get("text")).strip()
    said = ChannelEvent(
        kind=consent_in(words) or EventKind.REPLIED,
        key=id_of(body.get("event_id")) or _named(event),
        channel=ChannelName.SLACK,
        account=id_of(body.get("team_id")),
        occurred_at=_moment(event.get("ts")),
        provider_id=_thread(event),
        address=id_of(event.get("user")),
        text=words or "[empty message]",
    )
    return Parsed(events=(said,))


def _thread(event: Body) -> str | None:
    """The message that was answered: the one that the thread hangs on."""
    thread = id_of(event.get("thread_ts"))
    return f"{id_of(event.get('channel'))}:{thread}" if thread and thread != event.get("ts") else None


def _named(event: Body) -> str:
    return f"{id_of(event.get('channel'))}:{id_of(event.get('ts'))}"


# Actions: what somebody pressed -------------------------------------------------------------------------------------


def _action(body: Body) -> Parsed:
    kind = text_of(body.get("type"))
    if kind in IGNORED_ACTIONS:
        return Parsed(ignored=(label(kind),))
    listed = body.get("actions")
    if kind != "block_actions" or not isinstance(listed, list):
        return Parsed(unknown=(label("action", kind),))
    pressed = [action for action in listed if isinstance(action, dict)]
    links = [action for action in pressed if text_of(action.get("action_id")).startswith(LINK)]
    others = [action for action in pressed if action not in links]
    odd = [action for action in others if action.get("type") != "button" or not text_of(action.get("value"))]
    events = tuple(_press(body, action) for action in others if action not in odd)
    return Parsed(events, ("link",) * len(links), tuple(label("action", text_of(a.get("type"))) for a in odd))


def _press(body: Body, action: Body) -> ChannelEvent:
    container, user, team = _part(body, "container"), _part(body, "user"), _part(body, "team")
    message = f"{id_of(container.get('channel_id'))}:{id_of(container.get('message_ts'))}"
    value, moment = text_of(action.get("value")), id_of(action.get("action_ts"))
    return ChannelEvent(
        kind=EventKind.PRESSED,
        key=":".join((message, id_of(user.get("id")), id_of(action.get("action_id")), moment)),
        channel=ChannelName.SLACK,
        account=id_of(team.get("id")) or id_of(user.get("team_id")),
        occurred_at=_moment(moment),
        provider_id=message if message != ":" else None,
        attempt_id=_attempt(text_of(action.get("block_id"))),
        address=id_of(user.get("id")) or None,
        text=text_of(_part(action, "text").get("text")) or value,
        payload=value[:512],
    )


def _attempt(block_id: str) -> UUID | None:
    try:
        return UUID(block_id.removeprefix(ATTEMPT)) if block_id.startswith(ATTEMPT) else None
    except ValueError:
        return None


def _command(body: Body) -> Parsed:  # noqa: ARG001 - one of the readers
    return Parsed(ignored=("command",))


READERS: Mapping[str, Callable[[Body], Parsed]] = MappingProxyType(
    {"event": _event, "action": _action, "command": _command}
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
