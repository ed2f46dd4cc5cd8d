"""The command: gather, foresee, reckon, show."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from config.companies import load_companies
from config.prices import PRICES_FILE, load_prices
from config.rules import ROUTING_FILE, load_routing
from config.settings import Settings
from config.template_files import load_templates
from postroom.cli.desk import Desk, open_desk
from postroom.cli.faults import REFUSED, Refused, usage
from postroom.cli.finding import moment_since
from postroom.cli.showing import AsJson, Reveal, people
from postroom.cli.simulate.event_file import HELP
from postroom.cli.simulate.gathering import Intake, Told, from_file, from_store, memory_of
from postroom.cli.simulate.telling import Settled, tell
from postroom.domain.channels import ChannelName
from postroom.domain.departures import Departure, Limits, depart
from postroom.domain.pacing import pacings
from postroom.domain.reckoning import changes, reckon
from postroom.domain.simulation import Errand, World, foresee
from postroom.store.history import count_events, records
from workers.channels.registry import capabilities

DEFAULT_SINCE = "90d"
ENOUGH = 50
"""Messages of a channel that must have ended before its share of failures says anything."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to know."""

    since: str | None
    file: Path | None
    fresh: bool
    company: str
    most_a_day: int
    failing: dict[ChannelName, Decimal]


def simulate(
    since: Annotated[str | None, typer.Option(help="90d, 12h or a date. Default: 90d; of a file everything.")] = None,
    file: Annotated[
        Path | None, typer.Option("--from", help="Events in a file instead: JSON Lines or an array; - reads stdin.")
    ] = None,
    against: Annotated[Path | None, typer.Option(help="Another routing.yaml: what would it change?")] = None,
    routing: Annotated[Path, typer.Option(help="The rules.")] = ROUTING_FILE,
    prices: Annotated[Path, typer.Option(help="What messages cost.")] = PRICES_FILE,
    company: Annotated[str, typer.Option(help="This company alone, by its id in Odoo.")] = "",
    fresh: Annotated[bool, typer.Option(help="Forget what is known of people: consent, preferences.")] = False,
    agreed: Annotated[bool, typer.Option(help="Suppose that everybody agreed wherever consent is asked for.")] = False,
    cut_off: Annotated[str | None, typer.Option(help="Suppose that every company went live then.")] = None,
    fail: Annotated[
        list[str] | None, typer.Option(help="Suppose so many of a hundred to fail: whatsapp=5; may be repeated.")
    ] = None,
    most_a_day: Annotated[int, typer.Option(min=1, help="Warn of people who would hear more in a day.")] = 5,
    chart: Annotated[Path | None, typer.Option(help="Draw the chart into this file (SVG).")] = None,
    html: Annotated[Path | None, typer.Option(help="Write tables and chart into this page.")] = None,
    csv: Annotated[Path | None, typer.Option(help="Write each message into this file.")] = None,
    reveal: Reveal = False,
    as_json: AsJson = False,
) -> None:
    """Say who would have heard what, when and at what cost, had everything been live. Nothing is sent or written.

    Real history, of this house or of an ERP's export, goes through the rules that are in config/ now.
    """
    asked = Asked(since, file, fresh, company, most_a_day, _failing(fail or []))
    live = moment_since(cut_off)
    with _desk(needed=file is None or not fresh) as desk:
        worlds = _worlds([routing, *filter(None, [against])], prices, live=live, agreed=agreed)
        settled = _settle(asked, worlds, desk, quiet=as_json)
    tell(settled, against=against, chart=chart, html=html, csv=csv, reveal=reveal, as_json=as_json)


@contextmanager
def _desk(*, needed: bool) -> Iterator[Desk | None]:
    with open_desk() if needed else nullcontext() as desk:
        yield desk


def _failing(typed: Sequence[str]) -> dict[ChannelName, Decimal]:
    shares: dict[ChannelName, Decimal] = {}
    wrong: list[str] = []
    for word in typed:
        name, _, number = word.partition("=")
        try:
            channel, share = ChannelName(name.strip()), Decimal(number.strip().removesuffix("%"))
        except (ValueError, InvalidOperation):
            wrong.append(f"'{word}' is not a channel and a share")
            continue
        if not 0 <= share <= 100:
            wrong.append(f"'{word}' is not between 0 and 100")
        shares[channel] = share / 100
    if wrong:
        raise usage(f"--fail: {'; '.join(wrong)}.", "postroom simulate --fail whatsapp=5 --fail sms=2")
    return shares


