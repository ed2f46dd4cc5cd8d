"""postroom collections: what a customer owes, what is done about it, and what an operator has to say to that."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from postroom.cli.config_faults import wrong_use
from postroom.cli.desk import open_desk
from postroom.cli.faults import Refused
from postroom.cli.indoors import open_rooms
from postroom.cli.people.named import CHECK, operator
from postroom.cli.showing import AsJson, emit, out, people, said, table, when
from postroom.domain.cadences import Cadence
from postroom.domain.dunning import ACTS, WORDS, Act, Decision, History, Ledger, Why, plan
from postroom.domain.outlook import Prospect, outlook
from postroom.domain.quiet_hours import Hours
from postroom.odoo.errors import OdooError
from postroom.odoo.receivables import nothing_owed, read_accounts
from postroom.store.dunning import (
    Debtor,
    debtor_of,
    debtors,
    history_of,
    know,
    lock_debtors,
    mark,
    note,
    pause_debtor,
    set_of,
    want,
)
from postroom.store.dunning import story as story_of
from postroom.store.engine import Connection
from postroom.store.safety import odoo_wire
from workers.tasks.plead import Plea, heed_promise
from workers.wiring import Rooms

app = typer.Typer(no_args_is_help=True, help="What customers owe, and what is done about it (docs/collections.md).")

Customer = Annotated[int, typer.Argument(metavar="CUSTOMER", min=1, help="The commercial partner's id in Odoo.")]
Company = Annotated[str, typer.Option(help="The company's id in Odoo; needed where several collect.")]
WhyOption = Annotated[str, typer.Option("--why", help="For the trail; name no person.")]
SHOWN = 8
"""Coming steps that are shown."""
DEEDS = {
    Act.SEND: "a statement leaves",
    Act.NUDGE: "a colleague is asked to call",
    Act.ASK: "a person is asked to agree",
    Act.HAND_OVER: "it is handed over to a person",
    Act.TELL: "an accountant is asked to match a payment",
}


# Looking --------------------------------------------------------------------------------------------------------------


@app.command("list")
def list_(
    company: Company = "", limit: Annotated[int, typer.Option(min=1, max=1000)] = 100, as_json: AsJson = False
) -> None:
    """Who owes, what was decided about each last, and when he is looked at again; the next one first."""
    with open_desk() as desk, desk.engine.connect() as connection:
        found = debtors(connection, company, limit)
    if as_json:
        emit([_debtor_json(each) for each in found])
    elif found:
        rows = [
            (each.company, each.customer, said(_stands(each)), when(each.looks_at) if each.looks_at else "–")
            for each in found
        ]
        out().print(table("company", "customer", "stands", "looked at again", rows=rows))
    else:
        out().print("Nobody owes, or no company collects: config/cadences.yaml names those that do.")


def _stands(each: Debtor) -> str:
    return WORDS[Why(each.why)] if each.why else "not looked at yet"


def _debtor_json(each: Debtor) -> dict[str, Any]:
    return {name: getattr(each, name) for name in Debtor.__slots__}


@dataclass(frozen=True, slots=True)
class _Case:
    """A customer as he stands now, in Odoo and here."""

    debtor: Debtor | None
    """None: nobody has looked at him yet."""
    ledger: Ledger
    history: History
    cadence: Cadence
    hours: Hours

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.ledger.zones[0] if self.ledger.zones else self.hours.zone)


@app.command("plan")
def plan_(
    customer: Customer,
    at: Annotated[str, typer.Option(help="As if it were this moment: 2026-11-23T09:00+01:00.")] = "",
    company: Company = "",
    as_json: AsJson = False,
) -> None:
    """What he owes, what is done about it now and why, and what would come if he did nothing. Nothing is sent."""
    with open_rooms() as (_, rooms), rooms.engine.begin() as connection:
        case = _read(connection, rooms, _company(rooms, company), customer)
        now = _moment(at) or rooms.clock.now()
        decision = plan(case.ledger, case.history, case.cadence, case.hours, now)
        coming = list(islice(outlook(case.ledger, case.history, case.cadence, case.hours, now), SHOWN))
        trail = story_of(connection, case.debtor.id) if case.debtor else []
    if as_json:
        emit({"owes": _lines(case), "now": _told(case, decision), "coming": [_coming(case, each) for each in coming]})
        return
    out().print(table("invoice", "due", "open", "", rows=[tuple(row.values()) for row in _lines(case)]))
    out().print(f"\n[bold]Now:[/] {_sentence(case, decision)}")
    rows = [(_local(case, each.at), _sentence(case, each.decision)) for each in coming[1:]]
    if rows:
        out().print("\nIf he neither pays nor answers:")
        out().print(table("his clock", "", rows=rows))
    for each in trail[:SHOWN]:
        people().print(f"[dim]{when(each.at)} {each.what}: {said(each.detail or '')} {said(each.actor or '')}[/]")


def _lines(case: _Case) -> list[dict[str, str]]:
    return [
        {
            "invoice": line.number,
            "due": line.due.isoformat(),
            "open": f"{line.residual} {line.currency}",
            "stands": _heard(case, line.invoice),
        }
        for line in case.ledger.lines
    ]


def _heard(case: _Case, invoice: int) -> str:
    if invoice in case.history.disputed:
        return "disputed"
    if invoice in case.history.handed_over:
        return "handed over"
    told = case.history.told.get(invoice)
    return f"heard of by {case.cadence.levels[told.level].name} on {told.at:%Y-%m-%d}" if told else "not heard of yet"


def _sentence(case: _Case, decision: Decision) -> str:
    if decision.act not in ACTS:
        until = f", until {_local(case, decision.until)}" if decision.until else ""
        return f"{'nothing' if decision.act is Act.STOP else 'wait'}{until}: {WORDS[decision.why]}"
    level = case.cadence.levels[decision.level or 0]
    by = f" by {level.by}" if decision.act is Act.SEND else ""
    money = f"{decision.owed} {decision.lines[0].currency}"
    passed = [case.cadence.levels[each].name for each in decision.skipped]
    over = f"; passed over: {', '.join(passed)}" if passed else ""
    return f"{level.name}: {DEEDS[decision.act]}{by}, {money} on {len(decision.lines)} invoices{over}"


def _local(case: _Case, at: datetime) -> str:
    return f"{at.astimezone(case.zone):%a %Y-%m-%d %H:%M} {case.zone}"


def _told(case: _Case, decision: Decision) -> dict[str, Any]:
    level = None if decision.level is None else case.cadence.levels[decision.level].name
    facts = {"act": decision.act, "why": decision.why, "until": decision.until, "level": level}
    return {**facts, "owed": f"{decision.owed:f}", "words": _sentence(case, decision)}


def _coming(case: _Case, prospect: Prospect) -> dict[str, Any]:
    return {"at": prospect.at, **_told(case, prospect.decision)}


# Doing ----------------------------------------------------------------------------------------------------------------


@app.command()
def pause(
    customer: Customer,
    why: WhyOption = "",
    until: Annotated[str, typer.Option(help="2026-12-24T09:00+01:00")] = "",
    company: Company = "",
) -> None:
    """Nothing is sent to him until then, or until somebody resumes."""
    end = _moment(until)

    def deed(plea: Plea) -> str:
        pause_debtor(plea.connection, plea.debtor.id, Why.PAUSED, end)
        return f"is paused {'until ' + when(end) if end else 'until: postroom collections resume ' + str(customer)}"

    _do(customer, company, "paused", why, deed)


@app.command()
def resume(customer: Customer, why: WhyOption = "", company: Company = "") -> None:
    """He is asked again, at the level that is due then; what was passed over stays so."""

    def deed(plea: Plea) -> str:
        pause_debtor(plea.connection, plea.debtor.id, None, None)
        return "is asked again from now on"

    _do(customer, company, "resumed", why, deed)


@app.command()
def promise(
    customer: Customer,
    on: Annotated[str, typer.Option(help="The day: 2026-12-01.")] = "",
    why: WhyOption = "",
    company: Company = "",
) -> None:
    """He promised to pay: nothing is sent before the business day after that."""
    day = _day(on)

    def deed(plea: Plea) -> str:
        if day is None:
            heed_promise(plea)
            return "is left alone for as long as his company's cadence says"
        set_of(plea.connection, plea.debtor.id, promised_on=day, promises=plea.debtor.promises + 1)
        return f"promised to pay by {day}"

    _do(customer, company, "promised", why, deed)


@app.command()
def dispute(
    customer: Customer,
    invoices: Annotated[list[int], typer.Argument(metavar="INVOICE...", help="Their ids in Odoo.")],
    ended: Annotated[bool, typer.Option("--ended", help="It is settled: they are asked for again.")] = False,
    why: WhyOption = "",
    company: Company = "",
) -> None:
    """Some of his invoices are disputed: they are on no statement until it is settled."""

    def deed(plea: Plea) -> str:
        at, review = (None, None) if ended else (plea.now, plea.now + plea.cadence.dispute_review)
        mark(plea.connection, plea.debtor, "disputed_at", invoices, at, review_at=review)
        return f"{'is asked again for' if ended else 'disputes'} {', '.join(map(str, invoices))}"

    _do(customer, company, "settled" if ended else "disputed", why, deed)


@app.command()
def approve(customer: Customer, why: WhyOption = "", company: Company = "") -> None:
    """Let the notice go out that waits for a person's word; its amounts are read again first."""

    def deed(plea: Plea) -> str:
        if plea.debtor.asked is None:
            raise Refused(
                f"Nothing about customer {customer} waits for a word.", f"postroom collections plan {customer}"
            )
        set_of(plea.connection, plea.debtor.id, approved=plea.debtor.asked)
        return "gets the notice as soon as his hours allow"

    _do(customer, company, "approved", why, deed)


