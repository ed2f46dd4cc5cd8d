"""What a person wrote in Teams, in words: without the mention of our bot, and with a word for each file."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from workers.channels.tokens import id_of, text_of

Json = Mapping[str, Any]

_TAG = re.compile(r"</?at(?:\s[^<>]{0,64})?>")
_BLANKS = re.compile(r"[ \t\xa0]+")

# Teams repeats a formatted text as an attachment of this type; it is the text, no file.
_TEXT_AGAIN = "text/html"
_FILE = "application/vnd.microsoft.teams.file.download.info"
_CARD = "application/vnd.microsoft.card."


def words_of(activity: Json) -> str:
    """What was typed, bare: the part in which an opt-out is looked for."""
    text = text_of(activity.get("text"))
    for mention in _mentions_of_us(activity):
        text = text.replace(mention, " ")
    # Somebody else who is mentioned stays, by name.
    plain = _TAG.sub("", text).replace("&nbsp;", " ")
    return "\n".join(_BLANKS.sub(" ", line).strip() for line in plain.splitlines()).strip()


def shown(activity: Json, words: str) -> str:
    """For people: what was typed, with a word for what came along."""
    return " ".join(filter(None, (words, *_files(activity)))) or "[empty message]"


def _mentions_of_us(activity: Json) -> Iterator[str]:
    us = _id(activity.get("recipient"))
    for entity in _listed(activity, "entities"):
        text = text_of(entity.get("text")) if isinstance(entity, dict) else ""
        if us and text and entity.get("type") == "mention" and _id(entity.get("mentioned")) == us:
            yield text


def _files(activity: Json) -> Iterator[str]:
    for each in _listed(activity, "attachments"):
        kind = text_of(each.get("contentType")) if isinstance(each, dict) else ""
        if not kind or kind == _TEXT_AGAIN:
            continue
        name = text_of(each.get("name"))
        what = "card" if kind.startswith(_CARD) else "file" if kind == _FILE else kind.partition("/")[0]
        yield f"[{what} {name}]" if name else f"[{what}]"


def _listed(activity: Json, name: str) -> list[Any]:
    listed = activity.get(name)
    return listed if isinstance(listed, list) else []


def _id(account: object) -> str:
    return id_of(account.get("id")) if isinstance(account, dict) else ""
