"""What came through the door: raw requests, the events in them, and how far each has been dealt with."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Engine, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.types import Text, Uuid

from postroom.store.ids import new_id
from postroom.store.sealing import Sealer

MAX_FAILURES = 5
"""After so many failures a row is dead and listed; it never blocks the others."""


class Unavailable(Exception):
    """PostgreSQL cannot be reached, so nothing was kept; the sender should try again."""


class Conflict(Exception):
    """An event's id was used before with other content; nothing of the request was kept."""

    def __init__(self, keys: Sequence[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"source {source} id {key}" for source, key in keys))
        self.keys = tuple(keys)


@dataclass(frozen=True, slots=True)
class NewEvent:
    """One event to keep; payload is its canonical JSON."""

    company: str
    source: str
    key: str
    type: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """Our ids of the events, in the order given, and which of them we had before."""

    ids: tuple[UUID, ...]
    duplicate: tuple[bool, ...]


@contextmanager
def reaching() -> Iterator[None]:
    """Translate a database that cannot be reached into Unavailable."""
    try:
        yield
    except PoolTimeout as error:
        raise Unavailable("all connections to PostgreSQL are busy") from error
    except DBAPIError as error:
        if error.connection_invalidated or error.orig is None or getattr(error.orig, "sqlstate", None) is None:
            raise Unavailable("PostgreSQL cannot be reached") from error
        if str(error.orig.sqlstate)[:2] in {"08", "53", "57"}:  # type: ignore[attr-defined]
            raise Unavailable(f"PostgreSQL refuses work: {error.orig}") from error
        raise


_KEEP_REQUEST = text("""
    insert into request (id, source, sha256, headers, body, state)
    values (:id, :source, :sha256, :headers, :body, :state)
    on conflict (source, sha256) do nothing
""")

_KEEP_EVENTS = text("""
    with raw as (
        insert into request (id, source, sha256, headers, body, state)
        values (:request_id, :sender, :sha256, :headers, :body, 'parsed')
        on conflict (source, sha256) do nothing
        returning id
    )
    insert into inbox (id, request_id, kind, company, source, key, type, payload, digest)
    select new.id, (select id from raw), 'event', new.company, new.source, new.key, new.type, new.payload, new.digest
    from unnest(:ids, :companies, :sources, :keys, :types, :payloads, :digests)
        as new (id, company, source, key, type, payload, digest)
    order by new.source, new.key -- two batches with the same events in another order would wait for each other
    on conflict (source, key) do nothing
    returning id
""").bindparams(
    bindparam("ids", type_=ARRAY(Uuid)),
    *(bindparam(name, type_=ARRAY(Text)) for name in ("companies", "sources", "keys", "types")),
    *(bindparam(name, type_=ARRAY(BYTEA)) for name in ("payloads", "digests")),
)

_EVENTS_WAIT = text("""
    select exists (select from inbox where kind = 'event' and state = 'new' and next_at <= clock_timestamp())
""")
_HAD = text("""
    select inbox.source, inbox.key, inbox.id, inbox.digest
    from inbox join unnest(:sources, :keys) as had (source, key)
        on inbox.source = had.source and inbox.key = had.key
""").bindparams(bindparam("sources", type_=ARRAY(Text)), bindparam("keys", type_=ARRAY(Text)))


def keep_events(
    engine: Engine,
    sealer: Sealer,
    *,
    source: str,
    headers: Mapping[str, str],
    body: bytes,
    events: Sequence[NewEvent],
) -> Kept:
    """Keep a request and its events, all or nothing; may be called twice with the same.

    Raises Conflict for an id that was used with other content, Unavailable when PostgreSQL cannot be reached.
    """
    with reaching(), engine.begin() as connection:
        return keep_events_within(connection, sealer, source=source, headers=headers, body=body, events=events)


def keep_events_within(
    connection: Connection,
    sealer: Sealer,
    *,
    source: str,
    headers: Mapping[str, str],
    body: bytes,
    events: Sequence[NewEvent],
) -> Kept:
    """The same in a transaction of the caller's, which a Conflict leaves as it was."""
    ids = [new_id() for _ in events]
    digests = [_digest(sealer, event) for event in events]
    made = set(
        connection.scalars(
            _KEEP_EVENTS,
            {
                "request_id": new_id(),
                "sender": source,
                "sha256": hashlib.sha256(body).digest(),
                "headers": sealer.seal_json(dict(headers), "request.headers"),
                "body": sealer.seal(body, "request.body"),
                "ids": ids,
                "companies": [event.company for event in events],
                "sources": [event.source for event in events],
                "keys": [event.key for event in events],
                "types": [event.type for event in events],
                "payloads": [sealer.seal(event.payload, "inbox.payload") for event in events],
                "digests": digests,
            },
        )
    )
    if len(made) == len(ids):
        return Kept(tuple(ids), (False,) * len(ids))
    return _with_those_had(connection, events, digests, made)


def events_wait(connection: Connection) -> bool:
    """Whether an event waits to be routed."""
    return bool(connection.scalar(_EVENTS_WAIT))


