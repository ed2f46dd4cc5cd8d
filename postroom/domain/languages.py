"""Which language somebody is written to in, and why."""

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass

LAST_RESORT = "en"
_TAG = re.compile(r"([a-z]{2,3})(?:[_-]([a-z]{4}))?(?:[_-]([a-z]{2}|\d{3}))?", re.IGNORECASE)
_ODOO_SCRIPTS = {"latin": "Latn", "cyrillic": "Cyrl"}  # Odoo writes sr@latin


@dataclass(frozen=True, slots=True)
class Choice:
    """One language worth trying, and whose wish it is."""

    tag: str
    why: str


def normal_tag(raw: str | None) -> str | None:
    """`pt-br`, `pt_BR.UTF-8` and `pt_BR` as `pt_BR`; None for what is not a language tag."""
    bare, _, script = (raw or "").partition("@")
    match = _TAG.fullmatch(bare.partition(".")[0].strip())
    if match is None:
        return None
    parts = (
        match[1].lower(),
        _ODOO_SCRIPTS.get(script) or (match[2] or "").title(),
        (match[3] or "").upper(),
    )
    return "_".join(part for part in parts if part)


def chain(recipient: str | None, company: str | None) -> tuple[Choice, ...]:
    """The recipient's language, then the company's, then English; each with its region first and then without."""
    wishes = (
        (recipient, "the recipient's language"),
        (company, "the company's language"),
        (LAST_RESORT, "last resort"),
    )
    choices: dict[str, Choice] = {}
    for raw, whose in wishes:
        tag = normal_tag(raw)
        for candidate in _widening(tag) if tag else ():
            why = whose if candidate == tag else f"{whose} {tag} without its region"
            choices.setdefault(candidate, Choice(candidate, why))
    return tuple(choices.values())


def _widening(tag: str) -> tuple[str, ...]:
    """`zh_Hant_TW`, `zh_Hant`, `zh`."""
    parts = tag.split("_")
    return tuple("_".join(parts[:count]) for count in range(len(parts), 0, -1))


def choose(choices: Sequence[Choice], written: Container[str]) -> Choice | None:
    """The first choice in which something is written."""
    return next((choice for choice in choices if choice.tag in written), None)


def explain(choices: Sequence[Choice], chosen: str) -> str:
    """Why this language, and which were passed over: 'es: the company's language (nothing in pt_BR, pt)'."""
    tags = [choice.tag for choice in choices]
    if chosen not in tags:
        return f"{chosen}: not among the languages asked for ({', '.join(tags)})"
    missed = tags[: tags.index(chosen)]
    passed_over = f" (nothing written in {', '.join(missed)})" if missed else ""
    return f"{chosen}: {choices[tags.index(chosen)].why}{passed_over}"


def locale_for(chosen: str, tags: Sequence[str]) -> str:
    """Whose numbers and dates to write: an es_MX reader of a template in `es` gets Mexico's."""
    base = chosen.partition("_")[0]
    return next((tag for tag in tags if tag.partition("_")[0] == base), chosen)
