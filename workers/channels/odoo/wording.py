"""From what is rendered to the subject and the body of a notification.

Odoo escapes the body and shows it as HTML, in which a line break is a blank. So the marks must tell where a line and a
paragraph begin even when all of it runs together: a list's lines begin with a bullet, a dash stands between paragraphs.
"""

import re
from collections.abc import Iterator
from typing import Any

from postroom.domain.channels import Button, Rendered
from workers.channels.base import ChannelError
from workers.channels.carried import not_carried
from workers.channels.odoo.capabilities import CAPABILITIES, MAX_LINKS, MAX_TEXT
from workers.channels.odoo.verdicts import transport_fault

MAX_SUBJECT = 255
BREAK = "\n—\n"

_PARAGRAPHS = re.compile(r"\n[ \t]*(?:\n[ \t]*)+")
_ITEM = re.compile(r"^[ \t]*[-*•][ \t]+", re.MULTILINE)


def notification(rendered: Rendered) -> dict[str, Any]:
    """Subject and body as `message_notify` takes them. Raises ChannelError for what a notification cannot carry."""
    if not rendered.text.strip():
        raise _unsendable("the text is empty")
    if in_vain := not_carried(rendered, CAPABILITIES):
        raise _unsendable(f"a notification has no place for {', '.join(in_vain)}: nothing would come back, or be shown")
    body = BREAK.join(_paragraphs(rendered))
    if len(body) > MAX_TEXT:
        raise _unsendable(f"the text has {len(body)} characters; a notification carries {MAX_TEXT}")
    subject = (rendered.subject or "").strip()
    if len(subject) > MAX_SUBJECT or "\n" in subject:
        raise _unsendable(f"the subject must be one line of at most {MAX_SUBJECT} characters")
    return {"subject": subject or False, "body": body}


def _paragraphs(rendered: Rendered) -> Iterator[str]:
    for paragraph in _PARAGRAPHS.split(rendered.text.strip()):
        yield _ITEM.sub("• ", paragraph)
    if rendered.fields:
        yield "\n".join(f"• {field.label}: {field.value}" for field in rendered.fields)
    if len(rendered.buttons) > MAX_LINKS:
        raise _unsendable(f"{len(rendered.buttons)} links; a notification carries {MAX_LINKS}")
    if rendered.buttons:
        yield "\n".join(_link(button) for button in rendered.buttons)


def _link(button: Button) -> str:
    if not button.url:
        raise _unsendable(f"the button {button.title!r} would have to come back to us, and no notification can do that")
    return f"{button.title}: {button.url}"


def _unsendable(detail: str) -> ChannelError:
    return ChannelError(transport_fault("unsendable", detail))
