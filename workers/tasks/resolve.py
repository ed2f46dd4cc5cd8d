"""Who the audiences of a step are, just now; whoever cannot be asked is replaced at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from postroom.domain.channels import ChannelName
from postroom.domain.escalation import Audience, Whom
from postroom.domain.people import Account, Person
from postroom.domain.safety import Wire
from postroom.domain.standing_in import Missing, deputies, missing, stand_in
from postroom.store.delegations import delegates
from postroom.store.engine import Connection
from postroom.store.people import accounts_of, people_with_role, person_of_partner, person_of_user
from postroom.store.sealing import Sealer

Recipient = Mapping[str, Any]
"""Somebody as an event's data names him."""
ACCOUNTS = {ChannelName.SLACK: "slack", ChannelName.TEAMS: "teams", ChannelName.WHATSAPP: "phone"}
"""The recipient's field for an account that is known to be his."""


def asked_by(data: Mapping[str, Any]) -> tuple[Recipient, ...]:
    """Whom an event asks, each once: its recipient, and its approvers where it names more."""
    found: dict[str, Recipient] = {}
    for each in (data["recipient"], *(data.get("approvers") or ())):
        found.setdefault(partner_of(each), each)
    return tuple(found.values())


def partner_of(recipient: Recipient) -> str:
    """As an intent names him."""
    return f"partner:{recipient['partner_id']}"


def recipient_of_user(connection: Connection, sealer: Sealer, wire: Wire, user_id: int) -> Recipient | None:
    """A user of Odoo as an event names him; None where nobody knows him, or he is gone."""
    person = person_of_user(connection, sealer, wire, user_id)
    if person is None or not person.active:
        return None
    return as_recipient(person, accounts_of(connection, sealer, [person.id]).get(person.id, ()))


@dataclass(frozen=True, slots=True)
class Circle:
    """What audiences are seen from."""

    asked: Sequence[Recipient]
    """Those who were asked, or are to be."""
    owner: Audience
    """Who answers for the chain."""
    company: str
    wire: Wire
    requester: int | None = None
    """Whose request it is: the one user who never decides it."""
    lost: frozenset[str] = frozenset()
    """Whom no channel reaches, as partner:<id>."""


@dataclass(frozen=True, slots=True)
class Replaced:
    """Somebody who is not asked, why, and who is in his place."""

    who: str
    why: Missing
    by: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.who} ({self.why}): {', '.join(self.by) or 'nobody can be asked in his place'}"


@dataclass(slots=True)
class Resolved:
    """Everybody whom audiences come to, each once, in their order."""

    people: dict[str, Recipient] = field(default_factory=dict)
    """By partner:<id>."""
    replaced: list[Replaced] = field(default_factory=list)

    def add(self, recipient: Recipient) -> None:
        """Ask him, too."""
        self.people.setdefault(partner_of(recipient), recipient)


class Colleagues:
    """Who is there just now and who stands in for whom, as one circle sees them; each is looked up once."""

    def __init__(self, connection: Connection, sealer: Sealer, circle: Circle, now: datetime) -> None:
        self._connection, self._sealer, self._now = connection, sealer, now
        self._people: dict[int, Person | None] = {}
        self.circle = circle

    @cached_property
    def _delegates(self) -> Mapping[int, int]:
        return delegates(self._connection, self.circle.wire, self._now)

    def user(self, user_id: int) -> Person | None:
        """A user of Odoo; None where no sync has seen him."""
        if user_id not in self._people:
            self._people[user_id] = person_of_user(self._connection, self._sealer, self.circle.wire, user_id)
        return self._people[user_id]

    def person(self, recipient: Recipient) -> Person | None:
        """The user of Odoo that a recipient is; None where he is not known to be one."""
        user, partner = str(recipient.get("user_id") or ""), str(recipient["partner_id"])
        if user.isdecimal():
            return self.user(int(user))
        if not partner.isdecimal():
            return None
        return person_of_partner(self._connection, self._sealer, self.circle.wire, int(partner))

    def stranger_is(self, recipient: Recipient) -> Missing | None:
        """Why somebody is not asked of whom only the event knows."""
        if self.circle.requester is not None and str(recipient.get("user_id")) == str(self.circle.requester):
            return Missing.REQUESTER
        return Missing.UNREACHABLE if partner_of(recipient) in self.circle.lost else None

    def role(self, name: str) -> list[Person]:
        """The active users with a role who see the documents of the run's company."""
        return people_with_role(self._connection, self._sealer, self.circle.wire, self.circle.company, name)

    def recipient(self, person: Person) -> Recipient:
        """A person as an event's data names him, with the accounts that he is known by."""
        accounts = accounts_of(self._connection, self._sealer, [person.id]).get(person.id, ())
        return as_recipient(person, accounts)

    def why_not(self, person: Person) -> Missing | None:
        """Why somebody is not asked himself."""
        delegate, requester = self._delegates.get(person.user_id), self.circle.requester
        why = missing(person, self._now, requester=requester, delegate=delegate)
        return why or (Missing.UNREACHABLE if f"partner:{person.partner_id}" in self.circle.lost else None)

    def in_place_of(self, person: Person) -> Person | None:
        """The nearest who can be asked instead: his delegate, his manager, theirs, and so on."""
        found = stand_in(person.user_id, self._deputies, self._able)
        return self.user(found) if found is not None else None

    def _deputies(self, user_id: int) -> tuple[int, ...]:
        person = self.user(user_id)
        why = self.why_not(person) if person else None
        return deputies(person, why, self._delegates.get(user_id)) if person and why else ()

    def _able(self, user_id: int) -> bool:
        person = self.user(user_id)
        return person is not None and self.why_not(person) is None


