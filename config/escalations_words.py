"""The words of escalations.yaml: how the value of each key is read."""

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from babel.numbers import list_currencies

from config.approvals import MODEL
from config.located import Located
from config.reading import Field, Unreadable, duration, one_of
from postroom.domain.escalation import WRITES, Audience, Deed, Needs, OnLate, Waits, Whom
from postroom.domain.event_types import ALERTS, APPROVAL_REQUESTED

VERSION = 1
NAME = r"^[a-z][a-z0-9_]{0,62}$"
COMPANY = r"^\S(.{0,62}\S)?$"
ROLE = r"^[a-z][a-z0-9_]*\.[A-Za-z][A-Za-z0-9_.]*$"
CURRENCY = r"^[A-Z]{3}$"
MOST_TIMES = 50
MOST_ASKED = 50
"""Nobody can be sure that more than these will ever agree."""
MOST_LEVELS = 10
SHORTEST_INTERVAL = timedelta(minutes=1)
LONGEST_INTERVAL = timedelta(days=1)
LONGEST_BUSINESS = timedelta(days=10)
"""Of open hours: six weeks of eight hours a day. More is meant to be elapsed."""
EVENTS = (APPROVAL_REQUESTED.name, "alert.*", *(shape.name for shape in ALERTS))
"""What can be answered: nobody is reminded of anything else."""


def version(here: Located) -> int:
    """The version of the file's own words."""
    if here.value != VERSION or isinstance(here.value, bool):
        raise Unreadable(f"{here.value!r} is not a version of this file that we know", f"Write version: {VERSION}.")
    return VERSION


def audiences(here: Located) -> tuple[Audience, ...]:
    """One audience, or a list of them, each once."""
    words = listed(here) if isinstance(here.value, list) else [here]
    found = [_audience(each) for each in words]
    twice = next((each for each in found if found.count(each) > 1), None)
    if twice is not None:
        raise Unreadable(f"{str(twice)!r} stands twice", "Keep one of the two.")
    return tuple(found)


def owner(here: Located) -> Audience:
    """Who answers when nobody else does: not those who did not."""
    found = _audience(here)
    if found.whom in {Whom.ASKED, Whom.OWNER}:
        raise Unreadable(f"{here.value!r} names nobody else", "Write manager, role:<group> or user:<id>.")
    return found


def _audience(here: Located) -> Audience:
    remedy = "Write one of asked, manager, owner, role:<group>, user:<id>."
    if not isinstance(here.value, str):
        raise Unreadable(f"{here.plain()!r} names nobody", remedy)
    try:
        found = Audience.parse(here.value)
    except ValueError as error:
        raise Unreadable(str(error).partition(";")[0], remedy) from error
    if found.whom is Whom.ROLE and not re.fullmatch(ROLE, found.name):
        remedy = "Write role: and the external id of a group of Odoo, as in role:purchase.group_purchase_manager."
        raise Unreadable(f"{here.value!r} names no group", remedy)
    return found


def true(here: Located) -> bool:
    """What a deed without an audience stands for."""
    if here.value is not True:
        raise Unreadable(f"{here.plain()!r} is not true", "Write true, or leave the step out.")
    return True


def rule_name(here: Located) -> str:
    """A message type."""
    if not isinstance(here.value, str) or not re.fullmatch(NAME, here.value):
        raise Unreadable(f"{here.plain()!r} is not a rule", "Write the name of a rule of routing.yaml.")
    return here.value


def times(here: Located) -> int:
    """How often a step is done."""
    return _number(here, 1, MOST_TIMES)


def quorum(here: Located) -> int:
    """How many must agree: one is any."""
    return _number(here, 2, MOST_ASKED)


def _number(here: Located, least: int, most: int) -> int:
    value = here.value
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise Unreadable(f"{here.plain()!r} is not a number that fits here", f"Write one from {least} to {most}.")
    return value


