"""postroom messages: list them, tell their story, send one again."""

from typing import Annotated
from uuid import UUID

import typer

from postroom.cli.codes import meaning
from postroom.cli.desk import Desk, open_desk
from postroom.cli.faults import Refused, usage
from postroom.cli.finding import found, leg_of, moment, moment_since, story_of
from postroom.cli.showing import AsJson, Reveal, Yes, emit, masked, out, people, said, shown, styled, table, when
from postroom.cli.story_sheet import leg_json, sheet, story_json
from postroom.cli.telling import ARRIVED, in_one_sentence
from postroom.domain import addresses
from postroom.domain.channels import ChannelName
from postroom.domain.messages import State
from postroom.store.clock import SharedClock
from postroom.store.listing import MessageFilter, MessageRow, messages
from postroom.store.operators import NotRetried, Retried, Retryable, retry, retryable

app = typer.Typer(no_args_is_help=True, help="Messages: list them, tell their story, send one again.")

ROOM = {"channel": 90, "created": 100, "class": 120, "about": 150, "tries": 150, "": 120}
"""How wide a terminal must be for the columns that the others can be read without."""

Id = Annotated[str, typer.Argument(help="A message's or event's id, a CloudEvents id, or the beginning of one.")]


@app.command("list")
def list_(
    state: Annotated[list[State] | None, typer.Option(help="May be repeated.")] = None,
    channel: Annotated[list[ChannelName] | None, typer.Option(help="May be repeated.")] = None,
    company: Annotated[str | None, typer.Option(help="The company's id in Odoo.")] = None,
    class_: Annotated[str | None, typer.Option("--class", help="The kind of message, as in payment_reminder.")] = None,
    since: Annotated[str | None, typer.Option(help="30m, 2h, 3d, or a date.")] = None,
    to: Annotated[str | None, typer.Option(help="The whole address: +34600111222 or marta@example.com.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, the newest first.")] = 50,
    reveal: Reveal = False,
    as_json: AsJson = False,
) -> None:
    """The newest messages."""
    wanted = MessageFilter(
        state or (), _channels(channel, class_), company, class_, moment_since(since), (_address(to),) if to else ()
    )
    with open_desk() as desk, desk.engine.connect() as connection:
        rows = messages(connection, desk.sealer, wanted, limit=limit)
    if as_json:
        emit([_row_json(row, reveal=reveal) for row in rows])
        return
    if not rows:
        out().print("No message fits. Try: [bold]postroom events list[/]")
        return
    columns = ("message", "state", "to", "channel", "created", "class", "about", "tries", "")
    out().print(table(*columns, rows=[_row(row, reveal=reveal) for row in rows], room=ROOM))
    people().print(f"[dim]The story of one: postroom messages show {rows[0].id}[/]")


def _channels(named: list[ChannelName] | None, class_: str | None) -> list[ChannelName]:
    """Messages to people, unless somebody asks for more: each of them may have several callbacks to machines."""
    return named or [each for each in ChannelName if class_ or each is not ChannelName.CALLBACK]


def _address(typed: str) -> tuple[ChannelName, str]:
    channel = ChannelName.EMAIL if "@" in typed else ChannelName.WHATSAPP
    try:
        return channel, addresses.normal(channel, typed, None)
    except addresses.NotAnAddress as error:
        raise usage(f"--to: {error}.", "postroom messages list --to +34600111222") from None


def _row(row: MessageRow, *, reveal: bool) -> tuple[str, ...]:
    return (
        str(row.id),
        styled(row.state),
        said(shown(row.address, reveal=reveal)),
        row.channel + (" (fallback)" if row.role == "fallback" else ""),
        when(row.created_at),
        said(row.message_type),
        said(row.subject),
        str(row.attempts),
        said(f"{row.reason}: {meaning(row.channel, row.reason)}" if row.reason and row.state not in ARRIVED else ""),
    )


