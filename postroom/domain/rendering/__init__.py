"""The writing room: a template version, the facts and a language become what is sent.

What a channel cannot carry is degraded by one of these rules, or refused with a RenderingFault; nothing vanishes:

- a reply button, where presses do not come back to us: a mailto link if we know our own address, else its `instead`;
- buttons beyond the channel's number (never those of an approved template): lines of text with their links;
- a subject, where the channel has none: the first line of the text;
- HTML, where the channel has none: the text, which is always written too;
- a text that is too long, a link outside the approved prefix, a fact that the event lacks: refused.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from postroom.domain.channels import Capabilities, Rendered
from postroom.domain.facts import Facts
from postroom.domain.rendering.email import render_email
from postroom.domain.rendering.fault import RenderingFault
from postroom.domain.rendering.reader import Reader
from postroom.domain.rendering.whatsapp import render_whatsapp
from postroom.domain.templates import EmailWording, TemplateVersion, WhatsAppWording, Wording

__all__ = ["Reader", "RenderingFault", "render"]

WRITERS: Mapping[type[Wording], Callable[[TemplateVersion, Facts, Reader], Rendered]] = MappingProxyType(
    {WhatsAppWording: render_whatsapp, EmailWording: render_email}
)


def render(
    version: TemplateVersion,
    facts: Facts,
    *,
    language: str,
    capabilities: Capabilities,
    reply_to: str | None = None,
) -> Rendered:
    """Write one message. `language` says whose numbers and dates (see `languages.locale_for`).

    `reply_to` is our own address for answers, where the channel has one. Raises RenderingFault and nothing else.
    """
    written = WRITERS[type(version.wording)](version, facts, Reader(language, capabilities, reply_to))
    if len(written.text) > capabilities.max_text:
        raise RenderingFault(
            version.title,
            f"makes a text of {len(written.text)} characters, and {version.channel} carries {capabilities.max_text}",
            "Shorten the template.",
            reason="too_long",
        )
    return written
