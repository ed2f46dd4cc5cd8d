"""postroom people: who decides in Odoo, by which accounts, and what keeps others from it."""

from collections.abc import Sequence
from typing import Annotated

import typer

from postroom.cli.desk import Desk, open_desk
from postroom.cli.faults import REFUSED, Refused, usage
from postroom.cli.people import words
from postroom.cli.people.named import (
    SYNC,
    Accounts,
    accounts_in,
    asked_again,
    operator,
    person_named,
    reached,
    titled,
    wire_named,
)
from postroom.cli.people.words import Known
from postroom.cli.showing import AsJson, Reveal, emit, out, people, said, shown, table
from postroom.domain.channels import ChannelName
from postroom.domain.people import How, Person
from postroom.domain.safety import Wire
from postroom.store import people as store
from postroom.store.census import clashes, lookups_of
from postroom.store.clock import SharedClock
from postroom.store.delegations import delegate as begin_delegation
from postroom.store.delegations import delegations_of, end_delegation
from postroom.store.engine import Connection

app = typer.Typer(no_args_is_help=True, help="Who decides in Odoo, and by which accounts (docs/people.md).")

WireName = Annotated[str, typer.Option("--wire", help="live or sandbox; else the real Odoo, where there is one.")]
Who = Annotated[str, typer.Argument(metavar="PERSON", help="A user's id in Odoo, his login or his email address.")]
Slack = Annotated[str, typer.Option(help="His member id, as in U0123ABCD.")]
Teams = Annotated[str, typer.Option(help="His object id in Entra.")]
WhatsApp = Annotated[str, typer.Option(help="His number, as in +34600111222.")]


# Looking --------------------------------------------------------------------------------------------------------------


@app.command("list")
def list_(
    unmapped: Annotated[bool, typer.Option("--unmapped", help="Only those whom no account is known of.")] = False,
    company: Annotated[int | None, typer.Option(help="Only who may see this company's documents.", min=1)] = None,
    every: Annotated[bool, typer.Option("--all", help="Also those who are no longer active.")] = False,
    wire: WireName = "",
    reveal: Reveal = False,
    as_json: AsJson = False,
) -> None:
    """The internal users of Odoo, and the accounts that they are known by."""
    with open_desk() as desk:
        named = wire_named(desk.settings, wire)
        with desk.engine.connect() as connection:
            found = known_of(connection, desk, named, company=str(company or ""))
    found = [each for each in found if every or each.person.active]
    found = [each for each in found if not (unmapped and each.holding)]
    if as_json:
        emit([words.as_json(each, reveal=reveal) for each in found])
    elif found:
        rows = [words.row(each, reveal=reveal) for each in found]
        out().print(table(*words.COLUMNS, rows=rows, room={"own key": 100, "company": 80}))
        people().print(f"[dim]All of one: postroom people show {found[0].person.user_id}[/]")
    else:
        out().print("Everybody is known." if unmapped else "Nobody is known here.")
        people().print(f"[dim]Ask Odoo: {SYNC}[/]")


def known_of(
    connection: Connection, desk: Desk, wire: Wire, *, company: str = "", add_on: bool | None = None
) -> list[Known]:
    """Everybody of an Odoo, with all that is known of each."""
    found = store.people_of(connection, desk.sealer, wire=wire, company=company)
    lookups = lookups_of(connection, [person.id for person, _ in found])
    delegations = delegations_of(connection, [person for person, _ in found])
    alike = {user for group in clashes(connection, wire) for user in group}
    return [
        Known(
            person,
            accounts,
            lookups.get(person.id, ()),
            person.user_id in alike,
            add_on,
            delegations.get(person.id, ()),
        )
        for person, accounts in found
    ]


@app.command()
def show(person: Who, wire: WireName = "", reveal: Reveal = False, as_json: AsJson = False) -> None:
    """Who somebody is, by which accounts, since when and why, and what keeps him from deciding."""
    with open_desk() as desk:
        named = wire_named(desk.settings, wire)
        with desk.engine.connect() as connection:
            known = _known(connection, desk, person_named(connection, desk, named, person))
    if as_json:
        emit(words.as_json(known, reveal=reveal))
    else:
        rows = [(said(name), said(value)) for name, value in words.facts(known, reveal=reveal)]
        out().print(table("", "", rows=rows))


