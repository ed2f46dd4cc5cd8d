"""How WhatsApp spells a number: not always as it was dialled."""

import re
from collections.abc import Mapping

SPELLINGS: Mapping[str, tuple[re.Pattern[str], str]] = {
    # Brazil outside São Paulo and Rio: accounts older than the ninth digit keep eight.
    "55": (re.compile(r"^55([3-9][1-9])9(\d{8})$"), r"55\1\2"),
    # Mexico: accounts carry the 1 that mobile numbers once had.
    "52": (re.compile(r"^52(\d{10})$"), r"521\1"),
    # Argentina: accounts carry the 9 of mobile numbers.
    "54": (re.compile(r"^54([1-8]\d{9})$"), r"549\1"),
}


def wa_id(dialled: str) -> str:
    """The account behind a dialled number; the answer tells it beside the number as it was given."""
    digits = "".join(c for c in dialled if c.isdigit())
    pattern, spelling = SPELLINGS.get(digits[:2], (None, ""))
    return pattern.sub(spelling, digits) if pattern else digits
