"""How people are shown: in a line, in full, and for programs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from postroom.cli.people.delegating import told_with_history
from postroom.cli.showing import lasting, said, shown, when
from postroom.domain.channels import ChannelName
from postroom.domain.people import LACKS, LINKABLE, STANDINGS, Account, How, Lack, Person, Standing, lacks
from postroom.domain.routing import TITLES
from postroom.store.census import Lookup
from postroom.store.delegations import Kept

COLUMNS = ("user", "name", "company", *(TITLES[channel] for channel in LINKABLE), "own key", "")


@dataclass(frozen=True, slots=True)
class Known:
    """A person with all that is known of him."""

    person: Person
    accounts: Sequence[Account] = ()
    lookups: Sequence[Lookup] = ()
    clash: bool = False
    add_on: bool | None = None
    """Whether our add-on is installed in his Odoo; None: it was not asked."""
    delegations: Sequence[Kept] = ()
    """Who decides, or decided, for him."""

    @property
    def holding(self) -> list[Account]:
        """The accounts that are his now."""
        return [each for each in self.accounts if each.removed_at is None]

    @property
    def lacks(self) -> tuple[Lack, ...]:
        """What keeps him from deciding."""
        return lacks(self.person, self.accounts, clash=self.clash, add_on=self.add_on)


def row(known: Known, *, reveal: bool) -> tuple[str, ...]:
    """One line of the list."""
    person = known.person
    accounts = (_accounts(known, channel, reveal=reveal) for channel in LINKABLE)
    first = next((LACKS[each][0].partition(":")[0] for each in known.lacks), "")
    own = "yes" if person.has_key else ""
    style = "[yellow]{}[/]" if first else "{}"
    return (
        str(person.user_id), said(person.name), said(person.companies_told), *accounts, own, style.format(first)
    )  # fmt: skip


def _accounts(known: Known, channel: ChannelName, *, reveal: bool) -> str:
    told = [
        f"{said(shown(each.address, reveal=reveal))}{' (by hand)' if each.how is How.LINK else ''}"
        for each in known.holding
        if each.channel is channel
    ]
    return ", ".join(told)


# In full --------------------------------------------------------------------------------------------------------------


def facts(known: Known, *, reveal: bool) -> Iterator[tuple[str, str]]:
    """Everything that is known of one person, as rows."""
    person = known.person
    yield (
        "User",
        f"{person.user_id} of the {person.wire} Odoo (partner {person.partner_id}, database {person.database})",
    )
    yield "Name", f"{person.name}, who logs in as {shown(person.login, reveal=reveal)}"
    yield "Email", shown(person.email, reveal=reveal) if person.email else "none in Odoo"
    yield "Companies", f"{person.companies_told}; his own is {person.company}"
    yield "Language", ", ".join(filter(None, (person.language, person.timezone))) or "not set"
    yield "State", _state(person)
    for account in known.accounts:
        yield TITLES[account.channel], _told(account, reveal=reveal)
    for lookup in known.lookups:
        if lookup.standing is not Standing.FOUND:
            yield TITLES[lookup.channel], f"{STANDINGS[lookup.standing]} (asked {when(lookup.asked_at)})"
    yield "Manager", f"user {person.manager_id}" if person.manager_id else "none that Odoo names"
    yield "Roles", ", ".join(person.roles) or "none that is known"
    if person.away_from is not None:
        yield "Away", f"from {when(person.away_from)} until {when(person.away_until) if person.away_until else '?'}"
    for kept in known.delegations:
        yield "Delegated", told_with_history(kept)
    yield "Own key", "given, sealed" if person.has_key else "not given"
    for lack in known.lacks:
        words, remedy = LACKS[lack]
        yield "Cannot", f"{words}. Try: {remedy.format(user=person.user_id)}"


def _state(person: Person) -> str:
    ago = lasting(datetime.now(UTC) - person.seen_at) if person.seen_at else "?"
    return f"{'active' if person.active else 'not active'}; Odoo named him {ago} ago"


def _told(account: Account, *, reveal: bool) -> str:
    who = f"linked by {account.verified_by or 'an operator'}" if account.how is How.LINK else "by his email address"
    told = f"{shown(account.address, reveal=reveal)}, {who}, since {when(account.verified_at)}"
    if account.removed_at is None:
        return told
    return f"{told}, until {when(account.removed_at)}: {account.removed_why}"


# For programs ---------------------------------------------------------------------------------------------------------


def as_json(known: Known, *, reveal: bool) -> dict[str, Any]:
    """Keys in the order of docs/cli.md."""
    person = known.person
    return {
        "user_id": person.user_id,
        "partner_id": person.partner_id,
        "wire": person.wire,
        "database": person.database,
        "name": person.name,
        "login": shown(person.login, reveal=reveal),
        "email": shown(person.email, reveal=reveal) if person.email else None,
        "company": person.company,
        "companies": list(person.companies),
        "language": person.language,
        "timezone": person.timezone,
        "active": person.active,
        "seen_at": person.seen_at,
        "manager": person.manager_id,
        "roles": list(person.roles),
        "away_from": person.away_from,
        "away_until": person.away_until,
        "delegations": [_delegation_json(each) for each in known.delegations],
        "own_key": person.has_key,
        "accounts": [_account_json(each, reveal=reveal) for each in known.accounts],
        "lookups": [_lookup_json(each) for each in known.lookups],
        "lacks": [str(each) for each in known.lacks],
    }


def _account_json(account: Account, *, reveal: bool) -> Mapping[str, Any]:
    return {
        "channel": account.channel,
        "address": shown(account.address, reveal=reveal),
        "how": account.how,
        "by": account.verified_by or None,
        "since": account.verified_at,
        "until": account.removed_at,
        "why_not": account.removed_why,
    }


def _delegation_json(kept: Kept) -> Mapping[str, Any]:
    made = kept.delegation
    return {
        "to": made.to_user_id,
        "from": made.from_at,
        "until": made.until_at,
        "by": kept.made_by,
        "since": kept.made_at,
        "ended_at": kept.ended_at,
        "ended_by": kept.ended_by,
    }


def _lookup_json(lookup: Lookup) -> Mapping[str, Any]:
    return {"channel": lookup.channel, "standing": lookup.standing, "asked_at": lookup.asked_at}
