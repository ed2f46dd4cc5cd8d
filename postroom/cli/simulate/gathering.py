"""Where simulated events come from: the store or a file, in batches, with what is remembered of their people."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from postroom.cli.desk import Desk
from postroom.cli.simulate.event_file import pieces
from postroom.domain.events import Event, EventRefused, event_from
from postroom.domain.simulation import Memory, Place, World, concerned, places_of
from postroom.store.history import BATCH, known_of, past_events
from postroom.store.preferences import preferences_of

TOLD = 100
"""Faults that are shown; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Told:
    """An event, and when it was told."""

    event: Event
    at: datetime


@dataclass(slots=True)
class Intake:
    """What was read, and what of it was left out."""

    events: int = 0
    older: int = 0
    repeated: int = 0
    elsewhere: int = 0
    """Of other companies."""
    faults: list[str] = field(default_factory=list)
    faulty: int = 0
    first: datetime | None = None
    last: datetime | None = None
    _seen: set[tuple[str, str]] = field(default_factory=set)

    def admit(self, told: Told, since: datetime | None, company: str) -> bool:
        """Whether an event counts; each does once, as at the door."""
        event = told.event
        if since is not None and told.at < since:
            self.older += 1
        elif company and event.company.id != company:
            self.elsewhere += 1
        elif (event.source, event.key) in self._seen:
            self.repeated += 1
        else:
            self._seen.add((event.source, event.key))
            self.events += 1
            self.first = min(self.first or told.at, told.at)
            self.last = max(self.last or told.at, told.at)
            return True
        return False

    def refuse(self, place: str, problem: str) -> None:
        """Note a fault."""
        self.faulty += 1
        if len(self.faults) < TOLD:
            self.faults.append(f"{place}: {problem}")


def from_file(file: Path, intake: Intake, since: datetime | None, company: str) -> Iterator[list[Told]]:
    """The events of a file."""

    def read() -> Iterator[Told]:
        for piece in pieces(file):
            told = None if piece.fault else _told(piece.payload, piece.place, intake, None)
            if piece.fault:
                intake.refuse(piece.place, piece.fault)
            if told is not None and intake.admit(told, since, company):
                yield told

    return _batches(read())


def from_store(desk: Desk, intake: Intake, since: datetime, company: str) -> Iterator[list[Told]]:
    """The events that the store took in since then; one that cannot be read any more is noted."""
    with desk.engine.connect() as connection:
        for batch in past_events(connection, desk.sealer, since):
            read = [_told(each.payload, f"event {each.id}", intake, each.received_at) for each in batch]
            yield [told for told in read if told is not None and intake.admit(told, None, company)]


def memory_of(desk: Desk | None, batch: Sequence[Told], worlds: Iterable[World]) -> Memory:
    """What the store knows of everybody whom these events concern; nothing without a store."""
    if desk is None or not batch:
        return Memory()
    meant = [each for world in worlds for told in batch for each in concerned(told.event, world)]
    places: dict[Place, None] = dict.fromkeys(place for event in meant for place in places_of(event))
    people = {(event.company.id, event.recipient_key) for event in meant}
    with desk.engine.connect() as connection:
        return Memory(known_of(connection, desk.sealer, list(places)), preferences_of(connection, people))


def _told(payload: Any, place: str, intake: Intake, received_at: datetime | None) -> Told | None:
    if not isinstance(payload, dict):
        intake.refuse(place, "is no CloudEvent")
        return None
    try:
        event = event_from(payload)
    except EventRefused as refused:
        for fault in refused.faults:
            intake.refuse(place, str(fault))
        return None
    at = event.time or received_at
    if at is None:
        intake.refuse(place, "/time: is missing; without it nobody knows when it would have been told")
        return None
    return Told(event, at.astimezone(UTC))


def _batches(told: Iterator[Told]) -> Iterator[list[Told]]:
    while batch := list(islice(told, BATCH)):
        yield batch
