"""What Odoo says of its users, and channels' directories of people, written down so that it may be said again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import BigInteger, Uuid

from postroom.domain.channels import ChannelName
from postroom.domain.people import ASKED_AGAIN, Person, Standing, User, moved, same
from postroom.domain.safety import Wire
from postroom.store.ids import new_id
from postroom.store.people import ADDRESS, PERSON, email_blind, person_from
from postroom.store.sealing import Sealer

_KNOWN = text(f"""
    select {PERSON} from person p where p.database = :database and p.user_id = any(:users) for update
""").bindparams(bindparam("users", type_=ARRAY(BigInteger)))  # noqa: S608
_ADD = text("""
    insert into person (id, company, wire, database, user_id, partner_id, login, name, email, email_blind, language,
        timezone, companies, active, manager_id, roles, away_from, away_until)
    values (:id, :company, :wire, :database, :user_id, :partner_id, :login, :name, :email, :email_blind, :language,
        :timezone, :companies, :active, :manager_id, :roles, case when :away then clock_timestamp() end, :away_until)
    on conflict (database, user_id) do nothing
""").bindparams(*(bindparam(name, type_=JSONB) for name in ("companies", "roles")))
_CHANGE = text("""
    update person set company = :company, wire = :wire, partner_id = :partner_id, login = :login, name = :name,
        email = :email, email_blind = :email_blind, language = :language, timezone = :timezone,
        companies = :companies, active = :active, manager_id = :manager_id, roles = :roles,
        away_from = case when :away then coalesce(away_from, clock_timestamp()) end, away_until = :away_until
    where database = :database and user_id = :user_id
""").bindparams(*(bindparam(name, type_=JSONB) for name in ("companies", "roles")))
_SEEN = text("""
    update person set seen_at = clock_timestamp(), wire = :wire
    where database = :database and user_id = any(:users)
""").bindparams(bindparam("users", type_=ARRAY(BigInteger)))
_MOVED = text("""
    update person_account set removed_at = clock_timestamp(), removed_why = 'his email address in Odoo changed'
    where person_id = :id and how = 'email' and removed_at is null
""")
_ASK_AGAIN = text("delete from person_lookup where person_id = :id")
_GONE = text("""
    update person set active = false
    where wire = :wire and active and (database <> :database or seen_at < :since) returning id
""")

_DATABASES = text("""
    select database from person where wire = :wire group by database order by max(seen_at) desc, database
""")
_RENAME = text("""
    update person p set database = :database where wire = :wire and seen_at = (
        select max(twin.seen_at) from person twin where twin.wire = p.wire and twin.user_id = p.user_id)
""")
_CLASHES = text("""
    select array_agg(user_id order by user_id) as users from person
    where wire = :wire and active and email_blind is not null
    group by email_blind having count(*) > 1 order by min(user_id)
""")
_TO_ASK = text(f"""
    select {PERSON}, a.id as account_id, a.address from person p
    left join person_lookup l on l.person_id = p.id and l.channel = :channel
    left join person_account a on a.person_id = p.id and a.channel = :channel and a.wire = p.wire
        and a.removed_at is null and a.how = 'email'
    where p.wire = :wire and p.active and p.email_blind is not null
        and (l.asked_at is null or l.asked_at < clock_timestamp() - :again)
        and (a.id is not null or not exists (
            select from person_account word where word.person_id = p.id and word.channel = :channel
                and word.wire = p.wire and word.removed_at is null and word.how = 'link'))
        and not exists (
            select from person namesake where namesake.wire = p.wire and namesake.email_blind = p.email_blind
                and namesake.active and namesake.id <> p.id)
    order by l.asked_at nulls first, p.user_id limit :limit
""")  # noqa: S608
_STILL = text("select active, email_blind from person where id = :id for update")
_NOTE = text("""
    insert into person_lookup (person_id, channel, company, outcome) values (:id, :channel, :company, :outcome)
    on conflict (person_id, channel) do update set outcome = excluded.outcome, asked_at = clock_timestamp()
""")
_LOOKUPS = text("""
    select person_id, channel, outcome, asked_at from person_lookup where person_id = any(:people) order by channel
""").bindparams(bindparam("people", type_=ARRAY(Uuid)))

_APPROVERS = text("""
    select company, cast(substring(recipient from '^partner:([0-9]+)$') as bigint) as partner_id, count(*) as number
    from intent
    where rule = 'approval_request' and created_at > clock_timestamp() - cast(:within as interval)
        and recipient ~ '^partner:[0-9]+$'
    group by company, recipient order by company, number desc, recipient
