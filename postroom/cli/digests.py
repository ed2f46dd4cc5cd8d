"""postroom digests: who reads what and when, one of them before it leaves, and what somebody does without."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import typer

from config.reading import suggestion
from postroom.cli.config_faults import wrong_use
from postroom.cli.desk import Desk, open_desk
from postroom.cli.faults import Refused
from postroom.cli.indoors import open_rooms
from postroom.cli.people.named import CHECK, person_named, wire_named
from postroom.cli.showing import AsJson, emit, out, people, table, when
from postroom.domain.digests import Digest, DigestState, Section, next_one
from postroom.domain.people import Person
from postroom.odoo.errors import OdooError
from postroom.store.digests import Edition, editions_listed, mute_section, muted_sections, unmute_section
from postroom.store.people import accounts_of
from workers.tasks.digest import Gathered, Reader, digest_data, gather_figures, reader_key, readers_of
from workers.tasks.resolve import as_recipient
from workers.wiring import Rooms

app = typer.Typer(no_args_is_help=True, help="Who reads what in the morning (docs/digests.md).")

NameOfDigest = Annotated[str, typer.Argument(metavar="DIGEST", help="As config/digests.yaml names it.")]
Who = Annotated[str, typer.Argument(metavar="PERSON", help="user:7, a login or an email address of Odoo.")]
What = Annotated[Section, typer.Argument(metavar="SECTION", help=", ".join(Section))]
WireName = Annotated[str, typer.Option("--wire", help="live or sandbox; the real Odoo where there is one.")]


@app.command("list")
def list_(
    name: Annotated[str, typer.Option("--digest", help="Only this one.")] = "",
    days: Annotated[int, typer.Option(min=1, max=400, help="How far back.")] = 7,
    as_json: AsJson = False,
) -> None:
    """What was planned and what became of it, the latest first."""
    with open_rooms() as (_, rooms), rooms.engine.connect() as connection:
        since = rooms.clock.now() - timedelta(days=days)
        found = editions_listed(connection, since=since, name=name)
    if as_json:
        emit([_json(each) for each in found])
    elif found:
        rows = [(each.name, each.company, each.reader, when(each.due_at), each.state, each.why or "") for each in found]
        out().print(table("digest", "company", "reader", "due", "", "", rows=rows))
    else:
        out().print("No digest was planned. Who would get one: postroom digests plan")


def _json(each: Edition) -> dict[str, Any]:
    return {key: getattr(each, key) for key in ("name", "company", "reader", "day", "due_at", "state", "why")}


@app.command()
def plan(
    at: Annotated[str, typer.Option(help="As if it were this moment: 2026-11-23T06:00+00:00.")] = "",
    as_json: AsJson = False,
) -> None:
    """Who reads what next, and when exactly; nothing is written down."""
    with open_rooms() as (_, rooms):
        rows = list(_coming(rooms, _moment(at) or rooms.clock.now()))
    if as_json:
        emit(rows)
    elif rows:
        cells = [(row["digest"], row["company"], row["reader"], row["local"], when(row["due_at"])) for row in rows]
        out().print(table("digest", "company", "reader", "his clock", "due", rows=cells))
    else:
        out().print("Nobody reads a digest: name companies and readers in config/digests.yaml.")


def _coming(rooms: Rooms, now: datetime) -> Iterator[dict[str, Any]]:
    with rooms.engine.connect() as connection:
        for digest in rooms.digests:
            for company in digest.companies:
                hours = rooms.book.companies.of(company).hours
                for reader in readers_of(connection, rooms, digest, company).values():
                    if found := next_one(digest, hours, reader.zone, now):
                        local = f"{found.due_at.astimezone(ZoneInfo(reader.zone)):%a %d %b %H:%M} {reader.zone}"
                        about = {"digest": digest.name, "company": company, "reader": reader.key}
                        yield {**about, "day": found.day, "due_at": found.due_at, "local": local}


@app.command()
def preview(
    digest: NameOfDigest,
    person: Annotated[str, typer.Option("--for", help="user:7, a login or an email address of Odoo.")],
    day: Annotated[str, typer.Option("--date", help="The day that stands above it: 2026-11-23.")] = "",
    wire: WireName = "",
    as_json: AsJson = False,
) -> None:
    """One digest as somebody would have it now, on the figures of this moment; nothing is sent."""
    with open_rooms() as (desk, rooms):
        chosen, who = _digest(rooms, digest), _person(desk, person, wire)
        reader = _reader(rooms, who)
        edition = _edition(chosen, who, reader, _day(day) or rooms.clock.now().astimezone(ZoneInfo(reader.zone)).date())
        try:
            gathered = gather_figures(rooms, who.company, chosen.sections)
        except OdooError as error:
            raise Refused(f"Odoo cannot be read: {error.fault.code}.", CHECK) from None
        with rooms.engine.connect() as connection:
            muted = muted_sections(connection, [reader.key]).get(reader.key, frozenset())
    data = digest_data(chosen, edition, reader, gathered, muted)
    if as_json:
        emit({"digest": data["digest"] if data else None, "left_out": gathered.left_out})
    else:
        _show(data, gathered)


def _show(data: Mapping[str, Any] | None, gathered: Gathered) -> None:
    if data is None:
        out().print("There is nothing to tell: no digest would leave.")
    else:
        out().print(f"[bold]{data['digest']['role']}[/], {data['digest']['date']}")
        for section in data["digest"]["sections"]:
            out().print(f"\n[bold]{section['title']}[/]")
            for line in section["lines"]:
                out().print(f"  {line['label']}: {line['value']}")
    for section, code in gathered.left_out.items():
        people().print(f"[yellow]Without {section}: {code}.[/] Try: {CHECK}")


@app.command()
def mute(person: Who, section: What, wire: WireName = "") -> None:
    """Somebody does without a section from now on, in whatever digest."""
    with open_desk() as desk:
        who = _person(desk, person, wire)
        with desk.engine.begin() as connection:
            mute_section(connection, who.company, reader_key(who), section)
    out().print(f"User {who.user_id} gets no {section} any more. Back: postroom digests unmute {person} {section}")


@app.command()
def unmute(person: Who, section: What, wire: WireName = "") -> None:
    """He reads it again."""
    with open_desk() as desk:
        who = _person(desk, person, wire)
        with desk.engine.begin() as connection:
            was = unmute_section(connection, reader_key(who), section)
    out().print(f"User {who.user_id} reads {section} {'again' if was else 'already'}.")


# What is meant --------------------------------------------------------------------------------------------------------


def _digest(rooms: Rooms, name: str) -> Digest:
    found = next((each for each in rooms.digests if each.name == name), None)
    if found is None:
        known = suggestion(name, [each.name for each in rooms.digests])
        raise wrong_use(f"No digest is called {name}. {known}", "postroom digests plan")
    return found


def _person(desk: Desk, named: str, wire: str) -> Person:
    with desk.engine.connect() as connection:
        return person_named(connection, desk, wire_named(desk.settings, wire), named)


def _reader(rooms: Rooms, person: Person) -> Reader:
    zone = person.timezone or rooms.book.companies.of(person.company).hours.zone
    with rooms.engine.connect() as connection:
        accounts = accounts_of(connection, rooms.sealer, [person.id]).get(person.id, ())
    return Reader(reader_key(person), zone, as_recipient(person, accounts))


def _edition(digest: Digest, person: Person, reader: Reader, day: date) -> Edition:
    due_at = digest.due_at(day, reader.zone)
    return Edition(UUID(int=0), person.company, digest.name, reader.key, day, due_at, DigestState.PLANNED)


def _day(typed: str) -> date | None:
    try:
        return date.fromisoformat(typed) if typed else None
    except ValueError:
        raise wrong_use(f"--date: '{typed}' is no day.", "postroom digests preview --help") from None


def _moment(typed: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(typed) if typed else None
    except ValueError:
        found = None
    if typed and (found is None or found.tzinfo is None):
        raise wrong_use(
            f"--at: '{typed}' is no moment with its zone.", "postroom digests plan --at 2026-11-23T06:00+00:00"
        )
    return found
