"""From what is rendered to an Adaptive Card."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any
from uuid import UUID

from postroom.domain.channels import MOST_REASON, Button, Field, Rendered
from workers.channels.base import ChannelError
from workers.channels.carried import not_carried
from workers.channels.checks import is_url
from workers.channels.teams.capabilities import CAPABILITIES, MAX_ACTIONS, MAX_TEXT
from workers.channels.teams.verdicts import transport_fault

SCHEMA = "http://adaptivecards.io/schemas/adaptive-card.json"
VERSION = "1.4"
"""The first with Action.Execute; phones lag behind the newest."""
MAX_PAYLOAD = 128
REASON = "reason"
"""The id of the field above the buttons; Teams adds its words to the data of each."""

STYLES: Mapping[str | None, Mapping[str, str]] = MappingProxyType(
    {"primary": {"style": "positive"}, "danger": {"style": "destructive"}, None: {}}
)

Json = dict[str, Any]


def card_of(rendered: Rendered, key: UUID) -> Json:
    """The whole card. Raises ChannelError before a byte leaves when Teams could only refuse or maim it."""
    if in_vain := not_carried(rendered, CAPABILITIES):
        raise _unsendable(f"a card has no place for {', '.join(in_vain)}; link to documents instead")
    actions = _actions(rendered.buttons, key)
    return {
        "$schema": SCHEMA,
        "type": "AdaptiveCard",
        "version": VERSION,
        "body": list(_body(rendered)),
        **({"actions": actions} if actions else {}),
    }


def _body(rendered: Rendered) -> Iterator[Json]:
    """The text is Markdown that rendering made safe; nothing is escaped a second time here."""
    if rendered.subject:
        yield {"type": "TextBlock", "text": rendered.subject, "size": "large", "weight": "bolder", "wrap": True}
    yield {"type": "TextBlock", "text": _text(rendered.text), "wrap": True}
    if rendered.fields:
        yield {"type": "FactSet", "facts": _facts(rendered.fields)}
    if rendered.reason:
        field = {"id": REASON, "label": rendered.reason, "isMultiline": True, "maxLength": MOST_REASON}
        yield {"type": "Input.Text", **field}


def _text(text: str) -> str:
    if not text.strip():
        raise _unsendable("the text is empty")
    if len(text) > MAX_TEXT:
        raise _unsendable(f"the text has {len(text)} characters; a card carries {MAX_TEXT}")
    return text


def _facts(fields: Sequence[Field]) -> list[Json]:
    return [{"title": field.label, "value": field.value} for field in fields]


def _actions(buttons: Sequence[Button], key: UUID) -> list[Json]:
    if len(buttons) > MAX_ACTIONS:
        raise _unsendable(f"{len(buttons)} buttons; a card shows {MAX_ACTIONS}")
    return [_answer(button, key) if button.payload is not None else _link(button) for button in buttons]


def _answer(button: Button, key: UUID) -> Json:
    """A button that answers; clients that do not know Action.Execute show its fallback, which carries the same."""
    shown = {"title": _title(button), **_style(button)}
    verb = _verb(button)
    carried = {"attempt": str(key), "verb": verb, "title": button.title}
    fallback = {"type": "Action.Submit", **shown, "data": carried}
    return {"type": "Action.Execute", **shown, "verb": verb, "data": carried, "fallback": fallback}


def _link(button: Button) -> Json:
    if not is_url(button.url or ""):
        raise _unsendable(f"the button {button.title!r} has neither a payload nor an http(s) link")
    return {"type": "Action.OpenUrl", "title": _title(button), **_style(button), "url": button.url}


def _style(button: Button) -> Mapping[str, str]:
    return STYLES.get(button.style, {})


def _title(button: Button) -> str:
    if not button.title.strip():
        raise _unsendable("a button has no title")
    return button.title


def _verb(button: Button) -> str:
    payload = button.payload or ""
    if not 0 < len(payload) <= MAX_PAYLOAD or payload != payload.strip():
        raise _unsendable(f"a button's payload must have 1 to {MAX_PAYLOAD} characters and no outer blanks")
    return payload


def _unsendable(detail: str) -> ChannelError:
    return ChannelError(transport_fault("unsendable", detail))
