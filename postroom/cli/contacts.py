"""postroom contacts: bring contacts and their consent in, look at one, and count whom a company would reach."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from config.companies import load_companies
from config.rules import ROUTING_FILE, read_routing
from postroom.cli.contact_file import FaultFile, Read, read_contacts
from postroom.cli.desk import Desk, open_desk
from postroom.cli.faults import REFUSED, Refused
from postroom.cli.showing import AsJson, Reveal, emit, out, people, said, shown, table, when
from postroom.domain import addresses
from postroom.domain.auditing import Audit, Footing, for_customers, verdict
from postroom.domain.channels import ChannelName
from postroom.domain.contact_list import Entry
from postroom.domain.preferences import NONE, Preferences
from postroom.domain.routing import TITLES
from postroom.store import consents
from postroom.store.consents import Consent, record_consents
from postroom.store.contacts import Address, Point, add_contacts, everybody, points_of
from postroom.store.preferences import preferences_of

BATCH = 1000
app = typer.Typer(no_args_is_help=True, help="Whom we may write to, and where.")


# Import ---------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Summary:
    """What an import did."""

    lines: int = 0
    imported: int = 0
    refused: int = 0
    new_addresses: int = 0
    new_consents: int = 0


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A CSV in UTF-8; docs/preferences.md names its columns.")],
    all_or_nothing: Annotated[bool, typer.Option(help="Import nothing if a single line cannot be used.")] = False,
    faults: Annotated[Path | None, typer.Option(help="Where refused lines go. Default: FILE.faults.csv.")] = None,
    as_json: AsJson = False,
) -> None:
    """Import contacts with their opt-ins. Importing the same file again changes nothing. Exit code 1 on any fault."""
    refused = FaultFile(faults or file.with_suffix(".faults.csv"))
    summary = Summary()
    with open_desk() as desk:
        if all_or_nothing:
            _only_check(file, refused, summary, quiet=as_json)
        if not refused.lines:
            _import(desk, file, refused, summary := Summary(), quiet=as_json)
    refused.close()
    _tell(summary, refused, as_json=as_json)
    if refused.lines:
        raise typer.Exit(REFUSED)


def _only_check(file: Path, refused: FaultFile, summary: Summary, *, quiet: bool) -> None:
    for read in _watched(file, "checking", quiet=quiet):
        _usable(read, refused, summary)


def _import(desk: Desk, file: Path, refused: FaultFile, summary: Summary, *, quiet: bool) -> None:
    batch: list[Entry] = []
    for read in _watched(file, "importing", quiet=quiet):
        entry = _usable(read, refused, summary)
        batch += [entry] if entry else []
        if len(batch) == BATCH:
            _keep(desk, batch, summary)
            batch = []
    _keep(desk, batch, summary)


def _usable(read: Read, refused: FaultFile, summary: Summary) -> Entry | None:
    summary.lines += 1
    if read.entry is None:
        refused.add(read)
        summary.refused += 1
    return read.entry


def _keep(desk: Desk, batch: Sequence[Entry], summary: Summary) -> None:
    points = [
        Address(entry.company, entry.partner, channel, value, entry.name)
        for entry in batch
        for channel, value in entry.addresses.items()
    ]
    with desk.engine.begin() as connection:
        summary.new_addresses += add_contacts(connection, desk.sealer, points)
        summary.new_consents += record_consents(connection, list(_words(desk, batch)))
    summary.imported += len(batch)


def _words(desk: Desk, batch: Sequence[Entry]) -> Iterator[Consent]:
    for entry in batch:
        word = entry.word
        if word is not None:
            blind = desk.sealer.blind(word.channel, entry.addresses[word.channel])
            yield Consent(entry.company, word.channel, blind, word.granted, word.source, word.wording, word.at)


def _watched(file: Path, what: str, *, quiet: bool) -> Iterator[Read]:
    """The lines, with a bar of the bytes that are behind us."""
    size = file.stat().st_size if file.exists() else 0
    bar = (TextColumn(what), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*bar, console=people(), transient=True, disable=quiet) as progress:
        task = progress.add_task(what, total=size)
        for read in read_contacts(file, datetime.now(UTC)):
            progress.update(task, completed=min(read.position, size))
            yield read


def _tell(summary: Summary, refused: FaultFile, *, as_json: bool) -> None:
    if as_json:
        emit({"ok": not refused.lines, **_plain(summary), "faults": str(refused.path) if refused.lines else None})
        return
    out().print(
        f"{summary.imported:,} of {summary.lines:,} lines imported: {summary.new_addresses:,} new addresses, "
        f"{summary.new_consents:,} new words on consent."
    )
    if refused.lines:
        out().print(
            f"{refused.lines:,} lines cannot be used; they stand with their faults in {said(str(refused.path))}."
        )
        out().print(
            f"Mend them there and run: [bold]postroom contacts import {said(str(refused.path))}[/]", soft_wrap=True
        )


def _plain(summary: Summary) -> dict[str, int]:
    return {name: getattr(summary, name) for name in Summary.__slots__}


# Audit ----------------------------------------------------------------------------------------------------------------


@app.command()
def audit(
    company: Annotated[str, typer.Argument(help="The company's id in Odoo; nothing counts all.")] = "",
    as_json: AsJson = False,
) -> None:
    """Count whom each kind of message would reach, and by which way, if the company were live now. Sends nothing."""
    routing = read_routing(ROUTING_FILE.read_text("utf-8"), file=str(ROUTING_FILE), templates=None)
    companies = load_companies()
    found = Audit(for_customers(routing.rules), datetime.now(UTC))
    with open_desk() as desk, desk.engine.connect() as reading, desk.engine.connect() as asking:
        for known in everybody(reading, company):
            person = (known.company, f"partner:{known.partner}")
            chosen: Preferences = preferences_of(asking, [person]).get(person, NONE)
            found.count(known.points, companies.of(known.company), chosen)
    if not found.people:
        raise Refused("Nobody is known there yet.", "postroom contacts import contacts.csv")
    _show_audit(found, as_json=as_json)


def _show_audit(found: Audit, *, as_json: bool) -> None:
    if as_json:
        emit(_audit_json(found))
        return
    standing = [
        (TITLES[channel], *(f"{found.standing[channel, footing]:,}" for footing in Footing))
        for channel in ChannelName
        if any(found.standing[channel, footing] for footing in Footing)
    ]
    out().print(table("channel", "open", "no opt-in", "opted out", "unreachable", rows=standing))
    rows = [
        (
            tally.message_type,
            ", ".join(f"{TITLES[channel]} {count:,}" for channel, count in tally.first.most_common()),
            f"{tally.nobody:,}",
            f"{100 * (tally.people - tally.nobody) / tally.people:.1f} %",
        )
        for tally in found.reached.values()
    ]
    out().print()
    out().print(table("message type", "would get it by", "nobody", "reached", rows=rows))
    out().print()
    for line in verdict(found):
        out().print(said(line))


def _audit_json(found: Audit) -> dict[str, object]:
    return {
        "people": found.people,
        "channels": {
            channel: {footing: found.standing[channel, footing] for footing in Footing} for channel in ChannelName
        },
        "message_types": {
            tally.message_type: {
                "people": tally.people,
                "nobody": tally.nobody,
                "first": dict(tally.first),
                "muted": dict(tally.muted),
                "instead": [
                    {"channel": channel, "why": why, "instead": other, "people": count}
                    for (channel, why, other), count in tally.instead.items()
                ],
            }
            for tally in found.reached.values()
        },
        "verdict": list(verdict(found)),
    }


# One of them ----------------------------------------------------------------------------------------------------------


@app.command()
def show(
    who: Annotated[str, typer.Argument(help="A partner's id in Odoo, or an exact address.")],
    reveal: Reveal = False,
    as_json: AsJson = False,
) -> None:
    """Everything that is known of a person's addresses: reach, opt-in and opt-out, with history."""
    with open_desk() as desk, desk.engine.connect() as connection:
        points = points_of(connection, desk.sealer, partner=who, blinds=_blinds(desk, who))
        if not points:
            raise Refused(f"Nobody with the id or address '{who}' is known.", "postroom contacts import contacts.csv")
        words = {each: consents.history(connection, each.company, each.channel, each.blind) for each in points}
    if as_json:
        emit([_point_json(each, words[each], reveal=reveal) for each in points])
        return
    for each in points:
        where = f"{shown(each.address, reveal=reveal)} ({TITLES[each.channel]})"
        out().print(f"[bold]{said(where)}[/] of partner {said(each.partner)}, company {said(each.company)}")
        if each.unreachable_until is not None:
            out().print(f"  unreachable until {each.unreachable_until:%Y-%m-%d} ({said(each.unreachable_code or '')})")
        told = [_word(word) for word in words[each]] or ["never said whether he may be written to here"]
        out().print("\n".join(f"  {said(word)}" for word in told))


def _blinds(desk: Desk, who: str) -> list[tuple[ChannelName, bytes]]:
    """Where an exact address might stand: on every channel that could have it."""
    found = []
    for channel in ChannelName:
        try:
            found.append((channel, desk.sealer.blind(channel, addresses.normal(channel, who, None))))
        except addresses.NotAnAddress:
            continue
    return found


def _word(word: Consent) -> str:
    words, at = f": {word.wording}" if word.wording else "", when(word.at) if word.at else "now"
    return f"{at} {'opted in' if word.granted else 'opted out'} ({word.source}){words}"


def _point_json(point: Point, words: Sequence[Consent], *, reveal: bool) -> dict[str, object]:
    return {
        "company": point.company,
        "partner": point.partner,
        "channel": point.channel,
        "address": shown(point.address, reveal=reveal),
        "unreachable_until": point.unreachable_until,
        "unreachable_code": point.unreachable_code,
        "consent": [
            {"granted": word.granted, "source": word.source, "wording": word.wording, "at": word.at} for word in words
        ],
    }
