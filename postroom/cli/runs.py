"""postroom runs: what waits for people; let it stand still, go on or end, or ask somebody else."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Any

import typer

from postroom.cli.desk import Desk, open_desk
from postroom.cli.faults import Refused, usage
from postroom.cli.people.named import operator, person_named
from postroom.cli.run_sheet import Rules, Sight, listed_json, sheet, styled, told_json
from postroom.cli.showing import AsJson, emit, out, people, said, table, when
from postroom.domain.people import Person
from postroom.domain.runs import DESK, OPEN, RunStatus
from postroom.store.clock import SharedClock
from postroom.store.engine import Connection
from postroom.store.inbox import OwnEvent, add_own_events
from postroom.store.run_desk import (
    Hand,
    Listed,
    RunFilter,
    cancel_run,
    open_subjects,
    pause_run,
    resume_run,
    runs_listed,
    runs_named,
    told_of,
)
from postroom.store.runs import Run, note
from postroom.store.safety import odoo_wire

app = typer.Typer(no_args_is_help=True, help="What waits for people: approvals, alerts, reminders (docs/runs.md).")

RunId = Annotated[str, typer.Argument(metavar="RUN", help="Its id, the beginning of one, or purchase.order:42.")]
Why = Annotated[str, typer.Option(help="For the trail; name no person.")]
To = Annotated[str, typer.Option(help="A user's id in Odoo, his login or his email address.")]
MOST_WHY = 500


@dataclass(frozen=True, slots=True)
class Place:
    """Where an operator looks at runs and acts on them."""

    desk: Desk
    connection: Connection
    sight: Sight

    def hand(self, why: str) -> Hand:
        """His, with a reason."""
        return Hand(operator(), why.strip()[:MOST_WHY] or "no reason given", self.sight.clock.now())


@contextmanager
def at_desk() -> Iterator[Place]:
    """In one transaction, which a refusal undoes."""
    with open_desk() as desk, desk.engine.begin() as connection:
        yield Place(desk, connection, Sight(connection, SharedClock(desk.engine), Rules.of_the_house()))


# Looking --------------------------------------------------------------------------------------------------------------


@app.command("list")
def list_(
    status: Annotated[list[str] | None, typer.Option(help=f"One of {', '.join(RunStatus)}; may be repeated.")] = None,
    flow: Annotated[str, typer.Option(help="A chain of config/escalations.yaml.")] = "",
    company: Annotated[str, typer.Option(help="The company's id in Odoo.")] = "",
    subject: Annotated[str, typer.Option(help="What it is about, as in purchase.order:42.")] = "",
    every: Annotated[bool, typer.Option("--all", help="Also what is over.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, the newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """What is under way, and what comes next."""
    unknown = [each for each in status or () if each not in tuple(RunStatus)]
    if unknown:
        raise usage(f"--status: {', '.join(unknown)} is none of {', '.join(RunStatus)}.", "postroom runs list --all")
    statuses = status or ([] if every else [each.value for each in RunStatus if each in OPEN])
    with at_desk() as place:
        wanted = RunFilter(statuses, flow, company, subject)
        found = runs_listed(place.connection, place.desk.sealer, wanted, limit=limit)
        if as_json:
            emit([listed_json(each, place.sight) for each in found])
        elif found:
            out().print(
                table("run", "stands", "about", "began", "next", rows=[_row(each, place.sight) for each in found])
            )
            people().print(f"[dim]All of one: postroom runs show {found[0].run.id}[/]")
        else:
            out().print("Nothing waits for anybody." if not every else "No run fits.")


def _row(each: Listed, sight: Sight) -> tuple[str, ...]:
    run = each.run
    return (str(run.id), styled(run.status), said(run.subject), when(run.began_at), said(sight.next(each)))


@app.command()
def show(run: RunId, as_json: AsJson = False) -> None:
    """Who was asked and reached, what was answered and decided, the trail, and what comes next."""
    with at_desk() as place:
        told = told_of(place.connection, run_named(place, run))
        if as_json:
            emit(told_json(told, place.sight))
        else:
            out().print(sheet(told, place.sight))


def run_named(place: Place, named: str) -> Listed:
    """The run that is meant: of several about one document the newest. Refused with what is like it."""
    found = runs_named(place.connection, place.desk.sealer, named)
    if not found:
        near = get_close_matches(named, open_subjects(place.connection), n=3, cutoff=0.6)
        like = f" Under way are {', '.join(near)}." if near else ""
        raise Refused(
            f"There is no run '{named}'.{like}", f"postroom runs show {near[0]}" if near else "postroom runs list"
        )
    if len({each.run.subject for each in found}) > 1:
        listed = ", ".join(f"{each.run.id} ({each.run.subject})" for each in found)
        raise Refused(f"'{named}' is the beginning of several: {listed}.", f"postroom runs show {found[0].run.id}")
    return found[0]


# Acting ---------------------------------------------------------------------------------------------------------------


@app.command()
def pause(run: RunId, why: Why, as_json: AsJson = False) -> None:
    """Let it stand still: nothing of it leaves and its clock stops; answers count."""
    _act(run, why, pause_run, ("stands still", "stood still already", RunStatus.PAUSED), as_json=as_json)


@app.command()
def resume(run: RunId, why: Why = "", as_json: AsJson = False) -> None:
    """Let it go on, with what it had still to wait."""
    _act(run, why, resume_run, ("goes on", "was not standing still", RunStatus.ACTIVE), as_json=as_json)


@app.command()
def cancel(run: RunId, why: Why, as_json: AsJson = False) -> None:
    """End it: nothing more of it leaves, and no answer counts. The document in Odoo is left as it is."""
    _act(run, why, cancel_run, ("is over", "was over already", RunStatus.CANCELLED), as_json=as_json)


Words = tuple[str, str, RunStatus]
"""What is said of a run when it was done, and when it stood so before; and how it stands then."""


def _act(named: str, why: str, deed: Callable[[Connection, Any, Hand], bool], words: Words, *, as_json: bool) -> None:
    done, before, wanted = words
    with at_desk() as place:
        listed = run_named(place, named)
        acted = deed(place.connection, listed.run.id, place.hand(why))
        (now,) = runs_named(place.connection, place.desk.sealer, str(listed.run.id))
        if not acted and now.run.status is not wanted:
            raise Refused(_unfit(now.run), f"postroom runs show {now.run.id}")
        following = place.sight.next(now)
    if as_json:
        emit({"ok": True, "id": now.run.id, "changed": acted, "status": now.run.status, "next": following})
    else:
        out().print(said(f"The run about {now.run.subject} {done if acted else before}; it {_it(following)}."))


def _it(following: str) -> str:
    return f"ends: {following}" if following.startswith("nothing follows") else following


def _unfit(run: Run) -> str:
    return f"The run about {run.subject} is {run.status.value.replace('_', ' ')}" + (
        f" ({run.why})." if run.why else "."
    )


@app.command()
def reassign(run: RunId, to: To, why: Why, as_json: AsJson = False) -> None:
    """Ask one more person, now; whoever was asked before may still answer."""
    with at_desk() as place:
        listed = run_named(place, run)
        if listed.run.status not in OPEN:
            raise Refused(_unfit(listed.run), f"postroom runs show {listed.run.id}")
        wire = odoo_wire(place.connection, listed.run.company)
        person = person_named(place.connection, place.desk, wire, to)
        _refuse_unfit(listed.run, person)
        asked = _ask(place, listed, person, place.hand(why))
    if as_json:
        emit({"ok": True, "id": listed.run.id, "changed": asked, "to": f"partner:{person.partner_id}"})
    elif asked:
        out().print(said(f"{person.name} is asked about {listed.run.subject} within seconds."))
    else:
        out().print(said(f"{person.name} was asked about {listed.run.subject} already."))


def _refuse_unfit(run: Run, person: Person) -> None:
    """Everything that would make his answer count for nothing, at once."""
    faults = {
        "is not active in Odoo": not person.active,
        "asked for it himself, and nobody decides his own": person.user_id == run.requester_id,
        f"does not work for company {run.company}": run.company.isdecimal()
        and int(run.company) not in person.companies,
    }
    told = [fault for fault, holds in faults.items() if holds]
    if told:
        raise Refused(f"{person.name} {', and '.join(told)}.", "postroom people list")


def _ask(place: Place, listed: Listed, person: Person, hand: Hand) -> bool:
    """As if Odoo had asked him, too: an event of our own, which routing takes to the run that is open."""
    from workers.tasks.resolve import as_recipient  # what tasks need is loaded by whoever acts, not by who looks

    run, told = listed.run, told_of(place.connection, listed)
    who = f"partner:{person.partner_id}"
    if any(each.recipient == who for each in told.reached):
        return False
    key = f"{run.id}:{run.iter}:{place.sight.chain(listed).level_asked(run.place)}:{person.partner_id}"
    data = {name: each for name, each in listed.event["data"].items() if name != "approvers"}
    payload = {**listed.event, "id": key, "source": DESK, "data": {**data, "recipient": as_recipient(person)}}
    event = OwnEvent(run.company, DESK, key, str(listed.event["type"]), payload)
    if not add_own_events(place.connection, place.desk.sealer, [event]):
        return False
    note(place.connection, run, "reassigned", hand.now, detail=f"to {who}: {hand.why}", actor=hand.actor)
    return True
