"""postroom escalations: the chains of config/escalations.yaml, and what one would do, before it runs."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.text import Text

from config.companies import load_companies
from config.escalations import load_chains
from config.located import Located
from config.reading import Unreadable, duration, suggestion
from config.rules import ROUTING_FILE, load_routing, span
from config.template_files import load_templates
from postroom.cli.config_faults import refusing, wrong_use
from postroom.cli.showing import AsJson, emit, out, people, said, table
from postroom.domain.approvals import ANSWERS, Answer
from postroom.domain.chain_json import to_json
from postroom.domain.companies import Companies
from postroom.domain.escalation import ALWAYS, Calendar, Case, Chain, chain_for
from postroom.domain.quiet_hours import instant, is_zone
from postroom.domain.routing import Rule
from postroom.domain.run_words import By, whom_words
from postroom.domain.timeline import Down, Entry, Given, Supposed, What, timeline
from postroom.domain.timeline_words import (
    Teller,
    carriers,
    clock_words,
    condition_words,
    level_words,
    money_words,
    step_words,
    unmet_words,
    when_words,
)

app = typer.Typer(no_args_is_help=True, help="Chains: who is asked, reminded and told, and when (docs/escalations.md).")

EXAMPLE = "postroom escalations explain approval --at 2026-11-23T15:00 --answers approve@30h"
NameOfChain = Annotated[str, typer.Argument(metavar="CHAIN", help="As config/escalations.yaml names it.")]
_ANSWER = re.compile(rf"({'|'.join(sorted(ANSWERS))})@(\S+)")
_DOWN = re.compile(r"(\d+[smhd])-(\d+[smhd])")
STYLES = {What.FIRED: "bold", What.DECIDED: "bold green", What.UNENDED: "bold red"}


@dataclass(frozen=True, slots=True)
class House:
    """What the files of the house say."""

    chains: tuple[Chain, ...]
    rules: dict[str, Rule]
    practices: Companies

    @classmethod
    def read(cls) -> "House":
        """All of them. Raises ConfigRefused with every fault."""
        rules = load_routing(ROUTING_FILE, templates=load_templates()).rules
        practices = load_companies()
        chains = load_chains(rules=rules, practices=practices)
        return cls(chains, {rule.message_type: rule for rule in rules}, practices)

    def chain(self, name: str) -> Chain:
        """The chain of a name. Ends the command where there is none."""
        found = next((each for each in self.chains if each.key == name), None)
        if found is None:
            known = suggestion(name, [each.key for each in self.chains])
            raise wrong_use(f"No chain is called {name}. {known}", "postroom escalations list")
        return found

    def by(self, company: str) -> By:
        """How rules are carried in a company."""
        return carriers(self.rules, self.practices.of(company).team_chat)


@app.command("list")
@refusing
def list_(as_json: AsJson = False) -> None:
    """The chains, in the order in which they are tried: the first that fits is followed."""
    house = House.read()
    if as_json:
        emit([to_json(chain) for chain in house.chains])
        return
    rows = [
        (
            f"[bold]{chain.key}[/]",
            chain.event,
            said(condition_words(chain.when)),
            str(len(chain.levels)),
            ", ".join(f"{step.name} {span(step.after)}" if step.after else step.name for step in chain.steps),
            whom_words(chain.owner),
        )
        for chain in house.chains
    ]
    out().print(table("chain", "event", "when", "benches", "steps", "owner", rows=rows))


@app.command()
@refusing
def show(
    chain: NameOfChain, company: Annotated[str, typer.Option(help="Whose channels.")] = "1", as_json: AsJson = False
) -> None:
    """One chain in words: its benches, its steps, and by what they are carried."""
    house = House.read()
    found = house.chain(chain)
    if as_json:
        emit(to_json(found))
        return
    by = house.by(company)
    facts = [
        ("Event", found.event),
        ("When", said(condition_words(found.when))),
        *((f"Bench {number}", said(level_words(level))) for number, level in enumerate(found.levels, start=1)),
        ("Owner", f"{said(whom_words(found.owner))}, when nobody can be reached or has decided"),
        ("If late", f"{found.on_late}; steps are {span(found.min_interval)} apart at least"),
    ]
    out().print(table("", "", rows=facts))
    out().print()
    steps = [
        (f"[bold]{step.name}[/]", said(when_words(step)), said(step_words(found, step, found.levels[0], by)))
        for step in found.steps
    ]
    out().print(table("step", "when", "what", rows=steps))
    people().print(f"[dim]With times: postroom escalations explain {found.key}[/]")


@app.command()
@refusing
def explain(
    chain: NameOfChain,
    at: Annotated[str, typer.Option(help="When it is asked: 2026-11-23T15:00, on the clock of the zone.")] = "",
    zone: Annotated[str, typer.Option(help="As Europe/Madrid. Default: the company's.")] = "",
    amount: Annotated[str, typer.Option(help="The document's.")] = "",
    currency: Annotated[str, typer.Option(help="Of the amount.")] = "",
    company: Annotated[str, typer.Option(help="Its id in Odoo.")] = "1",
    model: Annotated[str, typer.Option(help="The document's, as purchase.order.")] = "",
    answers: Annotated[str, typer.Option(help="none, or as in approve@5h,reject@30h.")] = "none",
    of: Annotated[int, typer.Option("--people", min=1, max=50, help="How many are on each bench.")] = 1,
    down: Annotated[str, typer.Option(help="While nothing runs, as in 2h-5d.")] = "",
    as_json: AsJson = False,
) -> None:
    """Print everything that a chain would do, before it runs. Nothing is sent, and no database is read."""
    house = House.read()
    found = house.chain(chain)
    hours = house.practices.of(company).hours
    asked = _Asked()
    supposed = Supposed(
        case=Case(company, model, asked.amount(amount), currency or None),
        at=asked.at(at, asked.zone(zone or hours.zone)),
        calendar=Calendar(hours, asked.zone(zone or hours.zone)),
        rules=house.rules,
        answers=asked.answers(answers),
        people=of,
        down=asked.down(down),
    )
    asked.refuse()
    entries = timeline(found, supposed)
    teller = Teller(found, supposed, house.by(company))
    if as_json:
        emit(_json(found, supposed, entries, teller))
    else:
        _print(found, supposed, house.chains, (entries, teller))


class _Asked:
    """Reads what was asked on the command line; all that is wrong with it is told at once."""

    def __init__(self) -> None:
        self._faults: list[str] = []

    def refuse(self) -> None:
        """End the command if anything was wrong."""
        if self._faults:
            raise wrong_use(" ".join(dict.fromkeys(self._faults)), EXAMPLE)

    def zone(self, written: str) -> str:
        """A zone of the IANA database."""
        if is_zone(written):
            return written
        self._faults.append(f"{written} is not a time zone.")
        return "UTC"

    def at(self, written: str, zone: str) -> datetime:
        """An instant: by the zone's clock where no offset is written; the first of two, the first after a gap."""
        try:
            found = datetime.fromisoformat(written) if written else datetime.now(UTC).replace(second=0, microsecond=0)
        except ValueError:
            self._faults.append(f"{written} is not a time.")
            return datetime.now(UTC)
        aware = found if found.tzinfo else instant(found.date(), found.time(), ZoneInfo(zone))
        return aware.astimezone(UTC)

    def amount(self, written: str) -> Decimal | None:
        """An amount, if there is one."""
        try:
            found = Decimal(written) if written else None
        except InvalidOperation:
            found = Decimal("nan")
        if found is not None and not found.is_finite():
            self._faults.append(f"{written} is not an amount.")
            return None
        return found

    def answers(self, written: str) -> tuple[Given, ...]:
        """What is answered, and when."""
        if written == "none":
            return ()
        matches = [(each, _ANSWER.fullmatch(each.strip())) for each in written.split(",")]
        self._faults += [f"{each!r} is not an answer: write approve@5h." for each, match in matches if not match]
        return tuple(Given(Answer(match[1]), self._span(match[2])) for _, match in matches if match)

    def down(self, written: str) -> Down | None:
        """While nothing runs."""
        match = _DOWN.fullmatch(written)
        if match is None:
            self._faults += [f"{written!r} is not a time without the house: write 2h-5d."] if written else []
            return None
        found = Down(self._span(match[1]), self._span(match[2]))
        if found.until <= found.after:
            self._faults.append(f"{written} ends before it begins.")
        return found

    def _span(self, written: str) -> timedelta:
        try:
            return duration(Located(written, "", 1, 1, ""))
        except Unreadable as error:
            self._faults.append(f"{written}: {error.problem}.")
            return timedelta()


