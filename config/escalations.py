"""escalations.yaml as chains: read whole or refused whole."""

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from config.faults import ConfigFault, ConfigRefused
from config.located import Located, read_yaml
from config.reading import Field, Reading, Unreadable, duration, one_of, suggestion
from postroom.domain.escalation import (
    ALWAYS,
    MIN_INTERVAL,
    WRITES,
    Audience,
    Chain,
    Condition,
    Deed,
    Level,
    Needs,
    OnLate,
    Step,
    Waits,
    Whom,
)
from postroom.domain.event_types import PATTERNS

ESCALATIONS_FILE = Path(__file__).parent / "escalations.yaml"
VERSION = 1
NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
MOST_TIMES = 50


def load_chains(path: Path = ESCALATIONS_FILE, *, rules: Iterable[str] | None = None) -> tuple[Chain, ...]:
    """The chains of a file. Raises ConfigRefused with every fault; `rules`: the message types that may carry a step."""
    try:
        source = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fault = ConfigFault(str(path), 1, 1, "", f"cannot be read: {error}", "Give the path of a UTF-8 file.")
        raise ConfigRefused([fault]) from error
    return read_chains(source, file=str(path), rules=rules)


def read_chains(source: str, *, file: str, rules: Iterable[str] | None = None) -> tuple[Chain, ...]:
    """The same, from a text."""
    document = read_yaml(source, file)
    reading = _ChainsReading(document.faults, None if rules is None else tuple(rules))
    found = reading.mapping(document.root, {"version": Field(_version), "chains": Field(lambda here: here)})
    entries = reading.entries(found["chains"], "Write {} where there are none.") if found["chains"] else {}
    chains = [reading.chain(name, here) for name, here in entries.items()]
    reading.refuse_faults()
    return tuple(chain for chain in chains if chain is not None)


class _ChainsReading(Reading):
    """Reads one chain after the other."""

    def __init__(self, faults: Iterable[ConfigFault], rules: tuple[str, ...] | None) -> None:
        super().__init__(faults)
        self._rules = rules

    def chain(self, name: str, here: Located) -> Chain | None:
        """One chain; None with its faults noted."""
        if not NAME.fullmatch(name):
            self.fault(here, f"{name!r} cannot be a chain's name", "Use small letters, digits and _.")
        before = len(self.faults)
        found = self.mapping(here, CHAIN)
        steps = [self._step(each, at) for each, at in self.entries(here.at("steps"), STEPS_REMEDY).items()]
        levels = [self._level(at) for at in _listed(here.at("levels"))] if found["levels"] else [Level()]
        if len(self.faults) > before:
            return None
        try:
            return Chain(
                key=name,
                event=found["event"],
                steps=tuple(step for step in steps if step),
                owner=found["owner"],
                levels=tuple(level for level in levels if level),
                when=found["when"] or ALWAYS,
                on_late=OnLate(found["on_late"] or OnLate.LATEST),
                min_interval=found["min_interval"] or MIN_INTERVAL,
            )
        except ValueError as error:
            self.fault(here, str(error), "Order the steps by `after`, the first without it.")
            return None

    def _step(self, name: str, here: Located) -> Step | None:
        before = len(self.faults)
        found = self.mapping(here, STEP)
        deeds = [deed for deed in Deed if found[deed.value] is not None]
        if len(deeds) != 1:
            self.fault(here, "must do exactly one thing", f"Write one of {', '.join(Deed)}.")
            return None
        deed = deeds[0]
        writes = deed in WRITES
        if writes and not found["by"]:
            self.fault(here, "says not by which message it writes", "Add `by:` and a rule of routing.yaml.")
        if found["by"] and self._rules is not None and found["by"] not in self._rules:
            self.fault(
                here.at("by"), f"{found['by']!r} is not a rule of routing.yaml", suggestion(found["by"], self._rules)
            )
        if len(self.faults) > before:
            return None
        return Step(
            name=name,
            deed=deed,
            after=found["after"] or timedelta(),
            to=found[deed.value] if writes else (),
            by=found["by"] or "",
            waits=Waits(found["waits"] or Waits.ELAPSED),
            when=found["when"] or ALWAYS,
            times=found["times"] or 1,
            every=found["every"] or timedelta(),
        )

    def _level(self, here: Located) -> Level | None:
        found = self.mapping(here, LEVEL)
        quorum = found["quorum"]
        if (found["needs"] == Needs.QUORUM) is not (quorum is not None):
            self.fault(here, "needs: quorum and the number of it go together", "Write needs: quorum and quorum: 2.")
            return None
        if not found["to"]:
            return None
        return Level(found["to"], Needs(found["needs"] or Needs.ANY), quorum or 1, found["when"] or ALWAYS)


