"""What whoever opens the link of an approval is shown: the question, how it stands, and how it may be decided here."""

from dataclasses import dataclass, replace
from uuid import UUID

from postroom.domain.approvals import Asked, asked_from, judged
from postroom.domain.channels import ChannelName
from postroom.domain.codes import Code
from postroom.domain.deciding import CODE_CHANNELS, Bar, Matter, Standing, bar_of, standing_of
from postroom.domain.events import Event, event_from
from postroom.domain.people import Account, Person, Recognised, Stranger, Unknown
from postroom.domain.safety import Mode, wire_for
from postroom.store.codes import Bearer, newest_code
from postroom.store.decisions import First, Question, first_answer_to, question_of
from postroom.store.engine import Connection
from postroom.store.inbox import events_at_step
from postroom.store.openings import Carried, carried
from postroom.store.people import accounts_of, person_of_partner, person_of_user
from postroom.store.runs import Run, chain_of, run_by_id
from postroom.store.safety import modes
from postroom.store.votes import Vote, votes_of
from workers.tasks.decide import key_of
from workers.wiring import Rooms


@dataclass(frozen=True, slots=True)
class Letter:
    """The message that carried the link, and what it asked."""

    message_id: UUID
    message: Carried
    question: Question
    asked: Asked
    run: Run

    @property
    def channel(self) -> ChannelName:
        """By which the link came."""
        return ChannelName(self.message.channel)

    @property
    def event(self) -> Event:
        """What the message told."""
        return event_from(self.message.event)


@dataclass(frozen=True, slots=True)
class Sight:
    """All that the page shows."""

    letter: Letter
    standing: Standing
    bar: Bar | None
    person: Person | None
    """Who was asked, where we know him as a user of Odoo."""
    ways: tuple[Account, ...]
    """Accounts of his that a code may be sent to, on other channels than the link's."""
    code: Code | None
    """The one that was sent last."""
    vote: Vote | None
    """What he has answered."""
    first: First | None
    """What was decided."""
    asked: tuple[str, ...]
    """The names of all who were asked with him."""

    @property
    def decidable(self) -> bool:
        """Whether it may be decided here, with a code."""
        return self.standing is Standing.OPEN and self.bar is None

    @property
    def bearer(self) -> Bearer | None:
        """Who would have to prove himself."""
        run = self.letter.run
        return Bearer(run.company, run.id, self.person.id) if self.person else None


def look(rooms: Rooms, message_id: UUID) -> Sight | None:
    """All that is shown behind a link; None where nothing is. PostgreSQL lets looking change nothing."""
    with rooms.engine.connect().execution_options(postgresql_readonly=True) as connection:
        letter = letter_of(connection, rooms, message_id)
        return sight_of(connection, rooms, letter) if letter else None


def letter_of(connection: Connection, rooms: Rooms, message_id: UUID) -> Letter | None:
    """The message of a link; None where it is forgotten, or asked nothing that can be decided."""
    message = carried(connection, rooms.sealer, message_id)
    question = question_of(connection, rooms.sealer, message_id)
    if message is None or question is None or question.run_id is None or question.step_no is None:
        return None
    asked, run = asked_from(question.event, question.not_after), run_by_id(connection, question.run_id)
    return Letter(message_id, message, question, asked, run) if asked and run else None


def sight_of(connection: Connection, rooms: Rooms, letter: Letter) -> Sight:
    """All that is to be shown of a question, as it stands now. Changes nothing."""
    run, person = letter.run, _person(connection, rooms, letter)
    chain, step = chain_of(connection, run.flow_version_id), letter.question.step_no or 0
    level = chain.level_of(step)
    now, not_after = rooms.clock.now(), letter.asked.not_after
    refusal = judged(letter.asked, Recognised(person) if person else Stranger(Unknown.NO_ACCOUNT), now)
    ways = _ways(connection, rooms, letter, person) if person else ()
    vote = votes_of(connection, run, level).get(f"partner:{letter.asked.partner}")
    expired = not_after is not None and now > not_after
    matter = Matter(run.status, run.why, vote is not None, level == chain.level_asked(run.place), expired)
    sight = Sight(
        letter=letter,
        standing=standing_of(matter),
        bar=bar_of(refusal, (way.channel for way in ways)),
        person=person,
        ways=ways,
        code=None,
        vote=vote,
        first=first_answer_to(connection, rooms.sealer, key_of(run)),
        asked=_asked(connection, rooms, run, level * len(chain.moments)),
    )
    return _with_code(connection, sight)


def _with_code(connection: Connection, sight: Sight) -> Sight:
    if sight.bearer is None or not sight.decidable:
        return sight
    return replace(sight, code=newest_code(connection, sight.bearer))


def _person(connection: Connection, rooms: Rooms, letter: Letter) -> Person | None:
    """Who was asked, as a user of the Odoo of the wire that his message left by; nobody, where it never left."""
    wire, asked = letter.message.wire, letter.asked
    if wire is None:
        return None
    if asked.user_id is not None:
        found = person_of_user(connection, rooms.sealer, wire, asked.user_id)
    else:
        partner = int(asked.partner) if asked.partner.isdecimal() else 0
        found = person_of_partner(connection, rooms.sealer, wire, partner)
    return found if found is not None and found.active else None


def _ways(connection: Connection, rooms: Rooms, letter: Letter, person: Person) -> tuple[Account, ...]:
    """His accounts that hold, on channels that reach him on the same wire; one of each channel."""
    found = accounts_of(connection, rooms.sealer, [person.id]).get(person.id, [])
    far = modes(connection)

    def reaches(channel: ChannelName) -> bool:
        return wire_for(far.get((letter.run.company, channel), Mode.SANDBOX), listed=True) is person.wire

    holding = {each.channel: each for each in reversed(found) if each.removed_at is None and each.wire is person.wire}
    return tuple(
        holding[channel]
        for channel in CODE_CHANNELS
        if channel in holding and channel is not letter.channel and reaches(channel)
    )


def _asked(connection: Connection, rooms: Rooms, run: Run, place: int) -> tuple[str, ...]:
    rows = events_at_step(connection, rooms.sealer, run.id, place)
    return tuple(dict.fromkeys(str(row.payload["data"]["recipient"]["name"]) for row in rows))