def _do(customer: int, company: str, what: str, why: str, deed: Callable[[Plea], str]) -> None:
    """One deed about a customer, in one transaction with its trail; he is decided about anew at once."""
    with open_rooms() as (_, rooms), rooms.engine.begin() as connection:
        named = _company(rooms, company)
        debtor = know(connection, named, [f"partner:{customer}"])[f"partner:{customer}"]
        debtor = lock_debtors(connection, [debtor.id])[debtor.id]
        cadence, hours = _cadence(rooms, named), rooms.book.companies.of(named).hours
        told = deed(Plea(connection, debtor, cadence, hours, rooms.clock.now(), actor=operator()))
        note(connection, debtor, what, rooms.clock.now(), detail=why.strip()[:500], actor=operator())
        want(connection, [debtor.id])
    out().print(f"Customer {customer} {told}.")


# What is meant --------------------------------------------------------------------------------------------------------


def _company(rooms: Rooms, named: str) -> str:
    collecting = sorted(rooms.cadences.by_company)
    if named in collecting or (not named and len(collecting) == 1):
        return named or collecting[0]
    if not collecting:
        raise Refused("No company collects.", "Name one under companies: in config/cadences.yaml")
    what = f"Company {named} does not collect" if named else "Several companies collect"
    raise Refused(f"{what}.", f"--company {' | '.join(collecting)}")


def _cadence(rooms: Rooms, company: str) -> Cadence:
    cadence = rooms.cadences.of(company)
    assert cadence is not None  # _company has found it
    return cadence


def _read(connection: Connection, rooms: Rooms, company: str, customer: int) -> _Case:
    odoo = rooms.erp.at(odoo_wire(connection, company))
    if odoo is None:
        raise Refused("No Odoo is configured.", CHECK)
    hours = rooms.book.companies.of(company).hours
    try:
        accounts = read_accounts(odoo, int(company), hours.zone, [customer])
    except OdooError as error:
        raise Refused(f"Odoo cannot be read: {error.fault.code}.", CHECK) from None
    debtor = debtor_of(connection, company, f"partner:{customer}")
    account = next(iter(accounts), None) or nothing_owed(company, f"partner:{customer}")
    history = history_of(connection, debtor) if debtor else History()
    return _Case(debtor, account.ledger, history, _cadence(rooms, company), hours)


def _moment(written: str) -> datetime | None:
    if not written:
        return None
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise wrong_use(f"'{written}' is no moment with its offset.", "--at 2026-11-23T09:00+01:00")
    return moment


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written) if written else None
    except ValueError:
        raise wrong_use(f"'{written}' is no day.", "--on 2026-12-01") from None
