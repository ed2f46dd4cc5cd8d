"""postroom approvals: what waits for whose decision, since when, and what was decided today."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Annotated, Any

import typer

from postroom.cli.faults import Refused
from postroom.cli.run_sheet import listed_json, sheet, styled, told_json
from postroom.cli.runs import Place, at_desk, run_named
from postroom.cli.showing import AsJson, emit, lasting, out, people, said, table, when
from postroom.domain.runs import OPEN
from postroom.store.people import person_of_partner
from postroom.store.run_desk import Listed, RunFilter, Told, runs_listed, told_of
from postroom.store.safety import odoo_wire

app = typer.Typer(no_args_is_help=True, help="What waits for whose decision (docs/runs.md).")

EVENT = "odoo.approval.requested"
MOST_SEARCHED = 1000
Document = Annotated[str, typer.Argument(metavar="DOCUMENT", help="As in P00042, purchase.order:42, or a run's id.")]


@app.command("list")
def list_(
    company: Annotated[str, typer.Option(help="The company's id in Odoo.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, the newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """What waits for somebody, and what ended since yesterday at this hour."""
    with at_desk() as place:
        since = place.sight.clock.now() - timedelta(days=1)
        wanted = RunFilter(company=company, event_type=EVENT, since=since)
        found = runs_listed(place.connection, place.desk.sealer, wanted, limit=limit)
        told = [told_of(place.connection, each) for each in found]
        if as_json:
            emit([_json(each, place) for each in told])
            return
        waiting = [each for each in told if each.listed.run.status in OPEN]
        over = [each for each in told if each.listed.run.status not in OPEN]
        if waiting:
            columns = ("document", "amount", "asked by", "asked", "since", "next")
            out().print(table(*columns, rows=[_waits(each, place) for each in waiting]))
        else:
            out().print("No approval waits.")
        if over:
            out().print()
            out().print(
                table("ended", "amount", "how", "by", "at", "after", rows=[_ended(each, place) for each in over])
            )
    if told:
        people().print(f"[dim]All of one: postroom approvals show {_document(told[0].listed)}[/]")


def _waits(told: Told, place: Place) -> tuple[str, ...]:
    listed, now = told.listed, place.sight.clock.now()
    return (
        said(_document(listed)),
        said(_amount(listed)),
        said(str(_block(listed).get("requester") or "–")),
        said(", ".join(_asked(told, place)) or "nobody yet"),
        lasting(now - listed.run.began_at),
        said(place.sight.next(listed, told.reached)),
    )


def _ended(told: Told, place: Place) -> tuple[str, ...]:
    run, decision = told.listed.run, told.decision
    ended = run.ended_at or run.began_at
    return (
        said(_document(told.listed)),
        said(_amount(told.listed)),
        said(decision.outcome) if decision else f"{styled(run.status)} {said(run.why or '')}",
        said(_name(place, run.company, decision.actor)) if decision else "",
        when(ended),
        lasting(ended - run.began_at),
    )


@app.command()
def show(document: Document, as_json: AsJson = False) -> None:
    """One of them: who was asked and reached, the answers, the decision, the trail, and what comes next."""
    with at_desk() as place:
        told = told_of(place.connection, _named(place, document))
        if as_json:
            emit({**_json(told, place), **told_json(told, place.sight)})
            return
        facts = {
            "Document": _document(told.listed),
            "Amount": _amount(told.listed),
            "Asked by": str(_block(told.listed).get("requester") or ""),
            "Of": ", ".join(_asked(told, place)),
            "About": str(_block(told.listed).get("description") or ""),
        }
        out().print(table("", "", rows=[(name, said(value)) for name, value in facts.items() if value]))
        out().print()
        out().print(sheet(told, place.sight))


def _named(place: Place, named: str) -> Listed:
    """By the document's number as people say it; else as a run is named. Numbers are sealed: the newest are opened."""
    newest = runs_listed(place.connection, place.desk.sealer, RunFilter(event_type=EVENT), limit=MOST_SEARCHED)
    numbers = {_document(each): each for each in reversed(newest)}  # of several about one document the first listed
    if named in numbers:
        return numbers[named]
    try:
        return run_named(place, named)
    except Refused:
        near = get_close_matches(named, numbers, n=3, cutoff=0.6)
        if not near:
            raise
        raise Refused(
            f"No approval is about '{named}'. There are {', '.join(near)}.", f"postroom approvals show {near[0]}"
        ) from None


def _json(told: Told, place: Place) -> dict[str, Any]:
    block, now = _block(told.listed), place.sight.clock.now()
    return {
        **listed_json(told.listed, place.sight),
        "document": _document(told.listed),
        "amount": block.get("amount"),
        "currency": block.get("currency"),
        "requester": block.get("requester"),
        "asked": sorted({each.recipient for each in told.reached}),
        "waits_since": told.listed.run.began_at if told.listed.run.status in OPEN else None,
        "waited": _waited(told.listed, now),
        "decision": told.decision,
    }


def _waited(listed: Listed, now: datetime) -> timedelta:
    return (listed.run.ended_at or now) - listed.run.began_at


def _block(listed: Listed) -> Mapping[str, Any]:
    return listed.event.get("data", {}).get("approval") or {}


def _document(listed: Listed) -> str:
    return str(_block(listed).get("document_number") or listed.run.subject)


def _amount(listed: Listed) -> str:
    block = _block(listed)
    return f"{block['amount']} {block.get('currency', '')}".strip() if block.get("amount") else "–"


def _asked(told: Told, place: Place) -> list[str]:
    keys = dict.fromkeys(each.recipient for each in told.reached)
    return [_name(place, told.listed.run.company, key) for key in keys]


def _name(place: Place, company: str, key: str) -> str:
    """Who somebody is, where he is known as a user of Odoo."""
    number = key.removeprefix("partner:")
    if not number.isdecimal():
        return key
    wire = odoo_wire(place.connection, company)
    person = person_of_partner(place.connection, place.desk.sealer, wire, int(number))
    return person.name if person else key