""")


@dataclass(frozen=True, slots=True)
class Told:
    """What was new in what Odoo said of some users."""

    added: int = 0
    changed: int = 0
    deactivated: int = 0
    same: int = 0

    def __str__(self) -> str:
        return f"{self.added} new, {self.changed} changed, {self.deactivated} gone, {self.same} as before"

    def __add__(self, other: "Told") -> "Told":
        return Told(
            self.added + other.added,
            self.changed + other.changed,
            self.deactivated + other.deactivated,
            self.same + other.same,
        )


def settle_database(connection: Connection, wire: Wire, told: str) -> str:
    """By what name people of this database are kept: by its UUID, from when on one is known.

    Where our user may not read it any more, the one that we know stays; where it becomes known, those who were kept by
    the database's address are the same people still.
    """
    names = list(connection.scalars(_DATABASES, {"wire": wire.value}))
    known = [name for name in names if _is_uuid(name)]
    if not _is_uuid(told):
        return known[0] if known else told
    if names and not known:
        connection.execute(_RENAME, {"wire": wire.value, "database": told})
    return told


def _is_uuid(name: str) -> bool:
    try:
        return str(UUID(name)) == name.lower()
    except ValueError:
        return False


def keep_users(connection: Connection, sealer: Sealer, wire: Wire, database: str, users: Sequence[User]) -> Told:
    """Write down what Odoo says of users. Whoever is not active and was never known stays unknown."""
    ids = {"database": database, "users": sorted(each.user_id for each in users)}
    known = {row.user_id: person_from(sealer, row) for row in connection.execute(_KNOWN, ids)}
    told = Told()
    # In one order everywhere, so that two syncs cannot wait for each other.
    for user in sorted(users, key=lambda each: each.user_id):
        told += _keep(connection, sealer, wire, database, user, known.get(user.user_id))
    connection.execute(_SEEN, {**ids, "wire": wire.value})
    return told


def _keep(connection: Connection, sealer: Sealer, wire: Wire, database: str, user: User, person: Person | None) -> Told:
    if person is None and not user.active:
        return Told()
    if person is not None and same(user, person):
        return Told(same=1)
    row = _row(sealer, wire, database, user)
    if person is None:
        connection.execute(_ADD, {**row, "id": new_id()})
        return Told(added=1)
    connection.execute(_CHANGE, row)
    if moved(user, person):
        connection.execute(_MOVED, {"id": person.id})
        connection.execute(_ASK_AGAIN, {"id": person.id})
    return Told(deactivated=1) if person.active and not user.active else Told(changed=1)


def retire(connection: Connection, wire: Wire, database: str, since: datetime) -> int:
    """Whoever Odoo did not name since then, or was a user of another database, decides no longer."""
    gone = connection.execute(_GONE, {"wire": wire.value, "database": database, "since": since})
    return len(gone.all())


def clashes(connection: Connection, wire: Wire) -> list[tuple[int, ...]]:
    """Active users who share an email address, as their ids: by it none of them can be known."""
    return [tuple(row.users) for row in connection.execute(_CLASHES, {"wire": wire.value})]


# What directories say -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody whom a directory is to be asked for, and the account that it has named before."""

    person: Person
    account_id: UUID | None
    account: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Lookup:
    """What a directory said last of somebody."""

    channel: ChannelName
    standing: Standing
    asked_at: datetime


def to_ask_for(connection: Connection, sealer: Sealer, channel: ChannelName, wire: Wire, *, limit: int) -> list[Asked]:
    """Whom to ask a channel's directory for now; nobody whom an operator alone has vouched for."""
    values = {"channel": channel.value, "wire": wire.value, "again": ASKED_AGAIN, "limit": limit}
    return [
        Asked(
            person_from(sealer, row),
            row.account_id,
            sealer.open_text(row.address, ADDRESS) if row.address is not None else None,
        )
        for row in connection.execute(_TO_ASK, values)
    ]


def still(connection: Connection, sealer: Sealer, person: Person) -> bool:
    """Whether somebody is active and has the same address still; held so until the transaction ends."""
    row = connection.execute(_STILL, {"id": person.id}).one_or_none()
    blind = email_blind(sealer, person.email or "")
    return row is not None and row.active and row.email_blind == blind


def note_lookup(connection: Connection, person: Person, channel: ChannelName, standing: Standing) -> None:
    """Remember what a directory said of somebody, so that he is asked for again only when that is stale."""
    row = {"id": person.id, "channel": channel.value, "company": person.company, "outcome": standing.value}
    connection.execute(_NOTE, row)


def lookups_of(connection: Connection, people: Iterable[UUID]) -> Mapping[UUID, list[Lookup]]:
    """What directories said last of people."""
    found: dict[UUID, list[Lookup]] = {}
    for row in connection.execute(_LOOKUPS, {"people": list(people)}):
        lookup = Lookup(ChannelName(row.channel), Standing(row.outcome), row.asked_at)
        found.setdefault(row.person_id, []).append(lookup)
    return found


# Approvals ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Approver:
    """Somebody who was asked for approvals."""

    company: str
    partner_id: int
    number: int


def approvers(connection: Connection, within: timedelta) -> list[Approver]:
    """Who was asked for approvals lately, and how often."""
    return [Approver(*row) for row in connection.execute(_APPROVERS, {"within": within})]


def _row(sealer: Sealer, wire: Wire, database: str, user: User) -> dict[str, Any]:
    return {
        "company": str(user.company),
        "wire": wire.value,
        "database": database,
        "user_id": user.user_id,
        "partner_id": user.partner_id,
        "login": sealer.seal_text(user.login, "person.login"),
        "name": sealer.seal_text(user.name, "person.name"),
        "email": sealer.seal_text(user.email, "person.email") if user.email else None,
        "email_blind": email_blind(sealer, user.email) if user.email else None,
        "language": user.language,
        "timezone": user.timezone,
        "companies": list(user.companies),
        "active": user.active,
        "manager_id": user.manager_id,
        "roles": list(user.roles),
        "away": user.away,
        "away_until": user.away_until,
    }
