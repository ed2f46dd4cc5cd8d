"""The loop beside Celery: fires due timers, sweeps what a death left behind, hints where rows wait."""

import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from time import monotonic
from types import FrameType
from uuid import UUID

import structlog
from redis import RedisError

from config.logging import configure
from config.settings import Settings
from postroom import failpoints
from postroom.domain.messages import Urgency
from postroom.store.cards import cards_wait
from postroom.store.digests import KIND as DIGEST
from postroom.store.digests import editions_wait
from postroom.store.dunning import KIND as DUN
from postroom.store.dunning import anybody_wanted
from postroom.store.engine import Connection, StoreError
from postroom.store.heartbeats import beat
from postroom.store.inbox import Unavailable, keep_request
from postroom.store.letters import aging_letters
from postroom.store.looks import looks_wait
from postroom.store.notices import raise_notice
from postroom.store.outbox import writings_wait
from postroom.store.sweeps import Unsettled, closed_windows, due, list_unsettled, send_once_more, sweep
from postroom.store.timers import STEP, Outcome, Timer, claim_timers, close_timers, fail, still_due
from scheduler.alarms import Watch
from scheduler.auditor import Auditor
from workers.metrics import SWEPT
from workers.tasks.burst import tell_storms
from workers.tasks.call_back import relay
from workers.tasks.digest import want_digests
from workers.tasks.dun import AGE, want_accounts
from workers.tasks.escalate import fire_steps
from workers.tasks.fall_back import fall_back
from workers.tasks.note_status import Wishes
from workers.wiring import Rooms, rooms_from

EVERY = 0.5
"""Seconds between the beginnings of two rounds: how late a timer is fired, and a lost hint found."""
TIMERS_AT_ONCE = 100
TIMER_LEASE = timedelta(seconds=30)
STINT = timedelta(seconds=2)
"""However many timers are due, the sweeps and hints have their turn after this."""
Step = Callable[[Rooms], None]
log = structlog.get_logger()


def tick(rooms: Rooms, steps: Sequence[Step] | None = None) -> None:
    """One round. Every step stands alone: a fault in one is logged and does not keep the others from their work."""
    for step in steps or STEPS:
        try:
            step(rooms)
        except StoreError as error:
            log.error("tick_failed", step=step.__name__, error=type(error).__name__)


# Timers ---------------------------------------------------------------------------------------------------------------


def fire_timers(rooms: Rooms) -> None:
    """Fire what is due, the timers of a kind in one transaction, until nothing is or the stint is over."""
    if rooms.clock.doubtful:
        _tell_of_clocks(rooms)
        return
    until = monotonic() + STINT.total_seconds()
    while monotonic() < until and (timers := _claim(rooms)):
        failpoints.reach("ticker.timer_claimed")
        for kind in sorted({timer.kind for timer in timers}):
            _fire(rooms, kind, [timer for timer in timers if timer.kind == kind])


def _tell_of_clocks(rooms: Rooms) -> None:
    words = (
        "PostgreSQL's clock has jumped and this machine's has not, so no timer is fired. Mend the clock that is wrong; "
        "where PostgreSQL's is right, restart the ticker, which then goes by it."
    )
    with rooms.engine.begin() as connection:
        if raise_notice(connection, key="clock", company="", kind="clock", words=words):
            log.error("clocks_disagree")


def _claim(rooms: Rooms) -> Sequence[Timer]:
    lease = min(TIMER_LEASE, rooms.limits.lease)
    with rooms.engine.begin() as connection:
        return claim_timers(connection, now=rooms.clock.now(), limit=TIMERS_AT_ONCE, lease=lease)


def _fire(rooms: Rooms, kind: str, timers: Sequence[Timer]) -> None:
    try:
        with rooms.engine.begin() as connection:
            close_timers(connection, HANDLERS[kind](connection, rooms, timers))
        failpoints.reach("ticker.timer_fired")
    except Exception as error:  # noqa: BLE001 - a poison timer is counted and told, and never blocks its batch
        if len(timers) > 1:
            for timer in timers:
                _fire(rooms, kind, [timer])
        else:
            _count_failure(rooms, timers[0], f"{type(error).__name__}: {error}")


def _count_failure(rooms: Rooms, timer: Timer, words: str) -> None:
    log.error("timer_failed", timer_id=str(timer.id), kind=timer.kind, error=words)
    with rooms.engine.begin() as connection:
        if fail(connection, timer.id, words):
            told = f"Timer {timer.id} ({timer.kind}) failed five times and is dead: {words}"
            raise_notice(connection, key=f"timer:{timer.id}", company=timer.company, kind="dead", words=told)


def _confirm(connection: Connection, rooms: Rooms, timers: Sequence[Timer]) -> dict[UUID, Outcome]:
    """Nothing was confirmed in time: the fallback starts although the first choice has not failed."""
    due = still_due(connection, [timer.id for timer in timers])
    return {
        timer.id: bool(fall_back(connection, rooms, [timer.subject_id], overdue=True))
        for timer in timers
        if timer.id in due
    }


HANDLERS: Mapping[str, Callable[[Connection, Rooms, Sequence[Timer]], Mapping[UUID, Outcome]]] = {
    "confirm": _confirm,
    STEP: fire_steps,
    "storm": tell_storms,
    DIGEST: want_digests,
    DUN: want_accounts,
}
"""Every kind of timer, and what firing some of it does; database work only."""


