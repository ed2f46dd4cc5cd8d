"""postroom events: list them, tell what came of one, post some."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from config.settings import Settings
from postroom.cli.desk import open_desk
from postroom.cli.faults import usage
from postroom.cli.finding import found, moment, moment_since, story_of
from postroom.cli.posting import Answer, mailbox, refusal, source_of
from postroom.cli.showing import AsJson, Reveal, emit, out, said, table, when
from postroom.cli.story_sheet import sheet, story_json
from postroom.store.listing import EventRow, events

app = typer.Typer(no_args_is_help=True, help="Events: list them, tell what came of one, post some.")

STDIN = Path("-")
STATES = {"new": "cyan", "parked": "cyan", "done": "green", "dead": "red"}


ROOM = {"id at its source": 150, "source": 150, "company": 120, "messages": 100, "": 120}
"""How wide a terminal must be for the columns that the others can be read without."""


@app.command("list")
def list_(
    state: Annotated[str, typer.Option(help="new, done or dead.")] = "",
    company: Annotated[str, typer.Option(help="The company's id in Odoo.")] = "",
    type_: Annotated[str, typer.Option("--type", help="As in odoo.invoice.payment_reminder.")] = "",
    since: Annotated[str | None, typer.Option(help="30m, 2h, 3d, or a date.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, the newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """The newest events."""
    if state and state not in STATES:
        raise usage(f"'{state}' is no state of an event. There are {', '.join(STATES)}.", "postroom events list")
    with open_desk() as desk, desk.engine.connect() as connection:
        rows = events(connection, limit=limit, since=moment_since(since), state=state, company=company, type_=type_)
    if as_json:
        emit(rows)
    elif rows:
        columns = ("event", "received", "type", "id at its source", "source", "company", "state", "messages", "")
        out().print(table(*columns, rows=[_row(row) for row in rows], room=ROOM))
    else:
        out().print("No event fits. Post one: [bold]postroom send payment_reminder --to +34600111222[/]")


def _row(row: EventRow) -> tuple[str, ...]:
    return (
        str(row.id),
        when(row.received_at),
        said(row.type),
        said(row.key),
        said(row.source),
        said(row.company),
        f"[{STATES[row.state]}]{row.state}[/]",
        str(row.messages),
        said(row.error or ""),
    )


@app.command()
def show(
    event: Annotated[str, typer.Argument(help="Our id, the CloudEvents id, or the beginning of ours.")],
    reveal: Reveal = False,
    as_json: AsJson = False,
) -> None:
    """What came of an event: the route and why, and the story of each message."""
    with open_desk() as desk, desk.engine.connect() as connection:
        story = story_of(connection, desk.sealer, found(connection, event, command="events"))
        now = moment(connection)
    if as_json:
        emit(story_json(story, now, reveal=reveal))
    else:
        out().print(sheet(story, now, reveal=reveal))


@app.command()
def post(
    file: Annotated[Path, typer.Argument(help="A CloudEvent as JSON, or a list of them; - reads stdin.")],
    url: Annotated[str | None, typer.Option(help="The door; else PUBLIC_URL.")] = None,
    as_json: AsJson = False,
) -> None:
    """Post events to the door, signed with their source's secret. Of a batch, all are taken or none."""
    event = _read(file)
    first = event[0] if isinstance(event, list) else event
    answer = mailbox(Settings(), url, source_of(first)).post(event)
    tell_answer(answer, as_json=as_json, attempt=f"postroom events post {file}")


def tell_answer(answer: Answer, *, as_json: bool, attempt: str) -> None:
    """Show what the door said; refused when it refused."""
    if as_json:
        emit({"ok": answer.taken, "status": answer.status, **answer.body})
        if not answer.taken:
            raise typer.Exit(refusal(answer, attempt).code)
    elif not answer.taken:
        raise refusal(answer, attempt)
    else:
        for event_id in answer.ids:
            out().print(f"Taken as {event_id}. Follow it: [bold]postroom events show {event_id}[/]", soft_wrap=True)


def _read(file: Path) -> Any:
    try:
        event = json.loads(sys.stdin.read() if file == STDIN else file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise usage(f"{file} holds no JSON: {error}.", "postroom events post --help") from None
    one = event[0] if isinstance(event, list) and event else event
    if not isinstance(one, dict) or "id" not in one:
        raise usage(f"{file} holds neither a CloudEvent nor a list of them.", "postroom send payment_reminder --help")
    return event
