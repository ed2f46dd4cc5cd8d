"""A storm of alerts is told: one message to each who is to hear of them, and one run that somebody takes."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from postroom.store.engine import Connection
from postroom.store.inbox import InboxRow, OwnEvent, add_own_events
from postroom.store.runs import run_is_over
from postroom.store.storms import Storm, gathered, mark_told, storms_by_id, take_turns
from postroom.store.timers import Outcome, Timer, still_due
from workers.tasks.begin import begun_by, receive_events
from workers.tasks.gather import SOURCE, told_together
from workers.tasks.summary import Summary
from workers.wiring import Rooms


def tell_storms(connection: Connection, rooms: Rooms, timers: Sequence[Timer]) -> dict[UUID, Outcome]:
    """Tell of these timers' storms whoever has not heard of them; void where somebody has taken it already."""
    storms = storms_by_id(connection, {timer.subject_id for timer in timers})
    take_turns(connection, [(storm.kind.company, storm.kind.type) for storm in storms.values()])
    due = still_due(connection, [timer.id for timer in timers])
    # Read again: while we waited for our turn, another may have told of it or somebody may have taken it.
    storms = storms_by_id(connection, {timer.subject_id for timer in timers if timer.id in due})
    told = {storm.id: _tell(connection, rooms, storm) for storm in storms.values()}
    return {timer.id: told.get(timer.subject_id, False) for timer in timers if timer.id in due}


def _tell(connection: Connection, rooms: Rooms, storm: Storm) -> bool:
    if storm.run_id is not None and run_is_over(connection, storm.run_id):
        return False
    rows = list(_written(connection, rooms, storm))
    receive_events(connection, rooms, rows, Summary())
    run_id = begun_by(connection, rooms, rows[0]) if rows else None
    if run_id is not None:
        mark_told(connection, storm.id, run_id)
    return bool(rows)


def _written(connection: Connection, rooms: Rooms, storm: Storm) -> Iterator[InboxRow]:
    """An event of our own for each who is to hear of it, once; the same alert's id, so that they share a run."""
    people = dict(gathered(connection, rooms.sealer, storm.id))
    events = [
        OwnEvent(
            company=storm.kind.company,
            source=SOURCE,
            key=f"{storm.id}:{who}",
            type=storm.kind.type,
            payload={
                **payload,
                "id": f"{storm.id}:{who}",
                "source": SOURCE,
                "data": told_together(connection, rooms, storm, payload["data"]["recipient"], payload["data"]),
            },
        )
        for who, payload in people.items()
    ]
    yield from add_own_events(connection, rooms.sealer, events, None)
