"""What people chose to hear, with history: the newest word on a message type and channel speaks."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text

from postroom.domain.channels import ChannelName
from postroom.domain.preferences import Choice, Preference, Preferences
from postroom.store.ids import new_id

Person = tuple[str, str]
"""A company, and a recipient of its messages as an intent names him."""

_SPEAKING = text("""
    select distinct on (p.company, p.recipient, p.message_type, p.channel)
        p.company, p.recipient, p.message_type, p.channel, p.choice, p.source, p.at
    from message_channel_preference p
    join unnest(:companies, :recipients) as w (company, recipient) using (company, recipient)
    order by p.company, p.recipient, p.message_type, p.channel, p.at desc, p.id desc
""").bindparams(bindparam("companies", type_=ARRAY(Text)), bindparam("recipients", type_=ARRAY(Text)))
_HISTORY = text("""
    select message_type, channel, choice, source, at from message_channel_preference
    where company = :company and recipient = :recipient order by at, id
""")
_CHOOSE = text("""
    insert into message_channel_preference (id, company, recipient, message_type, channel, choice, source)
    values (:id, :company, :recipient, :message_type, :channel, :choice, :source)
""")


_POINTS = text("""
    select c.channel, c.blind, coalesce((
        select consent.granted from consent
        where consent.company = c.company and consent.channel = c.channel and consent.blind = c.blind
        order by consent.at desc, consent.id desc limit 1
    ), true) as heard
    from contact_point c where c.company = :company and c.partner = :partner order by c.channel, c.blind
""")
_RECEIVED = text("""
    select distinct m.message_type from contact_point c join message_log m on m.contact_point_id = c.id
    where c.company = :company and c.partner = :partner
""")


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one person is reached, what he was sent, and what he has chosen."""

    points: tuple[tuple[ChannelName, bytes, bool], ...]
    """Each address by its blind index, and whether he may be written to there."""
    received: frozenset[str]
    preferences: Preferences

    @property
    def channels(self) -> dict[ChannelName, bool]:
        """Each channel that reaches him, and whether he has left at least one address of it open."""
        known = {channel for channel, _, _ in self.points}
        return {channel: any(heard for each, _, heard in self.points if each is channel) for channel in sorted(known)}


def standing(connection: Connection, company: str, recipient: str) -> Standing:
    """What is known of a person's wishes."""
    scope = {"company": company, "partner": recipient.removeprefix("partner:")}
    points = tuple(
        (ChannelName(row.channel), bytes(row.blind), bool(row.heard)) for row in connection.execute(_POINTS, scope)
    )
    received = frozenset(connection.scalars(_RECEIVED, scope))
    chosen = preferences_of(connection, [(company, recipient)]).get((company, recipient), Preferences())
    return Standing(points, received, chosen)


@dataclass(frozen=True, slots=True)
class NewChoice:
    """Something that a person, or somebody for him, has just chosen."""

    message_type: str
    channel: str
    choice: Choice


def preferences_of(connection: Connection, people: Iterable[Person]) -> dict[Person, Preferences]:
    """What each of these people has chosen; who never chose is not among them."""
    wanted = sorted(set(people))
    if not wanted:
        return {}
    columns = {"companies": [company for company, _ in wanted], "recipients": [who for _, who in wanted]}
    rows: dict[Person, list[Preference]] = {}
    for row in connection.execute(_SPEAKING, columns):
        rows.setdefault((row.company, row.recipient), []).append(_preference(row))
    return {person: Preferences.of(found) for person, found in rows.items()}


def history(connection: Connection, company: str, recipient: str) -> list[Preference]:
    """Every choice that was ever made for a person, oldest first."""
    rows = connection.execute(_HISTORY, {"company": company, "recipient": recipient})
    return [_preference(row) for row in rows]


def choose(
    connection: Connection, company: str, recipient: str, choices: Sequence[NewChoice], *, source: str
) -> list[NewChoice]:
    """Write choices down. Returns those that change something; what holds already is not written again."""
    known = preferences_of(connection, [(company, recipient)]).get((company, recipient), Preferences())
    said = {(row.message_type, row.channel): row.choice for row in known.rows}
    new = [each for each in choices if said.get((each.message_type, each.channel)) is not each.choice]
    for each in new:
        scope = {"id": new_id(), "company": company, "recipient": recipient, "source": source}
        words = {"message_type": each.message_type, "channel": each.channel, "choice": each.choice.value}
        connection.execute(_CHOOSE, scope | words)
    return new


def _preference(row: Any) -> Preference:
    at: datetime = row.at
    return Preference(row.message_type, row.channel, Choice(row.choice), row.source, at)
