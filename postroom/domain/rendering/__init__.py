"""The writing room: a template version, the facts and a language become what is sent.

What a channel cannot carry is degraded by one of these rules, or refused with a RenderingFault; nothing vanishes:

- a reply button, where presses do not come back to us: in an email a mailto link if we know our own address, else its
  `instead`; elsewhere its `instead`; without one refused;
- a link button, where the event leaves its link out: nothing;
- a link button, where there are no buttons at all (SMS): the link in the text, where its template writes it;
- a field, where the event leaves its fact out: nothing;
- a subject or title, where the channel has none: the first line of the text; one that is too long ends in an ellipsis;
- HTML, where the channel has none: the text, which is always written too;
- an email's document, where attachments are not carried: the link to the portal, which `lint` demands beside it;
- the document in an approved template's header, where attachments are not carried: refused, since Meta takes no message
  of such a template without it;
- too long a text, too many buttons, a link outside the approved prefix, a fact that the event lacks: refused. (How many
  buttons an approved template has is between Meta and `lint`; the channel's number is for messages without one.)
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from postroom.domain.channels import Capabilities, Rendered
from postroom.domain.facts import Facts
from postroom.domain.rendering.card import render_card
from postroom.domain.rendering.email import render_email
from postroom.domain.rendering.fault import RenderingFault
from postroom.domain.rendering.reader import Reader
from postroom.domain.rendering.sms import render_sms
from postroom.domain.rendering.whatsapp import render_whatsapp
from postroom.domain.templates import (
    CardWording,
    EmailWording,
    SmsWording,
    TemplateVersion,
    WhatsAppWording,
    Wording,
)

__all__ = ["Reader", "RenderingFault", "render"]

WRITERS: Mapping[type[Wording], Callable[[TemplateVersion, Facts, Reader], Rendered]] = MappingProxyType(
    {
        WhatsAppWording: render_whatsapp,
        EmailWording: render_email,
        CardWording: render_card,
        SmsWording: render_sms,
    }
)


def render(
    version: TemplateVersion,
    facts: Facts,
    *,
    language: str,
    capabilities: Capabilities,
    reply_to: str | None = None,
    preferences_url: str | None = None,
) -> Rendered:
    """Write one message. `language` says whose numbers and dates (see `languages.locale_for`).

    `reply_to` is our own address for answers, where the channel has one; `preferences_url` is where the reader may mute
    this, and stands below an email. Raises RenderingFault and nothing else.
    """
    written = WRITERS[type(version.wording)](version, facts, Reader(language, capabilities, reply_to, preferences_url))
    refuse_excess(version, written, capabilities)
    return written


def refuse_excess(version: TemplateVersion, written: Rendered, capabilities: Capabilities) -> None:
    """Refuse what is more than the channel carries."""
    title, channel = version.title, version.channel
    if len(written.text) > capabilities.max_text:
        problem = f"makes a text of {len(written.text)} characters; {channel} carries {capabilities.max_text}"
        raise RenderingFault(title, problem, "Shorten the template.", reason="too_long")
    if written.template is None and len(written.buttons) > capabilities.max_buttons:
        problem = f"has {len(written.buttons)} buttons; {channel} carries {capabilities.max_buttons}"
        raise RenderingFault(title, problem, "Drop a button from the template.", reason="too_many_buttons")
