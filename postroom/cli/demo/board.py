"""The demonstration's table: each event, its route and why, its state, and how long it took."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from postroom.cli.codes import meaning
from postroom.cli.demo.cases import Refusal, Repeat
from postroom.cli.demo.judging import Outcome, faults, percentile
from postroom.cli.showing import lasting, styled, title
from postroom.cli.story_sheet import language_words
from postroom.domain.messages import State
from postroom.store.story import Leg, Story

SHARES = (0.5, 0.95)


def board(outcomes: Sequence[Outcome], *, final: bool) -> RenderableType:
    """The table as it stands; once `final`, with what is not as it should be, and the times below."""
    made = Table(box=None, header_style="bold dim", pad_edge=False, padding=(0, 2, 1, 0))
    for column in ("", "event", "route and why", "state"):
        made.add_column(column, overflow="fold")
    for column in ("to provider", "to delivered"):
        made.add_column(column, justify="right", no_wrap=True)
    for outcome in outcomes:
        made.add_row(*_row(outcome, final=final))
    return Group(made, *(_times(outcomes) if final else ()))


def _row(outcome: Outcome, *, final: bool) -> tuple[str, ...]:
    wrong = faults(outcome) if final else []
    mark = " " if not final else "[bold red]✗[/]" if wrong else "[green]✓[/]"
    what = f"{escape(outcome.case.title)}\n[dim]{escape(outcome.case.person.name)}[/]"
    why = "\n".join(map(escape, _why(outcome)))
    return (
        mark,
        what,
        "\n".join([why, *(f"[red]{escape(each)}[/]" for each in wrong)]),
        _state(outcome),
        _span(outcome.to_provider),
        _span(outcome.to_delivered),
    )


def _why(outcome: Outcome) -> list[str]:
    expected = outcome.case.expected
    if isinstance(expected, Repeat):
        return ["the same answer as before; nobody hears it twice"]
    if not outcome.answer.taken:
        return [f"{outcome.answer.body.get('title', 'refused')} ({outcome.answer.status})", *outcome.answer.faults]
    if outcome.story is None or not outcome.legs:
        return ["waits to be routed"]
    return [_leg_words(outcome.story, leg) for leg in outcome.legs]


def _leg_words(story: Story, leg: Leg) -> str:
    before = next((other for other in story.legs if other.stage < leg.stage and other.reason), None)
    if before is not None and before.reason is not None:
        return f"{title(leg.channel)}: stands in after {before.reason}: {meaning(before.channel, before.reason)}"
    return f"{title(leg.channel)}: {leg.why}; {language_words(story, leg)}{_trouble(leg)}"


def _trouble(leg: Leg) -> str:
    code = next((attempt.code for attempt in leg.attempts if attempt.code), None)
    if code is None or leg.state is State.FAILED:
        return ""
    if len(leg.attempts) > 1:
        waited = leg.attempts[-1].started_at - leg.attempts[-2].started_at
        return f"; {code}, so it waited {lasting(waited)} and went again"
    settled = leg.state in {State.SENT, State.DELIVERED, State.READ}
    return f"; {code}: nobody knew whether it had left, " + ("then its receipt came" if settled else "so it waits")


def _state(outcome: Outcome) -> str:
    if isinstance(outcome.case.expected, Refusal) or not outcome.answer.taken:
        return "[yellow]refused[/]"
    if isinstance(outcome.case.expected, Repeat):
        return "[dim]known[/]"
    return "\n".join(f"{leg.channel} {styled(leg.state)}" for leg in outcome.legs) or "[cyan]new[/]"


def _span(span: timedelta | None) -> str:
    return lasting(span) if span is not None else "[dim]–[/]"


def _times(outcomes: Sequence[Outcome]) -> list[RenderableType]:
    told = times(outcomes)
    lines = [
        f"{name.replace('_', ' ')}: p50 {lasting(timedelta(seconds=each['p50']))}, "
        f"p95 {lasting(timedelta(seconds=each['p95']))}"
        for name, each in told.items()
        if each["p50"] is not None
    ]
    number = sum(outcome.case.smooth for outcome in outcomes)
    return [Text(f"{'; '.join(lines)} (the {number} events where nothing goes wrong on purpose)", style="dim")]


def times(outcomes: Sequence[Outcome]) -> dict[str, dict[str, Any]]:
    """How long it took where nothing goes wrong on purpose, in seconds."""
    smooth = [outcome for outcome in outcomes if outcome.case.smooth]
    spans = {
        "to_provider": [outcome.to_provider for outcome in smooth],
        "to_delivered": [outcome.to_delivered for outcome in smooth],
    }
    return {name: _percentiles([span for span in each if span is not None]) for name, each in spans.items()}


def _percentiles(spans: Sequence[timedelta]) -> dict[str, Any]:
    found = {f"p{share * 100:.0f}": percentile(spans, share) for share in SHARES}
    return {"n": len(spans), **{name: span and span.total_seconds() for name, span in found.items()}}


def row_json(outcome: Outcome) -> dict[str, Any]:
    """One row for programs."""
    wrong = faults(outcome)
    return {
        "ok": not wrong,
        "faults": wrong,
        "title": outcome.case.title,
        "event": outcome.event["id"],
        "type": outcome.event["type"],
        "status": outcome.answer.status,
        "refusal": list(outcome.answer.faults),
        "event_id": outcome.answer.ids[0] if outcome.answer.ids else None,
        "why": _why(outcome),
        "messages": [
            {
                "id": leg.id,
                "channel": leg.channel,
                "state": leg.state,
                "reason": leg.reason,
                "language": leg.language,
                "tries": len(leg.attempts),
            }
            for leg in outcome.legs
        ],
        "to_provider_seconds": outcome.to_provider,
        "to_delivered_seconds": outcome.to_delivered,
    }


def commands(outcomes: Sequence[Outcome]) -> list[str]:
    """What to try next, with ids that exist."""
    fallen_back = next((leg.id for outcome in outcomes if len(outcome.legs) > 1 for leg in outcome.legs[:1]), None)
    shown = str(fallen_back) if fallen_back else "ID"
    return [
        f"postroom messages show {shown}",
        "postroom messages list",
        "postroom send payment_reminder --to +34600111222 --language fr_FR",
        "postroom pause channel whatsapp   # and: postroom resume channel whatsapp",
        "postroom doctor",
    ]