def _digest(sealer: Sealer, event: NewEvent) -> bytes:
    return sealer.blind("inbox.digest", hashlib.sha256(event.payload).hexdigest())


def _with_those_had(
    connection: Connection, events: Sequence[NewEvent], digests: Sequence[bytes], made: set[UUID]
) -> Kept:
    rows = connection.execute(
        _HAD, {"sources": [event.source for event in events], "keys": [event.key for event in events]}
    )
    had = {(row.source, row.key): row for row in rows}
    found = [had[event.source, event.key] for event in events]
    conflicts = [(row.source, row.key) for row, digest in zip(found, digests, strict=True) if row.digest != digest]
    if conflicts:
        raise Conflict(conflicts)
    return Kept(tuple(row.id for row in found), tuple(row.id not in made for row in found))


def keep_request(engine: Engine, sealer: Sealer, *, source: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Keep a provider's raw request for `observe` to read. False: this very body was kept before."""
    with reaching(), engine.begin() as connection:
        result = connection.execute(
            _KEEP_REQUEST,
            {
                "id": new_id(),
                "source": source,
                "sha256": hashlib.sha256(body).digest(),
                "headers": sealer.seal_json(dict(headers), "request.headers"),
                "body": sealer.seal(body, "request.body"),
                "state": "new",
            },
        )
        return bool(result.rowcount)


# Draining ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cause:
    """By which rule an event of our own is told of, and by which step of which run, where it is one's."""

    rule: str
    run_id: UUID | None = None
    step_no: int | None = None


@dataclass(frozen=True, slots=True)
class InboxRow:
    """One event that waits to be dealt with."""

    id: UUID
    company: str
    source: str
    key: str
    type: str
    payload: Any
    failures: int
    cause: Cause | None = None
    """None: it came from outside, and every rule that is meant for it tells of it."""


@dataclass(frozen=True, slots=True)
class RawRequest:
    """One provider's request that waits to be read."""

    id: UUID
    source: str
    headers: Mapping[str, str]
    body: bytes
    failures: int


_TAKE_EVENTS = text("""
    select id, company, source, key, type, payload, failures from inbox
    where kind = :kind and state in ('new', 'parked') and next_at <= clock_timestamp() and not exists (
        -- What one person says is applied in order, also when two processes drain at once.
        select from inbox older
        where older.contact_blind = inbox.contact_blind and older.state in ('new', 'parked') and older.id < inbox.id
    )
    order by next_at, id limit :limit for update of inbox skip locked
""")

_TAKE_REQUESTS = text("""
    select id, source, headers, body, failures from request
    where state = 'new' and next_at <= clock_timestamp()
    order by next_at, id limit :limit for update skip locked
""")


def take_events(connection: Connection, sealer: Sealer, kind: str, limit: int) -> list[InboxRow]:
    """Lock the next rows of a kind until the caller's transaction ends; nobody else sees them meanwhile."""
    return [_row(sealer, row) for row in connection.execute(_TAKE_EVENTS, {"kind": kind, "limit": limit})]


def _row(sealer: Sealer, row: Any) -> InboxRow:
    payload = sealer.open_json(row.payload, "inbox.payload")
    return InboxRow(row.id, row.company, row.source, row.key, row.type, payload, row.failures)


def take_requests(connection: Connection, sealer: Sealer, limit: int) -> list[RawRequest]:
    """Lock the next raw provider requests until the caller's transaction ends."""
    return [
        RawRequest(
            row.id,
            row.source,
            sealer.open_json(row.headers, "request.headers"),
            sealer.open(row.body, "request.body"),
            row.failures,
        )
        for row in connection.execute(_TAKE_REQUESTS, {"limit": limit})
    ]


_DONE = {
    table: text(f"update {table} set state = :state{done_at} where id = any(:ids)").bindparams(  # noqa: S608
        bindparam("ids", type_=ARRAY(Uuid))
    )
    for table, done_at in (("inbox", ", done_at = clock_timestamp()"), ("request", ""))
}

_FAILED = {
    table: text(f"""
        update {table} set failures = failures + 1, error = :error,
            state = case when failures + 1 >= {MAX_FAILURES} then 'dead' else state end,
            next_at = clock_timestamp() + :pause * (failures + 1)
        where id = :id returning state
    """)  # noqa: S608
    for table in ("inbox", "request")
}


# Our own --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OwnEvent:
    """An event of our own: a step of a run tells somebody of it."""

    company: str
    source: str
    key: str
    type: str
    payload: Mapping[str, Any]


_ADD_OWN = text("""
    insert into inbox (id, kind, company, source, key, type, payload, digest)
    select new.id, 'event', new.company, new.source, new.key, new.type, new.payload, new.digest
    from unnest(:ids, :companies, :sources, :keys, :types, :payloads, :digests)
        as new (id, company, source, key, type, payload, digest)
    order by new.source, new.key
    on conflict (source, key) do nothing
    returning id
""").bindparams(
    bindparam("ids", type_=ARRAY(Uuid)),
    *(bindparam(name, type_=ARRAY(Text)) for name in ("companies", "sources", "keys", "types")),
    *(bindparam(name, type_=ARRAY(BYTEA)) for name in ("payloads", "digests")),
)
_BY_IDS = text("""
    select id, company, source, key, type, payload, failures from inbox where id = any(:ids)
""").bindparams(bindparam("ids", type_=ARRAY(Uuid)))


def add_own_events(
    connection: Connection, sealer: Sealer, events: Sequence[OwnEvent], cause: Cause | None = None
) -> list[InboxRow]:
    """Keep events of our own, each once; the caller deals with them in the same transaction, or routing does later."""
    if not events:
        return []
    ids = [new_id() for _ in events]
    payloads = [json.dumps(dict(event.payload), ensure_ascii=False).encode() for event in events]
    made = set(
        connection.scalars(
            _ADD_OWN,
            {
                "ids": ids,
                "companies": [event.company for event in events],
                "sources": [event.source for event in events],
                "keys": [event.key for event in events],
                "types": [event.type for event in events],
                "payloads": [sealer.seal(payload, "inbox.payload") for payload in payloads],
                "digests": [sealer.blind("inbox.digest", hashlib.sha256(each).hexdigest()) for each in payloads],
            },
        )
    )
    return [
        InboxRow(row_id, event.company, event.source, event.key, event.type, event.payload, 0, cause)
        for row_id, event in zip(ids, events, strict=True)
        if row_id in made
    ]


def events_by_id(connection: Connection, sealer: Sealer, ids: Iterable[UUID]) -> dict[UUID, InboxRow]:
    """Events that were kept, whatever became of them."""
    return {row.id: _row(sealer, row) for row in connection.execute(_BY_IDS, {"ids": list(ids)})}


_ASKED_AT = text("""
    select e.id, e.company, e.source, e.key, e.type, e.payload, e.failures
    from intent i join inbox e on e.id = i.event_id
    where i.run_id = :run_id and i.step_no = :step_no order by i.id
""")


def events_at_step(connection: Connection, sealer: Sealer, run_id: UUID, step_no: int) -> list[InboxRow]:
    """The events by which a step of a run told people."""
    rows = connection.execute(_ASKED_AT, {"run_id": run_id, "step_no": step_no})
    return [_row(sealer, row) for row in rows]


def mark_done(connection: Connection, table: str, ids: Sequence[UUID]) -> None:
    """Close rows of `inbox` or `request`."""
    connection.execute(_DONE[table], {"ids": list(ids), "state": "done" if table == "inbox" else "parsed"})


def mark_failed(connection: Connection, table: str, row_id: UUID, error: str) -> bool:
    """Count one failure of a row; after the fifth it is dead. Returns whether it is dead now."""
    pause = timedelta(seconds=10)
    state = connection.scalar(_FAILED[table], {"id": row_id, "error": error[:2000], "pause": pause})
    return bool(state == "dead")


_KEEP_CHANNEL_EVENTS = text("""
    insert into inbox (id, request_id, kind, company, source, key, type, payload, digest, contact_blind)
    select new.id, new.request_id, 'channel', '', new.source, new.key, new.type, new.payload, new.digest, new.contact
    from unnest(:ids, :request_ids, :sources, :keys, :types, :payloads, :digests, :contacts)
        as new (id, request_id, source, key, type, payload, digest, contact)
    on conflict (source, key) do nothing
    returning id
""").bindparams(
    *(bindparam(name, type_=ARRAY(Uuid)) for name in ("ids", "request_ids")),
    *(bindparam(name, type_=ARRAY(Text)) for name in ("sources", "keys", "types")),
    *(bindparam(name, type_=ARRAY(BYTEA)) for name in ("payloads", "digests", "contacts")),
)


@dataclass(frozen=True, slots=True)
class NewChannelEvent:
    """One normalised provider event to keep."""

    request_id: UUID
    source: str
    key: str
    type: str
    payload: Mapping[str, Any]
    contact_blind: bytes | None


def keep_channel_events(connection: Connection, sealer: Sealer, events: Sequence[NewChannelEvent]) -> int:
    """Keep a provider's events once each, however the provider groups its repeats. Returns how many were new."""
    if not events:
        return 0
    payloads = [json.dumps(dict(event.payload), ensure_ascii=False).encode() for event in events]
    made = connection.scalars(
        _KEEP_CHANNEL_EVENTS,
        {
            "ids": [new_id() for _ in events],
            "request_ids": [event.request_id for event in events],
            "sources": [event.source for event in events],
            "keys": [event.key for event in events],
            "types": [event.type for event in events],
            "payloads": [sealer.seal(payload, "inbox.payload") for payload in payloads],
            "digests": [hashlib.sha256(b"").digest() for _ in events],
            "contacts": [event.contact_blind for event in events],
        },
    ).all()
    return len(made)


_PARK = text("""
    update inbox set state = 'parked', next_at = clock_timestamp() + :pause where id = :id
""")


def park(connection: Connection, row_id: UUID, pause: timedelta) -> None:
    """Set aside an event whose message is not known yet; it is tried again after the pause."""
    connection.execute(_PARK, {"id": row_id, "pause": pause})
