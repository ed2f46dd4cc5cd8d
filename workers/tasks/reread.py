"""The document behind a question, read again: whoever waits for a decision that nobody needs any more is let go."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import structlog

from postroom.domain.approvals import Way
from postroom.domain.fates import LOOK_AGAIN, LOOK_EVERY, Fate, answer_after, fate_of, look_first
from postroom.domain.runs import RunStatus
from postroom.domain.safety import Wire
from postroom.odoo.client import BATCH
from postroom.odoo.errors import OdooError
from postroom.odoo.subjects import Stand, stands
from postroom.store.decisions import reached_in
from postroom.store.engine import Connection
from postroom.store.looks import Looked, looks_wait, note_once, seen_open, take_looks
from postroom.store.runs import Run, end_run, lock_runs, note
from postroom.store.safety import odoo_wire
from workers.app import app
from workers.tasks.summary import Summary
from workers.tasks.tell import Outcome, tell, teller_of
from workers.wiring import Rooms, rooms

APPROVAL = "odoo.approval.requested"
log = structlog.get_logger()
Place = tuple[Wire, str]
"""An Odoo, and one of its models."""


@app.task(name="reread")
def reread() -> str:
    """Ask Odoo how the documents stand that runs wait for; asking twice is harmless."""
    return str(drain(rooms()))


def drain(rooms: Rooms) -> Summary:
    """Look at everything that is to be looked at, some hundred documents of a model in one call."""
    rooms.hints.clear("reread")
    summary = Summary("nothing was to be looked at")
    while looked := _take(rooms):
        for place, some in _by_place(rooms, looked).items():
            _look_at(rooms, place, some, summary)
    return summary


def first_look(rooms: Rooms, event_type: str, model: str, wire: Wire, now: datetime) -> datetime | None:
    """When the document of a new run is first looked at; None: it is none of our Odoo's that we know how to read."""
    known = event_type == APPROVAL and model in rooms.ways and _can_be_asked(rooms, wire)
    return now + rooms.clock.passing_in(LOOK_EVERY) if known else None


def to_be_looked_at(rooms: Rooms, run: Run, wire: Wire, now: datetime) -> datetime | None:
    """Until when a run's step waits for Odoo's word; None: it need not wait."""
    if run.look_at is None or not _can_be_asked(rooms, wire):
        return None
    return look_first(run.looked_at, run.look_wanted_at, now, rooms.clock.passing_in)


def _can_be_asked(rooms: Rooms, wire: Wire) -> bool:
    """The stand-in knows nothing of documents that a real Odoo asks about while its company is still in the sandbox.

    What it does not have somebody made up to try us out: there it is not gone, only unknown.
    """
    return rooms.erp.has(wire) and (wire is Wire.LIVE or not rooms.erp.has(Wire.LIVE))


def _take(rooms: Rooms) -> list[Looked]:
    now = rooms.clock.now()
    with rooms.engine.begin() as connection:
        again = now + rooms.clock.passing_in(LOOK_AGAIN)
        return take_looks(connection, now=now, again=again, limit=BATCH) if looks_wait(connection, now) else []


def _by_place(rooms: Rooms, looked: Sequence[Looked]) -> dict[Place, dict[int, Looked]]:
    with rooms.engine.connect() as connection:
        wires = {company: odoo_wire(connection, company) for company in {each.company for each in looked}}
    places: dict[Place, dict[int, Looked]] = defaultdict(dict)
    for each in looked:
        model, _, number = each.subject.partition(":")
        places[wires[each.company], model][int(number)] = each
    return places


def _look_at(rooms: Rooms, place: Place, looked: Mapping[int, Looked], summary: Summary) -> None:
    wire, model = place
    try:
        odoo = rooms.erp.at(wire) if _can_be_asked(rooms, wire) else None
        way = rooms.ways.get(model, {}).get(int(odoo.version)) if odoo else None
        found = stands(odoo, way, model, list(looked)) if odoo and way else {}
        found = {number: stand for number, stand in found.items() if stand.state is not None or wire is Wire.LIVE}
    except OdooError as error:
        summary.add(f"not seen: {error.fault.code}", len(looked))
        log.warning("subjects_not_seen", wire=wire.value, model=model, code=error.fault.code)
        return
    with rooms.engine.begin() as connection:
        _record(connection, rooms, way, {each.id: found.get(number) for number, each in looked.items()}, summary)


def _record(
    connection: Connection, rooms: Rooms, way: Way | None, found: Mapping[UUID, Stand | None], summary: Summary
) -> None:
    """What may not be read is taken to be open: whoever is asked can look for himself."""
    now, still = rooms.clock.now(), []
    for run in lock_runs(connection, found).values():
        stand = found[run.id]
        fate = fate_of(way, stand.state) if way and stand else Fate.OPEN
        summary.add(fate.value.replace("_", " "))
        if fate is Fate.OPEN:
            still.append(run.id)
            _note_change(connection, run, stand, now)
        elif end_run(connection, run.id, RunStatus.OBSOLETE, fate.value, now):
            state = stand.state if stand else None
            note(connection, run, RunStatus.OBSOLETE, now, detail=f"{fate.value}: Odoo has it as {state or 'gone'}")
            _tell_asked(connection, rooms, run, fate, now)
            log.info("run_obsolete", run_id=str(run.id), why=fate.value)
    seen_open(connection, still, now=now, again=now + rooms.clock.passing_in(LOOK_EVERY))


def _tell_asked(connection: Connection, rooms: Rooms, run: Run, fate: Fate, now: datetime) -> None:
    """Whoever has the question hears that nobody waits for his answer: he need not wonder at a card that is void."""
    code = answer_after(RunStatus.OBSOLETE, fate.value)
    for who, event in reached_in(connection, rooms.sealer, run.id).items():
        if code is not None:
            outcome = Outcome(
                f"settled:{run.id}:{run.iter}:{who}", run.company, code.value, teller_of(event["data"], now)
            )
            tell(connection, rooms, outcome)


def _note_change(connection: Connection, run: Run, stand: Stand | None, now: datetime) -> None:
    """Odoo writes to a document for trifles: that ends no question, but an answer to it is held against what it was."""
    if stand and stand.revision and run.subject_rev and stand.revision != run.subject_rev:
        words = f"written to in Odoo at {stand.revision}, asked about as of {run.subject_rev}"
        note_once(connection, run, "changed_in_odoo", now, words)