def resolve(colleagues: Colleagues, audiences: Iterable[Audience], before: Iterable[Replaced] = ()) -> Resolved:
    """Everybody whom the audiences name and who can be asked; for whoever cannot, who answers for him."""
    resolved = Resolved(replaced=list(before))
    for audience in audiences:
        for recipient in _named(colleagues, audience):
            _ask(colleagues, recipient, resolved)
    return resolved


def _ask(colleagues: Colleagues, recipient: Recipient, resolved: Resolved) -> None:
    person = colleagues.person(recipient)
    why = colleagues.why_not(person) if person else colleagues.stranger_is(recipient)
    if why is None:
        resolved.add(recipient)
        return
    deputy = colleagues.in_place_of(person) if person else None
    instead = [colleagues.recipient(deputy)] if deputy else _owners(colleagues)
    for each in instead:
        resolved.add(each)
    who = f"user:{person.user_id}" if person else partner_of(recipient)
    resolved.replaced.append(Replaced(who, why, tuple(_called(each) for each in instead)))


def _owners(colleagues: Colleagues) -> list[Recipient]:
    """Who answers for the chain, and can be asked."""
    named = _named(colleagues, colleagues.circle.owner)
    return [each for each in named if (who := colleagues.person(each)) and colleagues.why_not(who) is None]


def _called(recipient: Recipient) -> str:
    return f"user:{recipient['user_id']}" if recipient.get("user_id") else partner_of(recipient)


# Audiences ------------------------------------------------------------------------------------------------------------


def _named(colleagues: Colleagues, audience: Audience) -> list[Recipient]:
    if audience.whom is Whom.ASKED:
        return list(colleagues.circle.asked)
    if audience.whom is Whom.OWNER:
        owner = colleagues.circle.owner
        return _named(colleagues, owner) if owner.whom is not Whom.OWNER else []
    return [colleagues.recipient(each) for each in _people(colleagues, audience)]


def _people(colleagues: Colleagues, audience: Audience) -> list[Person]:
    if audience.whom is Whom.USER:
        named = colleagues.user(int(audience.name))
        return [named] if named else []
    if audience.whom is Whom.MANAGER:
        asked = [person for each in colleagues.circle.asked if (person := colleagues.person(each))]
        above = dict.fromkeys(each.manager_id for each in asked if each.manager_id is not None)
        return [manager for user_id in above if (manager := colleagues.user(user_id))]
    of_role = colleagues.role(audience.name)
    # Of several with a role those decide who are there; only where none is, somebody outside it is asked.
    return [each for each in of_role if colleagues.why_not(each) is None] or of_role


def as_recipient(person: Person, accounts: Iterable[Account] = ()) -> Recipient:
    """A person as an event's data names him."""
    holding = [each for each in accounts if each.removed_at is None]
    held = {ACCOUNTS[each.channel]: each.address for each in holding if each.channel in ACCOUNTS}
    known = {
        "partner_id": person.partner_id,
        "name": person.name,
        "user_id": person.user_id,
        "email": person.email,
        "language": person.language,
        "timezone": person.timezone,
        **held,
    }
    return {name: value for name, value in known.items() if value}
