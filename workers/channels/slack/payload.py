"""From what is rendered to the body of chat.postMessage, in blocks."""

import re
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    HeaderBlock,
    MarkdownTextObject,
    PlainTextObject,
    SectionBlock,
)

from postroom.domain.channels import Button, Field, Rendered
from workers.channels.base import ChannelError
from workers.channels.slack.verdicts import transport_fault

MAX_HEADER = 150
MAX_FIELD = 2000
FIELDS_IN_SECTION = 10
MAX_TITLE = 75
MAX_VALUE = 2000
MAX_LINK = 3000

ATTEMPT = "attempt:"
"""What an actions block's id begins with; our attempt's id follows, and comes back with every press."""
LINK = "link:"
"""What the id of an action begins with that only opens a link: Slack tells of those presses, too."""
EVENT = "postroom_attempt"

_ID = re.compile(r"[UWCDG][A-Z0-9]{5,20}")

Body = dict[str, Any]


def is_id(address: str) -> bool:
    """Whether the address is a member or a conversation by Slack's own id."""
    return bool(_ID.fullmatch(address))


def request_body(rendered: Rendered, conversation: str, key: UUID) -> Body:
    """The whole request. Raises ChannelError before a byte leaves when Slack could only refuse it."""
    if not rendered.text.strip():
        raise _unsendable("the text is empty")
    if rendered.attachments:
        raise _unsendable("documents; link to them instead")
    try:
        blocks = [block.to_dict() for block in _blocks(rendered, key)]
    except SlackObjectFormationError as error:
        raise _unsendable(str(error)) from error
    return {
        "channel": conversation,
        # What notifications and screen readers say, and whatever shows no blocks.
        "text": "\n".join(part for part in (rendered.subject, rendered.text) if part),
        "blocks": blocks,
        "metadata": {"event_type": EVENT, "event_payload": {"attempt": str(key)}},
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _blocks(rendered: Rendered, key: UUID) -> Iterator[Block]:
    if rendered.subject:
        yield HeaderBlock(text=PlainTextObject(text=rendered.subject, emoji=False))
    yield SectionBlock(text=MarkdownTextObject(text=rendered.text, verbatim=True))
    for first in range(0, len(rendered.fields), FIELDS_IN_SECTION):
        yield SectionBlock(fields=[_field(each) for each in rendered.fields[first : first + FIELDS_IN_SECTION]])
    if rendered.buttons:
        yield ActionsBlock(block_id=f"{ATTEMPT}{key}", elements=_elements(rendered.buttons))


def _field(field: Field) -> MarkdownTextObject:
    return MarkdownTextObject(text=f"*{field.label}*\n{field.value}", verbatim=True)


def _elements(buttons: Sequence[Button]) -> list[ButtonElement]:
    return [_element(button, number) for number, button in enumerate(buttons)]


def _element(button: Button, number: int) -> ButtonElement:
    title = PlainTextObject(text=button.title, emoji=False)
    if button.payload is not None:
        return ButtonElement(text=title, action_id=button.payload, value=button.payload, style=button.style)
    return ButtonElement(text=title, action_id=f"{LINK}{number}", url=button.url, style=button.style)


def _unsendable(why: str) -> ChannelError:
    return ChannelError(transport_fault("unsendable", why))
