"""How a text travels as SMS: its alphabet, its segments, and a plainer spelling that needs fewer of them.

Sources: 3GPP TS 23.038 (the GSM 7-bit alphabet and its extension table), 3GPP TS 23.040 (concatenation: a header of six
octets takes 7 septets or 3 code units from every segment of a longer message).
"""

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""One septet each."""
EXTENSION = frozenset("\f^{}\\[~]|€")
"""Two septets each: an escape and the character. The two never stand in different segments."""


class Encoding(StrEnum):
    """The two alphabets of SMS; one character outside the first puts the whole text into the second."""

    GSM_7 = "GSM-7"
    UCS_2 = "UCS-2"


@dataclass(frozen=True, slots=True)
class Room:
    """How many units one segment holds, alone and as one of several."""

    alone: int
    joined: int


ROOM: Mapping[Encoding, Room] = MappingProxyType({Encoding.GSM_7: Room(160, 153), Encoding.UCS_2: Room(70, 67)})


@dataclass(frozen=True, slots=True)
class Segments:
    """What a text costs as SMS."""

    encoding: Encoding
    count: int
    """How many segments are sent, and paid for."""
    units: int
    """Septets, or UTF-16 code units."""
    left: int
    """Units that still fit without another segment."""


def encoding_of(text: str) -> Encoding:
    """The smaller alphabet if every character is in it."""
    return Encoding.GSM_7 if BASIC.union(EXTENSION).issuperset(text) else Encoding.UCS_2


def segments(text: str) -> Segments:
    """What the text costs; an empty text is no segment."""
    encoding = encoding_of(text)
    units = _units(text, encoding)
    room = ROOM[encoding]
    if units <= room.alone:
        return Segments(encoding, min(units, 1), units, room.alone - units)
    parts = split(text)
    return Segments(encoding, len(parts), units, room.joined - _units(parts[-1], encoding))


def split(text: str) -> tuple[str, ...]:
    """The text as it is cut into segments; joined again it is the same text."""
    encoding = encoding_of(text)
    room = ROOM[encoding]
    if _units(text, encoding) <= room.alone:
        return (text,) if text else ()
    return tuple(_filled(text, encoding, room.joined))


def _filled(text: str, encoding: Encoding, room: int) -> Iterator[str]:
    """Segments filled one after the other. What takes two units and finds room for one moves on whole."""
    start, used = 0, 0
    for place, character in enumerate(text):
        cost = _cost(character, encoding)
        if used + cost > room:
            yield text[start:place]
            start, used = place, 0
        used += cost
    yield text[start:]


def _units(text: str, encoding: Encoding) -> int:
    return sum(_cost(character, encoding) for character in text)


def _cost(character: str, encoding: Encoding) -> int:
    """1, or 2 for an escape pair or a surrogate pair."""
    if encoding is Encoding.GSM_7:
        return 2 if character in EXTENSION else 1
    return 2 if ord(character) > 0xFFFF else 1


# A plainer spelling -------------------------------------------------------------------------------------------------

# Only what a reader takes for the same is replaced. Left alone, though one of them costs the whole text more than half
# of its room:
# - letters with accents (í ó ú á ç …): "cobró" is not "cobro", "papá" is not "papa";
# - º and ª: "1º" would read as 10 or 1o; superscripts and fractions: "1½" would become 11/2;
# - the middle dot, a letter's part in Catalan (col·lecció); currency signs; ° and ‰.
_SPELLINGS: Mapping[str, str] = {
    "'": "‘’‚‛′‵ʹʻʼʽˈˊˋ´`｀❛❜‹›",
    '"': "“”„‟″‶ʺ«»❝❞〝〞",
    "-": "‐‑‒–—―−⁃•‣◦",
    "...": "…",
    "..": "‥",
    " ": "\t\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000",
    "\n": "\v\x85\u2028\u2029",
    # Invisible: soft hyphen, zero-width space, marks of direction, word joiner, byte order mark.
    "": "\u00ad\u200b\u200e\u200f\u2060\ufeff",
    "ff": "ﬀ",
    "fi": "ﬁ",
    "fl": "ﬂ",
    "ffi": "ﬃ",
    "ffl": "ﬄ",
    "st": "ﬅﬆ",
    "ij": "ĳ",
    "IJ": "Ĳ",
    "oe": "œ",
    "OE": "Œ",
    "/": "⁄∕",
    "~": "∼˜",
    "|": "¦",
    "_": "‗",
    "!!": "‼",
    "??": "⁇",
    "x": "×",
    "<=": "≤",
    ">=": "≥",
    "->": "→",
    "<-": "←",
    "(c)": "©",
    "(R)": "®",
    "(TM)": "™",
    "No.": "№",
}
_FULL_WIDTH = {0xFF01 + offset: chr(0x21 + offset) for offset in range(94)}
PLAIN: Mapping[int, str] = MappingProxyType(
    {**_FULL_WIDTH, **{ord(fine): plain for plain, every in _SPELLINGS.items() for fine in every}}
)
"""Each fine character and its plain spelling, all of it in GSM-7."""


def plainer(text: str) -> str:
    """The text spelled so that it fits GSM-7, if nothing of its meaning is lost thereby; else the text as it is.

    All or nothing: in a text that stays in UCS-2 for a letter's sake, plain quotes would save nothing. Nor may the
    plain spelling cost more, as that of fifty-four ellipses would.
    """
    composed = unicodedata.normalize("NFC", text)
    plain = composed.translate(PLAIN)
    fits = encoding_of(plain) is Encoding.GSM_7 and segments(plain).count <= segments(composed).count
    return plain if fits else composed
