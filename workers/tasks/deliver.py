"""The dispatch room: claim the due legs of a lane and make one attempt each."""

from collections.abc import Iterator
from datetime import timedelta
from time import monotonic

from postroom import failpoints
from postroom.domain.channels import ChannelName
from postroom.domain.messages import Urgency
from postroom.store.claims import ClaimedLeg, claim_due, due_resends
from workers.app import app
from workers.tasks.send import Air
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
    """Send what is due until nothing is, or until the stint is over; a request that hangs keeps nobody else waiting."""
    rooms.hints.clear("deliver", channel.value, lane.value)
    summary = Summary()
    until = monotonic() + STINT.total_seconds()
    with Air(rooms, channel, summary) as air:
        for legs in _batches(rooms, channel, lane, air):
            failpoints.reach("deliver.claimed")
            for window in open_windows(rooms, channel, legs, summary):
                air.launch(window)
            if monotonic() > until:
                rooms.hints.deliver(channel, lane)
                break
    return summary


def _batches(rooms: Rooms, channel: ChannelName, lane: Urgency, air: Air) -> Iterator[list[ClaimedLeg]]:
    """What may leave next, as long as something is due or still on the wire: an answer lets its receiver's next go."""
    resends = due_resends(rooms.engine, rooms.sealer, channel, lane, limit=air.room)
    if resends:
        yield resends
    while (legs := _claim(rooms, channel, lane, air.room)) or not air.empty:
        if legs:
            yield legs
        air.gather()


def _claim(rooms: Rooms, channel: ChannelName, lane: Urgency, room: int) -> list[ClaimedLeg]:
    if not room:
        return []
    legs = claim_due(rooms.engine, rooms.sealer, channel, lane, limit=room, lease=rooms.limits.lease)
    if len(legs) == room:
        rooms.hints.help_deliver(channel, lane)
    return legs
