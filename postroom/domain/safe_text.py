"""Facts as words that can do nothing: no link, mark-up, mention, header or hidden character survives in them.

What would act is broken by a space or dropped, never replaced by look-alikes: a reader can still check it against the
invoice, and no mail client, phone or Unicode normalisation can put it together again.
"""

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType
from typing import Protocol

from postroom.domain.channels import ChannelName
from postroom.domain.sms_text import PLAIN

MAX_FACT = 120
"""Characters of one fact; a longer one ends in an ellipsis."""
MAX_PROSE = 500
"""Characters of a fact that may be a sentence or two."""
MAX_SMS_FACT = 60
MAX_SMS_PROSE = 120
"""In an SMS each 67 or 153 characters are paid for."""
MAX_MARKS = 4
"""Combining marks in a row that a real script needs (Hebrew, Tibetan); a flood of them covers the message."""
NOTHING = "–"
"""Stands where nothing readable is left: Meta refuses an empty value."""

# Unassigned and private code points show as boxes at best; format characters turn text around or hide it.
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_SPACES = frozenset({"Zs", "Zl", "Zp"})
_JOINERS = frozenset("\u200c\u200d")
_FIRST_JOINED_SCRIPT = "\u0600"  # Arabic and the Indic scripts, which spell with joiners, begin here

_SCHEME = re.compile(r":(?=[/\\]{2})")
_MAILTO = re.compile(r"(mailto|tel|sms|javascript|data|whatsapp):(?=\S)", re.IGNORECASE)
# A dot before a label of two or more that begins with a letter makes a host name. Other scripts have dots of their own,
# and vowel signs that are no \w: .भारत is a top-level domain.
_DOT = re.compile(r"([.\u3002\uff0e\uff61\u2024\ufe52])(?=[^\W\d_](?:[\w-]|[^\x00-\x7f]))")
_WWW = re.compile(r"(www\d{0,3}[.\u3002\uff0e\uff61])(?=\S)", re.IGNORECASE)
_AT = re.compile(r"([@\uff20\ufe6b])(?=\S)")
_ENCODED_WORD = re.compile(r"=(?=\?)")  # RFC 2047: "=?utf-8?q?...?=" would be decoded when it stands in a subject
_BREAKS = (
    (_SCHEME, ": "),
    (_MAILTO, r"\1: "),
    (_WWW, r"\1 "),
    (_DOT, r"\1 "),
    (_AT, r"\1 "),
    (_ENCODED_WORD, "= "),
)
# WhatsApp formats where a mark stands at the edge of a word; inside a word (INV_2026_1) it is only a character.
_EDGE_MARK = re.compile(r"(?<![^\W_])[*_~]+|[*_~]+(?![^\W_])")
# Slack shows :fire: as a picture, and Teams has shortcuts of that kind as well.
_EMOJI_NAME = re.compile(r":(?=[a-z][a-z0-9_+'-]*:)", re.IGNORECASE)
_ENTITY = re.compile(r"&(?=#?\w+;)")
_ANGLES = re.compile(r"[<>]+")
_LINE_START = re.compile(r"^(?:>+ ?|[#+*=-]+(?: |$))+")
"""What makes a heading, a quotation or a list of a line that a fact begins."""

# CommonMark's powers. In the middle of a word * and ~ work too, so there they stand alone, where they mean nothing.
_MARKDOWN = (
    (re.compile(r"_*([*~]+)[*_~]*"), r" \1 "),
    (re.compile(r"\](?=[(\[:])"), "] "),
    (re.compile(r"<(?=[A-Za-z/!?])"), "< "),
    (_ENTITY, "& "),
    (re.compile(r"[\\\s]+$"), ""),
    (re.compile(r"\\(?=[^\w\s]|_)"), r"\\ "),
)
_ORDINAL = re.compile(r"^(\d{1,9})(?=[.)](?: |$))")


class Cleaner(Protocol):
    """Makes words from outside harmless on one channel."""

    def __call__(self, text: str, longest: int = MAX_FACT) -> str:
        """At most about `longest` characters, on one line, never empty."""


def plain(text: str, longest: int = MAX_FACT) -> str:
    """The words on one line, bounded, with nothing in them that could act on any channel."""
    return _inert(_readable(text, longest)) or NOTHING


