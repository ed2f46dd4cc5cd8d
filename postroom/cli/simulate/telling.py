"""How a simulation is told: to people, to programs and into files."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from postroom.cli.faults import usage
from postroom.cli.showing import emit, out, shown
from postroom.cli.simulate.bars import bars
from postroom.cli.simulate.event_file import HELP
from postroom.cli.simulate.gathering import Intake
from postroom.cli.simulate.messages_file import write_messages
from postroom.cli.simulate.page import page
from postroom.cli.simulate.sheets import Sheet, changes_sheet, hour, moneys, sheets
from postroom.cli.simulate.svg import drawing
from postroom.domain.channels import ChannelName
from postroom.domain.departures import Departure
from postroom.domain.facts import Money
from postroom.domain.reckoning import Change, ChannelRow, CompanyRow, Reckoning, TypeRow
from postroom.domain.routing import TITLES
from postroom.domain.simulation import Errand

TITLE = "What would have been sent"


@dataclass(frozen=True, slots=True)
class Settled:
    """A simulation that is done."""

    intake: Intake
    reckoning: Reckoning
    errands: Sequence[Errand]
    departures: Sequence[Departure]
    changes: tuple[Change, ...]
    failing: Mapping[ChannelName, Decimal]
    supposed: bool
    """The shares of failure were given, and not taken from the store."""
    most_a_day: int


def tell(
    settled: Settled,
    *,
    against: Path | None,
    chart: Path | None,
    html: Path | None,
    csv: Path | None,
    reveal: bool,
    as_json: bool,
) -> None:
    """Write the files that were asked for, then show the rest."""
    made = list(sheets(settled.reckoning, reveal=reveal, most_a_day=settled.most_a_day))
    if against is not None and settled.changes:
        made.append(changes_sheet(settled.changes, "the rules", str(against)))
    words = summary(settled)
    if chart:
        _write(chart, drawing(settled.reckoning))
    if html:
        _write(html, page(TITLE, words, drawing(settled.reckoning), made))
    if csv:
        _guarded(csv, lambda: write_messages(csv, settled.errands, settled.departures, reveal=reveal))
    if as_json:
        emit(as_plain(settled, reveal=reveal))
        return
    _show(settled, words, made)
    if against is not None and not settled.changes:
        out().print(f"\n{escape(str(against))} would change nothing.")
    for file in filter(None, (chart, html, csv)):
        out().print(f"Written: {escape(str(file))}", soft_wrap=True)


def _show(settled: Settled, words: Sequence[str], made: Sequence[Sheet]) -> None:
    console = out()
    for line in words:
        console.print(escape(line), soft_wrap=True)
    console.print()
    for bar in bars(settled.reckoning.days, console.width):
        console.print(bar, no_wrap=True, overflow="crop")
    for sheet in made:
        console.print(f"\n[bold]{escape(sheet.title)}[/]")
        console.print(_table(sheet))
        if sheet.note:
            console.print(f"[dim]{escape(sheet.note)}[/]")


def _table(sheet: Sheet) -> Table:
    made = Table(box=None, header_style="bold dim", pad_edge=False, padding=(0, 2, 0, 0))
    for place, name in enumerate(sheet.columns):
        made.add_column(name, justify="left" if place < sheet.left else "right", overflow="fold")
    for row in sheet.rows:
        made.add_row(*map(escape, row))
    return made


# In words -------------------------------------------------------------------------------------------------------------


def summary(settled: Settled) -> list[str]:
    """The first things that one wants to know, a sentence each."""
    sums, intake = settled.reckoning, settled.intake
    if not intake.events:
        return [f"No event to simulate.{_left_out(intake)} Give another --since, or events: --from FILE."]
    told = sum(row.events for row in sums.types)
    unheard = sum(row.silent for row in sums.types)
    lines = [
        f"{_count(intake.events, 'event')} from {intake.first:%Y-%m-%d} to {intake.last:%Y-%m-%d} set off "
        f"{_count(told, 'rule')} and would have led to {_count(sums.messages, 'message')}; "
        f"{unheard:,} would have reached nobody.{_left_out(intake)}",
        _cost_line(sums),
        _fallback_line(settled),
    ]
    if sums.busiest:
        lines.append(f"The fullest hour (UTC): {hour(sums.busiest)} messages.")
    if sums.overwhelmed:
        lines.append(f"{_count(sums.overwhelmed, 'person', 'people')} would hear more than {settled.most_a_day} a day.")
    return lines


def _cost_line(sums: Reckoning) -> str:
    unpriced = sum(sums.unpriced.values())
    known = f"Cost: {moneys(sums.cost, none='no price is known')}"
    return f"{known}, and {_count(unpriced, 'message')} without a known price." if unpriced else f"{known}."


def _fallback_line(settled: Settled) -> str:
    if not settled.failing:
        return (
            "Fallbacks after a failure are in no sum: no share of failures is known (suppose one: --fail whatsapp=5)."
        )
    shares = ", ".join(f"{TITLES[channel]} {share:.1%}" for channel, share in settled.failing.items())
    whence = "supposed" if settled.supposed else "as this house has seen"
    cost = moneys(settled.reckoning.in_case, none="nothing that has a price")
    unpriced = sum(row.in_case_unpriced for row in settled.reckoning.types)
    rest = f"; {_count(unpriced, 'event')} would fall back to what has no known price" if unpriced else ""
    return f"Where messages fail ({shares}; {whence}), their fallbacks cost on the average: {cost}{rest}."


def _left_out(intake: Intake) -> str:
    said = {
        "older": intake.older,
        "of other companies": intake.elsewhere,
        "posted before": intake.repeated,
        "no longer readable": intake.faulty,
    }
    found = ", ".join(f"{number:,} {what}" for what, number in said.items() if number)
    return f" Left out: {found}." if found else ""


def _count(number: int, one: str, many: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


# For programs ---------------------------------------------------------------------------------------------------------


def as_plain(settled: Settled, *, reveal: bool) -> dict[str, Any]:
    """Everything, as JSON has it; amounts are exact decimals in texts."""
    sums, intake = settled.reckoning, settled.intake
    return {
        "events": intake.events,
        "left_out": {"older": intake.older, "other_companies": intake.elsewhere, "repeated": intake.repeated},
        "unreadable": intake.faults,
        "first": intake.first,
        "last": intake.last,
        "messages": sums.messages,
        "cost": _plain_moneys(sums.cost),
        "fallbacks": _plain_moneys(sums.in_case),
        "failing": {channel.value: str(share) for channel, share in settled.failing.items()},
        "unpriced": sums.unpriced,
        "busiest_hour": _plain_hour(sums.busiest),
        "message_types": [_plain_type(row) for row in sums.types],
        "channels": [_plain_channel(row) for row in sums.channels],
        "companies": [_plain_company(row) for row in sums.companies],
        "days": {str(day): {each.value: n for each, n in counts.items()} for day, counts in sums.days.items()},
        "listeners": [
            {
                "company": each.company,
                "person": each.person,
                "address": shown(each.address, reveal=reveal),
                "messages": each.messages,
                "most_in_a_day": each.most_in_a_day,
                "day": str(each.day),
            }
            for each in sums.listeners
        ],
        "overwhelmed": sums.overwhelmed,
        "prices": [{"channel": c.channel, "source": c.source, "as_of": str(c.as_of)} for c in sums.cards],
        "changes": settled.changes,
    }


def _plain_type(row: TypeRow) -> dict[str, Any]:
    return {
        "message_type": row.message_type,
        "events": row.events,
        "heard": row.heard,
        "held": row.held,
        "stale": row.stale,
        "silent": row.silent,
        "silence": row.silence,
        "cost": _plain_moneys(row.cost.listed()),
        "fallbacks": _plain_moneys(row.in_case.listed()),
        "fallbacks_unpriced": row.in_case_unpriced,
    }


def _plain_channel(row: ChannelRow) -> dict[str, Any]:
    names = ("people", "messages", "first_choice", "fallback", "held", "expired", "waited", "pieces", "missed")
    figures = {name: getattr(row, name) for name in names}
    cost = {"cost": _plain_moneys(row.cost.listed()), "unpriced": row.unpriced}
    return {"message_type": row.message_type, "channel": row.channel, **figures, **cost}


def _plain_company(row: CompanyRow) -> dict[str, Any]:
    return {
        "company": row.company,
        "people": row.people,
        "messages": row.messages,
        "cost": _plain_moneys(row.cost.listed()),
        "unpriced": row.unpriced,
        "busiest_hour": _plain_hour(row.busiest),
    }


def _plain_hour(busiest: tuple[datetime, int] | None) -> dict[str, Any] | None:
    return {"hour": busiest[0], "messages": busiest[1]} if busiest else None


def _plain_moneys(listed: Sequence[Money]) -> dict[str, str]:
    return {money.currency: f"{money.amount:f}" for money in listed}


def _write(file: Path, text: str) -> None:
    _guarded(file, lambda: file.write_text(text, "utf-8"))


def _guarded(file: Path, write: Callable[[], object]) -> None:
    try:
        write()
    except OSError as error:
        raise usage(f"{file} cannot be written: {error.strerror}.", HELP) from None
