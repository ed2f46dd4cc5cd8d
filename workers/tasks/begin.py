"""Events at the sorting room: what somebody must decide begins a run, everything else is told at once."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import structlog

from postroom.domain.alerts import is_alert, subject_of, worse
from postroom.domain.escalation import Chain, case_of, chain_for
from postroom.domain.events import Event, event_from
from postroom.domain.runs import DESK, RunStatus
from postroom.store.engine import Connection
from postroom.store.inbox import InboxRow, mark_done
from postroom.store.runs import NewRun, Noted, Run, begin_run, end_run, keep_flow, lock_open_run, note, note_all
from postroom.store.safety import odoo_wire
from postroom.store.storms import adopt
from workers.hints import Lane
from workers.tasks.escalate import join, put
from workers.tasks.gather import gather
from workers.tasks.reread import first_look
from workers.tasks.sort import sort_events
from workers.tasks.summary import Summary
from workers.wiring import Rooms

log = structlog.get_logger()


def receive_events(connection: Connection, rooms: Rooms, rows: Sequence[InboxRow], summary: Summary) -> set[Lane]:
    """Take these events: those that a chain is meant for begin runs, and their question is put at once."""
    asking = [(row, chain) for row in rows if (chain := _chain(rooms, row))]
    chosen = {row.id for row, _ in asking}
    together = gather(connection, rooms, [row for row, _ in asking])
    asking = [(row, chain) for row, chain in asking if row.id not in together]
    lanes = sort_events(connection, rooms, [row for row in rows if row.id not in chosen], summary)
    begun = {row.id: run for row, chain in asking if (run := _begin(connection, rooms, row, chain))}
    lanes |= put(connection, rooms, list(begun.values()), summary)
    adopt(connection, {row.id: begun[row.id].id for row, _ in asking if row.id in begun and is_alert(row.type)})
    for row, chain in asking:
        if row.id not in begun:
            lanes |= _ask_as_well(connection, rooms, row, chain, summary)
    mark_done(connection, "inbox", list(chosen))
    return lanes


def _chain(rooms: Rooms, row: InboxRow) -> Chain | None:
    return chain_for(row.type, case_of(row.payload, row.company), rooms.chains)


def _begin(connection: Connection, rooms: Rooms, row: InboxRow, chain: Chain) -> Run | None:
    """A new run; None where the same question is open already. A document that changed is asked about anew."""
    event, now = event_from(row.payload), rooms.clock.now()
    block = (row.payload.get("data") or {}).get("approval") or {}
    subject, revision = _about(row, event)
    new = NewRun(
        flow_version_id=keep_flow(connection, chain),
        flow_key=chain.key,
        company=event.company.id,
        subject=subject,
        subject_rev=revision,
        event_id=row.id,
        levels=len(chain.levels_for(case_of(row.payload, event.company.id))),
        tz=rooms.book.companies.of(event.company.id).hours.zone,
        requester_id=block.get("requester_id"),
        began_at=now,
        look_at=_first_look(connection, rooms, row, now),
    )
    before = lock_open_run(connection, new.company, new.flow_key, new.subject)
    if before is not None and _asks_anew(row, before, new):
        end_run(connection, before.id, RunStatus.OBSOLETE, "changed", now)
        note(connection, before, "obsolete", now, detail=f"the document changed: event {row.id}")
    run = begin_run(connection, new) if before is not None or row.source != DESK else None
    if run is not None:
        note(connection, run, "began", now, detail=f"by chain {chain.key}")
        log.info("run_began", run_id=str(run.id), company=run.company, flow=chain.key)
    return run


def _first_look(connection: Connection, rooms: Rooms, row: InboxRow, now: datetime) -> datetime | None:
    model = case_of(row.payload, row.company).model
    return first_look(rooms, row.type, model, odoo_wire(connection, row.company), now)


def _about(row: InboxRow, event: Event) -> tuple[str, str | None]:
    """What a question is about, and what would make it another one: a document's revision, an alert's severity."""
    if is_alert(row.type):
        return subject_of(row.payload), row.payload["data"]["alert"]["severity"]
    return event.document, ((row.payload.get("data") or {}).get("approval") or {}).get("revision")


def _asks_anew(row: InboxRow, before: Run, new: NewRun) -> bool:
    if is_alert(row.type):
        return worse(str(new.subject_rev), before.subject_rev)
    return before.subject_rev != new.subject_rev


def begun_by(connection: Connection, rooms: Rooms, row: InboxRow) -> UUID | None:
    """The open run that asks what an event asks, locked; None where no chain is meant for it."""
    chain, event = _chain(rooms, row), event_from(row.payload)
    run = chain and lock_open_run(connection, event.company.id, chain.key, _about(row, event)[0])
    return run.id if run else None


def _ask_as_well(connection: Connection, rooms: Rooms, row: InboxRow, chain: Chain, summary: Summary) -> set[Lane]:
    """What is asked about already is asked of one more; of whoever was asked before, not again."""
    event = event_from(row.payload)
    run = lock_open_run(connection, event.company.id, chain.key, _about(row, event)[0])
    if run is None and row.source == DESK:
        summary.add("came too late to be asked as well")
        return set()
    if run is None:  # it was decided in this very moment: what comes now is a new question, and the next try begins it
        raise LookupError(f"the run about {event.document} has ended meanwhile")
    lanes, joined = join(connection, rooms, run, row, summary)
    what, who = ("joined", joined) if joined else ("asked_again", [event.recipient_key])
    note_all(connection, [Noted(run, what, rooms.clock.now(), f"event {row.id}", each) for each in who])
    if joined and is_alert(row.type):
        adopt(connection, {row.id: run.id})
    return lanes
