"""The sorting room's task: drain the events in the inbox."""

from workers.app import app
from workers.tasks.begin import receive_events
from workers.tasks.summary import Summary
from workers.tasks.take import take_batch
from workers.wiring import Rooms, rooms

BATCH = 50


@app.task(name="route")
def route() -> str:
    """Drain the events in the inbox; running twice is harmless."""
    return str(drain(rooms()))


def drain(rooms: Rooms) -> Summary:
    """Turn every waiting event into intents and legs, then hint at the lanes that have something to send."""
    rooms.hints.clear("route")
    summary = Summary("no event waited")
    while taken := take_batch(rooms, "event", receive_events, BATCH, summary):
        if taken == BATCH:
            rooms.hints.route()  # a backlog: another thread may drain beside this one
    return summary
