"""postroom alerts: what is wrong and who takes care of it; taking one for somebody who cannot press a button."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import typer

from postroom.cli.faults import Refused
from postroom.cli.people.named import operator, person_named
from postroom.cli.run_sheet import sheet, told_json
from postroom.cli.runs import Place, at_desk, run_named
from postroom.cli.showing import AsJson, emit, out, people, said, table, when
from postroom.domain.runs import OPEN
from postroom.store.alerts import Listed, alerts_named, list_alerts
from postroom.store.clock import Clock
from postroom.store.run_desk import told_of
from postroom.store.runs import Run, lock_runs
from postroom.store.safety import odoo_wire
from postroom.store.sealing import Sealer
from workers.tasks.acknowledge import acknowledge
from workers.tasks.announce import name_of

app = typer.Typer(no_args_is_help=True, help="What is wrong, and who takes care of it (docs/alerts.md).")

Alert = Annotated[str, typer.Argument(metavar="ALERT", help="Its id, or the beginning of one.")]
BY_HAND = "desk"
"""How an alert was taken that an operator took."""


@app.command("list")
def list_(
    only_open: Annotated[bool, typer.Option("--open", help="Only those that nobody has taken yet.")] = False,
    company: Annotated[str, typer.Option(help="The company's id in Odoo.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, the newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """What was raised for whom, how often, and how it stands; the newest first."""
    with at_desk() as place:
        found = list_alerts(place.connection, place.desk.sealer, only_open=only_open, company=company, limit=limit)
        if as_json:
            emit([_json(each) for each in found])
        elif found:
            columns = ("alert", "severity", "what", "for", "times", "last", "stands")
            out().print(table(*columns, rows=[_row(each, place) for each in found]))
            people().print(f"[dim]All of one: postroom alerts show {found[0].id}[/]")
        else:
            out().print("No alert waits for anybody." if only_open else "No alert was raised.")


def _row(each: Listed, place: Place) -> tuple[str, ...]:
    told = (each.severity, said(each.title), said(_name(each, each.recipient, place)), str(each.times))
    return (str(each.id), *told, when(each.last_at), said(_stands(each, place)))


def _stands(each: Listed, place: Place) -> str:
    if each.taken_by and each.taken_at:
        return f"taken by {_name(each, each.taken_by, place)} at {when(each.taken_at)}"
    together = ", told together with others" if each.storm_id and each.run_id else ""
    return STANDS.get(each.status, each.status.replace("_", " ")) + together


STANDS = {
    "active": "waits for somebody",
    "paused": "stands still",
    "gathered": "is told together with others within minutes",
    "given_up": "given up: nobody took it",
    "obsolete": "over: the same was raised as a worse one",
}


@app.command()
def show(alert: Alert, as_json: AsJson = False) -> None:
    """One alert: what it said, who was told and when, who took it, and what comes next."""
    with at_desk() as place:
        each = _one(place, alert)
        told = told_of(place.connection, run_named(place, str(each.run_id))) if each.run_id else None
        if as_json:
            emit({**_json(each), "run": told_json(told, place.sight) if told else None})
            return
        out().print(table("", "", rows=[(name, said(value)) for name, value in _facts(each, place) if value]))
        if told:
            out().print()
            out().print(sheet(told, place.sight))


def _facts(each: Listed, place: Place) -> Iterator[tuple[str, str]]:
    yield "Alert", f"{each.title} ({each.severity})"
    yield "", each.detail
    yield "", f"{each.type} of company {each.company}: {each.subject}"
    yield "For", _name(each, each.recipient, place)
    yield "Raised", when(each.first_at) + (f", {each.times} times until {when(each.last_at)}" if each.times > 1 else "")
    yield "Stands", _stands(each, place)
    yield "Event", str(each.event_id)


@app.command()
def ack(
    alert: Alert,
    by: Annotated[str, typer.Option(help="Who takes it: a user's id in Odoo, his login or email address; you.")] = "",
    as_json: AsJson = False,
) -> None:
    """Somebody takes it: nobody is reminded any more, and whoever was asked hears who it is. Of a storm, all of it."""
    with at_desk() as place:
        each = _one(place, alert)
        actor = _actor(place, each, by)
        run = lock_runs(place.connection, [_asking(each)])[_asking(each)]
        taken = acknowledge(place.connection, _Means(place.desk.sealer, place.sight.clock), run, actor, via=BY_HAND)
        now = _one(place, str(each.id))
        if not taken:
            _refuse_ended(run, now)
        stands = _stands(now, place)
    if as_json:
        emit({"ok": True, "id": now.id, "changed": taken, "taken_by": now.taken_by, "taken_at": now.taken_at})
    elif taken:
        out().print(said(f"“{now.title}” is {stands}. Whoever was asked hears of it within seconds."))
    else:
        out().print(said(f"“{now.title}” was {stands} already."))


@dataclass(frozen=True, slots=True)
class _Means:
    sealer: Sealer
    clock: Clock


def _actor(place: Place, each: Listed, by: str) -> str:
    if not by:
        return operator()
    wire = odoo_wire(place.connection, each.company)
    return f"partner:{person_named(place.connection, place.desk, wire, by).partner_id}"


def _asking(each: Listed) -> UUID:
    if each.run_id is None:
        words = (
            f"“{each.title}” is gathered with others, and nobody was told of them yet: that takes two minutes at most."
        )
        raise Refused(words, f"postroom alerts show {each.id}")
    return each.run_id


def _refuse_ended(run: Run, each: Listed) -> None:
    """What ended without anybody who took it cannot be taken any more."""
    if run.status not in OPEN and each.taken_by is None:
        words = f"Nobody waits for “{each.title}” any more: {STANDS.get(run.status, run.status.replace('_', ' '))}."
        raise Refused(words, f"postroom alerts show {each.id}")


def _one(place: Place, named: str) -> Listed:
    found = alerts_named(place.connection, place.desk.sealer, named)
    if not found:
        raise Refused(f"No alert has an id that begins with '{named}'.", "postroom alerts list")
    if len(found) > 1:
        raise Refused(f"More than one alert has an id that begins with '{named}'.", "postroom alerts list")
    return found[0]


def _name(each: Listed, who: str, place: Place) -> str:
    return name_of(place.connection, place.desk.sealer, each.company, who)


def _json(each: Listed) -> dict[str, Any]:
    """An alert for programs; docs/alerts.md names its keys."""
    return {name: getattr(each, name) for name in Listed.__slots__}