# Sweeps ---------------------------------------------------------------------------------------------------------------


def sweep_leases(rooms: Rooms) -> None:
    """Put right what a death left behind, and let what has waited long enough go on."""
    swept = sweep(rooms.engine, now=rooms.clock.now(), window=rooms.limits.unknown_window)
    for what, number in (
        ("reclaimed", swept.reclaimed),
        ("unknown", swept.unknown),
        ("released", swept.released),
        ("expired", len(swept.expired)),
    ):
        if number:
            SWEPT.labels(what=what).inc(number)
            log.info("swept", what=what, number=number)


def settle_unknown(rooms: Rooms) -> None:
    """When an unknown window closes: an urgent message is sent once more, every other one is listed for an operator."""
    with rooms.engine.begin() as connection:
        for leg in closed_windows(connection):
            if leg.lane is Urgency.URGENT and leg.resends == 0:
                send_once_more(connection, leg.id)
            else:
                list_unsettled(connection, leg.id)
                _tell_of_unsettled(connection, leg)


def _tell_of_unsettled(connection: Connection, leg: Unsettled) -> None:
    words = (
        f"Nobody knows whether message {leg.id} ({leg.message_type} by {leg.channel}) arrived; it was neither repeated "
        f"nor replaced. Ask the receiver, or send it again: postroom messages retry {leg.id}"
    )
    raise_notice(connection, key=f"unsettled:{leg.id}", company=leg.company, kind="unsettled", words=words)


def relay_status(rooms: Rooms) -> None:
    """Receivers of status callbacks are told of what has moved."""
    relay(rooms)


def hint_where_rows_wait(rooms: Rooms) -> None:
    """Hints that were lost are given again; where one is under way, none is added."""
    waiting = due(rooms.engine)
    rooms.hints.remind(route=waiting.route, observe=waiting.observe)
    for channel, lane in waiting.lanes:
        rooms.hints.help_deliver(channel, lane)


def hint_where_writings_wait(rooms: Rooms) -> None:
    """What waits to be written into Odoo: its first hint, its retry, or one whose worker died."""
    with rooms.engine.connect() as connection:
        waits = writings_wait(connection)
    if waits:
        rooms.hints.remind_to_write_back()


def hint_where_documents_wait(rooms: Rooms) -> None:
    """Somebody is to decide about them, and Odoo is to be asked whether that is still needed."""
    with rooms.engine.connect() as connection:
        waits = looks_wait(connection, rooms.clock.now())
    if waits:
        rooms.hints.remind_to_reread()


def hint_where_cards_wait(rooms: Rooms) -> None:
    """Cards whose answer nobody waits for any more are to say so."""
    with rooms.engine.connect() as connection:
        channels = cards_wait(connection)
    for channel in channels:
        rooms.hints.remind_to_edit(channel)


def hint_where_digests_wait(rooms: Rooms) -> None:
    """Digests are due, and what they tell is to be read."""
    with rooms.engine.connect() as connection:
        waits = editions_wait(connection)
    if waits:
        rooms.hints.remind_to_make_digests()


def hint_where_accounts_wait(rooms: Rooms) -> None:
    """What customers owe is to be read: it is their turn, or a statement is about to leave with old amounts."""
    with rooms.engine.connect() as connection:
        waits = anybody_wanted(connection) or aging_letters(connection, age=AGE, limit=1)
    if waits:
        rooms.hints.remind_to_collect()


def empty_refuge(rooms: Rooms) -> None:
    """Webhooks that waited out an outage of PostgreSQL come into the store."""
    keep = partial(_keep_request, rooms)
    try:
        moved = rooms.refuge.empty(keep)
    except (RedisError, Unavailable) as error:
        log.warning("refuge_unreachable", error=type(error).__name__)
        return
    if moved:
        log.info("refuge_emptied", webhooks=moved)
        rooms.hints.observe()


def _keep_request(rooms: Rooms, source: str, headers: Mapping[str, str], body: bytes) -> bool:
    return keep_request(rooms.engine, rooms.sealer, source=source, headers=headers, body=body)


def give_sign_of_life(rooms: Rooms) -> None:
    """So that /readyz can tell that timers are being fired."""
    beat(rooms.engine, "ticker")


STEPS: Sequence[Step] = (
    fire_timers,
    sweep_leases,
    settle_unknown,
    relay_status,
    empty_refuge,
    hint_where_rows_wait,
    hint_where_writings_wait,
    hint_where_documents_wait,
    hint_where_cards_wait,
    hint_where_digests_wait,
    hint_where_accounts_wait,
    give_sign_of_life,
)


def main() -> None:
    """Run until SIGTERM or SIGINT; the round that is under way is finished."""
    values = Settings()
    configure("ticker", values.log_level)
    rooms = rooms_from(values, process="postroom-ticker")
    rooms.book.read_templates()  # refused here, rather than when the first message is to be written
    stop = threading.Event()

    def leave(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGINT, leave)
    log.info("ticker_started")
    steps = (Wishes().say, *STEPS, Auditor().audit, Watch().look)
    rest = 0.0
    while not stop.wait(rest):
        began = monotonic()
        tick(rooms, steps)
        rest = max(0.0, began + EVERY - monotonic())


if __name__ == "__main__":
    main()
