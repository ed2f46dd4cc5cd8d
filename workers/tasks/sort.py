"""Sort a batch of events: who hears of each, on which channel, in which words; set-wise, each thing once."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from postroom.domain import languages
from postroom.domain.channels import ChannelName
from postroom.domain.events import Event, event_from
from postroom.domain.going_live import happened_at
from postroom.domain.messages import State
from postroom.domain.preferences import NONE as NOTHING_CHOSEN
from postroom.domain.preferences import Preferences, preferring
from postroom.domain.routing import Contact, Reach, Rule, plan, reach_of, rules_for
from postroom.store.contacts import Address, ContactPoint, contact_points
from postroom.store.engine import Connection
from postroom.store.ids import made_at, new_id
from postroom.store.inbox import InboxRow, mark_done
from postroom.store.intents import Intent, NewLeg, add_intents, add_legs
from postroom.store.notices import raise_notice
from postroom.store.preferences import preferences_of
from postroom.store.timers import set_timer
from workers.hints import Lane
from workers.metrics import ROUTED
from workers.tasks.fall_back import fall_back
from workers.tasks.summary import Summary
from workers.tasks.write import Draft, addresses_of, stage_legs
from workers.wiring import Rooms

log = structlog.get_logger()


def sort_events(connection: Connection, rooms: Rooms, rows: Sequence[InboxRow], summary: Summary) -> set[Lane]:
    """Write the intents and first legs of these events, set-wise; an event tells a person by a rule only once."""
    if not rows:
        return set()
    rooms.book.remember()
    errands = [errand for row in rows for errand in _errands(rooms, row)]
    points = contact_points(
        connection, rooms.sealer, [address for errand in errands for address in errand.addresses.values()]
    )
    chosen = preferences_of(connection, [errand.person for errand in errands])
    now = rooms.clock.now()
    drafts = [_draft(rooms, errand, points, chosen.get(errand.person, NOTHING_CHOSEN), now) for errand in errands]
    new = add_intents(connection, rooms.sealer, [draft.intent for draft in drafts])
    fresh = [draft for draft in drafts if draft.intent.id in new]
    staged = [
        (draft.intent, leg) for draft in fresh if draft.plan.stages for leg in stage_legs(rooms, draft, 0, points)
    ]
    written = add_legs(connection, rooms.sealer, staged)
    unwritten = [intent.id for intent, leg in staged if leg.state is State.FAILED]
    further = fall_back(connection, rooms, unwritten)
    _follow_up(connection, rooms, fresh, now)
    mark_done(connection, "inbox", [row.id for row in rows])
    _count(fresh, summary)
    return further | _lanes(fresh, written)


@dataclass(frozen=True, slots=True)
class _Errand:
    """One rule that an event sets off, and whom it concerns."""

    row: InboxRow
    rule: Rule
    event: Event
    reach: Reach
    addresses: Mapping[ChannelName, Address]

    @property
    def person(self) -> tuple[str, str]:
        """Whose preferences count."""
        return self.event.company.id, self.event.recipient_key


def _errands(rooms: Rooms, row: InboxRow) -> Iterator[_Errand]:
    event = event_from(row.payload)
    for rule in _rules(rooms, row):
        addressed = event.for_contact(rule.contact)
        reach = reach_of(addressed)
        yield _Errand(row, rule, addressed, reach, addresses_of(addressed, reach))


def _rules(rooms: Rooms, row: InboxRow) -> tuple[Rule, ...]:
    """The rules that tell of an event; what a step of a run tells goes by the one that it names."""
    if row.cause is None:
        return rules_for(row.type, rooms.book.rules)
    rule = rooms.book.rule(row.cause.rule)
    return (rule,) if rule else ()


def _draft(
    rooms: Rooms, errand: _Errand, points: Mapping[Address, ContactPoint], chosen: Preferences, now: datetime
) -> Draft:
    event, rule, row = errand.event, preferring(errand.rule, chosen), errand.row
    known = {channel: points[address] for channel, address in errand.addresses.items()}
    reach = {
        channel: replace(_with_memory(contact, known.get(channel)), muted=chosen.muted(rule.message_type, channel))
        for channel, contact in errand.reach.items()
    }
    team_chat = chosen.team_chat(rule.message_type) or rooms.book.companies.of(event.company.id).team_chat
    made = plan(rule, reach, team_chat=team_chat, now=now)
    choices = languages.chain(event.recipient.language, event.company.language)
    intent = Intent(
        id=new_id(),
        event_id=row.id,
        company=event.company.id,
        rule=rule.message_type,
        recipient=event.recipient_key,
        urgency=rule.urgency,
        subject=event.document,
        plan=made.to_json(),
        stage=0,
        facts=row.payload,
        languages=[choice.tag for choice in choices],
        config_sha256=rooms.book.sha256,
        not_after=now + rule.not_after,
        happened_at=happened_at(event, made_at(row.id)),
        run_id=row.cause.run_id if row.cause else None,
        step_no=row.cause.step_no if row.cause else None,
    )
    return Draft(intent, event, made, errand.addresses)


def _with_memory(contact: Contact, point: ContactPoint | None) -> Contact:
    if point is None:
        return contact
    return replace(
        contact,
        opted_out=point.opted_out,
        unreachable_until=point.unreachable_until,
        unreachable_code=point.unreachable_code or "",
    )


def _follow_up(connection: Connection, rooms: Rooms, drafts: Sequence[Draft], now: datetime) -> None:
    for draft in drafts:
        rule = rooms.book.rule(draft.intent.rule)
        if rule is not None and rule.confirm_within is not None:
            set_timer(
                connection,
                kind="confirm",
                key=f"confirm:{draft.intent.id}",
                company=draft.intent.company,
                subject_id=draft.intent.id,
                due_at=now + rule.confirm_within,
            )
        if not draft.plan.stages:
            _tell_of_nobody(connection, draft)


def _tell_of_nobody(connection: Connection, draft: Draft) -> None:
    intent = draft.intent
    words = (
        f"Nobody can be reached about {intent.subject} ({intent.rule}): {'; '.join(draft.plan.explain())}. "
        f"Look: postroom events show {intent.event_id}"
    )
    raise_notice(connection, key=f"silence:{intent.id}", company=intent.company, kind="undelivered", words=words)


def _count(drafts: Sequence[Draft], summary: Summary) -> None:
    for draft in drafts:
        outcome = "planned" if draft.plan.stages else "unreachable"
        ROUTED.labels(message_type=draft.intent.rule, outcome=outcome).inc()
        summary.add(f"{draft.intent.rule} {outcome}")
        log.info("routed", event_id=str(draft.intent.event_id), intent_id=str(draft.intent.id), outcome=outcome)


def _lanes(drafts: Sequence[Draft], written: Sequence[NewLeg]) -> set[Lane]:
    channels = {leg.channel for leg in written}
    urgencies = {draft.intent.urgency for draft in drafts}
    return {(channel, urgency) for channel in channels for urgency in urgencies}