STEPS_REMEDY = "Write steps: {ask: {notify: asked, by: approval_request}}."


def _version(here: Located) -> int:
    if here.value != VERSION or isinstance(here.value, bool):
        raise Unreadable(f"{here.value!r} is not a version of this file that we know", f"Write version: {VERSION}.")
    return VERSION


def _audiences(here: Located) -> tuple[Audience, ...]:
    return tuple(_audience(each) for each in (here.value if isinstance(here.value, list) else [here]))


def _audience(here: Located) -> Audience:
    try:
        return Audience.parse(str(here.value))
    except ValueError as error:
        raise Unreadable(str(error), f"Write one of {', '.join(Whom)}; role: and user: with a name.") from error


def _true(here: Located) -> bool:
    if here.value is not True:
        raise Unreadable(f"{here.value!r} is not true", "Write true, or leave the step out.")
    return True


def _count(here: Located) -> int:
    if isinstance(here.value, bool) or not isinstance(here.value, int) or not 1 <= here.value <= MOST_TIMES:
        raise Unreadable(f"{here.value!r} is not a count", f"Write a number from 1 to {MOST_TIMES}.")
    return here.value


def _amount(here: Located) -> Decimal:
    try:
        amount = Decimal(str(here.value))
    except InvalidOperation:
        raise Unreadable(f"{here.value!r} is not an amount", "Write a number, as in 5000.") from None
    if not amount.is_finite() or amount < 0:
        raise Unreadable(f"{here.value!r} is not an amount", "Write a number from 0 on.")
    return amount


def _words(here: Located) -> frozenset[str]:
    return frozenset(str(each.value) for each in _listed(here))


def _listed(here: Located) -> list[Located]:
    if not isinstance(here.value, list) or not here.value:
        raise Unreadable("must be a list with something in it", "Write it as [one, two].")
    return here.value


def _condition(here: Located) -> Condition:
    reading = Reading()
    found = reading.mapping(here, CONDITION)
    if reading.faults:
        raise Unreadable(reading.faults[0].problem, reading.faults[0].remedy)
    return Condition(
        found["over"], found["currency"], found["companies"] or frozenset(), found["models"] or frozenset()
    )


CONDITION: Mapping[str, Field] = {
    "over": Field(_amount, required=False),
    "currency": Field(lambda here: str(here.value), required=False),
    "companies": Field(_words, required=False),
    "models": Field(_words, required=False),
}
CHAIN: Mapping[str, Field] = {
    "event": Field(one_of(PATTERNS, "an event type of ours")),
    "owner": Field(_audience),
    "steps": Field(lambda here: here),
    "levels": Field(_listed, required=False),
    "when": Field(_condition, required=False),
    "on_late": Field(one_of(OnLate, "a way to be late"), required=False),
    "min_interval": Field(duration, required=False),
}
LEVEL: Mapping[str, Field] = {
    "to": Field(_audiences),
    "needs": Field(one_of(Needs, "a way to agree"), required=False),
    "quorum": Field(_count, required=False),
    "when": Field(_condition, required=False),
}
STEP: Mapping[str, Any] = {
    **{deed.value: Field(_audiences if deed in WRITES else _true, required=False) for deed in Deed},
    "by": Field(lambda here: str(here.value), required=False),
    "after": Field(duration, required=False),
    "waits": Field(one_of(Waits, "a clock to wait by"), required=False),
    "when": Field(_condition, required=False),
    "times": Field(_count, required=False),
    "every": Field(duration, required=False),
}
