"""postroom callbacks: who is told what became of a company's messages, and what they did not take."""

import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from time import perf_counter
from typing import Annotated
from urllib.parse import urlsplit

import typer

from postroom.cli.codes import meaning
from postroom.cli.desk import Desk, open_desk
from postroom.cli.faults import Refused, usage
from postroom.cli.finding import found, moment_since
from postroom.cli.showing import AsJson, Reveal, emit, out, people, said, table, when
from postroom.domain import addresses
from postroom.domain.callbacks import refusal_of, trial_body
from postroom.domain.channels import ChannelName, Rendered
from postroom.domain.safety import Mode, Wire, wire_for
from postroom.store.callbacks import Receiver, add_receiver, remove_receiver
from postroom.store.dead_letters import MOST, Standing, Told, dead_letters, ended_about, ended_since, replay, standings
from postroom.store.engine import Connection
from postroom.store.ids import new_id
from postroom.store.safety import modes
from workers.channels.base import ChannelError
from workers.channels.callback import CallbackConfig
from workers.channels.callback.signing import receiver_secret
from workers.wires import channels_from

app = typer.Typer(no_args_is_help=True, help="Who is told what became of messages (docs/callbacks.md).")

Company = Annotated[str, typer.Argument(help="The company's id in Odoo.")]
Which = Annotated[str, typer.Argument(metavar="RECEIVER", help="Its id, the beginning of one, or its URL.")]


# Who is told ----------------------------------------------------------------------------------------------------------


@app.command()
def add(
    company: Company,
    url: Annotated[str, typer.Argument(help="https://erp.example.com/postroom")],
    as_json: AsJson = False,
) -> None:
    """Tell a machine of every move of a company's messages. Prints its signing secret; asking again prints it again."""
    normal = _normal(company, url)
    with open_desk() as desk:
        secret = receiver_secret(_master(desk), normal)
        with desk.engine.begin() as connection:
            receiver, new = add_receiver(connection, desk.sealer, company, normal)
            mode = _mode(connection, company)
    if as_json:
        emit({"ok": True, **_receiver_json(receiver, reveal=True), "secret": secret, "new": new, "mode": mode})
        return
    out().print(f"Receiver [bold]{receiver.id}[/] of company {said(company)}: {said(normal)}", soft_wrap=True)
    out().print(f"Its secret: [bold]{secret}[/]", soft_wrap=True)
    people().print(f"[dim]{said(_where_to(company, mode))}[/]")
    people().print(f"[dim]Try it: postroom callbacks test {receiver.id}[/]")


def _normal(company: str, url: str) -> str:
    try:
        normal = addresses.normal(ChannelName.CALLBACK, url, None)
    except addresses.NotAnAddress as error:
        raise usage(
            f"{error}.".capitalize(), f"postroom callbacks add {company} https://erp.example.com/hook"
        ) from None
    for address in _addresses_of(urlsplit(normal).hostname or ""):
        refusal = refusal_of(address)
        if refusal:
            raise Refused(f"No callback may go there: {address} {refusal}.", f"postroom callbacks add {company} URL")
    return normal


def _addresses_of(host: str) -> Iterator[str]:
    """Where a name leads now; it is judged once more whenever we connect. A name that leads nowhere may do so later."""
    try:
        found_ = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        people().print(f"[yellow]{said(host)} cannot be found from here; it will be tried all the same.[/]")
        return
    yield from sorted({str(entry[4][0]) for entry in found_})


def _master(desk: Desk) -> bytes:
    secrets = tuple(desk.settings.callback_secret.get_secret_value().split())
    try:
        return CallbackConfig(secrets).masters[0]
    except ValueError as error:
        words = f"CALLBACK_SECRET cannot be used, and each receiver's secret is derived from it. {error}."
        raise Refused(words, "python -m postroom.services.keyring CALLBACK_SECRET") from None


def _mode(connection: Connection, company: str) -> Mode:
    return modes(connection).get((company, ChannelName.CALLBACK), Mode.SANDBOX)


def _where_to(company: str, mode: Mode) -> str:
    if mode is Mode.LIVE:
        return "Callbacks leave for it from now on."
    return (
        f"Company {company} is in mode '{mode}' for callbacks, so they do not leave for it yet. "
        f"When they shall: postroom mode {company} callback live"
    )


