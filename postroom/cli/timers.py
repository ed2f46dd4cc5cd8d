"""postroom timers: what falls due, what is late, and letting a dead one be due again."""

from typing import Annotated, Any

import typer

from postroom.cli.desk import open_desk
from postroom.cli.faults import Refused
from postroom.cli.showing import AsJson, emit, lasting, out, people, said, table, when
from postroom.store.clock import SharedClock
from postroom.store.engine import Connection
from postroom.store.run_desk import Waiting, retry_timers, timers_listed, timers_named

app = typer.Typer(no_args_is_help=True, help="What falls due, and when (docs/runs.md).")

TimerId = Annotated[str, typer.Argument(metavar="TIMER", help="Its id, or the beginning of one.")]
Kind = Annotated[str, typer.Option(help="As in step, confirm, storm.")]


@app.command("list")
def list_(
    kind: Kind = "",
    late: Annotated[bool, typer.Option("--late", help="Only what is due and was not fired.")] = False,
    dead: Annotated[bool, typer.Option("--dead", help="Only what failed five times.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, the next first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """What waits for its time, the next first."""
    with open_desk() as desk, desk.engine.connect() as connection:
        now = SharedClock(desk.engine).now()
        states = ["dead"] if dead else ["due"]
        found = timers_listed(connection, kind=kind, states=states, late_at=now if late else None, limit=limit)
    if as_json:
        emit([_json(each) for each in found])
    elif found:
        rows = [_row(each, late_by=lasting(now - each.due_at) if each.due_at <= now else "") for each in found]
        out().print(table("timer", "kind", "due", "late by", "of", "", rows=rows))
        people().print("[dim]What a run waits for: postroom runs show RUN[/]")
    else:
        out().print("No timer is dead." if dead else "No timer is late." if late else "No timer is set.")


def _row(each: Waiting, *, late_by: str) -> tuple[str, ...]:
    words = said(each.error or "") or ("being fired" if each.leased else "")
    return (str(each.id), each.kind, when(each.due_at), late_by, str(each.subject_id), words)


def _json(each: Waiting) -> dict[str, Any]:
    return {
        "id": each.id,
        "kind": each.kind,
        "company": each.company,
        "of": each.subject_id,
        "step_no": each.step_no,
        "state": each.state,
        "due_at": each.due_at,
        "attempts": each.attempts,
        "leased": each.leased,
        "error": each.error,
        "done_at": each.done_at,
    }


@app.command()
def show(timer: TimerId, as_json: AsJson = False) -> None:
    """One of them: what it is of, how it stands, and why it failed."""
    with open_desk() as desk, desk.engine.connect() as connection:
        each = _one(connection, timer)
    if as_json:
        emit(_json(each))
        return
    facts = {
        "Id": str(each.id),
        "Kind": f"{each.kind} of company {each.company}",
        "Of": _of(each),
        "State": each.state + (" (being fired)" if each.leased else ""),
        "Due": when(each.due_at),
        "Tries": str(each.attempts or ""),
        "Error": each.error or "",
        "Ended": when(each.done_at) if each.done_at else "",
        "Next": f"once it is mended: postroom timers retry {each.id}" if each.state == "dead" else "",
    }
    out().print(table("", "", rows=[(name, said(value)) for name, value in facts.items() if value]))


def _of(each: Waiting) -> str:
    looked_at = {"step": "postroom runs show", "confirm": "postroom messages show"}.get(each.kind)
    return f"{looked_at} {each.subject_id}" if looked_at else str(each.subject_id)


@app.command()
def retry(
    timer: Annotated[list[str], typer.Argument(metavar="TIMER...", help="Ids, or the beginnings of them.")],
    as_json: AsJson = False,
) -> None:
    """Let dead ones be due again, after what kept them from firing was mended."""
    with open_desk() as desk, desk.engine.begin() as connection:
        found = [_one(connection, each) for each in timer]
        done = retry_timers(connection, [each.id for each in found])
    left = [each for each in found if each.id not in done]
    if as_json:
        emit({"ok": not left, "done": done, "left": [{"id": each.id, "state": each.state} for each in left]})
        return
    for each in found:
        words = "is due again, and fired within seconds" if each.id in done else f"was left alone: it is {each.state}"
        out().print(f"{each.id} {words}.")


def _one(connection: Connection, named: str) -> Waiting:
    found = timers_named(connection, named) if len(named) >= 4 else []
    if not found:
        raise Refused(f"No timer has an id that begins with '{named}'.", "postroom timers list --dead")
    if len(found) > 1:
        listed = ", ".join(str(each.id) for each in found)
        raise Refused(f"'{named}' is the beginning of several: {listed}.", f"postroom timers show {found[0].id}")
    return found[0]
