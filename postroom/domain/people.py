"""Who somebody is to Odoo: an internal user, known by an account that his provider or an operator vouches for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from postroom.domain.channels import ChannelName
from postroom.domain.safety import Wire


class How(StrEnum):
    """By what we believe that an account is somebody's."""

    EMAIL = "email"  # the provider's directory says that his address in Odoo is this account's, and confirmed
    LINK = "link"  # an operator says so


@dataclass(frozen=True, slots=True)
class Person:
    """An internal user of Odoo, as he was when Odoo last named him."""

    id: UUID
    wire: Wire
    database: str
    user_id: int
    partner_id: int
    company: str
    companies: tuple[int, ...]
    """The companies whose documents he may see."""
    name: str
    login: str = field(repr=False)
    email: str | None = field(default=None, repr=False)
    language: str | None = None
    timezone: str | None = None
    active: bool = True
    has_key: bool = False
    """He has given an API key of his own."""
    seen_at: datetime | None = None
    manager_id: int | None = None
    """The user of Odoo that he answers to."""
    roles: tuple[str, ...] = ()
    """The XML ids of his groups in Odoo, as in purchase.group_purchase_manager."""
    away_from: datetime | None = None
    away_until: datetime | None = None

    def is_away(self, now: datetime) -> bool:
        """Whether he is on leave. Odoo may say that he is, and not until when."""
        begun = self.away_from is not None and self.away_from <= now
        return begun and (self.away_until is None or now < self.away_until)

    @property
    def companies_told(self) -> str:
        """The companies as people write them."""
        return ", ".join(str(each) for each in self.companies) or self.company


@dataclass(frozen=True, slots=True)
class Account:
    """How a person is, or was, known on a channel."""

    id: UUID
    channel: ChannelName
    wire: Wire
    address: str = field(repr=False)
    how: How
    verified_at: datetime
    verified_by: str = ""
    """The operator who linked it."""
    removed_at: datetime | None = None
    removed_why: str | None = None


# Who acts -------------------------------------------------------------------------------------------------------------


class Unknown(StrEnum):
    """Why an account gives nobody the power to decide."""

    NO_ACCOUNT = "no_account"
    DEACTIVATED = "deactivated"
    UNPROVEN = "unproven"
    OTHER_ODOO = "other_odoo"


UNKNOWN: MappingProxyType[Unknown, str] = MappingProxyType(
    {
        Unknown.NO_ACCOUNT: "no user of Odoo is known by this account",
        Unknown.DEACTIVATED: "the user that this account belongs to is no longer active in Odoo",
        Unknown.UNPROVEN: "an address that anybody can write into a message proves nobody",
        Unknown.OTHER_ODOO: "the account is real and its user is the sandbox's, or the other way round",
    }
)
"""In words, for operators."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """The account is this person's, and he may act in Odoo."""

    person: Person


@dataclass(frozen=True, slots=True)
class Stranger:
    """The account is nobody's who may act in Odoo."""

    reason: Unknown


UNPROVEN = frozenset({ChannelName.EMAIL, ChannelName.SMS, ChannelName.CALLBACK})
"""A From line and a sender's number are written by whoever sends; no account on these lets anybody decide."""


def recognised(channel: ChannelName, wire: Wire, holder: Person | None) -> Recognised | Stranger:
    """Who acts through an account that `holder` is known by."""
    if channel in UNPROVEN:
        return Stranger(Unknown.UNPROVEN)
    if holder is None:
        return Stranger(Unknown.NO_ACCOUNT)
    if holder.wire is not wire:
        return Stranger(Unknown.OTHER_ODOO)
    return Recognised(holder) if holder.active else Stranger(Unknown.DEACTIVATED)


# Users of Odoo --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class User:
    """An internal user as Odoo names him now; portal and public users are nobody here."""

    user_id: int
    partner_id: int
    company: int
    companies: tuple[int, ...]
    name: str
    login: str = field(repr=False)
    email: str | None = field(default=None, repr=False)
    """In normal form; None where Odoo has none that could be one."""
    language: str | None = None
    timezone: str | None = None
    active: bool = True
    manager_id: int | None = None
    roles: tuple[str, ...] = ()
    away: bool = False
    away_until: datetime | None = None


def same(user: User, person: Person) -> bool:
    """Whether Odoo says nothing new of somebody."""
    return (
        user.partner_id,
        str(user.company),
        user.companies,
        user.name,
        user.login,
        user.email,
        user.language,
        user.timezone,
        user.active,
        user.manager_id,
        user.roles,
        user.away,
        user.away_until,
    ) == (
        person.partner_id,
        person.company,
        person.companies,
        person.name,
        person.login,
        person.email,
        person.language,
        person.timezone,
        person.active,
        person.manager_id,
        person.roles,
        person.away_from is not None,
        person.away_until,
    )