Told = tuple[Sequence[Entry], Teller]


def _print(chain: Chain, supposed: Supposed, chains: Sequence[Chain], told: Told) -> None:
    entries, teller = told
    zone, case = supposed.calendar.zone, supposed.case
    about = [f"company {case.company}", *([case.model] if case.model else [])]
    about += [money_words(case.amount, case.currency)] if case.amount is not None else []
    out().print(Text.assemble((chain.key, "bold"), f" for {', '.join(about)}; times in {zone}"))
    for warning in _warnings(chain, case, chains):
        out().print(f"[yellow]{said(warning)}[/]")
    out().print()
    out().print(table("when", "after", "step", "what", "why", rows=[_row(each, supposed, teller) for each in entries]))


def _warnings(chain: Chain, case: Case, chains: Sequence[Chain]) -> list[str]:
    """What keeps this chain, or a bench of it, from being asked at all."""
    found: list[str] = []
    followed = chain_for(chain.event, case, chains)
    if not chain.when.holds(case):
        found.append(f"This chain is not followed: {unmet_words(chain.when, case)}.")
    elif followed is not None and followed is not chain:
        found.append(f"This chain is not followed: {followed.key} comes first in the file, and fits.")
    levels = chain.levels_for(case)
    for number, level in enumerate(chain.levels, start=1):
        if level not in levels:
            found.append(f"Bench {number} is left out: {unmet_words(level.when, case)}.")
        elif level.when != ALWAYS and not level.when.holds(case):
            found.append(f"Bench {number} is asked since none fits: {unmet_words(level.when, case)}.")
    return found


