"""What a person wrote in Slack, in words: marks undone, without the mention of our bot, with a word for each file."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from workers.channels.tokens import text_of

Json = Mapping[str, Any]

_MARK = re.compile(r"<([^<>]{1,4000})>")
_BLANKS = re.compile(r"[ \t\xa0]+")
_SCHEMES = ("mailto:", "tel:")


def words_of(event: Json, us: frozenset[str]) -> str:
    """What was typed, bare: the part in which an opt-out is looked for. `us`: the ids that our bot is mentioned by."""

    def undone(mark: re.Match[str]) -> str:
        target, _, name = mark[1].partition("|")
        return " " if target[:1] == "@" and target[1:] in us else _spelt(target, name)

    text = _unescaped(_MARK.sub(undone, text_of(event.get("text"))))
    return "\n".join(_BLANKS.sub(" ", line).strip() for line in text.splitlines()).strip()


def shown(event: Json, words: str) -> str:
    """For people: what was typed, with a word for what came along."""
    return " ".join(filter(None, (words, *_files(event)))) or "[empty message]"


def _spelt(target: str, name: str) -> str:
    """What Slack shows for a mark: a person, a channel, a group, an address."""
    if target[:1] in "@#":
        return target[:1] + (name or target[1:])
    if target[:1] == "!":
        word, more, _ = target[1:].partition("^")
        return name if name and more else f"@{word}"
    if target.startswith(_SCHEMES):
        return name or target.partition(":")[2]
    # Slack makes links of bare names too; a label of somebody's own hides where the link leads.
    return name if name and name in target else f"{name} ({target})" if name else target


def _unescaped(text: str) -> str:
    """The three signs that Slack escapes, and no other: `&eacute;` was typed as it stands."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _files(event: Json) -> Iterator[str]:
    files = event.get("files")
    for each in files if isinstance(files, list) else ():
        name = text_of(each.get("name")) if isinstance(each, dict) else ""
        yield f"[file {name}]" if name else "[file]"
