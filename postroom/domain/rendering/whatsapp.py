"""WhatsApp messages: an approved template and the values of its placeholders."""

from postroom.domain.channels import Button, ProviderTemplate, Rendered
from postroom.domain.facts import Facts, Link
from postroom.domain.rendering.fault import RenderingFault
from postroom.domain.rendering.reader import Reader
from postroom.domain.rendering.values import demand, present, written
from postroom.domain.templates import PLACEHOLDER, ButtonSpec, ReplyButton, TemplateVersion, WhatsAppWording

MAX_BODY = 1024
"""Characters of a template's body with its values in place (Meta 132005)."""


def render_whatsapp(version: TemplateVersion, facts: Facts, reader: Reader) -> Rendered:
    """The values for Meta, and the text as the phone will show it."""
    wording = version.wording
    assert isinstance(wording, WhatsAppWording)
    names = tuple(dict.fromkeys(PLACEHOLDER.findall(wording.body)))
    demand(version, facts, names)
    values = {name: written(present(version, facts, name), reader.language, version.channel) for name in names}
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
    )


def _button(version: TemplateVersion, button: ButtonSpec, facts: Facts) -> Button:
    if isinstance(button, ReplyButton):
        return Button(button.title, payload=button.payload)
    if button.fact is None:
        return Button(button.title, url=button.prefix)
    link = present(version, facts, button.fact)
    assert isinstance(link, Link)
    suffix = link.url.removeprefix(button.prefix or "")
    if suffix in (link.url, ""):
        raise RenderingFault(
            version.title,
            f"has the button {button.title!r} approved for links under {button.prefix}, "
            f"and {{{button.fact}}} leads to {link.host}",
            "Change the button's url in the template, have it approved again, or post links under that address.",
            reason="link_prefix",
        )
    return Button(button.title, url=link.url, url_suffix=suffix)