@app.command("list")
def list_(
    company: Annotated[str, typer.Option(help="The company's id in Odoo.")] = "",
    dead: Annotated[bool, typer.Option("--dead", help="What receivers did not take in all its tries.")] = False,
    reveal: Reveal = False,
    as_json: AsJson = False,
) -> None:
    """Who is told, and how each stands; or what was given up."""
    with open_desk() as desk, desk.engine.connect() as connection:
        if dead:
            _show_dead(dead_letters(connection, desk.sealer), as_json=as_json)
        else:
            _show(standings(connection, desk.sealer, company), reveal=reveal, as_json=as_json)


def _show(found_: list[Standing], *, reveal: bool, as_json: bool) -> None:
    if as_json:
        emit([_standing_json(each, reveal=reveal) for each in found_])
    elif found_:
        rows = [_standing_row(each, reveal=reveal) for each in found_]
        out().print(table("receiver", "company", "to", "sent up to", "waiting", "dead", "last taken", "", rows=rows))
    else:
        out().print("Nobody is told. Try: [bold]postroom callbacks add COMPANY URL[/]")


def _standing_row(each: Standing, *, reveal: bool) -> tuple[str, ...]:
    trouble = f"{each.trouble}: {meaning(ChannelName.CALLBACK, each.trouble)}" if each.trouble else ""
    again = f"; again at {when(each.next_at)}" if each.next_at else ""
    return (
        str(each.receiver.id),
        said(each.receiver.company),
        said(_shown(each.receiver.url, reveal=reveal)),
        str(each.receiver.sequence),
        str(each.waiting),
        str(each.dead),
        when(each.taken_at) if each.taken_at else "never",
        said(trouble + again),
    )


def _shown(url: str, *, reveal: bool) -> str:
    """A URL without its query, where tokens travel."""
    bare, mark, _ = url.partition("?")
    return url if reveal or not mark else f"{bare}?•••"


def _standing_json(each: Standing, *, reveal: bool) -> dict[str, object]:
    return {
        **_receiver_json(each.receiver, reveal=reveal),
        "sequence": each.receiver.sequence,
        "waiting": each.waiting,
        "dead": each.dead,
        "trouble": each.trouble,
        "next_at": each.next_at,
        "taken_at": each.taken_at,
    }


def _receiver_json(receiver: Receiver, *, reveal: bool) -> dict[str, object]:
    return {"id": receiver.id, "company": receiver.company, "url": _shown(receiver.url, reveal=reveal)}


def _show_dead(found_: list[Told], *, as_json: bool) -> None:
    if as_json:
        emit([_dead_json(each) for each in found_])
    elif found_:
        rows = [
            (str(each.id), str(each.receiver_id), str(each.sequence), each.type, when(each.created_at), _why(each))
            for each in found_
        ]
        out().print(table("callback", "receiver", "number", "type", "written", "why", rows=rows))
        people().print(f"[dim]Once more: postroom callbacks replay {found_[0].receiver_id} --dead[/]")
    else:
        out().print("Every callback was taken, or is still tried.")


def _why(each: Told) -> str:
    return said(f"{each.reason}: {meaning(ChannelName.CALLBACK, each.reason)}" if each.reason else "")


def _dead_json(each: Told) -> dict[str, object]:
    return {
        "id": each.id,
        "receiver": each.receiver_id,
        "sequence": each.sequence,
        "type": each.type,
        "message": each.about,
        "reason": each.reason,
        "created_at": each.created_at,
    }


@app.command()
def remove(which: Which, as_json: AsJson = False) -> None:
    """Tell a receiver nothing more; what waits for it is withdrawn. Adding it again goes on with its next number."""
    with open_desk() as desk, desk.engine.begin() as connection:
        receiver = _the(connection, desk, which)
        withdrawn = remove_receiver(connection, receiver.id)
    if as_json:
        emit({"ok": True, **_receiver_json(receiver, reveal=False), "withdrawn": withdrawn})
    else:
        out().print(f"Receiver {receiver.id} is told nothing more; {withdrawn} callbacks were withdrawn.")


# Once more, and for trial ---------------------------------------------------------------------------------------------


