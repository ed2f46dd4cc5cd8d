"""One fact as words, made harmless for where it goes and written as its language does."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from postroom.domain import formats
from postroom.domain.channels import Attachment
from postroom.domain.event_types import shape_of
from postroom.domain.facts import Amount, Document, Facts, Link, Money, Prose
from postroom.domain.rendering.fault import RenderingFault
from postroom.domain.safe_text import MAX_PROSE, Cleaner
from postroom.domain.templates import TemplateVersion

WRITTEN: Mapping[type, Callable[[Any, str], str]] = MappingProxyType(
    {
        Money: formats.money,
        Amount: formats.amount,
        Decimal: formats.number,
        date: formats.day,
        Link: lambda link, _language: link.url,
    }
)
"""How each kind of fact is written; words are not here, since they must be cleaned instead."""


def written(value: Any, language: str, clean: Cleaner) -> str:
    """The fact as the reader sees it."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Prose):
        return clean(value.words, MAX_PROSE)
    return WRITTEN[type(value)](value, language)


def demand(version: TemplateVersion, facts: Facts, names: Iterable[str]) -> None:
    """Refuse a template that uses facts which these events do not carry, all of them at once."""
    missing = sorted(set(names) - set(facts))
    if not missing:
        return
    shape = shape_of(version.event_type)
    listed = ", ".join(f"{{{name}}}" for name in missing)
    raise RenderingFault(
        version.title,
        f"uses {listed}, which {shape.noun} events do not carry",
        "Add the fact in domain/event_types.py or drop it from the template. "
        f"They carry: {', '.join(shape.fact_names)}.",
        reason="missing_fact",
    )


def present(version: TemplateVersion, facts: Facts, name: str) -> Any:
    """A fact that must be there. Raises RenderingFault."""
    demand(version, facts, (name,))
    if facts[name] is None:
        raise RenderingFault(
            version.title,
            f"needs {{{name}}}, which this event leaves out",
            "Post the event with it, or drop it from the template.",
            reason="missing_fact",
        )
    return facts[name]


def attachment(version: TemplateVersion, facts: Facts, name: str) -> Attachment:
    """The document that a fact carries, to be fetched on its way out. Raises RenderingFault."""
    document = present(version, facts, name)
    assert isinstance(document, Document)
    url = document.link.url if document.link else ""
    return Attachment(document.name, document.media_type, url, record=document.record)
