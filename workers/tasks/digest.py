"""Digests: planned each hour, due by a timer, made from what Odoo and our own tables tell, and sent as events."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog

from postroom.domain.channels import Verdict
from postroom.domain.digest_words import Figure, in_language, told
from postroom.domain.digests import (
    Before,
    Digest,
    DigestState,
    Outsider,
    Section,
    is_stale,
    planned,
    put_off,
    timer_key,
    yesterday,
)
from postroom.domain.escalation import Whom
from postroom.domain.languages import LAST_RESORT
from postroom.domain.people import Person
from postroom.domain.safety import Wire
from postroom.odoo.client import Odoo
from postroom.odoo.errors import OdooError
from postroom.odoo.figures import QUESTIONS, company_of, read_figures
from postroom.outside.writer import UNFAITHFUL, NoWords, Writer
from postroom.store.digests import (
    MAX_ATTEMPTS,
    Edition,
    editions_by_id,
    editions_wait,
    end_edition,
    had_before,
    move_edition,
    muted_sections,
    own_figures,
    plan_edition,
    take_editions,
    want_editions,
)
from postroom.store.engine import Connection
from postroom.store.inbox import OwnEvent, add_own_events
from postroom.store.notices import close_notice, raise_notice
from postroom.store.people import accounts_of, email_blind, people_with_role, person_of_user
from postroom.store.safety import odoo_wire
from postroom.store.sealing import Sealer
from postroom.store.timers import Outcome, Timer, still_due
from workers.app import app
from workers.metrics import WORDINGS
from workers.tasks.resolve import as_recipient
from workers.tasks.summary import Summary
from workers.wiring import Rooms, rooms

SOURCE = "/postroom/digest"
"""The CloudEvents source of digests."""
EVENT = "odoo.digest.daily"
AT_ONCE = 200
"""Editions that one round of readings serves."""
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who reads a digest."""

    key: str
    zone: str
    recipient: Mapping[str, Any]

    @property
    def language(self) -> str | None:
        """In which his digest is."""
        return self.recipient.get("language")


@dataclass(frozen=True, slots=True)
class Gathered:
    """What one company's digests are made of."""

    company: Mapping[str, Any]
    figures: Mapping[Section, tuple[Figure, ...]]
    left_out: Mapping[Section, str] = field(default_factory=dict)
    """Sections that could not be read, and why."""


# Planning -------------------------------------------------------------------------------------------------------------


@app.task(name="plan_digests")
def plan_digests() -> str:
    """Write down who reads what in the coming hours; planning twice is planning once."""
    return str(plan(rooms()))


def plan(rooms: Rooms) -> Summary:
    """A timer for each digest that falls due soon."""
    summary = Summary("no digest falls due soon")
    for digest in rooms.digests:
        for company in digest.companies:
            with rooms.engine.begin() as connection:
                _plan(connection, rooms, digest, company, summary)
    return summary


def _plan(connection: Connection, rooms: Rooms, digest: Digest, company: str, summary: Summary) -> None:
    now, hours = rooms.clock.now(), rooms.book.companies.of(company).hours
    readers = readers_of(connection, rooms, digest, company)
    before = had_before(connection, digest.name, list(readers), now)
    for key, reader in readers.items():
        for found in planned(digest, hours, reader.zone, now, before.get(key, Before())):
            if plan_edition(connection, digest.name, key, company, found):
                summary.add("planned")


def readers_of(connection: Connection, rooms: Rooms, digest: Digest, company: str) -> dict[str, Reader]:
    """Who reads a digest of a company just now; each reads about his own company."""
    zone = rooms.book.companies.of(company).hours.zone
    wire = odoo_wire(connection, company)
    own = [each for each in _people(connection, rooms.sealer, digest, wire, company) if each.active]
    accounts = accounts_of(connection, rooms.sealer, [each.id for each in own])
    readers = {
        reader_key(each): Reader(reader_key(each), each.timezone or zone, as_recipient(each, accounts.get(each.id, ())))
        for each in own
        if each.company == company
    }
    return readers | {each.key: each for each in _outsiders(rooms.sealer, digest, zone)}


def reader_key(person: Person) -> str:
    """A user as a digest's reader."""
    return f"{person.wire}:user:{person.user_id}"


def _people(connection: Connection, sealer: Sealer, digest: Digest, wire: Wire, company: str) -> Iterator[Person]:
    for audience in digest.readers:
        if audience.whom is Whom.ROLE:
            yield from people_with_role(connection, sealer, wire, company, audience.name)
        elif person := person_of_user(connection, sealer, wire, int(audience.name)):
            yield person


def _outsiders(sealer: Sealer, digest: Digest, zone: str) -> Iterator[Reader]:
    for each in digest.outsiders:
        key = f"email:{email_blind(sealer, each.email).hex()[:32]}"
        yield Reader(key, each.timezone or zone, _as_recipient(each, key))


def _as_recipient(outsider: Outsider, key: str) -> Mapping[str, Any]:
    known = {"language": outsider.language, "timezone": outsider.timezone}
    named = {"partner_id": key.replace(":", "-"), "name": outsider.name, "email": outsider.email}
    return {**named, **{name: value for name, value in known.items() if value}}