def moved(user: User, person: Person) -> bool:
    """Whether his address is another one: what a directory said of the old one proves nothing of him any more."""
    return (user.email or "").casefold() != (person.email or "").casefold()


# What a channel's own directory says ----------------------------------------------------------------------------------

DIRECTORIES = (ChannelName.SLACK, ChannelName.TEAMS)
"""Channels that know their members by a confirmed email address."""
LINKABLE = (*DIRECTORIES, ChannelName.WHATSAPP)
"""Channels whose account an operator may vouch for: there nobody writes a sender but the provider."""
ASKED_AGAIN = timedelta(days=1)
"""How long a directory's word holds before it is asked for again."""


class Standing(StrEnum):
    """How whoever has an email address stands in a channel's directory."""

    FOUND = "found"
    NOBODY = "nobody"
    UNCONFIRMED = "unconfirmed"
    GUEST = "guest"
    MACHINE = "machine"
    DEACTIVATED = "deactivated"
    ELSEWHERE = "elsewhere"
    SEVERAL = "several"
    TAKEN = "taken"
    PARTED = "parted"


STANDINGS: MappingProxyType[Standing, str] = MappingProxyType(
    {
        Standing.FOUND: "known by his email address",
        Standing.NOBODY: "nobody there has his email address",
        Standing.UNCONFIRMED: "whoever has his email address there has not confirmed it",
        Standing.GUEST: "whoever has his email address there is a guest",
        Standing.MACHINE: "whoever has his email address there is a bot",
        Standing.DEACTIVATED: "whoever has his email address there is deactivated",
        Standing.ELSEWHERE: "whoever has his email address there is of another organisation",
        Standing.SEVERAL: "several there have his email address",
        Standing.TAKEN: "whoever has his email address there is known as another user of Odoo",
        Standing.PARTED: "an operator said that whoever has his email address there is not he",
    }
)
"""In words, for operators."""


@dataclass(frozen=True, slots=True)
class Member:
    """Whoever has an email address in a channel's directory."""

    standing: Standing
    account: str = field(default="", repr=False)
    """As the channel names him; set exactly where he was found."""


@dataclass(frozen=True, slots=True)
class Step:
    """What follows from a directory's word."""

    part: bool = False
    """From the account that he was known by."""
    join: str = field(default="", repr=False)
    """The account that he is known by from now on."""


def step_after(held: str | None, member: Member) -> Step:
    """What follows for somebody who is known by `held`, by his email address, or by nothing."""
    if member.standing is Standing.FOUND:
        return Step() if held == member.account else Step(part=held is not None, join=member.account)
    return Step(part=held is not None)


# What stands in the way -----------------------------------------------------------------------------------------------


class Lack(StrEnum):
    """Why somebody cannot decide, or not in his own name."""

    DEACTIVATED = "deactivated"
    NO_EMAIL = "no_email"
    CLASH = "clash"
    NO_ACCOUNT = "no_account"
    NO_KEY = "no_key"


LACKS: MappingProxyType[Lack, tuple[str, str]] = MappingProxyType(
    {
        Lack.DEACTIVATED: ("decides nothing: Odoo does not name him among its active users", "postroom people sync"),
        Lack.NO_EMAIL: ("no directory can be asked for him: he has no email address in Odoo", "Give him one in Odoo."),
        Lack.CLASH: ("no directory is asked for him: another user has his email address", "Correct it in Odoo."),
        Lack.NO_ACCOUNT: ("decides nothing from a chat: no account is known to be his", "postroom people link {user}"),
        Lack.NO_KEY: (
            "gets links into Odoo instead of deciding in the chat: our add-on is not installed, and he gave no API key",
            "postroom people key {user}",
        ),
    }
)
"""In words for operators: what he may not do and why, and the remedy."""


def lacks(person: Person, accounts: Iterable[Account], *, clash: bool, add_on: bool | None) -> tuple[Lack, ...]:
    """What keeps somebody from deciding; without our add-on in Odoo he needs a key of his own."""
    if not person.active:
        return (Lack.DEACTIVATED,)
    found = []
    if not any(each.removed_at is None for each in accounts):
        found = [Lack.NO_ACCOUNT, *([Lack.CLASH] if clash else []), *([] if person.email else [Lack.NO_EMAIL])]
    if add_on is False and not person.has_key:
        found.append(Lack.NO_KEY)
    return tuple(found)


def clash_words(wire: Wire, groups: Sequence[Sequence[int]]) -> str:
    """What an operator reads of users that share an email address; addresses stay out."""
    told = "; ".join("users " + " and ".join(str(user) for user in group) for group in groups)
    return f"Odoo ({wire}): {told} have the same email address: none of them is known by it. Correct it in Odoo."
