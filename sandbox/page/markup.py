"""The marks of each channel's text, as HTML; everything that is not a mark is text."""

import html
import json
import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from markupsafe import Markup, escape

from sandbox.channels import Channel

Marks = Sequence[tuple[re.Pattern[str], str]]

CODE = (re.compile(r"```(.+?)```", re.DOTALL), "code")
BOLD = (re.compile(r"(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])"), "strong")
ITALIC = (re.compile(r"(?<![\w_])_(?=\S)([^_\n]+?)(?<=\S)_(?![\w_])"), "em")
STRUCK = (re.compile(r"(?<![\w~])~(?=\S)([^~\n]+?)(?<=\S)~(?![\w~])"), "s")
TICKED = (re.compile(r"`([^`\n]+)`"), "code")

WHATSAPP: Marks = (CODE, BOLD, ITALIC, STRUCK)
SLACK: Marks = (CODE, TICKED, BOLD, ITALIC, STRUCK)
CARD: Marks = (
    (re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*"), "strong"),
    (re.compile(r"(?<![\w*])\*(?=\S)([^*\n]+?)(?<=\S)\*(?![\w*])"), "em"),
    ITALIC,
)

LINK = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)]")
SLACK_LINK = re.compile(r"<([^<>|\n]+)(?:\|([^<>\n]*))?>")
CARD_LINK = re.compile(r"(?<!\\)\[((?:\\.|[^\]\\\n])+)\]\((https?://[^\s()]+)\)")
CARD_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+\-.!~|<>])")
OPENABLE = re.compile(r"(https?://|tel:)")
EMOJI = re.compile(r":([a-z_]+):")
SMILEYS: Mapping[str, str] = MappingProxyType(
    {
        "white_check_mark": "✅",
        "heavy_check_mark": "✔️",
        "x": "❌",
        "warning": "⚠️",
        "rotating_light": "🚨",
        "bell": "🔔",
        "hourglass": "⌛",
        "moneybag": "💰",
        "package": "📦",
        "truck": "🚚",
        "chart_with_upwards_trend": "📈",
        "chart_with_downwards_trend": "📉",
        "memo": "📝",
        "calendar": "📅",
        "wave": "👋",
        "tada": "🎉",
    }
)
HIDDEN = 0xE000
"""Start of the private characters that stand for escaped ones while marks are sought."""

JSON_TOKEN = re.compile(r'("(?:\\.|[^"\\])*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)')


def openable(url: str) -> bool:
    """Whether a link may be followed: the web or the telephone, never a script."""
    return OPENABLE.match(url) is not None


def dressed(text: str, channel: Channel) -> Markup:
    """A text with the marks that its channel shows."""
    return MARKUP[channel](text)


def plain(text: str) -> Markup:
    """Text with links that can be followed, as telephones show an SMS."""
    return _around(LINK, text, escape, lambda found: _link(found.group(), found.group()))


def chat_markup(text: str) -> Markup:
    """WhatsApp's marks."""
    return _around(LINK, text, lambda t: _marked(WHATSAPP, t), lambda found: _link(found.group(), found.group()))


def mrkdwn(text: str) -> Markup:
    """Slack's marks: `<url|label>`, mentions, and its three escaped characters."""
    return _around(SLACK_LINK, text, lambda t: _marked(SLACK, _smiley(html.unescape(t))), _slack_link)


def card_markdown(text: str) -> Markup:
    """The part of Markdown that a card's text block shows."""

    def link(found: re.Match[str]) -> Markup:
        return _link(found.group(2), CARD_ESCAPE.sub(r"\1", found.group(1)))

    return _around(CARD_LINK, text, _card_text, link)


def json_markup(value: Any) -> Markup:
    """JSON as a developer reads it: indented, its names and values told apart."""
    written = json.dumps(value, indent=2, ensure_ascii=False)
    return _around(JSON_TOKEN, written, escape, _json_token)


def _around(
    pattern: re.Pattern[str],
    text: str,
    between: Callable[[str], Markup],
    found: Callable[[re.Match[str]], Markup],
) -> Markup:
    """Print what the pattern finds one way and what lies between another."""
    parts, last = [], 0
    for match in pattern.finditer(text):
        parts += [between(text[last : match.start()]), found(match)]
        last = match.end()
    return Markup("").join([*parts, between(text[last:])])


def _link(url: str, label: str) -> Markup:
    if not openable(url):
        return escape(label)
    return Markup('<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>').format(url, label)


def _slack_link(found: re.Match[str]) -> Markup:
    target, label = html.unescape(found.group(1)), html.unescape(found.group(2) or "")
    if target[0] in "@#!":
        sign = "#" if target[0] == "#" else "@"
        name = label.lstrip(sign) or target[1:].partition("^")[0]
        return Markup('<span class="mention">{}{}</span>').format(sign, name)
    return _link(target, label or target.removeprefix("mailto:"))


def _smiley(text: str) -> str:
    return EMOJI.sub(lambda found: SMILEYS.get(found.group(1), found.group()), text)


def _card_text(text: str) -> Markup:
    hidden = CARD_ESCAPE.sub(lambda found: chr(HIDDEN + ord(found.group(1))), text)
    listed = re.sub(r"(?m)^- ", "• ", hidden)
    marked = str(_marked(CARD, listed))
    shown = re.sub("[\ue000-\ue07f]", lambda found: str(escape(chr(ord(found.group()) - HIDDEN))), marked)
    return Markup(shown)  # noqa: S704  (escaped in _marked; what was hidden is escaped here)


def _marked(marks: Marks, text: str) -> Markup:
    written = str(escape(text))
    for pattern, tag in marks:
        written = pattern.sub(rf"<{tag}>\1</{tag}>", written)
    return Markup(written)  # noqa: S704  (escaped above; only our own tags were added)


def _json_token(found: re.Match[str]) -> Markup:
    words, colon, other = found.groups()
    kind = "k" if colon else "s" if words else "n"
    return Markup('<span class="{}">{}</span>{}').format(kind, words or other, colon or "")


MARKUP: Mapping[Channel, Callable[[str], Markup]] = MappingProxyType(
    {
        Channel.WHATSAPP: chat_markup,
        Channel.SMS: plain,
        Channel.SLACK: mrkdwn,
        Channel.TEAMS: card_markdown,
        Channel.EMAIL: plain,
        Channel.ODOO: plain,
        Channel.CALLBACK: plain,
    }
)