# Due ------------------------------------------------------------------------------------------------------------------


def want_digests(connection: Connection, rooms: Rooms, timers: Sequence[Timer]) -> dict[UUID, Outcome]:
    """These are due: Odoo is read for them next, outside of any transaction. Database work only."""
    due = still_due(connection, [timer.id for timer in timers])
    editions = editions_by_id(connection, [timer.subject_id for timer in timers if timer.id in due])
    crew = _Crew(connection, rooms)
    outcomes: dict[UUID, Outcome] = {}
    for timer in timers:
        if timer.id in due:
            edition = editions.get(timer.subject_id)
            outcomes[timer.id] = _fire(crew, edition) if edition else False
    want_editions(connection, [timer.subject_id for timer in timers if outcomes.get(timer.id) is True])
    return outcomes


class _Crew:
    """The readers of the digests that are due; those of one digest and company are looked up once."""

    def __init__(self, connection: Connection, rooms: Rooms) -> None:
        self.connection, self.rooms = connection, rooms
        self.digests = {each.name: each for each in rooms.digests}
        self._readers: dict[tuple[str, str], dict[str, Reader]] = {}

    def reader(self, edition: Edition) -> Reader | None:
        """Who reads it; None where he is no reader of it any more."""
        digest, about = self.digests.get(edition.name), (edition.name, edition.company)
        if digest is None or edition.company not in digest.companies:
            return None
        if about not in self._readers:
            self._readers[about] = readers_of(self.connection, self.rooms, digest, edition.company)
        return self._readers[about].get(edition.reader)


def _fire(crew: _Crew, edition: Edition) -> Outcome:
    now, reader = crew.rooms.clock.now(), crew.reader(edition)
    if reader is None:
        end_edition(crew.connection, edition.id, DigestState.VOID, "no reader of it any more")
        return False
    if later := put_off(crew.digests[edition.name], edition.day, reader.zone, now):
        move_edition(crew.connection, edition.id, later)
        return later
    return not _dropped(crew.connection, edition, now)


def _dropped(connection: Connection, edition: Edition, now: datetime) -> bool:
    """A morning's digest is no use in the afternoon."""
    if not is_stale(edition.due_at, now):
        return False
    end_edition(connection, edition.id, DigestState.STALE, f"made at {now:%H:%M} UTC at the earliest")
    log.info("digest_stale", name=edition.name, company=edition.company)
    return True


# Made -----------------------------------------------------------------------------------------------------------------


@app.task(name="make_digests")
def make_digests() -> str:
    """Read what the digests that are due tell, and send them; making twice is making once."""
    return str(drain(rooms()))


def drain(rooms: Rooms) -> Summary:
    """Make every digest that is due, the readings of a company shared by all its readers."""
    rooms.hints.clear("make_digests")
    summary = Summary("no digest was due")
    while editions := _take(rooms):
        by_company: dict[str, list[Edition]] = {}
        for edition in editions:
            by_company.setdefault(edition.company, []).append(edition)
        for company, some in by_company.items():
            _make(rooms, company, some, summary)
    if summary.counts[DigestState.SENT]:
        rooms.hints.route()
    return summary


def _take(rooms: Rooms) -> list[Edition]:
    with rooms.engine.begin() as connection:
        return take_editions(connection, AT_ONCE) if editions_wait(connection) else []


def _make(rooms: Rooms, company: str, editions: Sequence[Edition], summary: Summary) -> None:
    digests = {each.name: each for each in rooms.digests}
    wanted = {section for each in editions if each.name in digests for section in digests[each.name].sections}
    try:
        gathered = gather_figures(rooms, company, wanted)
    except OdooError as error:
        _not_read(rooms, editions, error, summary)
        return
    openings = _written(rooms.writer, _blocks(rooms, editions, gathered)) if rooms.writer else {}
    with rooms.engine.begin() as connection:
        _tell_of_left_out(connection, company, gathered)
        crew = _Crew(connection, rooms)
        muted = muted_sections(connection, {each.reader for each in editions})
        for edition in editions:
            summary.add(_send(crew, edition, gathered, muted.get(edition.reader, frozenset()), openings))


# Words ----------------------------------------------------------------------------------------------------------------


def _blocks(rooms: Rooms, editions: Sequence[Edition], gathered: Gathered) -> list[dict[str, Any]]:
    """What each reader's digest says, to be written about before it is sent."""
    with rooms.engine.connect() as connection:
        crew = _Crew(connection, rooms)
        muted = muted_sections(connection, {each.reader for each in editions})
        readers = [(edition, crew.reader(edition)) for edition in editions]
    datas = [
        digest_data(crew.digests[edition.name], edition, reader, gathered, muted.get(edition.reader, frozenset()))
        for edition, reader in readers
        if reader is not None
    ]
    return [data for data in datas if data is not None]