def _row(entry: Entry, supposed: Supposed, teller: Teller) -> tuple[str, ...]:
    what, why = teller.tell(entry)
    style = STYLES.get(entry.what)
    return (
        clock_words(entry.at, supposed.calendar.zone),
        f"[dim]+{_since(entry.at - supposed.at)}[/]",
        said(teller.name(entry)),
        f"[{style}]{said(what)}[/]" if style and what else said(what),
        f"[dim]{said(why)}[/]",
    )


def _since(length: timedelta) -> str:
    """Days, hours and minutes: 1d 6h."""
    minutes = length // timedelta(minutes=1)
    parts = ((minutes // 1440, "d"), (minutes // 60 % 24, "h"), (minutes % 60, "m"))
    return " ".join(f"{count}{unit}" for count, unit in parts if count) or "0"


def _json(chain: Chain, supposed: Supposed, entries: Sequence[Entry], teller: Teller) -> dict[str, Any]:
    zone = ZoneInfo(supposed.calendar.zone)
    return {
        "chain": chain.key,
        "event": chain.event,
        "zone": supposed.calendar.zone,
        "asked_at": supposed.at,
        "owner": str(chain.owner),
        "entries": [
            {
                "at": entry.at,
                "local": entry.at.astimezone(zone).isoformat(),
                "happens": entry.what,
                "level": entry.level + 1,
                "step": chain.step_at(entry.place).name if entry.place is not None else None,
                "until": entry.until,
                "what": teller.tell(entry)[0],
                "why": teller.tell(entry)[1],
            }
            for entry in entries
        ],
    }
