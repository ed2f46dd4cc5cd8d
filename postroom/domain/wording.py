"""What a language model may say about a digest: nothing whose figures are not in the digest's own lines. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from postroom.domain.formats import day
from postroom.domain.languages import LAST_RESORT

MOST = 400
"""Characters of two sentences."""
_FIGURE = re.compile(r"\d(?:[\d.,:/'’\u00a0\u202f]*\d)?")
_SIGN = re.compile(r"[%‰€$£¥₹]|\b[A-Z]{3}\b")
"""What makes another thing of a figure: per cent, a currency by its sign or its code."""
_WORD = re.compile(r"[^\W\d_]+")
_ODD = re.compile(r"https?:|www\.|[<>{}|*_`#\[\]]", re.IGNORECASE)
SPELLED = frozenset(
    word
    for words in (
        "two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty hundred hundreds thousand"
        " thousands million millions half double doubled twice triple third quarter dozen dozens",
        "dos tres cuatro cinco seis siete ocho nueve diez once doce veinte treinta cien cientos ciento mil miles millón"
        " millones mitad doble triple tercio docena docenas",
        "deux trois quatre cinq six sept huit neuf dix onze douze vingt trente cent cents mille million millions moitié"
        " double triple tiers douzaine douzaines",
        "zwei drei vier fünf sechs sieben acht neun zehn elf zwölf zwanzig dreißig hundert hunderte tausend tausende"
        " million millionen hälfte halb doppelt dreifach drittel dutzend",
    )
    for word in words.split()
)
"""Numbers that are written out: they cannot be held against the lines, so they are not taken."""
Sections = Sequence[Mapping[str, Any]]


def unfaithful(text: str, sections: Sections, date: str, language: str | None) -> list[str]:
    """What of a text must not be said: each figure, sign and day has to stand in the digest as it is written there."""
    known = " ".join(_known(sections, date, language))
    strange = {
        *(set(_FIGURE.findall(text)) - set(_FIGURE.findall(known))),
        *(set(_SIGN.findall(text)) - set(_SIGN.findall(known))),
        *(set(_WORD.findall(text.lower())) & (SPELLED - set(_WORD.findall(known.lower())))),
        *_ODD.findall(text),
    }
    if not text.strip() or len(text) > MOST:
        strange.add(f"{len(text.strip())} characters")
    return sorted(strange)


def _known(sections: Sections, date: str, language: str | None) -> Iterator[str]:
    yield date
    yield day(datetime.fromisoformat(date).date(), language or LAST_RESORT)
    for section in sections:
        yield str(section["title"])
        for line in section["lines"]:
            yield f"{line['label']} {line['value']}"
