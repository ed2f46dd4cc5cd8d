"""A run in words: how it stands, who was asked, and what comes next."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.text import Text

from config.rules import ROUTING_FILE, read_routing
from postroom.cli.codes import meaning
from postroom.cli.showing import said, table, when
from postroom.domain.channels import ChannelName
from postroom.domain.escalation import Chain, case_of, following
from postroom.domain.routing import TITLES, Slot
from postroom.domain.run_words import Held, Outlook, deed_words, next_words
from postroom.domain.runs import RunStatus
from postroom.store.clock import Clock
from postroom.store.engine import Connection
from postroom.store.run_desk import Listed, Reached, Told
from postroom.store.runs import chain_of

STYLES: Mapping[RunStatus, str] = {
    RunStatus.ACTIVE: "cyan",
    RunStatus.PAUSED: "yellow",
    RunStatus.DECIDED: "green",
    RunStatus.OBSOLETE: "dim",
    RunStatus.CANCELLED: "dim",
    RunStatus.GIVEN_UP: "red",
}
TAKEN = frozenset({"sent", "delivered", "read", "unknown"})


@dataclass(frozen=True, slots=True)
class Rules:
    """By which channels each message type is carried, as config/routing.yaml says now."""

    carried: Mapping[str, str]

    @classmethod
    def of_the_house(cls) -> "Rules":
        """As they stand in the files."""
        rules = read_routing(ROUTING_FILE.read_text("utf-8"), file=str(ROUTING_FILE), templates=None).rules
        return cls({rule.message_type: _spoken(rule.channels[0]) for rule in rules})

    def by(self, message_type: str) -> str:
        """The channel that is tried first: SMS."""
        return self.carried.get(message_type, message_type)


def _spoken(channel: ChannelName | Slot) -> str:
    return "Slack or Teams" if isinstance(channel, Slot) else TITLES[channel]


@dataclass(frozen=True, slots=True)
class Sight:
    """What it takes to tell of runs."""

    connection: Connection
    clock: Clock
    rules: Rules

    def chain(self, listed: Listed) -> Chain:
        """The chain that a run was begun by."""
        return chain_of(self.connection, listed.run.flow_version_id)

    def next(self, listed: Listed, reached: Sequence[Reached] = ()) -> str:
        """What happens next, and when."""
        return next_words(self.chain(listed), self._outlook(listed, reached), self.rules.by)

    def _outlook(self, listed: Listed, reached: Sequence[Reached]) -> Outlook:
        run, timer, now = listed.run, listed.timer, self.clock.now()
        last = max((each.place for each in reached), default=None)
        return Outlook(
            status=run.status,
            why=run.why,
            zone=run.tz,
            now=now,
            place=self._place(listed),
            due_at=timer.due_at if timer else None,
            dead=timer is not None and timer.state == "dead",
            paused_at=run.paused_at,
            look_wanted_at=run.look_wanted_at,
            held=tuple(self._held(each, now) for each in reached if each.state == "held"),
            reached=last is None or any(each.state in TAKEN for each in reached if each.place == last),
        )

    def _place(self, listed: Listed) -> int | None:
        run, chain = listed.run, self.chain(listed)
        case = case_of(listed.event, run.company)
        places = range(run.levels * len(chain.moments))
        applies = frozenset(place for place in places if chain.step_at(place).when.holds(case))
        return following(chain, run.place, run.levels, applies)

    def _held(self, each: Reached, now: datetime) -> Held:
        channel = ChannelName(each.channel)
        real = self.clock.real(now)
        until = now + self.clock.passing_in(max(each.next_at - real, each.next_at - each.next_at))
        return Held(TITLES[channel], until, (each.reason or "").replace("_", " ") or "held")


def sheet(told: Told, sight: Sight) -> RenderableType:
    """Everything about a run, for an operator."""
    parts: list[RenderableType] = [table("", "", rows=list(_facts(told, sight)))]
    for heading, rows in (
        ("Who was asked", _asked(told, sight)),
        ("Answers", _answers(told)),
        ("Trail", _trail(told)),
    ):
        if rows:
            parts += [Text(), Rule(heading, align="left", style="dim"), table("at", "what", "", rows=rows)]
    return Group(*parts)


def _facts(told: Told, sight: Sight) -> Iterator[tuple[str, str]]:
    run, now = told.listed.run, sight.clock.now()
    yield "Run", f"[bold]{said(run.subject)}[/] by chain {said(run.flow_key)}, company {said(run.company)}"
    yield "", str(run.id)
    yield "Stands", styled(run.status) + (f" ({said(run.why)})" if run.why else "")
    yield "Began", when(run.began_at, today=now)
    if run.levels > 1:
        yield "Bench", f"{sight.chain(told.listed).level_asked(run.place) + 1} of {run.levels}"
    if told.decision:
        yield "Decided", f"{said(told.decision.outcome)} by {said(told.decision.actor)} at {when(told.decision.at)}"
    if run.ended_at:
        yield "Ended", when(run.ended_at, today=now)
    yield "Next", f"[bold]{said(sight.next(told.listed, told.reached))}[/]"


def styled(status: RunStatus) -> str:
    """A status in its colour."""
    return f"[{STYLES[status]}]{status.value.replace('_', ' ')}[/]"


def _asked(told: Told, sight: Sight) -> list[tuple[str, ...]]:
    chain = sight.chain(told.listed)
    return [
        (
            when(each.read_at or each.delivered_at or each.sent_at or each.next_at),
            f"{said(each.recipient)} by {TITLES[ChannelName(each.channel)]}: {_stands(each)}",
            f"[dim]{said(chain.step_at(each.place).name)}: message {each.message_id}[/]",
        )
        for each in told.reached
    ]


def _stands(each: Reached) -> str:
    words = f": {meaning(ChannelName(each.channel), each.reason)}" if each.reason and each.state not in TAKEN else ""
    return said(f"{each.state}{words}")


def _answers(told: Told) -> list[tuple[str, ...]]:
    return [
        (when(each.at), said(f"{each.actor}: {each.answer}"), f"[dim]by {said(each.via)}, bench {each.level + 1}[/]")
        for each in told.votes
    ]


def _trail(told: Told) -> list[tuple[str, ...]]:
    return [
        (
            when(each.at),
            f"[bold]{said(each.what)}[/]" + (f" by {said(each.actor)}" if each.actor else ""),
            said(each.detail or ""),
        )
        for each in told.trail
    ]


# For programs ---------------------------------------------------------------------------------------------------------


def listed_json(listed: Listed, sight: Sight) -> dict[str, Any]:
    """A run in a list; docs/runs.md names its keys."""
    run, timer = listed.run, listed.timer
    return {
        "id": run.id,
        "flow": run.flow_key,
        "company": run.company,
        "subject": run.subject,
        "status": run.status,
        "why": run.why,
        "began_at": run.began_at,
        "asked_at": run.asked_at,
        "paused_at": run.paused_at,
        "ended_at": run.ended_at,
        "due_at": timer.due_at if timer else None,
        "next": sight.next(listed),
    }


def told_json(told: Told, sight: Sight) -> dict[str, Any]:
    """Everything about a run."""
    chain, place = sight.chain(told.listed), told.listed.run.place
    step = chain.step_at(place) if told.listed.timer else None
    return {
        **listed_json(told.listed, sight),
        "next": sight.next(told.listed, told.reached),
        "step": step and deed_words(chain, step, sight.rules.by),
        "decision": told.decision,
        "asked": told.reached,
        "votes": told.votes,
        "trail": told.trail,
    }
