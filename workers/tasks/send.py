"""Send one window: every attempt at once, each answer recorded as it comes."""

from concurrent.futures import Future, wait
from time import monotonic

import structlog

from postroom import failpoints
from postroom.domain.channels import ChannelName, Fault, Rendered, Verdict
from postroom.store.attempts import Begun
from workers.channels.base import Channel, ChannelError
from workers.metrics import SEND_SECONDS
from workers.tasks.record import NOT_STARTED, Result, record_results
from workers.tasks.summary import Summary
from workers.tasks.window import Window
from workers.wiring import Rooms

RECORD_EVERY = 0.1
"""Seconds: answers are recorded in small batches, so that a hung request never delays its neighbours' records."""

log = structlog.get_logger()

DEADLINE = Fault(Verdict.UNKNOWN, "deadline", "no answer within the attempt's total deadline")


def send_window(rooms: Rooms, channel: ChannelName, window: Window, summary: Summary) -> None:
    """Send every attempt of a window concurrently; each is recorded once, at its end or at its deadline."""
    started = monotonic()
    # A process that was stopped and woke up after its lease must not send: the leg may be somebody else's by now.
    send_by = started + (rooms.limits.lease - rooms.limits.attempt_deadline).total_seconds()
    flights = {rooms.senders.submit(_send, window.sender, begun, send_by): begun for begun in window.begun}
    pending = set(flights)
    deadline = started + rooms.limits.attempt_deadline.total_seconds()
    while pending and monotonic() < deadline:
        done, pending = wait(pending, timeout=RECORD_EVERY)
        record_results(rooms, channel, window, [(flights[flight], flight.result()) for flight in done], summary)
    _give_up_waiting(rooms, channel, window, {flight: flights[flight] for flight in pending}, summary)


def _send(sender: Channel, begun: Begun, send_by: float) -> Result:
    if monotonic() > send_by:
        return NOT_STARTED
    started = monotonic()
    try:
        receipt = sender.send(Rendered.from_json(begun.leg.content), begun.leg.address, begun.attempt_id)
    except ChannelError as error:
        return error.fault
    except Exception as error:
        log.error("channel_broke_its_contract", channel=sender.name, error=repr(type(error)), exc_info=True)
        return Fault(Verdict.UNKNOWN, "bug", f"the adapter raised {type(error).__name__}")
    finally:
        SEND_SECONDS.labels(channel=sender.name.value).observe(monotonic() - started)
    failpoints.reach("deliver.accepted")
    return receipt


def _give_up_waiting(
    rooms: Rooms, channel: ChannelName, window: Window, late: dict[Future[Result], Begun], summary: Summary
) -> None:
    """Past the deadline: what has not started never will; what has is unknown, and its late answer is recorded."""
    results = [(begun, NOT_STARTED if flight.cancel() else DEADLINE) for flight, begun in late.items()]
    record_results(rooms, channel, window, results, summary)

    def record_late(ended: Future[Result]) -> None:
        if not ended.cancelled():
            record_results(rooms, channel, window, [(late[ended], ended.result())], Summary())

    for flight in late:
        flight.add_done_callback(record_late)