def _known(connection: Connection, desk: Desk, person: Person) -> Known:
    accounts = store.accounts_of(connection, desk.sealer, [person.id]).get(person.id, ())
    lookups = lookups_of(connection, [person.id]).get(person.id, ())
    clash = any(person.user_id in group for group in clashes(connection, person.wire))
    delegations = delegations_of(connection, [person]).get(person.id, ())
    return Known(person, accounts, lookups, clash, delegations=delegations)


# Linking --------------------------------------------------------------------------------------------------------------


@app.command()
def link(
    person: Who,
    slack: Slack = "",
    teams: Teams = "",
    whatsapp: WhatsApp = "",
    wire: WireName = "",
    as_json: AsJson = False,
) -> None:
    """Say that accounts are his: from now on what they press is decided in his name. All of them, or none."""
    accounts = accounts_in(_options(slack, teams, whatsapp), "postroom people link 7 --slack U0123ABCD")
    with open_desk() as desk:
        named = wire_named(desk.settings, wire)
        found = asked_again(desk, named, person, reached(desk.settings, named))
        with desk.engine.begin() as connection:
            _refuse_taken(connection, desk, found, accounts)
            new = [channel for channel, address in accounts.items() if _link(connection, desk, found, channel, address)]
    _tell(found, accounts, new, "is known by", "was known by", as_json=as_json)


def _options(slack: str, teams: str, whatsapp: str) -> Accounts:
    return {ChannelName.SLACK: slack, ChannelName.TEAMS: teams, ChannelName.WHATSAPP: whatsapp}


def _refuse_taken(connection: Connection, desk: Desk, person: Person, accounts: Accounts) -> None:
    """Whatever is another's is named, with the command that frees it."""
    holders = {
        channel: held[1]
        for channel, address in accounts.items()
        if (held := store.holder_of(connection, desk.sealer, channel, person.wire, address)) is not None
    }
    taken = {channel: each for channel, each in holders.items() if each.active and each.id != person.id}
    if taken:
        told = " ".join(
            f"The {titled(channel)} account belongs to user {each.user_id} ({each.name})."
            for channel, each in taken.items()
        )
        raise Refused(told, " && ".join(_freeing(channel, each, accounts[channel]) for channel, each in taken.items()))


def _freeing(channel: ChannelName, holder: Person, address: str) -> str:
    return f"postroom people unlink {holder.user_id} --{channel} {address} --wire {holder.wire}"


def _link(connection: Connection, desk: Desk, person: Person, channel: ChannelName, address: str) -> bool:
    return store.link(connection, desk.sealer, person, channel, address, how=How.LINK, by=operator())


@app.command()
def unlink(
    person: Who,
    slack: Slack = "",
    teams: Teams = "",
    whatsapp: WhatsApp = "",
    wire: WireName = "",
    as_json: AsJson = False,
) -> None:
    """Say that accounts are not his: they decide nothing from now on, and no directory brings them back."""
    accounts = accounts_in(_options(slack, teams, whatsapp), "postroom people unlink 7 --slack U0123ABCD")
    with open_desk() as desk:
        named = wire_named(desk.settings, wire)
        with desk.engine.begin() as connection:
            found = person_named(connection, desk, named, person)
            _refuse_others(connection, desk, found, accounts)
            for channel, address in accounts.items():
                why = f"{store.BY_HAND}{operator()}"
                store.unlink(connection, desk.sealer, channel, named, address, why=why)
    _tell(found, accounts, list(accounts), "is no longer known by", "", as_json=as_json)


def _refuse_others(connection: Connection, desk: Desk, person: Person, accounts: Accounts) -> None:
    faults = []
    for channel, address in accounts.items():
        held = store.holder_of(connection, desk.sealer, channel, person.wire, address)
        if held is None:
            faults.append(f"The {titled(channel)} account is nobody's.")
        elif held[1].id != person.id:
            faults.append(f"The {titled(channel)} account is user {held[1].user_id}'s.")
    if faults:
        raise Refused(" ".join(faults), f"postroom people show {person.user_id} --reveal --wire {person.wire}")


def _tell(
    person: Person, accounts: Accounts, new: Sequence[ChannelName], deed: str, before: str, *, as_json: bool
) -> None:
    if as_json:
        changed = [{"channel": channel, "address": shown(accounts[channel], reveal=False)} for channel in new]
        emit({"ok": True, "user_id": person.user_id, "changed": changed})
        return
    for channel, address in accounts.items():
        words_ = deed if channel in new else before
        told = f"{person.name} (user {person.user_id}) {words_} {shown(address, reveal=False)} on {titled(channel)}."
        out().print(said(told))