def _written(writer: Writer, datas: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """An opening for each different digest; none for one where it said what is not in it, or once no answer came."""
    openings: dict[str, str] = {}
    for opening, data in {_opening_of(data): data for data in datas}.items():
        block, language = data["digest"], data["recipient"].get("language")
        try:
            openings[opening] = writer.words(block["role"], block["date"], block["sections"], language)
            WORDINGS.labels(outcome="used").inc()
        except NoWords as none:
            WORDINGS.labels(outcome=none.code).inc()
            log.warning("digest_without_opening", code=none.code)
            if none.code != UNFAITHFUL:
                break
    return openings


def _opening_of(data: Mapping[str, Any]) -> str:
    """What two readers have in common who may read the same words."""
    return json.dumps([data["digest"], data["recipient"].get("language")], sort_keys=True)


def gather_figures(rooms: Rooms, company: str, wanted: Iterable[Section]) -> Gathered:
    """Each section read once. What our user may not see is left out; raises OdooError where Odoo cannot be asked."""
    now, zone = rooms.clock.now(), rooms.book.companies.of(company).hours.zone
    day, chosen = now.astimezone(ZoneInfo(zone)).date(), sorted(wanted)
    with rooms.engine.connect() as connection:
        wire = odoo_wire(connection, company)
        span = yesterday(day, zone)
        figures = {each: own_figures(connection, each, company, span, now) for each in chosen}
    odoo, left_out = rooms.erp.at(wire), {}
    for section in [each for each in chosen if each in QUESTIONS and odoo is not None]:
        try:
            figures[section] += read_figures(odoo, int(company), section, day)  # type: ignore[arg-type]
        except OdooError as error:
            if error.fault.verdict is not Verdict.PERMANENT:
                raise
            left_out[section] = error.fault.code
    return Gathered(_company(odoo, int(company)), figures, left_out)


def _company(odoo: Odoo | None, company: int) -> Mapping[str, Any]:
    return company_of(odoo, company) if odoo else {"id": company, "name": str(company)}


def _not_read(rooms: Rooms, editions: Sequence[Edition], error: OdooError, summary: Summary) -> None:
    """Their leases run out, and they are tried again; after the last of their tries they are given up."""
    summary.add(f"not read: {error.fault.code}", len(editions))
    log.warning("digests_not_read", company=editions[0].company, code=error.fault.code)
    with rooms.engine.begin() as connection:
        for edition in editions:
            if edition.attempts >= MAX_ATTEMPTS:
                end_edition(connection, edition.id, DigestState.FAILED, f"Odoo could not be read: {error.fault.code}")


def _tell_of_left_out(connection: Connection, company: str, gathered: Gathered) -> None:
    key = f"digest:left_out:{company}"
    if not gathered.left_out:
        close_notice(connection, key)
        return
    told_of = ", ".join(f"{section} ({code})" for section, code in gathered.left_out.items())
    words = f"Digests of company {company} came without what our user may not read: {told_of}. See: postroom odoo check"
    raise_notice(connection, key=key, company=company, kind="digest", words=words)


def _send(crew: _Crew, edition: Edition, gathered: Gathered, muted: frozenset[str], openings: Mapping[str, str]) -> str:
    reader, connection = crew.reader(edition), crew.connection
    if reader is None:
        end_edition(connection, edition.id, DigestState.VOID, "no reader of it any more")
        return DigestState.VOID
    if _dropped(connection, edition, crew.rooms.clock.now()):
        return DigestState.STALE
    data = digest_data(crew.digests[edition.name], edition, reader, gathered, muted)
    if data is None:
        end_edition(connection, edition.id, DigestState.EMPTY, "there was nothing to tell")
        return DigestState.EMPTY
    if opening := openings.get(_opening_of(data)):
        data["digest"]["summary"] = opening
    rows = add_own_events(connection, crew.rooms.sealer, [_event(edition, data, crew.rooms.clock.now())])
    why = ", ".join(f"without {section}: {code}" for section, code in gathered.left_out.items())
    end_edition(connection, edition.id, DigestState.SENT, why, rows[0].id if rows else None)
    return DigestState.SENT


def digest_data(
    digest: Digest, edition: Edition, reader: Reader, gathered: Gathered, muted: Iterable[str] = ()
) -> dict[str, Any] | None:
    """What the event says to one reader; None where there is nothing to tell."""
    sections = told(gathered.figures, [each for each in digest.sections if each not in set(muted)], reader.language)
    if not sections:
        return None
    block = {
        "id": f"{digest.name}-{edition.day}",
        "role": in_language(digest.title, reader.language or LAST_RESORT),
        "date": edition.day.isoformat(),
        "sections": sections,
    }
    return {"company": dict(gathered.company), "recipient": dict(reader.recipient), "digest": block}


def _event(edition: Edition, data: Mapping[str, Any], now: datetime) -> OwnEvent:
    key = timer_key(edition.name, edition.reader, edition.day)
    payload = {
        "specversion": "1.0",
        "id": key,
        "source": SOURCE,
        "type": EVENT,
        "time": now.isoformat(),
        "data": dict(data),
    }
    return OwnEvent(company=edition.company, source=SOURCE, key=key, type=EVENT, payload=payload)
