"""The parts of a message, filled in by Jinja's strict sandbox."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from jinja2 import TemplateError

from postroom.domain.channels import ChannelName
from postroom.domain.facts import Facts
from postroom.domain.rendering.fault import RenderingFault
from postroom.domain.rendering.reader import Reader
from postroom.domain.rendering.sandbox import CHANNEL, CLEANER, LANGUAGE, compiled
from postroom.domain.rendering.values import demand
from postroom.domain.safe_text import CLEANERS, TITLE_CLEANERS, Cleaner
from postroom.domain.templates import TemplateVersion

_GAPS = re.compile(r"\n{3,}")


class Form(Enum):
    """What a part is when it is filled."""

    TEXT = auto()
    HTML = auto()
    LINE = auto()  # a title: one line, shown apart from the text


@dataclass(frozen=True, slots=True)
class Source:
    """A part as its template has it."""

    source: str
    form: Form = Form.TEXT


def filled(version: TemplateVersion, facts: Facts, reader: Reader, sources: Mapping[str, Source]) -> dict[str, str]:
    """Every part with its facts in place. Raises RenderingFault."""
    try:
        names = [compiled(part.source, html=part.form is Form.HTML)[1] for part in sources.values()]
        demand(version, facts, frozenset().union(*names))
        context = {**facts, LANGUAGE: reader.language, CHANNEL: version.channel}
        return {name: _filled(part, context, version.channel) for name, part in sources.items()}
    except (TemplateError, KeyError, TypeError, AttributeError) as error:
        problem = f"cannot be rendered: {error}"
        raise RenderingFault(version.title, problem, "Run: postroom templates lint", reason="template") from error


def cut(line: str, most: int) -> str:
    """A line that ends in an ellipsis where its channel would cut it anyway."""
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"


def _filled(part: Source, context: Mapping[str, Any], channel: ChannelName) -> str:
    template, _ = compiled(part.source, html=part.form is Form.HTML)
    words = template.render({**context, CLEANER: _cleaner(part.form, channel)}).strip()
    return " ".join(words.split()) if part.form is Form.LINE else _GAPS.sub("\n\n", words)


def _cleaner(form: Form, channel: ChannelName) -> Cleaner:
    return (TITLE_CLEANERS if form is Form.LINE else CLEANERS)[channel]