# His own key ----------------------------------------------------------------------------------------------------------


@app.command()
def key(
    person: Who,
    remove: Annotated[bool, typer.Option("--remove", help="Forget it.")] = False,
    wire: WireName = "",
    as_json: AsJson = False,
) -> None:
    """Keep his own API key, typed unseen: where our add-on is not installed, he decides by it, with his own rights."""
    from postroom.cli.people.keys import proven, typed_key

    with open_desk() as desk:
        named = wire_named(desk.settings, wire)
        if remove:
            with desk.engine.connect() as connection:
                found = person_named(connection, desk, named, person)
            kept = None
        else:
            asked = reached(desk.settings, named)
            found = asked_again(desk, named, person, asked)
            kept = proven(asked.erp, found, typed_key(found))
        with desk.engine.begin() as connection:
            store.set_api_key(connection, desk.sealer, found.id, kept)
    if as_json:
        emit({"ok": True, "user_id": found.user_id, "own_key": kept is not None})
    else:
        deed = "The key of {} is kept, sealed: Odoo knows him by it." if kept else "The key of {} is forgotten."
        out().print(said(deed.format(f"{found.name} (user {found.user_id})")))
        if not kept:
            people().print("[dim]In Odoo it is valid still: delete it there, in his preferences.[/]")


# Somebody in his place ------------------------------------------------------------------------------------------------


@app.command()
def delegate(
    person: Who,
    to: Annotated[str, typer.Option(metavar="PERSON", help="Who decides for him meanwhile.")] = "",
    first: Annotated[str, typer.Option("--from", metavar="DAY", help="His first day away; else from now on.")] = "",
    last: Annotated[str, typer.Option("--until", metavar="DAY", help="His last day; else until it is removed.")] = "",
    remove: Annotated[bool, typer.Option("--remove", help="He decides himself again.")] = False,
    wire: WireName = "",
    as_json: AsJson = False,
) -> None:
    """Let somebody else be asked instead of him: he decides by his own right and in his own name."""
    from postroom.cli.people.delegating import EXAMPLE, delegation, told

    if remove is bool(to):
        raise usage("Name who decides for him, or --remove it.", EXAMPLE)
    with open_desk() as desk:
        named = wire_named(desk.settings, wire)
        with desk.engine.begin() as connection:
            now = SharedClock(desk.engine).now()
            found = person_named(connection, desk, named, person)
            if remove:
                ended = end_delegation(connection, found, now, by=operator())
                words_ = "decides himself again." if ended else "decided himself already."
            else:
                other = person_named(connection, desk, named, to)
                _refuse_inactive(other)
                made = delegation(found, other, first, last, now)
                begin_delegation(connection, found, made, now, by=operator())
                words_ = f"is not asked: {told(made)}."
    if as_json:
        emit({"ok": True, "user_id": found.user_id, "delegate": None if remove else other.user_id})
    else:
        out().print(said(f"{found.name} (user {found.user_id}) {words_}"))


def _refuse_inactive(person: Person) -> None:
    if not person.active:
        attempt = f"postroom people show {person.user_id}"
        raise Refused(f"User {person.user_id} ({person.name}) is not active in Odoo: he cannot decide.", attempt)


# Asking ---------------------------------------------------------------------------------------------------------------


@app.command()
def sync(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change in Odoo's roll.")] = False,
    wire: WireName = "",
    as_json: AsJson = False,
) -> None:
    """Ask Odoo for its users, then Slack and Teams who of their members they are. Asking again is harmless."""
    from postroom.cli.people.roll import call, told_json

    with open_desk() as desk:
        named = wire_named(desk.settings, wire)
        result = call(desk, named, reached(desk.settings, named), dry=dry_run, quiet=as_json)
    if as_json:
        emit(told_json(result, dry=dry_run))


@app.command()
def check(
    wire: WireName = "",
    as_json: AsJson = False,
) -> None:
    """Who was asked for approvals in these 90 days and cannot decide. Exit code 1 where there is somebody."""
    from postroom.cli.people.check import examine, show_rows

    with open_desk() as desk:
        rows = examine(desk, wire_named(desk.settings, wire), known_of)
    failed = any(row.remedies for row in rows)
    if as_json:
        emit({"ok": not failed, "people": rows})
    else:
        show_rows(rows)
    raise typer.Exit(REFUSED if failed else 0)