def _worlds(rules: Sequence[Path], prices: Path, *, live: datetime | None, agreed: bool) -> list[World]:
    templates, companies, cards = load_templates(), load_companies(), load_prices(prices)
    return [
        World(
            rules=load_routing(path, templates=templates).rules,
            templates=templates,
            companies=companies,
            prices=cards,
            capabilities=capabilities,
            reply_to={ChannelName.EMAIL: "reply@localhost"},
            cut_off=live,
            agreed=agreed,
        )
        for path in rules
    ]


def _settle(asked: Asked, worlds: Sequence[World], desk: Desk | None, *, quiet: bool) -> Settled:
    intake, since = Intake(), moment_since(asked.since or (None if asked.file else DEFAULT_SINCE))
    shares = asked.failing or _shares(desk, since)
    worlds = [_with_shares(world, shares) for world in worlds]
    batches, expected = _batches(asked, intake, desk, since)
    errands: list[list[Errand]] = [[] for _ in worlds]
    with _progress(expected, quiet=quiet) as step:
        for batch in batches:
            memory = memory_of(None if asked.fresh else desk, batch, worlds)
            for world, made in zip(worlds, errands, strict=True):
                made.extend(errand for told in batch for errand in foresee(told.event, told.at, world, memory))
            step(len(batch))
    if asked.file and intake.faulty:
        raise Refused(_faults(intake), HELP, code=REFUSED)
    departures = [_departures(made, world, _limits(desk)) for made, world in zip(errands, worlds, strict=True)]
    sums = [
        reckon(made, left, world.companies, most_a_day=asked.most_a_day)
        for made, left, world in zip(errands, departures, worlds, strict=True)
    ]
    different = changes(*sums) if len(sums) == 2 else ()
    supposed = bool(asked.failing)
    return Settled(intake, sums[0], errands[0], departures[0], different, shares, supposed, asked.most_a_day)


def _with_shares(world: World, shares: dict[ChannelName, Decimal]) -> World:
    return replace(world, failing=shares)


def _shares(desk: Desk | None, since: datetime | None) -> dict[ChannelName, Decimal]:
    """The store's own share of failures by channel, where enough messages have ended."""
    if desk is None or since is None:
        return {}
    with desk.engine.connect() as connection:
        found = records(connection, since)
    return {
        channel: Decimal(record.failed) / record.ended for channel, record in found.items() if record.ended >= ENOUGH
    }


def _batches(
    asked: Asked, intake: Intake, desk: Desk | None, since: datetime | None
) -> tuple[Iterator[list[Told]], int | None]:
    if asked.file:
        return from_file(asked.file, intake, since, asked.company), None
    if desk is None or since is None:
        raise usage("Without a file the store is asked, since some time.", HELP)
    with desk.engine.connect() as connection:
        expected = count_events(connection, since)
    return from_store(desk, intake, since, asked.company), expected


def _departures(errands: Sequence[Errand], world: World, limits: Limits) -> list[Departure]:
    return depart((message for errand in errands for message in errand.messages), world.companies, limits)


def _limits(desk: Desk | None) -> Limits:
    """As this house has them; without one, as they are from the start."""
    if desk is not None:
        return Limits(desk.settings.hourly_ceiling, pacings(desk.settings.send_rates))
    try:
        settings = Settings()
    except ValidationError:
        return Limits(Settings.model_fields["hourly_ceiling"].default, pacings(""))
    return Limits(settings.hourly_ceiling, pacings(settings.send_rates))


def _faults(intake: Intake) -> str:
    rest = intake.faulty - len(intake.faults)
    lines = [f"  {fault}" for fault in intake.faults] + ([f"  and {rest} more"] if rest else [])
    return "\n".join(("The file holds what is no event of ours; nothing was simulated.", *lines))


@contextmanager
def _progress(expected: int | None, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    columns = (TextColumn("events"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=people(), transient=True, disable=quiet) as progress:
        task = progress.add_task("events", total=expected)
        yield lambda number: progress.update(task, advance=number)
