"""Read providers' kept webhooks into the inbox: every part an event, ignored on purpose, or counted as unknown."""

import structlog

from postroom.domain.channels import RECEIPTS, ChannelEvent
from postroom.store.engine import Connection
from postroom.store.ids import made_at
from postroom.store.inbox import NewChannelEvent, RawRequest, keep_channel_events, mark_done, mark_failed, take_requests
from postroom.store.notices import raise_notice
from workers.channels.base import Malformed
from workers.channels.headers import RECEIVED_AT
from workers.metrics import UNREAD
from workers.tasks.summary import Summary
from workers.wires import SOURCES
from workers.wiring import Rooms

BATCH = 100
log = structlog.get_logger()


def read_webhooks(rooms: Rooms, summary: Summary) -> int:
    """Read one batch. Returns how many webhooks were taken."""
    with rooms.engine.begin() as connection:
        requests = take_requests(connection, rooms.sealer, BATCH)
        events: list[NewChannelEvent] = []
        read = []
        for request in requests:
            try:
                events += _read(rooms, request)
                read.append(request.id)
            except Malformed as error:
                _set_aside(connection, request, str(error), summary)
        keep_channel_events(connection, rooms.sealer, events)
        mark_done(connection, "request", read)
    return len(requests)


def _read(rooms: Rooms, request: RawRequest) -> list[NewChannelEvent]:
    channel = SOURCES[request.source]
    headers = {**request.headers, RECEIVED_AT: made_at(request.id).isoformat()}
    parsed = rooms.channels.all(channel)[0].parse(headers, request.body)
    for how, labels in (("ignored", parsed.ignored), ("unknown", parsed.unknown)):
        for label in labels:
            UNREAD.labels(channel=channel.value, how=how, label=label).inc()
            log.info("webhook_part_unread", channel=channel.value, how=how, label=label, request_id=str(request.id))
    return [
        NewChannelEvent(
            request_id=request.id,
            source=f"{event.channel}:{event.account}",
            key=event.key,
            type=event.kind.value,
            payload=event.to_json(),
            # Receipts form a lattice and need no order; what a person says is applied in turn.
            contact_blind=None if event.kind in RECEIPTS else _blind(rooms, event),
        )
        for event in parsed.events
    ]


def _blind(rooms: Rooms, event: ChannelEvent) -> bytes | None:
    return None if event.address is None else rooms.sealer.blind(event.channel, event.address)


def _set_aside(connection: Connection, request: RawRequest, words: str, summary: Summary) -> None:
    log.warning("webhook_malformed", request_id=str(request.id), source=request.source, problem=words)
    if mark_failed(connection, "request", request.id, words):
        told = f"A webhook of {request.source} cannot be read: {words}. It is kept as request {request.id}"
        raise_notice(connection, key=f"malformed:{request.source}", company="", kind="dead", words=told)
    summary.add("malformed")
