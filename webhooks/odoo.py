"""POST /v1/events: events from Odoo and from every other source that has a secret."""

import json
from collections.abc import Sequence
from uuid import UUID

import structlog
from flask import Blueprint, Response, request

from postroom import failpoints
from postroom.store.inbox import Conflict, Kept, NewEvent
from webhooks import metrics
from webhooks.body import raw_body
from webhooks.cloudevents import Sent, events_in
from webhooks.door import Door
from webhooks.headers import kept_headers, lowered
from webhooks.problem import Fault, Problem
from webhooks.strict_json import text_of

MAX_BODY = 1024 * 1024

log = structlog.get_logger(__name__)


def events(door: Door) -> Blueprint:
    """The room where events come in."""
    room = Blueprint("events", __name__)

    @room.post("/v1/events")
    def take_events() -> Response:
        raw = raw_body(MAX_BODY)
        text = text_of(raw)
        headers = lowered(request.headers)
        signer = door.senders.signer(headers, text)
        sent = events_in(headers, text)
        _refuse_foreign(door, sent, signer)
        taken = door.catalogue.understood(sent, signer)
        kept = _keep(door, signer, raw, taken, [one.at for one in sent])
        failpoints.reach("door.committed")
        if not all(kept.duplicate):
            door.hints.route()
        _tell(signer, taken, kept)
        return _accepted(taken, kept)

    return room


def _refuse_foreign(door: Door, sent: Sequence[Sent], signer: str) -> None:
    """Whoever copied a database hears it in the answer; the operators may know nothing of the copy: in a notice."""
    try:
        door.origins.refuse_foreign(sent)
    except Problem:
        words = (
            f"A database that Postroom does not know signs as '{signer}': a copy that was not neutralised? Its events "
            "are refused. If it is ours, add its UUID to ODOO_DATABASE_UUIDS (see: postroom odoo check)."
        )
        with door.outage.watched():
            door.inbox.tell(f"foreign-database:{signer}", "foreign_database", words)
        raise


def _keep(door: Door, signer: str, raw: bytes, taken: Sequence[NewEvent], places: Sequence[str]) -> Kept:
    headers = kept_headers(lowered(request.headers))
    try:
        with door.outage.watched():
            return door.inbox.keep_events(source=signer, headers=headers, body=raw, events=taken)
    except Conflict as conflict:
        raise _reused(conflict, taken, places) from None


def _reused(conflict: Conflict, taken: Sequence[NewEvent], places: Sequence[str]) -> Problem:
    faults = [
        Fault(f"{at}/id", f"'{event.key}' of {event.source} was used before with other content")
        for at, event in zip(places, taken, strict=True)
        if (event.source, event.key) in conflict.keys
    ]
    return Problem("event-id-reused", "The id names another event already; nothing of this request was kept.", faults)


def _tell(signer: str, taken: Sequence[NewEvent], kept: Kept) -> None:
    for event, event_id, duplicate in zip(taken, kept.ids, kept.duplicate, strict=True):
        outcome = "repeated" if duplicate else "kept"
        metrics.EVENTS.labels(signer=signer, type=event.type, outcome=outcome).inc()
        log.info(f"event_{outcome}", event_id=str(event_id), source=event.source, type=event.type)


def _accepted(taken: Sequence[NewEvent], kept: Kept) -> Response:
    """The same for a repeat as for the first time, so that a sender need not tell them apart."""
    answer = {
        "id": str(kept.ids[0]),
        "events": [_receipt(event, event_id) for event, event_id in zip(taken, kept.ids, strict=True)],
    }
    return Response(json.dumps(answer), 202, content_type="application/json")


def _receipt(event: NewEvent, event_id: UUID) -> dict[str, str]:
    return {"id": str(event_id), "source": event.source, "cloudevent_id": event.key}
