"""Facts as words that can do nothing: no link, mark-up, mention, header or hidden character survives in them.

What would act is broken by a space or dropped, never replaced by look-alikes: a reader can still check it against the
invoice, and no mail client, phone or Unicode normalisation can put it together again.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from types import MappingProxyType

from postroom.domain.channels import ChannelName

MAX_FACT = 120
"""Characters of one fact; a longer one ends in an ellipsis."""
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


def plain(text: str) -> str:
    """The words on one line, bounded, with nothing in them that could act on any channel."""
    return _inert(_readable(text)) or NOTHING


def for_whatsapp(text: str) -> str:
    """Plain, and without WhatsApp's *bold*, _italics_, ~strike~ and `code`."""
    # Marks go before links are broken: 'evil.*com*' becomes a link only by losing them.
    return _inert(_one_line(_EDGE_MARK.sub("", _readable(text).replace("`", "")))) or NOTHING


def for_email(text: str) -> str:
    """Plain; HTML is escaped where it is written, by the template."""
    return plain(text)


CLEANERS: Mapping[ChannelName, Callable[[str], str]] = MappingProxyType(
    {ChannelName.WHATSAPP: for_whatsapp, ChannelName.EMAIL: for_email}
)


def _readable(text: str) -> str:
    return _bounded(_one_line(_without_floods(_visible(unicodedata.normalize("NFC", text)))))


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


def _bounded(text: str) -> str:
    return text if len(text) <= MAX_FACT else text[: MAX_FACT - 1].rstrip() + "…"
