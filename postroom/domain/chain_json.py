"""Chains as JSON: as a run's version keeps them, and programs read them."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from postroom.domain.escalation import Audience, Chain, Condition, Deed, Level, Needs, OnLate, Step, Waits


def to_json(chain: Chain) -> dict[str, Any]:
    """A chain as flow_version keeps it."""
    return {
        "key": chain.key,
        "event": chain.event,
        "owner": str(chain.owner),
        "on_late": chain.on_late.value,
        "min_interval": _seconds(chain.min_interval),
        "when": _condition_json(chain.when),
        "levels": [
            {
                "to": [str(each) for each in level.to],
                "needs": level.needs.value,
                "quorum": level.quorum,
                "when": _condition_json(level.when),
            }
            for level in chain.levels
        ],
        "steps": [_step_json(step) for step in chain.steps],
    }


def from_json(kept: Mapping[str, Any]) -> Chain:
    """A chain as flow_version kept it."""
    return Chain(
        key=kept["key"],
        event=kept["event"],
        owner=Audience.parse(kept["owner"]),
        on_late=OnLate(kept["on_late"]),
        min_interval=timedelta(seconds=kept["min_interval"]),
        when=_condition(kept["when"]),
        levels=tuple(
            Level(_audiences(level["to"]), Needs(level["needs"]), level["quorum"], _condition(level["when"]))
            for level in kept["levels"]
        ),
        steps=tuple(
            Step(
                name=step["name"],
                deed=Deed(step["deed"]),
                after=timedelta(seconds=step["after"]),
                to=_audiences(step["to"]),
                by=step["by"],
                waits=Waits(step["waits"]),
                when=_condition(step["when"]),
                times=step["times"],
                every=timedelta(seconds=step["every"]),
            )
            for step in kept["steps"]
        ),
    )


def _step_json(step: Step) -> dict[str, Any]:
    return {
        "name": step.name,
        "deed": step.deed.value,
        "after": _seconds(step.after),
        "to": [str(each) for each in step.to],
        "by": step.by,
        "waits": step.waits.value,
        "when": _condition_json(step.when),
        "times": step.times,
        "every": _seconds(step.every),
    }


def _seconds(length: timedelta) -> int:
    return int(length.total_seconds())


def _audiences(words: Sequence[str]) -> tuple[Audience, ...]:
    return tuple(Audience.parse(word) for word in words)


def _condition_json(condition: Condition) -> dict[str, Any]:
    return {
        "over": None if condition.over is None else str(condition.over),
        "currency": condition.currency,
        "companies": sorted(condition.companies),
        "models": sorted(condition.models),
    }


def _condition(kept: Mapping[str, Any]) -> Condition:
    over = kept["over"]
    return Condition(
        None if over is None else Decimal(over),
        kept["currency"],
        frozenset(kept["companies"]),
        frozenset(kept["models"]),
    )