def for_whatsapp(text: str, longest: int = MAX_FACT) -> str:
    """Plain, and without WhatsApp's *bold*, _italics_, ~strike~ and `code`."""
    return _inert(_unmarked(_readable(text, longest))) or NOTHING


def for_email(text: str, longest: int = MAX_FACT) -> str:
    """Plain; HTML is escaped where it is written, by the template."""
    return plain(text, longest)


def for_slack(text: str, longest: int = MAX_FACT) -> str:
    """Plain, without mrkdwn's marks and pictures; what begins Slack's links and mentions is escaped as Slack asks."""
    words = _EMOJI_NAME.sub(": ", _inert(_unled(_unmarked(_readable(text, longest)))))
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") or NOTHING


def for_slack_title(text: str, longest: int = MAX_FACT) -> str:
    """For a place that is plain text in one block and mrkdwn in another, so neither escaped nor in need of it."""
    words = _ENTITY.sub("& ", _ANGLES.sub(" ", _unmarked(_readable(text, longest))))
    return _EMOJI_NAME.sub(": ", _inert(_unled(_one_line(words)))) or NOTHING


def for_teams(text: str, longest: int = MAX_FACT) -> str:
    """Plain, and without Markdown's emphasis, links, entities, lists and headings."""
    words = _unled(_unmarked(_readable(text, longest)))
    for act, broken in _MARKDOWN:
        words = act.sub(broken, words)
    words = _EMOJI_NAME.sub(": ", _ORDINAL.sub(r"\1 ", _inert(_unled(_one_line(words))))) or NOTHING
    # "[x]" before a template's colon would define a link, and be hidden; Odoo's "[CABLE-3M] Cable" would not.
    return f"{words} " if words.startswith("[") and words.endswith("]") else words


def for_sms(text: str, longest: int = MAX_FACT) -> str:
    """Plain, and shorter: an SMS is paid for by its length.

    Spelled plainly before it is cleaned: done afterwards, that would put ｈｔｔｐ：／／ together again.
    """
    spelled = unicodedata.normalize("NFC", text).translate(PLAIN)
    return plain(spelled, MAX_SMS_PROSE if longest > MAX_FACT else MAX_SMS_FACT)


CLEANERS: Mapping[ChannelName, Cleaner] = MappingProxyType(
    {
        ChannelName.WHATSAPP: for_whatsapp,
        ChannelName.SLACK: for_slack,
        ChannelName.TEAMS: for_teams,
        ChannelName.SMS: for_sms,
        ChannelName.EMAIL: for_email,
        ChannelName.ODOO: plain,
    }
)
TITLE_CLEANERS: Mapping[ChannelName, Cleaner] = MappingProxyType({**CLEANERS, ChannelName.SLACK: for_slack_title})
"""For titles, where they are shown otherwise than the text."""


def _unmarked(line: str) -> str:
    """Without marks at the edges of words. They go before links are broken: 'evil.*com*' is a link only without."""
    return _one_line(_EDGE_MARK.sub("", line.replace("`", "")))


def _unled(line: str) -> str:
    return _LINE_START.sub("", line)


def _readable(text: str, longest: int) -> str:
    return _bounded(_one_line(_without_floods(_visible(unicodedata.normalize("NFC", text)))), longest)


def _inert(line: str) -> str:
    for act, broken in _BREAKS:
        line = act.sub(broken, line)
    return line


def _visible(text: str) -> str:
    padded = f" {text} "
    return "".join(_shown(*padded[at - 1 : at + 2]) for at in range(1, len(padded) - 1))


def _shown(before: str, char: str, after: str) -> str:
    category = unicodedata.category(char)
    if category in _SPACES or char in "\t\n\r\v\f\x85":
        return " "
    if char in _JOINERS and _joined(before) and _joined(after):
        return char
    return "" if category in _DROPPED else char


def _joined(char: str) -> bool:
    return char >= _FIRST_JOINED_SCRIPT and unicodedata.category(char)[0] in "LM"


def _without_floods(text: str) -> str:
    kept: list[str] = []
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.combining(char) else 0
        if marks <= MAX_MARKS:
            kept.append(char)
    return "".join(kept)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _bounded(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
