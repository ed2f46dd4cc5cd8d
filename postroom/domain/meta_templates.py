"""A WhatsApp template as Meta's template API takes it: the body of POST /{waba_id}/message_templates."""

from typing import Any

from postroom.domain.facts import Facts, Link
from postroom.domain.own_links import sample_facts
from postroom.domain.rendering.values import attachment, demand, written
from postroom.domain.safe_text import for_whatsapp
from postroom.domain.templates import (
    PLACEHOLDER,
    URL_VARIABLE,
    ButtonSpec,
    ReplyButton,
    TemplateVersion,
    WhatsAppWording,
)


def meta_definition(version: TemplateVersion, documents: str, *, handle: str | None = None) -> dict[str, Any]:
    """The template with an example for every placeholder, which Meta demands. Raises RenderingFault, ValueError.

    `documents` is what links of our own begin with, which Meta approves once for all of them (`Links.documents`).
    `handle` is what Meta's resumable upload gave for a sample of the header's document; where there is none yet, the
    sample's address stands in its place, for people to see what is wanted.
    """
    wording = version.wording
    if not isinstance(wording, WhatsAppWording):
        raise ValueError(f"Template {version.title!r} is not for WhatsApp; Meta approves WhatsApp templates only.")
    facts = sample_facts(version.event_type)
    components = [_body(version, wording, facts)]
    if wording.header:
        example = handle or attachment(version, facts, wording.header).url
        components.insert(0, {"type": "HEADER", "format": "DOCUMENT", "example": {"header_handle": [example]}})
    if wording.footer:
        components.append({"type": "FOOTER", "text": wording.footer})
    if wording.buttons:
        components.append(
            {"type": "BUTTONS", "buttons": [_button(button, facts, documents) for button in wording.buttons]}
        )
    return {
        "name": wording.meta_name,
        "language": wording.meta_language,
        "category": wording.category,
        "parameter_format": "NAMED",
        "components": components,
    }


def _body(version: TemplateVersion, wording: WhatsAppWording, facts: Facts) -> dict[str, Any]:
    names = tuple(dict.fromkeys(PLACEHOLDER.findall(wording.body)))
    demand(version, facts, names)
    body: dict[str, Any] = {"type": "BODY", "text": wording.body}
    if names:
        examples = [
            {"param_name": name, "example": written(facts[name], version.language, for_whatsapp)} for name in names
        ]
        body["example"] = {"body_text_named_params": examples}
    return body


def _button(button: ButtonSpec, facts: Facts, documents: str) -> dict[str, Any]:
    if isinstance(button, ReplyButton):
        return {"type": "QUICK_REPLY", "text": button.title}
    link = facts.get(button.fact or "")
    if not isinstance(link, Link):
        return {"type": "URL", "text": button.title, "url": button.prefix}
    own = button.prefix is None
    beginning = documents if button.prefix is None else button.prefix
    suffix = link.token if own else (link.direct or link.url).removeprefix(beginning)
    return {"type": "URL", "text": button.title, "url": f"{beginning}{URL_VARIABLE}", "example": [suffix]}
