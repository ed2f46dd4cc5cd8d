"""postroom outbox: what is written into Odoo; what waits, what was given up, and letting it go again."""

from collections.abc import Sequence
from typing import Annotated

import typer

from postroom.cli.desk import Desk, open_desk
from postroom.cli.faults import Refused, usage
from postroom.cli.outbox_words import STATES, written_json, written_words
from postroom.cli.showing import AsJson, Reveal, Yes, emit, out, people, said, shown, table, when
from postroom.domain.writings import Kind, notice_key, remedy_for
from postroom.store.engine import Connection
from postroom.store.notices import close_notice
from postroom.store.writings import Written, dead_left, drop, try_again, writings, writings_named

app = typer.Typer(no_args_is_help=True, help="What is written into Odoo (docs/into-odoo.md).")

LISTED = ("waiting", "dead", "refused")
"""What an operator looks for, unless he asks for more."""
Ids = Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Ids, or the beginnings of them.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="Its id, or the beginning of one.")]


@app.command("list")
def list_(
    state: Annotated[list[str] | None, typer.Option(help=f"One of {', '.join(STATES)}; may be repeated.")] = None,
    company: Annotated[str, typer.Option(help="The company's id in Odoo.")] = "",
    kind: Annotated[str, typer.Option(help=f"One of {', '.join(Kind)}.")] = "",
    every: Annotated[bool, typer.Option("--all", help="Also what is done or was not needed.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, the newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """What waits, what Odoo refused and what was given up; the newest first."""
    _refuse_unknown(state or (), kind)
    states = state or (() if every else LISTED)
    with open_desk() as desk, desk.engine.connect() as connection:
        found = writings(connection, desk.sealer, states=states, company=company, kind=kind, limit=limit)
    if as_json:
        emit([written_json(each) for each in found])
    elif found:
        out().print(table("writing", "made", "company", "kind", "about", "", rows=list(map(_row, found)), keep_whole=1))
        people().print(f"[dim]All of one: postroom outbox show {found[0].id}[/]")
    else:
        out().print("Nothing waits to be written into Odoo." if not every else "Nothing was ever to be written.")


def _refuse_unknown(states: Sequence[str], kind: str) -> None:
    faults = [f"--state: {each!r} is none of {', '.join(STATES)}." for each in states if each not in STATES]
    if kind and kind not in tuple(Kind):
        faults.append(f"--kind: {kind!r} is none of {', '.join(Kind)}.")
    if faults:
        raise usage(" ".join(faults), "postroom outbox list --state dead")


def _row(each: Written) -> tuple[str, ...]:
    told = (when(each.created_at), said(each.company), each.kind, said(each.subject), said(written_words(each)))
    return (str(each.id), *told)


@app.command()
def show(writing: Id, reveal: Reveal = False, as_json: AsJson = False) -> None:
    """One of them, with what is to be written and what Odoo said."""
    with open_desk() as desk, desk.engine.connect() as connection:
        each = _one(connection, desk, writing)
    if as_json:
        emit({**written_json(each), "payload": _payload(each, reveal=reveal)})
        return
    facts = {
        "Id": str(each.id),
        "Kind": f"{each.kind} about {each.subject or 'no document'} of company {each.company or '?'}",
        "State": written_words(each),
        "Made": when(each.created_at),
        "Next": _next(each),
        **{name.replace("_", " "): str(value) for name, value in _payload(each, reveal=reveal).items() if value},
    }
    out().print(table("", "", rows=[(said(name), said(value)) for name, value in facts.items() if value]))


def _payload(each: Written, *, reveal: bool) -> dict[str, object]:
    """A person's address and words are shown to who asks for them."""
    hidden = {"content": "[bytes]"} | ({} if reveal else {"words": "[words; --reveal shows them]"})
    masked = {name: shown(str(each.payload[name]), reveal=reveal) for name in ("address",) if each.payload.get(name)}
    kept = {name: hidden[name] for name in hidden if each.payload.get(name) and each.kind != Kind.STATUS}
    return {**each.payload, **masked, **kept}


def _next(each: Written) -> str:
    if each.state == "waiting":
        return f"tried at {when(each.next_at)}, or now: postroom outbox retry {each.id}"
    if each.state == "dead":
        return f"{remedy_for(each.code or '')}, then: postroom outbox retry {each.id}"
    return ""


@app.command()
def retry(
    writing: Ids = None,
    dead: Annotated[bool, typer.Option("--dead", help="Everything that was given up.")] = False,
    as_json: AsJson = False,
) -> None:
    """Try again now, after the fault was mended. Whoever writes looks first: nothing is written twice."""
    with open_desk() as desk, desk.engine.begin() as connection:
        found = _wanted(connection, desk, writing, dead=dead, command="retry")
        done = try_again(connection, [each.id for each in found])
        _close_notices(connection, found)
    _tell("will be tried again within seconds", found, done, as_json=as_json)


@app.command("drop")
def drop_(
    writing: Ids = None,
    dead: Annotated[bool, typer.Option("--dead", help="Everything that was given up.")] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Give them up: nothing is written, and what waits behind them goes on."""
    with open_desk() as desk, desk.engine.begin() as connection:
        found = _wanted(connection, desk, writing, dead=dead, command="drop")
        if not yes and not typer.confirm(f"Odoo will never hear of {_number(found)}. Drop?", err=True):
            raise Refused("Nothing was dropped.", "postroom outbox list")
        done = drop(connection, [each.id for each in found])
        _close_notices(connection, found)
    _tell("dropped", found, done, as_json=as_json)


def _wanted(
    connection: Connection, desk: Desk, named: Sequence[str] | None, *, dead: bool, command: str
) -> list[Written]:
    if bool(named) is dead:
        raise usage("Name writings by their ids, or all that were given up by --dead.", f"postroom outbox {command} ID")
    if named:
        return [_one(connection, desk, each) for each in named]
    found = writings(connection, desk.sealer, states=("dead",), limit=1000)
    if not found:
        raise Refused("Nothing was given up.", "postroom outbox list")
    return found


def _one(connection: Connection, desk: Desk, named: str) -> Written:
    found = writings_named(connection, desk.sealer, named)
    if not found:
        raise Refused(f"No writing has an id that begins with '{named}'.", "postroom outbox list --all")
    if len(found) > 1:
        raise Refused(f"More than one writing has an id that begins with '{named}'.", "postroom outbox list --all")
    return found[0]


def _close_notices(connection: Connection, found: Sequence[Written]) -> None:
    for kind, code in {(each.kind, each.code or "") for each in found}:
        if not dead_left(connection, kind, code):
            close_notice(connection, notice_key(kind, code))


def _tell(deed: str, found: Sequence[Written], done: Sequence[object], *, as_json: bool) -> None:
    left = [each for each in found if each.id not in done]
    if as_json:
        emit({"ok": not left, "done": done, "left": [{"id": each.id, "state": each.state} for each in left]})
        return
    if done:
        out().print(f"{len(done)} of {_number(found)}: {deed}.")
    for each in left:
        why = "it is under way" if each.state == "waiting" else f"it is {each.state}"
        people().print(f"[yellow]{each.id} was left alone: {why}.[/]")


def _number(found: Sequence[Written]) -> str:
    return "1 writing" if len(found) == 1 else f"{len(found)} writings"
