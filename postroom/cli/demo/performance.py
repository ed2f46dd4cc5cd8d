"""One performance of the demonstration in a house that stands."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from rich.console import Console
from rich.live import Live

from postroom.cli.demo import play
from postroom.cli.demo.board import board, commands, row_json, times
from postroom.cli.demo.cases import Run
from postroom.cli.demo.judging import Outcome, faults
from postroom.cli.demo.person import Unanswered
from postroom.cli.demo.tail import Tail
from postroom.cli.showing import emit, out, said
from postroom.cli.standing import addresses, places
from postroom.services.supervisor import House
from postroom.store.heartbeats import ages

DAY_PASSES = (
    "Now a day passes in some seconds over the two approvals that wait. Nora answers nothing: she is reminded in Teams "
    "and after 24 hours asked by SMS. Press Approve in Laura's Slack, and it is not her turn any more.\n"
)


def perform(house: House, console: Console, *, once: bool, as_json: bool) -> list[str]:
    """Play it, show it, and (unless `once`) stay; what was not as it should be, in words."""
    theatre = play.theatre_of(house.environment)
    try:
        return _play(house, theatre, console, once=once, as_json=as_json)
    finally:
        theatre.engine.dispose()


def _play(house: House, theatre: play.Theatre, console: Console, *, once: bool, as_json: bool) -> list[str]:
    run = Run.fresh()
    with _stage_of(console, silent=as_json) as live:
        outcomes = play.watch(theatre, play.post(theatre, run), lambda found: _refresh(live, found))
    wrong = [f"{outcome.case.title}: {fault}" for outcome in outcomes for fault in faults(outcome)]
    if once:
        wrong += _answers(theatre, run, outcomes)
        wrong += play.pass_the_night(theatre, run)
        wrong += play.told(theatre, outcomes)
    urls = addresses(house.environment, sandbox=True)
    _show(outcomes, wrong, urls, once=once, as_json=as_json)
    if not once:
        _stay(house, theatre, run, console if as_json else out())
    return wrong


def _stage_of(console: Console, *, silent: bool) -> AbstractContextManager[Live | None]:
    """The table while it fills, on a terminal; it gives way to the final one."""
    if silent or not console.is_terminal:
        return nullcontext()
    return Live(console=console, transient=True, refresh_per_second=8)


def _refresh(live: Live | None, outcomes: Sequence[Outcome]) -> None:
    if live is not None:
        live.update(board(outcomes, final=False))


def _answers(theatre: play.Theatre, run: Run, outcomes: Sequence[Outcome]) -> list[str]:
    try:
        return play.answer(theatre, run, outcomes)
    except Unanswered as error:
        return [str(error)]


def _show(
    outcomes: Sequence[Outcome], wrong: Sequence[str], urls: dict[str, str], *, once: bool, as_json: bool
) -> None:
    if as_json:
        emit(_report(outcomes, wrong, urls))
        return
    out().print(board(outcomes, final=True))
    if once and not wrong:
        out().print(
            "[green]Every event ended as it should[/]; a reply and two pressed buttons were recorded, "
            "the purchase that was approved in Slack moved in Odoo and its card lost its buttons, "
            "the one that nobody answered was asked about again "
            "and after 24 hours by SMS, and the machine that asked for it heard of every message, in order."
        )
    if not once:
        out().print()
        out().print(places(urls))
        out().print("\nTry, in another terminal:")
        out().print("\n".join(f"  [bold]{said(command)}[/]" for command in commands(outcomes)))
        out().print("\nAnswer a message in the inbox; what happens is told here. Ctrl-C ends everything.\n")


def _report(outcomes: Sequence[Outcome], wrong: Sequence[str], urls: dict[str, str]) -> dict[str, Any]:
    return {
        "ok": not wrong,
        "faults": list(wrong),
        "rows": [row_json(outcome) for outcome in outcomes],
        "seconds": times(outcomes),
        "urls": urls,
    }


def _stay(house: House, theatre: play.Theatre, run: Run, console: Console) -> None:
    with Tail(theatre.engine, theatre.sealer, console):
        console.print(DAY_PASSES)
        for fault in play.let_a_day_pass(theatre, run):
            console.print(f"[red]{fault}[/]")
        house.stay(lambda: ages(theatre.engine))
