"""Jinja with everything taken away that a letter does not need."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, meta, nodes, pass_context
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup, escape

from postroom.domain import formats
from postroom.domain.channels import ChannelName
from postroom.domain.facts import Amount, Link, Money, Prose
from postroom.domain.rendering.values import WRITTEN, written

LANGUAGE, CLEANER, CHANNEL = "_language", "_cleaner", "_channel"
"""Where the context holds how facts are written here; names that no template may use."""


@lru_cache(maxsize=512)
def compiled(source: str, *, html: bool) -> tuple[Template, frozenset[str]]:
    """The template, and the facts that it names. Raises jinja2.TemplateError."""
    environment = _environment(html=html)
    tree = environment.parse(source)
    _refuse_code(tree)
    return environment.from_string(source), frozenset(meta.find_undeclared_variables(tree))


@lru_cache(maxsize=2)
def _environment(*, html: bool) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=html, trim_blocks=True, lstrip_blocks=True, finalize=_shown
    )
    environment.globals.clear()
    environment.filters.clear()
    environment.filters.update(FILTERS_OF_OURS)
    environment.tests.clear()
    return environment


def _refuse_code(tree: nodes.Template) -> None:
    """A letter needs values, conditions and loops over lines; what defines, imports or calls is refused."""
    for kind in (
        nodes.Macro,
        nodes.Call,
        nodes.Include,
        nodes.FromImport,
        nodes.Import,
        nodes.Extends,
        nodes.CallBlock,
    ):
        for node in tree.find_all(kind):
            raise TemplateRefused(f"line {node.lineno}: templates hold values, if and for; no {kind.__name__.lower()}")


class TemplateRefused(TemplateError):
    """The template does something that letters have no need of."""


@pass_context
def _shown(context: Context, value: Any) -> Any:
    """Whatever a template prints passes through here: cleaned if words, formatted if a number, money or a date."""
    if isinstance(value, Markup):
        return value
    if isinstance(value, Link) and not context.eval_ctx.autoescape:
        return _link_in_text(value, context[CHANNEL])
    if isinstance(value, str | Prose) or type(value) in WRITTEN:
        return written(value, context[LANGUAGE], context[CLEANER])
    raise TemplateRefused(f"a {type(value).__name__} cannot be shown; use one of its parts")


@pass_context
def _money(context: Context, value: Money | Amount) -> Markup:
    return _finished(context, formats.money(value, context[LANGUAGE]))


@pass_context
def _number(context: Context, value: Decimal | Money | Amount) -> Markup:
    language = context[LANGUAGE]
    words = formats.number(value, language) if isinstance(value, Decimal) else formats.amount(value, language)
    return _finished(context, words)


@pass_context
def _date(context: Context, value: date) -> Markup:
    return _finished(context, formats.day(value, context[LANGUAGE]))


@pass_context
def _link(context: Context, value: Link) -> Markup:
    """In HTML a link that shows its host; in text its address, as its channel writes it."""
    if not context.eval_ctx.autoescape:
        return _link_in_text(value, context[CHANNEL])
    return Markup('<a href="{}">{}</a>').format(value.url, value.host)


def _link_in_text(value: Link, channel: ChannelName) -> Markup:
    return Markup(LINKS.get(channel, "{url}").format(url=_ESCAPED.get(channel, str)(value.url), host=value.host))  # noqa: S704 -- a text


LINKS: Mapping[ChannelName, str] = {ChannelName.SLACK: "<{url}|{host}>", ChannelName.TEAMS: "[{host}]({url})"}
"""How a text shows a link, where the bare address is not the way."""
_ESCAPED: Mapping[ChannelName, Callable[[str], str]] = {
    ChannelName.SLACK: lambda url: url.replace("&", "&amp;").replace("|", "%7C"),
    ChannelName.TEAMS: lambda url: url.replace("(", "%28").replace(")", "%29"),
}


def _finished(context: Context, words: str) -> Markup:
    """Words of our own making, which `_shown` need not clean again."""
    return escape(words) if context.eval_ctx.autoescape else Markup(words)  # noqa: S704 -- a text, not HTML


FILTERS_OF_OURS: Mapping[str, Callable[..., Any]] = {"money": _money, "number": _number, "date": _date, "link": _link}
"""The whole of what a template can call."""