def interval(here: Located) -> timedelta:
    """The least time between two steps."""
    found = duration(here)
    if not SHORTEST_INTERVAL <= found <= LONGEST_INTERVAL:
        raise Unreadable(f"{here.value!r} is out of bounds", "Write at least 1m, and at most 1d.")
    return found


def amount(here: Located) -> Decimal:
    """An amount that documents are compared with."""
    remedy = "Write a number from 0 on, as in 5000."
    if isinstance(here.value, bool) or not isinstance(here.value, str | int | float):
        raise Unreadable(f"{here.plain()!r} is not an amount", remedy)
    try:
        found = Decimal(str(here.value))
    except InvalidOperation:
        raise Unreadable(f"{here.value!r} is not an amount", remedy) from None
    if not found.is_finite() or found < 0:
        raise Unreadable(f"{here.value!r} is not an amount", remedy)
    return found


def currency(here: Located) -> str:
    """A currency by its three letters."""
    if not isinstance(here.value, str) or here.value not in list_currencies():
        raise Unreadable(f"{here.plain()!r} is not a currency", "Write its three letters, as in EUR.")
    return here.value


def companies(here: Located) -> frozenset[str]:
    """Ids of companies, as Odoo has them."""
    return frozenset(_matching(here, COMPANY, "a company's id", "Write the id that Odoo has for it, as in [1, 3]."))


def models(here: Located) -> frozenset[str]:
    """Kinds of document."""
    return frozenset(_matching(here, MODEL, "a model", "Use its name in Odoo, as in [purchase.order]."))


def _matching(here: Located, pattern: str, noun: str, remedy: str) -> Iterable[str]:
    values = [each.value for each in listed(here)]
    wrong = [each for each in values if isinstance(each, bool) or not re.fullmatch(pattern, str(each))]
    if wrong:
        raise Unreadable(f"{wrong[0]!r} is not {noun}", remedy)
    return [str(each) for each in values]


def listed(here: Located) -> list[Located]:
    """A list with something in it."""
    if not isinstance(here.value, list) or not here.value:
        raise Unreadable("must be a list with something in it", "Write it as [one, two].")
    return here.value


def levels(here: Located) -> list[Located]:
    """Benches, one after the other."""
    found = listed(here)
    if len(found) > MOST_LEVELS:
        raise Unreadable(f"has {len(found)} levels", f"Keep {MOST_LEVELS} at most.")
    return found


def as_it_stands(here: Located) -> Located:
    """What is read later, with its place."""
    return here


FILE: Mapping[str, Field] = {"version": Field(version), "chains": Field(as_it_stands)}
CONDITION: Mapping[str, Field] = {
    "over": Field(amount, required=False),
    "currency": Field(currency, required=False),
    "companies": Field(companies, required=False),
    "models": Field(models, required=False),
}
CHAIN: Mapping[str, Field] = {
    "event": Field(one_of(EVENTS, "an event that somebody can answer")),
    "owner": Field(owner),
    "steps": Field(as_it_stands),
    "levels": Field(levels, required=False),
    "when": Field(as_it_stands, required=False),
    "on_late": Field(one_of(OnLate, "a way to be late"), required=False),
    "min_interval": Field(interval, required=False),
}
LEVEL: Mapping[str, Field] = {
    "to": Field(audiences),
    "needs": Field(one_of(Needs, "a way to agree"), required=False),
    "quorum": Field(quorum, required=False),
    "when": Field(as_it_stands, required=False),
}
STEP: Mapping[str, Any] = {
    **{deed.value: Field(audiences if deed in WRITES else true, required=False) for deed in Deed},
    "by": Field(rule_name, required=False),
    "after": Field(duration, required=False),
    "waits": Field(one_of(Waits, "a clock to wait by"), required=False),
    "when": Field(as_it_stands, required=False),
    "times": Field(times, required=False),
    "every": Field(duration, required=False),
}
