"""escalations.yaml as chains: read whole or refused whole."""

import re
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from config.escalations_fit import carried, distinct, in_order, open_enough
from config.escalations_words import CHAIN, CONDITION, FILE, LEVEL, LONGEST_BUSINESS, NAME, STEP
from config.faults import ConfigFault, ConfigRefused
from config.located import Located, read_yaml
from config.reading import LONGEST, Reading
from postroom.domain.companies import Companies
from postroom.domain.escalation import (
    ALWAYS,
    MIN_INTERVAL,
    WRITES,
    Chain,
    Condition,
    Deed,
    Level,
    Needs,
    OnLate,
    Step,
    Waits,
)
from postroom.domain.routing import Rule

ESCALATIONS_FILE = Path(__file__).parent / "escalations.yaml"
STEPS_REMEDY = "Write steps: {ask: {notify: asked, by: approval_request}}."
LONE = {"by": "sends nothing", "times": "is done once", "every": "is done once"}
"""What a step that writes to nobody cannot say, and why."""


def load_chains(
    path: Path = ESCALATIONS_FILE, *, rules: Sequence[Rule] | None = None, practices: Companies | None = None
) -> tuple[Chain, ...]:
    """The chains of a file. Raises ConfigRefused with every fault.

    `rules`: those that carry its steps; `practices`: of the companies by whose hours it waits.
    """
    try:
        source = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fault = ConfigFault(str(path), 1, 1, "", f"cannot be read: {error}", "Give the path of a UTF-8 file.")
        raise ConfigRefused([fault]) from error
    return read_chains(source, file=str(path), rules=rules, practices=practices)


def read_chains(
    source: str, *, file: str, rules: Sequence[Rule] | None = None, practices: Companies | None = None
) -> tuple[Chain, ...]:
    """The same, from a text."""
    document = read_yaml(source, file)
    reading = _ChainsReading(document.faults)
    found = reading.mapping(document.root, FILE)
    entries = reading.entries(found["chains"], "Write {} where there are none.") if found["chains"] else {}
    read = [(here, reading.chain(name, here)) for name, here in entries.items()]
    chains = [(here, chain) for here, chain in read if chain is not None]
    distinct(reading, chains)
    if rules is not None:
        carried(reading, chains, rules)
    if practices is not None:
        open_enough(reading, chains, practices)
    reading.refuse_faults()
    return tuple(chain for _, chain in chains)