@app.command("replay")
def replay_(
    which: Which,
    dead: Annotated[bool, typer.Option("--dead", help="What it did not take in all its tries.")] = False,
    since: Annotated[str, typer.Option(help="Everything written since: 30m, 2h, 3d, or a date.")] = "",
    message: Annotated[str, typer.Option(help="Everything about one message: its id, or the beginning of it.")] = "",
    as_json: AsJson = False,
) -> None:
    """Put callbacks before a receiver once more, behind what waits for it, with their own ids and numbers."""
    if sum(map(bool, (dead, since, message))) != 1:
        raise usage("Say which: --dead, --since or --message.", f"postroom callbacks replay {which} --dead")
    with open_desk() as desk, desk.engine.begin() as connection:
        receiver = _the(connection, desk, which)
        told = _wanted(connection, desk, receiver, since=since, message=message)
        number = replay(connection, desk.sealer, receiver, told)
    if as_json:
        emit({"ok": True, **_receiver_json(receiver, reveal=False), "replayed": number, "more": len(told) == MOST})
    else:
        out().print(f"{number} callbacks go to receiver {receiver.id} once more.")


def _wanted(connection: Connection, desk: Desk, receiver: Receiver, *, since: str, message: str) -> list[Told]:
    at = moment_since(since or None)
    if at is not None:
        return ended_since(connection, desk.sealer, receiver.id, at)
    if message:
        thing = found(connection, message, command="messages")
        return ended_about(connection, desk.sealer, receiver.id, thing.id)
    return dead_letters(connection, desk.sealer, receiver.id)


@app.command("test")
def try_(which: Which, as_json: AsJson = False) -> None:
    """Send a receiver one callback of type postroom.test, now, and say what it answered. Nothing is written down."""
    with open_desk() as desk:
        with desk.engine.connect() as connection:
            receiver = _the(connection, desk, which)
            mode = _mode(connection, receiver.company)
        milliseconds = _attempt(desk, receiver, mode)
    whom = "the stand-in on this machine" if mode is Mode.SANDBOX else "it"
    if as_json:
        emit({"ok": True, **_receiver_json(receiver, reveal=False), "mode": mode, "milliseconds": milliseconds})
    else:
        out().print(f"Taken by {whom} in {milliseconds} ms.")


def _attempt(desk: Desk, receiver: Receiver, mode: Mode) -> int:
    """Make one attempt; how many milliseconds it took. Raises Refused with what was answered."""
    again = f"postroom callbacks test {receiver.id}"
    wire = wire_for(mode, listed=True)
    channel = None if wire is None else channels_from(desk.settings).at(ChannelName.CALLBACK, wire)
    if channel is None:
        raise Refused(_no_wire(receiver.company, mode, wire), f"postroom mode {receiver.company} callback")
    body = json.dumps(trial_body(new_id(), receiver.company, datetime.now(UTC)))
    started = perf_counter()
    try:
        channel.send(Rendered(ChannelName.CALLBACK, "en", body), receiver.url, new_id())
    except ChannelError as error:
        raise Refused(f"Not taken: {error.fault.code}: {error.fault.detail}", again) from None
    return round((perf_counter() - started) * 1000)


def _no_wire(company: str, mode: Mode, wire: Wire | None) -> str:
    if wire is None:
        return f"Company {company} is in mode '{mode}' for callbacks: nothing leaves."
    return f"Company {company} is in mode '{mode}' for callbacks, which has no secret here (see .env.example)."


def _the(connection: Connection, desk: Desk, which: str) -> Receiver:
    """The one receiver that is meant. Raises Refused when it is none or several."""
    known = [each.receiver for each in standings(connection, desk.sealer)]
    meant = [each for each in known if _means(which, each)]
    if len(meant) == 1:
        return meant[0]
    if not meant:
        raise Refused(f"There is no receiver '{which}'.", "postroom callbacks list")
    listed = ", ".join(f"{each.id} (company {each.company})" for each in meant)
    raise Refused(f"'{which}' may be any of {listed}.", "postroom callbacks list")


def _means(which: str, receiver: Receiver) -> bool:
    return str(receiver.id).startswith(which.lower()) or receiver.url == which or receiver.url == f"{which}/"
