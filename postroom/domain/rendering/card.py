"""Messages where teams work (Slack, Teams, Odoo): a title, a text, fields set apart, and buttons."""

from collections.abc import Iterator

from postroom.domain.channels import Button, Field, Rendered
from postroom.domain.facts import Facts
from postroom.domain.rendering.buttons import link_buttons, reply_button, sentence_instead
from postroom.domain.rendering.parts import Form, Source, cut, filled
from postroom.domain.rendering.reader import Reader
from postroom.domain.templates import CardWording, LinkButton, TemplateVersion

MAX_TITLE = 150
"""Characters of a title: Slack's header takes no more, and nobody reads more."""


def render_card(version: TemplateVersion, facts: Facts, reader: Reader) -> Rendered:
    """The card's parts, safe for their channel as they stand."""
    wording = version.wording
    assert isinstance(wording, CardWording)
    parts = filled(version, facts, reader, _sources(wording))
    title = cut(parts["title"], MAX_TITLE)
    apart = reader.capabilities.subject
    sentences = _sentences(version, wording, reader)
    return Rendered(
        channel=version.channel,
        language=version.language,
        text="\n\n".join(block for block in ("" if apart else title, parts["text"], *sentences) if block),
        subject=title if apart else None,
        buttons=tuple(_buttons(version, wording, facts, reader)),
        fields=tuple(_fields(wording, parts)),
    )


def _sources(wording: CardWording) -> dict[str, Source]:
    fields = {f"fields.{at}": Source(field.value) for at, field in enumerate(wording.fields)}
    return {"title": Source(wording.title, Form.LINE), "text": Source(wording.text), **fields}


def _fields(wording: CardWording, parts: dict[str, str]) -> Iterator[Field]:
    """Those with a value: an event may leave facts out."""
    for at, field in enumerate(wording.fields):
        if value := parts[f"fields.{at}"]:
            yield Field(field.label, value)


def _buttons(version: TemplateVersion, wording: CardWording, facts: Facts, reader: Reader) -> Iterator[Button]:
    for spec in wording.buttons:
        if isinstance(spec, LinkButton):
            yield from link_buttons(version, facts, spec)
        elif reader.capabilities.reply_buttons:
            yield reply_button(spec)


def _sentences(version: TemplateVersion, wording: CardWording, reader: Reader) -> list[str]:
    """What stands in for reply buttons on a channel without."""
    if reader.capabilities.reply_buttons:
        return []
    return [sentence_instead(version, spec) for spec in wording.buttons if not isinstance(spec, LinkButton)]
