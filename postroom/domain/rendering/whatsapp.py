"""WhatsApp messages: an approved template, the values of its placeholders and the document over them."""

from postroom.domain.channels import Attachment, Button, ProviderTemplate, Rendered
from postroom.domain.facts import Facts, Link
from postroom.domain.rendering.fault import RenderingFault
from postroom.domain.rendering.reader import Reader
from postroom.domain.rendering.values import attachment, demand, present, written
from postroom.domain.safe_text import for_whatsapp
from postroom.domain.templates import (
    PLACEHOLDER,
    ButtonSpec,
    LinkButton,
    ReplyButton,
    TemplateVersion,
    WhatsAppWording,
)

MAX_BODY = 1024
"""Characters of a template's body with its values in place (Meta 132005)."""


def render_whatsapp(version: TemplateVersion, facts: Facts, reader: Reader) -> Rendered:
    """The values for Meta, and the text as the phone will show it."""
    wording = version.wording
    assert isinstance(wording, WhatsAppWording)
    names = tuple(dict.fromkeys(PLACEHOLDER.findall(wording.body)))
    demand(version, facts, names)
    values = {name: written(present(version, facts, name), reader.language, for_whatsapp) for name in names}
    body = PLACEHOLDER.sub(lambda match: values[match[1]], wording.body)
    if len(body) > MAX_BODY:
        problem = f"makes a body of {len(body)} characters with these facts; Meta takes {MAX_BODY}"
        raise RenderingFault(version.title, problem, "Shorten the template.", reason="too_long")
    return Rendered(
        channel=version.channel,
        language=version.language,
        text="\n\n".join(part for part in (body, wording.footer) if part),
        buttons=tuple(_button(version, button, facts) for button in wording.buttons),
        template=ProviderTemplate(wording.meta_name, wording.meta_language, tuple(values.items())),
        attachments=_header(version, wording, facts, reader),
    )


def _header(version: TemplateVersion, wording: WhatsAppWording, facts: Facts, reader: Reader) -> tuple[Attachment, ...]:
    """The document of an approved header, without which Meta takes no message of this template (132012)."""
    if wording.header is None:
        return ()
    if not reader.capabilities.attachments:
        problem = f"has a document in its header, which {version.channel} does not carry here"
        raise RenderingFault(version.title, problem, "Drop the header from the template.", reason="attachment")
    return (attachment(version, facts, wording.header),)


def _button(version: TemplateVersion, button: ButtonSpec, facts: Facts) -> Button:
    if isinstance(button, ReplyButton):
        return Button(button.title, payload=button.payload)
    if button.fact is None:
        return Button(button.title, url=button.prefix)
    link = present(version, facts, button.fact)
    assert isinstance(link, Link)
    return (
        _own_link(version, button, link) if button.prefix is None else _link_under(button.prefix, version, button, link)
    )


def _own_link(version: TemplateVersion, button: LinkButton, link: Link) -> Button:
    """A link of ours, whose beginning was approved for all of them."""
    if link.token:
        return Button(button.title, url=link.url, url_suffix=link.token)
    raise RenderingFault(
        version.title,
        f"has the button {button.title!r} for links of our own, and {{{button.fact}}} leads to {link.host}",
        "Set LINK_SECRET and `links: resolved` in config/companies.yaml, or give the button a `url` of your portal's.",
        reason="link_prefix",
    )


def _link_under(prefix: str, version: TemplateVersion, button: LinkButton, link: Link) -> Button:
    """The event's own address, which must begin as it was approved."""
    link = Link(link.direct or link.url)
    suffix = link.url.removeprefix(prefix)
    if suffix in (link.url, ""):
        raise RenderingFault(
            version.title,
            f"has the button {button.title!r} approved for links under {prefix}, "
            f"and {{{button.fact}}} leads to {link.host}",
            "Change the button's url in the template, have it approved again, or post links under that address.",
            reason="link_prefix",
        )
    return Button(button.title, url=link.url, url_suffix=suffix)
