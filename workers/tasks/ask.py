"""Whom a step is put to, and by which events: whoever cannot be asked is replaced at once. Database work only."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Any

from postroom.domain.escalation import Audience, Case, Chain, Step, Whom
from postroom.domain.event_types import matches
from postroom.domain.safety import Wire
from postroom.store.engine import Connection
from postroom.store.inbox import Cause, InboxRow, OwnEvent, add_own_events, events_at_step, events_by_id
from postroom.store.intents import Silent, reaching_nobody
from postroom.store.notices import NewNotice, raise_notices
from postroom.store.runs import Noted, Progress, Run, note_all
from postroom.store.votes import asked_at_place
from workers.hints import Lane
from workers.tasks.gather import as_it_is_now
from workers.tasks.resolve import Circle, Colleagues, Recipient, Resolved, asked_by, partner_of, resolve
from workers.tasks.sort import sort_events
from workers.tasks.summary import Summary
from workers.wiring import Rooms

SOURCE = "/postroom/run"
"""The CloudEvents source of what a run tells."""
ASKED = (Audience(Whom.ASKED),)


@dataclass(frozen=True, slots=True)
class Situation:
    """A run, and all that is read late about it."""

    run: Run
    chain: Chain
    row: InboxRow
    """The event that began it."""
    case: Case
    progress: Progress
    wire: Wire

    @property
    def data(self) -> Mapping[str, Any]:
        """What that event said."""
        return self.row.payload["data"]  # type: ignore[no-any-return]


# What a step writes ---------------------------------------------------------------------------------------------------


def write_step(connection: Connection, rooms: Rooms, situation: Situation, place: int) -> list[InboxRow]:
    """An event of our own for each who hears of the step; the question itself is the event that came."""
    run, chain, step = situation.run, situation.chain, situation.chain.step_at(place)
    level = chain.levels_for(situation.case)[chain.level_of(place)]
    first = place - place % len(chain.moments)
    asked = [_recipient(row) for row in events_at_step(connection, rooms.sealer, run.id, first)]
    audiences = level.to if step.to == ASKED and not asked else step.to
    meeting = _meeting(connection, rooms, situation, asked or asked_by(situation.data))
    resolved = resolve(meeting, audiences)
    if not resolved.people:
        resolved = resolve(meeting, [chain.owner], resolved.replaced)
        words = f"has nobody to hear of step {step.name} ({', '.join(map(str, audiences))})"
        raise_notices(connection, [for_operators(situation, words)])
    _note_replaced(connection, rooms, situation, resolved)
    return _rows(connection, rooms, situation, place, list(resolved.people.values()))


def write_joining(
    connection: Connection, rooms: Rooms, situation: Situation, row: InboxRow, place: int
) -> tuple[list[InboxRow], list[str]]:
    """What asks those of an event who were not asked before, at this place; and who they are."""
    before = asked_at_place(connection, situation.run, place)
    new = [each for each in asked_by(row.payload["data"]) if partner_of(each) not in before]
    resolved = resolve(_meeting(connection, rooms, situation, new), ASKED)
    _note_replaced(connection, rooms, situation, resolved)
    people = {who: each for who, each in resolved.people.items() if who not in before}
    return _rows(connection, rooms, replace(situation, row=row), place, list(people.values())), list(people)


def tell_step(
    connection: Connection, rooms: Rooms, situations: Iterable[Situation], rows: Sequence[InboxRow], summary: Summary
) -> set[Lane]:
    """Tell people what was written; in the place of whoever no channel reaches somebody else is told, at once."""
    lanes, by_run = sort_events(connection, rooms, rows, summary), {each.run.id: each for each in situations}
    lost: set[str] = set()
    while silent := reaching_nobody(connection, [row.id for row in rows]):
        lost |= {each.recipient for each in silent}
        rows = [row for each in silent for row in _instead(connection, rooms, by_run[each.run_id], each, lost)]
        lanes |= sort_events(connection, rooms, rows, summary)
    return lanes


def _instead(
    connection: Connection, rooms: Rooms, situation: Situation, silent: Silent, lost: Set[str]
) -> list[InboxRow]:
    """What asks somebody for whom no channel reaches, unless he is asked already."""
    (row,) = events_by_id(connection, rooms.sealer, {silent.event_id}).values()
    resolved = resolve(_meeting(connection, rooms, situation, [_recipient(row)], frozenset(lost)), ASKED)
    _note_replaced(connection, rooms, situation, resolved)
    before = asked_at_place(connection, situation.run, silent.step_no)
    people = [each for who, each in resolved.people.items() if who not in before]
    return _rows(connection, rooms, situation, silent.step_no, people)


def _meeting(
    connection: Connection,
    rooms: Rooms,
    situation: Situation,
    asked: Sequence[Recipient],
    lost: frozenset[str] = frozenset(),
) -> Colleagues:
    run = situation.run
    circle = Circle(asked, situation.chain.owner, run.company, situation.wire, run.requester_id, lost)
    return Colleagues(connection, rooms.sealer, circle, rooms.clock.now())


def _note_replaced(connection: Connection, rooms: Rooms, situation: Situation, resolved: Resolved) -> None:
    now = rooms.clock.now()
    note_all(connection, [Noted(situation.run, "replaced", now, str(each)) for each in resolved.replaced])


def _recipient(row: InboxRow) -> Recipient:
    return row.payload["data"]["recipient"]  # type: ignore[no-any-return]


def _rows(
    connection: Connection, rooms: Rooms, situation: Situation, place: int, people: Sequence[Recipient]
) -> list[InboxRow]:
    """What a step tells people, by events of our own; whom the question came for hears it by the event that came."""
    step, himself = situation.chain.step_at(place), situation.data["recipient"]
    cause = Cause(step.by, situation.run.id, place)
    itself = himself in people and (place == 0 or situation.row.id != situation.run.event_id)
    others = [person for person in people if not (itself and person == himself)]
    events = [_event(connection, rooms, situation, (step, place), person) for person in others]
    own = add_own_events(connection, rooms.sealer, events, cause)
    return [*([replace(situation.row, cause=cause)] if itself else []), *own]


def _event(
    connection: Connection, rooms: Rooms, situation: Situation, due: tuple[Step, int], person: Recipient
) -> OwnEvent:
    (step, place), run = due, situation.run
    rule = rooms.book.rule(step.by)
    asked = str(situation.row.payload["type"])
    kind = asked if rule is None or matches(rule.event_type, asked) else rule.event_type
    key = f"{run.id}:{run.iter}:{place}:{person['partner_id']}"
    told = {name: each for name, each in situation.data.items() if name != "approvers"}
    data = as_it_is_now(connection, rooms, run.id, {**told, "recipient": person})
    whole = {**situation.row.payload, "id": key, "source": SOURCE, "type": kind, "data": data}
    return OwnEvent(run.company, SOURCE, key, kind, whole)


def for_operators(situation: Situation, words: str) -> NewNotice:
    """What operators are told of a run."""
    run, owner = situation.run, situation.chain.owner
    told = f"{run.subject} ({run.flow_key}) {words}. Its owner: {owner}. Look: postroom runs show {run.id}"
    return NewNotice(f"run:{run.id}", run.company, "unanswered", told)
