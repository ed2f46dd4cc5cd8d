"""What must hold after every fault, whatever it was: the promise, asked of the witness and of the store."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from tests.faults.patience import eventually
from tests.faults.scene import Scene
from tests.faults.witness import Asked, most

BUSY = """
    select m.id from message_log m
    where m.state in ('claimed', 'sending') or m.state = 'queued' and m.next_at <= clock_timestamp() and not exists (
        select from pause p where p.scope = 'all' or (p.scope, p.value)
            in (('company', m.company), ('channel', m.channel), ('class', m.message_type)))
"""
"""Legs that are neither final nor waiting for a moment, an operator or a receipt."""

WAITING_IN_INBOX = """
    select id from inbox where state = 'new' and next_at <= clock_timestamp()
    union all select id from request where state = 'new' and next_at <= clock_timestamp()
"""

PAST_LEASE = """
    select id, state, lease_until from message_log
    where state in ('claimed', 'sending') and lease_until < clock_timestamp() - interval '2 seconds'
"""

ATTEMPTS = "select a.id, a.message_id, a.outcome from attempt a"

AGAIN_ON_PURPOSE = """
    select a.id from attempt a join message_log m on m.id = a.message_id join intent i on i.id = m.intent_id
    where i.run_id is not null or i.rule in (
        'approval_outcome', 'daily_digest', 'payment_statement', 'payment_overdue', 'payment_notice', 'collection_task'
    )
"""
"""Runs ask again, each step once; digests and statements have a day of their own."""

DUNNED_TWICE = """
    select debtor_id, day, count(*) from dunning_letter where void = 0 group by 1, 2 having count(*) > 1
"""

MESSAGES = """
    select m.id, m.channel, m.state, m.attempts, m.resends, m.possible_duplicate,
        (select count(*) from attempt a where a.message_id = m.id) as written
    from message_log m
"""

UNHEARD = """
    select e.key, e.state, e.error from inbox e
    where e.id = any(:ids) and (e.state <> 'done'
        or not exists (
            select from intent i where i.event_id = e.id -- or it began a run that asked somebody else instead
                or i.run_id in (select r.id from run r where r.event_id = e.id)
        )
        or exists (
            select from intent i where i.event_id = e.id
                and not exists (select from message_log m where m.intent_id = i.id)
                and not exists (select from notice n where n.key = 'silence:' || i.id)
        ))
"""

LOST_TIMERS = """
    select id, kind, state, error from timer
    where state = 'dead' or state = 'due' and due_at < :now - make_interval(secs => 10)
        and (lease_until is null or lease_until < clock_timestamp())
"""

DEAD = """
    select 'inbox' as where, id, error from inbox where state = 'dead'
    union all select 'request', id, error from request where state = 'dead'
"""

STRANDED = """
    select r.id, r.subject, r.cur_step from run r join flow_version f on f.id = r.flow_version_id
    where r.status = 'active'
        and not exists (
            select from timer t where t.dedupe_key = 'step:' || r.id || ':' || r.cur_step || ':' || r.iter
                and t.state in ('due', 'dead')
        )
        and not exists (
            select from intent i join leg_key k on k.intent_id = i.id join message_log m on m.id = k.message_id
            where i.run_id = r.id and m.state in ('queued', 'held', 'claimed', 'sending')
        )
        -- every step of its bench was taken, and it is listened to still
        and not (r.cur_step > 0 and r.cur_step % (
            select sum((s ->> 'times')::int) from jsonb_array_elements(f.spec -> 'steps') as s
        ) = 0)
"""

TOLD_TWICE = """
    select i.run_id, i.step_no, i.recipient, count(*) from intent i join run r on r.id = i.run_id
    group by i.run_id, i.step_no, i.recipient, i.rule, r.iter having count(*) > 1 + r.iter
"""
"""A run that Odoo gave back takes a step once more, at most."""

SENT_TOO_LATE = """
    select r.id, r.subject, count(*) from run r
    join outbox o on o.key = 'decision:' || r.id || ':' || r.iter
    join intent i on i.run_id = r.id
    join leg_key k on k.intent_id = i.id
    join attempt a on a.message_id = k.message_id and a.started_at > o.created_at
    where r.status = 'decided' group by r.id, r.subject having count(*) > 1
