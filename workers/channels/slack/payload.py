"""From what is rendered to the body of chat.postMessage, in blocks."""

import re
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    HeaderBlock,
    InputBlock,
    MarkdownTextObject,
    PlainTextInputElement,
    PlainTextObject,
    SectionBlock,
)

from postroom.domain.channels import MOST_REASON, Button, Field, Rendered
from workers.channels.base import ChannelError
from workers.channels.carried import not_carried
from workers.channels.checks import is_url
from workers.channels.slack.capabilities import CAPABILITIES, MAX_BUTTONS, MAX_SECTION
from workers.channels.slack.verdicts import transport_fault

MAX_HEADER = 150
MAX_FIELD = 2000
FIELDS_IN_SECTION = 10
MAX_TITLE = 75
MAX_LINK = 3000
MAX_PAYLOAD = 512
"""Slack would take 2000; what comes back must fit an index."""
STYLES = (None, "primary", "danger")

ATTEMPT = "attempt:"
"""What an actions block's id begins with; our attempt's id follows, and comes back with every press."""
LINK = "link:"
"""What the id of an action begins with that only opens a link: Slack tells of those presses, too."""
PRESS = "press:"
REASON = "reason"
"""The id of the field beside the buttons, and of its block; its words come back with every press."""
EVENT = "postroom_attempt"

_ID = re.compile(r"[UWCDG][A-Z0-9]{5,20}")

Body = dict[str, Any]


def is_id(address: str) -> bool:
    """Whether the address is a member or a conversation by Slack's own id."""
    return bool(_ID.fullmatch(address))


def message_body(rendered: Rendered, key: UUID) -> Body:
    """All but whom it goes to. Raises ChannelError before anybody is looked up when Slack could only refuse it."""
    if faults := "; ".join(_faults(rendered)):
        raise ChannelError(transport_fault("unsendable", faults))
    return {
        # What notifications and screen readers say, and whatever shows no blocks.
        "text": "\n".join(part for part in (rendered.subject, rendered.text) if part),
        "blocks": [block.to_dict() for block in _blocks(rendered, key)],
        # Comes back with a button's message, and lets a look into the channel find an attempt whose answer was lost.
        "metadata": {"event_type": EVENT, "event_payload": {"attempt": str(key)}},
        "unfurl_links": False,
        "unfurl_media": False,
    }


def edited_body(rendered: Rendered, key: UUID) -> Body:
    """The body of chat.update, but for where the message stands. Raises ChannelError as `message_body` does.

    What is left out, its metadata among it, would be taken away; of unfurling the method knows nothing.
    """
    return {name: part for name, part in message_body(rendered, key).items() if not name.startswith("unfurl")}


def _faults(rendered: Rendered) -> Iterator[str]:
    """Everything that Slack would refuse or lose; its own builders know half of the bounds, and name one at a time."""
    if not rendered.text.strip():
        yield "the text is empty; write the template for Slack"
    yield from _too_long("the text", rendered.text, MAX_SECTION)
    yield from _too_long("the title", rendered.subject or "", MAX_HEADER)
    for field in rendered.fields:
        yield from _too_long(f"the field {field.label!r}", _field_text(field), MAX_FIELD)
    if len(rendered.buttons) > MAX_BUTTONS:
        yield f"{len(rendered.buttons)} buttons; {MAX_BUTTONS} are carried"
    for button in rendered.buttons:
        yield from _button_faults(button)
    if in_vain := not_carried(rendered, CAPABILITIES):
        yield f"blocks have no place for {', '.join(in_vain)}; link to documents instead"


def _button_faults(button: Button) -> Iterator[str]:
    name = f"the button {button.title[:MAX_TITLE]!r}"
    if not button.title.strip():
        yield "a button without a title"
    yield from _too_long(name, button.title, MAX_TITLE)
    if bool(button.payload) == bool(button.url):
        yield f"{name} must either answer or open a link"
    yield from _too_long(f"the payload of {name}", button.payload or "", MAX_PAYLOAD)
    yield from _too_long(f"the link of {name}", button.url or "", MAX_LINK)
    if button.url and not is_url(button.url):
        yield f"the link of {name} is no http(s) address"
    if button.style not in STYLES:
        yield f"{name} has the style {button.style!r}; primary, danger or none"


def _too_long(what: str, text: str, most: int) -> Iterator[str]:
    if len(text) > most:
        yield f"{what} has {len(text)} characters, {most} are carried"


def _blocks(rendered: Rendered, key: UUID) -> Iterator[Block]:
    if rendered.subject:
        yield HeaderBlock(text=PlainTextObject(text=rendered.subject, emoji=False))
    yield SectionBlock(text=MarkdownTextObject(text=rendered.text, verbatim=True))
    for first in range(0, len(rendered.fields), FIELDS_IN_SECTION):
        yield SectionBlock(fields=[_field(each) for each in rendered.fields[first : first + FIELDS_IN_SECTION]])
    if rendered.reason:
        yield _reason(rendered.reason)
    if rendered.buttons:
        yield ActionsBlock(block_id=f"{ATTEMPT}{key}", elements=_elements(rendered.buttons))


def _reason(label: str) -> InputBlock:
    element = PlainTextInputElement(action_id=REASON, max_length=MOST_REASON)
    return InputBlock(block_id=REASON, label=PlainTextObject(text=label, emoji=False), element=element, optional=True)


def _field(field: Field) -> MarkdownTextObject:
    return MarkdownTextObject(text=_field_text(field), verbatim=True)


def _field_text(field: Field) -> str:
    return f"*{field.label}*\n{field.value}"


def _elements(buttons: Sequence[Button]) -> list[ButtonElement]:
    return [_element(button, number) for number, button in enumerate(buttons)]


def _element(button: Button, number: int) -> ButtonElement:
    """A button; its id must be like no other's in the block, even where two answer alike."""
    title = PlainTextObject(text=button.title, emoji=False)
    if button.payload:
        return ButtonElement(text=title, action_id=f"{PRESS}{number}", value=button.payload, style=button.style)
    return ButtonElement(text=title, action_id=f"{LINK}{number}", url=button.url, style=button.style)
