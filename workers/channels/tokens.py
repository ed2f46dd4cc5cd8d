"""Small strings from outside, made safe to store, to compare and to count."""

import re

MAX_ID = 512
MAX_LABEL = 64

_ODD = re.compile(r"[^a-z0-9_.:\-]+")


def text_of(raw: object) -> str:
    """The text, or an empty one; without what PostgreSQL or UTF-8 cannot hold (NUL, halves of surrogate pairs)."""
    if not isinstance(raw, str):
        return ""
    return raw.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def id_of(raw: object) -> str:
    """A provider's id, or an empty string when it is none that an index could hold."""
    text = text_of(raw).strip()
    return text if len(text) <= MAX_ID else ""


def label(*parts: str) -> str:
    """What a payload held, as a metric's label: few characters, bounded."""
    return ":".join(_ODD.sub("_", part.lower())[:MAX_LABEL] or "none" for part in parts)
