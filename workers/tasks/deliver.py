"""The dispatch room: claim the due legs of a lane and make one attempt each."""

from collections.abc import Iterator
from datetime import timedelta
from time import monotonic

from postroom import failpoints
from postroom.domain.channels import ChannelName
from postroom.domain.messages import Urgency
from postroom.store.claims import ClaimedLeg, claim_due, due_resends
from workers.app import app
from workers.tasks.send import send_window
from workers.tasks.summary import Summary
from workers.tasks.window import open_windows
from workers.wiring import Rooms, rooms

STINT = timedelta(seconds=60)
"""A drain hands on after this, far below the broker's visibility timeout."""


@app.task(name="deliver")
def deliver(channel: str, lane: str) -> str:
    """Drain one lane of one channel; carries no ids, so running twice is harmless."""
    return str(drain(rooms(), ChannelName(channel), Urgency(lane)))


def drain(rooms: Rooms, channel: ChannelName, lane: Urgency) -> Summary:
    """Send what is due until nothing is, or until the stint is over."""
    rooms.hints.clear("deliver", channel.value, lane.value)
    summary = Summary()
    until = monotonic() + STINT.total_seconds()
    for legs in _batches(rooms, channel, lane):
        failpoints.reach("deliver.claimed")
        for window in open_windows(rooms, channel, legs, summary):
            send_window(rooms, channel, window, summary)
        if monotonic() > until:
            rooms.hints.deliver(channel, lane)
            break
    return summary


def _batches(rooms: Rooms, channel: ChannelName, lane: Urgency) -> Iterator[list[ClaimedLeg]]:
    limit = rooms.limits.window
    resends = due_resends(rooms.engine, rooms.sealer, channel, lane, limit=limit)
    if resends:
        yield resends
    while legs := claim_due(rooms.engine, rooms.sealer, channel, lane, limit=limit, lease=rooms.limits.lease):
        if len(legs) == limit:
            rooms.hints.help_deliver(channel, lane)
        yield legs