class _ChainsReading(Reading):
    """Reads one chain after the other."""

    def chain(self, name: str, here: Located) -> Chain | None:
        """One chain; None with its faults noted."""
        self._name(name, here, "a chain")
        before = len(self.faults)
        found = self.mapping(here, CHAIN)
        when = self._condition(found["when"])
        levels = [self._level(at) for at in found["levels"] or ()]
        interval = found["min_interval"] or MIN_INTERVAL
        steps = self._steps(found["steps"], interval) if found["steps"] else ()
        if len(self.faults) > before:
            return None
        return Chain(
            key=name,
            event=found["event"],
            steps=tuple(steps),
            owner=found["owner"],
            levels=tuple(level for level in levels if level) or (Level(),),
            when=when,
            on_late=OnLate(found["on_late"] or OnLate.LATEST),
            min_interval=interval,
        )

    def _name(self, name: str, here: Located, noun: str) -> None:
        if not re.fullmatch(NAME, name):
            self.fault(here, f"{name!r} cannot be {noun}'s name", "Use small letters, digits and _.")

    def _steps(self, here: Located, interval: timedelta) -> Sequence[Step]:
        """All steps of a chain; what is wrong between two of them is told where both could be read."""
        entries = self.entries(here, STEPS_REMEDY)
        if isinstance(here.value, dict) and not entries:
            self.fault(here, "has no step", STEPS_REMEDY)
        read = [(at, self._step(name, at)) for name, at in entries.items()]
        if read and read[0][1] is not None:
            self._first(read[0][0], read[0][1])
        for (_, one), (at, other) in pairwise(read):
            if one is not None and other is not None:
                in_order(self, at, (one, other), interval)
        return [step for _, step in read if step is not None]

    def _first(self, here: Located, step: Step) -> None:
        """The question itself: put at once, to people."""
        if step.deed is not Deed.NOTIFY:
            self.fault(here, "is the first step and asks nobody", "Begin with {notify: asked, by: approval_request}.")
        if step.after or step.waits is Waits.BUSINESS:
            key = "after" if step.after else "waits"
            self.fault(here.at(key), "makes the question wait", f"Drop `{key}:`; the first step is done at once.")
        if step.when != ALWAYS:
            remedy = "Write `when:` at the chain, or at a level."
            self.fault(here.at("when"), "makes the question itself depend on something", remedy)

    def _step(self, name: str, here: Located) -> Step | None:
        before = len(self.faults)
        self._name(name, here, "a step")
        found = self.mapping(here, STEP)
        when = self._condition(found["when"])
        deeds = [deed for deed in Deed if isinstance(here.value, dict) and deed.value in here.value]
        if len(deeds) != 1 and isinstance(here.value, dict):
            done = f"does {' and '.join(deeds)}" if deeds else "does nothing"
            self.fault(here, done, f"Write one of {', '.join(Deed)}.")
        for deed in deeds[:1]:
            self._deed(here, deed)
        if len(self.faults) > before:
            return None
        self._spans(here, found)
        return Step(
            name=name,
            deed=deeds[0],
            after=found["after"] or timedelta(),
            to=found[deeds[0].value] if deeds[0] in WRITES else (),
            by=found["by"] or "",
            waits=Waits(found["waits"] or Waits.ELAPSED),
            when=when,
            times=found["times"] or 1,
            every=found["every"] or timedelta(),
        )

    def _deed(self, here: Located, deed: Deed) -> None:
        """What belongs to what a step does."""
        if deed in WRITES and "by" not in here.value:
            self.fault(here, "does not say which message it sends", "Add `by:` and a rule of routing.yaml.")
        for key, why in LONE.items() if deed not in WRITES else ():
            if key in here.value:
                self.fault(here.at(key), f"{deed} {why}", f"Drop `{key}:`.")
        one, other = ("times", "every") if "times" in here.value else ("every", "times")
        if deed in WRITES and one in here.value and other not in here.value and here.at(one).value != 1:
            self.fault(here.at(one), f"stands without `{other}:`", "Write both, as in times: 3 and every: 4h.")

    def _spans(self, here: Located, found: dict[str, Any]) -> None:
        """No step is done after more time than is known to pass."""
        last = (found["after"] or timedelta()) + (found["every"] or timedelta()) * ((found["times"] or 1) - 1)
        if last > LONGEST:
            self.fault(here, "is done for the last time after more than a year", "Lower `times:` or `every:`.")
        elif found["waits"] == Waits.BUSINESS and last > LONGEST_BUSINESS:
            remedy = f"Write {LONGEST_BUSINESS.days}d of them at most, or drop `waits:`."
            self.fault(here, "waits for more open hours than some companies have in a year", remedy)

    def _level(self, here: Located) -> Level | None:
        found = self.mapping(here, LEVEL)
        when, count = self._condition(found["when"]), found["quorum"]
        given = isinstance(here.value, dict) and "quorum" in here.value
        if (found["needs"] == Needs.QUORUM) is not given:
            self.fault(here, "needs: quorum and its number go together", "Write both: needs: quorum, quorum: 2.")
        if not found["to"]:
            return None
        return Level(found["to"], Needs(found["needs"] or Needs.ANY), count or 1, when)

    def _condition(self, here: Located | None) -> Condition:
        """When something applies; what is not said always holds."""
        if here is None:
            return ALWAYS
        found = self.mapping(here, CONDITION)
        if here.value == {}:
            self.fault(here, "says nothing", f"Drop it, or write one of {', '.join(CONDITION)}.")
        if isinstance(here.value, dict) and "currency" in here.value and "over" not in here.value:
            self.fault(here.at("currency"), "stands without an amount", "Write `over:` as well, or drop it.")
        return Condition(found["over"], found["currency"], *(found[key] or _NOBODY for key in ("companies", "models")))


_NOBODY: frozenset[str] = frozenset()
