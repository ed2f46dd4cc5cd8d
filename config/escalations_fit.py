"""What holds between the parts of escalations.yaml, and between it and the rules and hours of the house."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from config.located import Located
from config.reading import Reading, suggestion
from config.rules import span
from postroom.domain.companies import Companies
from postroom.domain.escalation import ALWAYS, WRITES, Chain, Condition, Deed, Step, Waits
from postroom.domain.event_types import FAMILIES, matches, shape_of
from postroom.domain.quiet_hours import Hours, Window
from postroom.domain.routing import Rule

Read = Sequence[tuple[Located, Chain]]
"""Chains, and where each stands."""
WEEKS = 45
"""Of a year, that are left when holidays are taken off."""
DAY = timedelta(days=1)


def in_order(reading: Reading, here: Located, steps: tuple[Step, Step], interval: timedelta) -> None:
    """A step comes later than the one before it, by the least interval at least; and nothing follows the end."""
    one, other = steps
    last = one.after + one.every * (one.times - 1)
    gap = other.after - last
    if one.deed is Deed.GIVE_UP and one.when == ALWAYS:
        reading.fault(here, f"stands after {one.name}, which ends the chain", f"Put it before {one.name}.")
    elif gap <= timedelta():
        again = " for the last time" if one.times > 1 else ""
        problem = f"is not later than {one.name}, which is done{again} after {span(last) if last else 'no time'}"
        reading.fault(here.at("after"), problem, "Order the steps by `after:`, each from the question on.")
    elif gap < interval and one.waits is other.waits:
        problem = f"comes {span(gap)} after {one.name}, and between two steps there are {span(interval)} at least"
        reading.fault(here.at("after"), problem, "Let it come later, or write a shorter `min_interval:`.")
    if other.times > 1 and other.every < interval:
        problem = f"is shorter than the {span(interval)} that there are between two steps at least"
        reading.fault(here.at("every"), problem, "Write more, or a shorter `min_interval:`.")


# Between chains -------------------------------------------------------------------------------------------------------


def distinct(reading: Reading, chains: Read) -> None:
    """Each chain is meant for something that no chain before it takes: the first that fits is followed."""
    for number, (here, chain) in enumerate(chains):
        takers = {kind: _taker(kind, chain, chains[:number]) for kind in _types(chain.event)}
        if all(takers.values()):
            names = " and ".join(dict.fromkeys(str(name) for name in takers.values()))
            problem = f"is never followed, for {names} before it takes all that it is meant for"
            reading.fault(here, problem, "Put it before, or let `when:` tell the two apart.")


def _types(event: str) -> tuple[str, ...]:
    return tuple(shape.name for shape in FAMILIES[event]) if event in FAMILIES else (event,)


def _taker(kind: str, chain: Chain, before: Read) -> str | None:
    found = (each.key for _, each in before if matches(each.event, kind) and _implied(each.when, chain.when))
    return next(found, None)


def _implied(wide: Condition, narrow: Condition) -> bool:
    """Whether `wide` holds wherever `narrow` does."""
    return (
        _amount_implied(wide, narrow)
        and _within(narrow.companies, wide.companies)
        and _within(narrow.models, wide.models)
    )


def _amount_implied(wide: Condition, narrow: Condition) -> bool:
    if wide.over is None:
        return True
    return narrow.over is not None and narrow.over >= wide.over and wide.currency in (None, narrow.currency)


def _within(narrow: frozenset[str], wide: frozenset[str]) -> bool:
    return not wide or (bool(narrow) and narrow <= wide)


# With the rules -------------------------------------------------------------------------------------------------------


def carried(reading: Reading, chains: Read, rules: Iterable[Rule]) -> None:
    """Each step is carried by a rule that can say what the chain's event tells."""
    by_name = {rule.message_type: rule for rule in rules}
    for here, chain in chains:
        for number, step in enumerate(chain.steps):
            if step.deed in WRITES:
                _carried(reading, here.at(f"steps.{step.name}.by"), (chain, number), by_name)


def _carried(reading: Reading, here: Located, at: tuple[Chain, int], rules: dict[str, Rule]) -> None:
    chain, number = at
    rule = rules.get(chain.steps[number].by)
    if rule is None:
        name = chain.steps[number].by
        reading.fault(here, f"{name!r} is not a rule of routing.yaml", suggestion(name, rules))
    elif not _fits(rule, chain.event, first=number == 0):
        fitting = [name for name, each in rules.items() if _fits(each, chain.event, first=number == 0)]
        problem = f"{rule.message_type} tells of {rule.event_type}, and the chain is about {chain.event}"
        reading.fault(here, problem, f"Write one of {', '.join(fitting)}." if fitting else "Add a rule for it.")


def _fits(rule: Rule, event: str, *, first: bool) -> bool:
    """The question is the event itself, as it came; what follows may be any that carries the same facts."""
    if all(matches(rule.event_type, kind) for kind in _types(event)):
        return True
    return not first and shape_of(rule.event_type).facts == shape_of(event).facts


# With the companies ---------------------------------------------------------------------------------------------------


def open_enough(reading: Reading, chains: Read, practices: Companies) -> None:
    """Business hours that a step waits for do pass within a year, in each company."""
    hours = {"by default": practices.default.hours, **{f"in company {k}": p.hours for k, p in practices.named.items()}}
    for here, chain in chains:
        for step in chain.steps:
            if step.waits is Waits.BUSINESS:
                needed = step.after + step.every * (step.times - 1)
                for where in (name for name, each in hours.items() if needed > _weekly(each) * WEEKS):
                    problem = f"waits for more open hours than a year has {where}"
                    reading.fault(here.at(f"steps.{step.name}"), problem, "Shorten it, or drop `waits:`.")


def _weekly(hours: Hours) -> timedelta:
    return sum((_length(window) for day in hours.week for window in day), timedelta())


def _length(window: Window) -> timedelta:
    opens, closes = (timedelta(hours=at.hour, minutes=at.minute) for at in (window.opens, window.closes))
    return (closes or DAY) - opens
