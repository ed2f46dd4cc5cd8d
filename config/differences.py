"""What changed between two routings, in words."""

from collections.abc import Callable, Iterator

from config.rules import Routing, span
from postroom.domain.routing import Rule, Stage


def differences(old: Routing, new: Routing) -> tuple[str, ...]:
    """One line for each change that means something; comments, order and spelling do not."""
    before = {rule.message_type: rule for rule in old.rules}
    after = {rule.message_type: rule for rule in new.rules}
    removed = [f"{name}: rule removed" for name in before if name not in after]
    added = [f"{name}: rule added, {_summary(rule)}" for name, rule in after.items() if name not in before]
    changed = [
        f"{name}: {line}" for name, rule in after.items() if name in before for line in _changes(before[name], rule)
    ]
    return (*removed, *added, *changed)


def _changes(old: Rule, new: Rule) -> Iterator[str]:
    for noun, show in SHOWN.items():
        if show(old) != show(new):
            yield f"{noun} {show(old)} -> {show(new)}"
    yield from _fallbacks([_stage(stage) for stage in old.fallbacks], [_stage(stage) for stage in new.fallbacks])


def _fallbacks(old: list[str], new: list[str]) -> Iterator[str]:
    yield from (f"fallback {stage} removed" for stage in old if stage not in new)
    yield from (f"fallback {stage} added" for stage in new if stage not in old)
    if old != new and sorted(old) == sorted(new):
        yield f"fallbacks reordered: {', '.join(old)} -> {', '.join(new)}"


def _summary(rule: Rule) -> str:
    stages = " then ".join(_stage(stage) for stage in rule.stages)
    return f"{rule.event_type} by {stages}, {rule.urgency}, stale after {span(rule.not_after)}"


def _stage(stage: Stage) -> str:
    if len(stage.channels) == 1:
        return stage.channels[0].value
    return f"{stage.needs.value.replace('_', ' ')} {', '.join(stage.channels)}"


SHOWN: dict[str, Callable[[Rule], str]] = {
    "event": lambda rule: rule.event_type,
    "first choice": lambda rule: _stage(rule.primary),
    "urgency": lambda rule: rule.urgency.value,
    "not_after": lambda rule: span(rule.not_after),
    "mutable": lambda rule: "yes" if rule.mutable else "no",
    "contact": lambda rule: rule.contact.value if rule.contact else "none",
    "quiet_hours": lambda rule: "yes" if rule.quiet_hours else "no",
    "confirm_within": lambda rule: span(rule.confirm_within) if rule.confirm_within else "none",
}
"""How each part of a rule is shown, and by that compared."""