"""
"""One may be on the wire while the answer is heard."""

LOOKS = 3
"""Times that the invariants are asked before they count as broken."""


def check(scene: Scene, *, within: float = 30.0) -> None:
    """Wait until nothing is under way, then hold every invariant; all that are broken are told at once.

    Something may set out between two of the questions: what is broken is broken a moment later as well.
    """
    found: dict[str, list[Any]] = {}
    for _ in range(LOOKS):
        eventually(lambda: _calm(scene), within=within, what="every leg is final or waits")
        if not (found := broken(scene)):
            return
        time.sleep(1)
    raise AssertionError("\n".join(f"{name}: {fault}" for name, faults in found.items() for fault in faults[:5]))


def broken(scene: Scene) -> dict[str, list[Any]]:
    """The rules that do not hold now, and what breaks each."""
    found = {name: list(rule(scene)) for name, rule in RULES.items()}
    return {name: faults for name, faults in found.items() if faults}


def _calm(scene: Scene) -> bool:
    return not scene.ask(BUSY) and not scene.ask(WAITING_IN_INBOX) and not scene.witness.webhooks_waiting()


def _no_lease_is_overdrawn(scene: Scene) -> Iterator[Any]:
    yield from scene.ask(PAST_LEASE)


def _every_answered_event_has_its_messages(scene: Scene) -> Iterator[Any]:
    yield from scene.ask(UNHEARD, ids=list(scene.answered))
    known = {row.id for row in scene.ask("select id from inbox where kind = 'event'")}
    yield from (f"event {event_id} was answered 2xx and is gone" for event_id in scene.answered.keys() - known)


def _an_attempt_makes_at_most_one_request(scene: Scene) -> Iterator[str]:
    asked = scene.witness.requests()
    ours = {row.id for row in scene.ask(ATTEMPTS)}
    yield from (f"attempt {one.attempt_id} is not written down" for one in asked if one.attempt_id not in ours)
    counted = Counter(one.attempt_id for one in asked)
    yield from (f"attempt {attempt_id} made {n} requests" for attempt_id, n in counted.items() if n > 1)


def _a_message_makes_no_more_requests_than_attempts(scene: Scene) -> Iterator[str]:
    of_message = _by_message(scene)
    for row in scene.ask(MESSAGES):
        asked = of_message.get(row.id, [])
        if not len(asked) <= row.attempts == row.written:
            yield f"message {row.id}: {len(asked)} requests, {row.attempts} attempts, {row.written} written down"
        taken = sum(one.taken for one in asked)
        if taken > 1 + row.resends:
            yield f"message {row.id} was taken {taken} times after {row.resends} resends"
        if row.resends and not row.possible_duplicate:
            yield f"message {row.id} was sent again and is not flagged"


def _what_the_provider_took_is_what_we_know(scene: Scene) -> Iterator[str]:
    outcomes = {row.id: row.outcome for row in scene.ask(ATTEMPTS)}
    taken = {one.attempt_id for one in scene.witness.requests() if one.taken}
    yield from (f"attempt {a} was taken and is recorded as {outcomes.get(a)}" for a in taken if outcomes.get(a) is None)
    accepted = {attempt_id for attempt_id, outcome in outcomes.items() if outcome == "accepted"}
    yield from (f"attempt {a} is recorded as accepted, and the provider never took it" for a in accepted - taken)


def _every_message_said_to_have_arrived_was_taken(scene: Scene) -> Iterator[str]:
    of_message = _by_message(scene)
    for row in scene.ask(MESSAGES):
        arrived = row.state in ("sent", "delivered", "read")
        if arrived and not any(one.taken for one in of_message.get(row.id, [])):
            yield f"message {row.id} is {row.state}, and the provider never took it"


def _no_person_is_told_twice_by_one_channel(scene: Scene) -> Iterator[str]:
    resent = any(row.resends for row in scene.ask(MESSAGES))
    again = {row.id for row in scene.ask(AGAIN_ON_PURPOSE)}
    asked = scene.witness.requests()
    people = [one for one in asked if one.channel != "callback" and one.attempt_id not in again]
    told = most(one.recipient for one in people if one.taken)
    if told > 1 + resent:
        yield f"somebody was told {told} times"


def _no_timer_is_lost(scene: Scene) -> Iterator[Any]:
    yield from scene.ask(LOST_TIMERS, now=scene.clock.now())


def _every_active_run_goes_on(scene: Scene) -> Iterator[Any]:
    yield from scene.ask(STRANDED)


def _a_step_of_a_run_tells_each_once(scene: Scene) -> Iterator[Any]:
    yield from scene.ask(TOLD_TWICE)


def _a_customer_is_dunned_once_a_day(scene: Scene) -> Iterator[Any]:
    yield from scene.ask(DUNNED_TWICE)


def _nothing_leaves_after_the_answer(scene: Scene) -> Iterator[Any]:
    yield from scene.ask(SENT_TOO_LATE)


def _nothing_is_dead(scene: Scene) -> Iterator[Any]:
    yield from scene.ask(DEAD)


def _by_message(scene: Scene) -> dict[Any, list[Asked]]:
    message_of = {row.id: row.message_id for row in scene.ask(ATTEMPTS)}
    grouped: dict[Any, list[Asked]] = {}
    for one in scene.witness.requests():
        grouped.setdefault(message_of.get(one.attempt_id), []).append(one)
    return grouped


RULES: dict[str, Callable[[Scene], Iterator[Any]]] = {
    "no leg is claimed or sending past its lease": _no_lease_is_overdrawn,
    "every event answered 2xx has its messages": _every_answered_event_has_its_messages,
    "at most one request per attempt": _an_attempt_makes_at_most_one_request,
    "no more requests than attempts per message": _a_message_makes_no_more_requests_than_attempts,
    "the provider's count is ours": _what_the_provider_took_is_what_we_know,
    "what arrived was taken": _every_message_said_to_have_arrived_was_taken,
    "nobody is told twice": _no_person_is_told_twice_by_one_channel,
    "no timer is lost": _no_timer_is_lost,
    "every active run has a timer or an open message": _every_active_run_goes_on,
    "a step of a run tells each once": _a_step_of_a_run_tells_each_once,
    "a customer is dunned once a day": _a_customer_is_dunned_once_a_day,
    "nothing of a run leaves after its answer": _nothing_leaves_after_the_answer,
    "nothing is dead": _nothing_is_dead,
}