def _row_json(row: MessageRow, *, reveal: bool) -> dict[str, object]:
    return {
        "id": row.id,
        "event_id": row.event_id,
        "company": row.company,
        "class": row.message_type,
        "about": row.subject,
        "channel": row.channel,
        "role": row.role,
        "to": shown(row.address, reveal=reveal),
        "state": row.state,
        "reason": row.reason,
        "attempts": row.attempts,
        "possible_duplicate": row.possible_duplicate,
        "created_at": row.created_at,
        "next_at": row.next_at,
        "sent_at": row.sent_at,
        "delivered_at": row.delivered_at,
    }


@app.command()
def show(message: Id, reveal: Reveal = False, as_json: AsJson = False) -> None:
    """The whole story: the event, the route and why, the words, every attempt, receipt and answer, and what is next."""
    with open_desk() as desk, desk.engine.connect() as connection:
        story = story_of(connection, desk.sealer, found(connection, message, command="messages"))
        now = moment(connection)
    if as_json:
        emit(story_json(story, now, reveal=reveal))
    else:
        out().print(sheet(story, now, reveal=reveal))


@app.command()
def why(message: Id, as_json: AsJson = False) -> None:
    """Where a message stands, why, and what is next, in one sentence."""
    with open_desk() as desk, desk.engine.connect() as connection:
        thing = found(connection, message, command="messages")
        story = story_of(connection, desk.sealer, thing)
        now = moment(connection)
    intent, leg = leg_of(story, thing)
    sentence = in_one_sentence(leg, intent, now)
    if as_json:
        emit({"id": leg.id, "state": leg.state, "reason": leg.reason, "why": sentence})
    else:
        out().print(said(sentence), soft_wrap=True)


@app.command("retry")
def retry_(message: Id, yes: Yes = False, as_json: AsJson = False) -> None:
    """Send a failed message again, or (asking first) one of which nobody knows whether it arrived."""
    with open_desk() as desk:
        with desk.engine.connect() as connection:
            thing = found(connection, message, command="messages")
            story = story_of(connection, desk.sealer, thing)
        _, leg = leg_of(story, thing)
        done = _retry(desk, leg.id, address=masked(leg.address), yes=yes)
        with desk.engine.connect() as connection:
            intent, leg = leg_of(story_of(connection, desk.sealer, thing), thing)
            shown_leg = leg_json(story, intent, leg, moment(connection), reveal=False)
    if as_json:
        emit({"id": leg.id, "was": done.was, "now": done.now, "cancelled": done.cancelled, "message": shown_leg})
        return
    out().print(f"{_said_of(done)} Follow it: [bold]postroom messages show {leg.id}[/]", soft_wrap=True)


def _retry(desk: Desk, message_id: UUID, *, address: str, yes: bool) -> Retried:
    """Ask outside the transaction: a row that waits for an operator's answer would block the workers."""
    business_now = SharedClock(desk.engine).now()
    try:
        with desk.engine.begin() as connection:
            looked_at = retryable(connection, message_id, now=business_now)
            if yes or not looked_at.twice:
                return retry(connection, looked_at)
        _confirm(looked_at, address)
        with desk.engine.begin() as connection:
            return retry(connection, retryable(connection, message_id, now=business_now))
    except NotRetried as error:
        raise Refused(f"Not sent again: {error}.", f"postroom messages show {message_id}") from None


def _confirm(message: Retryable, address: str) -> None:
    warning = (
        f"Nobody knows whether the message to {address} arrived."
        if message.state is State.UNKNOWN
        else f"Another channel stood in for the message to {address}, and that one has left."
    )
    people().print(f"[yellow]{said(warning)} Sent again, the receiver may hear it twice.[/]")
    try:
        sure = typer.confirm("Send it again?", err=True)
    except typer.Abort:
        sure = False
    if not sure:
        raise Refused("Nothing was done.", f"postroom messages retry {message.id} --yes")


def _said_of(done: Retried) -> str:
    if done.was is State.UNKNOWN:
        return "It is sent once more, flagged as a possible duplicate."
    fallbacks = f" {len(done.cancelled)} fallback that had not left was cancelled." if done.cancelled else ""
    return f"It is back in the queue and leaves now, with its whole retry budget.{fallbacks}"
