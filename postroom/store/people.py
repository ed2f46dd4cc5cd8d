"""People: who decides in Odoo, by which accounts, with the history of each account."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from postroom.domain.addresses import NotAnAddress, normal
from postroom.domain.channels import ChannelName
from postroom.domain.people import Account, How, Person, Recognised, Stranger, recognised
from postroom.domain.safety import Wire
from postroom.store.ids import new_id
from postroom.store.sealing import Sealer

ADDRESS = "person_account.address"
KEY = "person.api_key"
BY_HAND = "unlinked by "
"""How the reason begins why an operator parted an account from somebody: no directory's word brings it back."""

PERSON = """p.id, p.wire, p.database, p.user_id, p.partner_id, p.company, p.companies, p.name, p.login, p.email,
    p.language, p.timezone, p.active, p.api_key is not null as has_key, p.seen_at, p.manager_id, p.roles,
    p.away_from, p.away_until"""
"""What a person is made of."""

_BY_ACCOUNT = text(f"""
    select {PERSON} from person_account a join person p on p.id = a.person_id
    where a.channel = :channel and a.wire = :wire and a.blind = :blind and a.removed_at is null
""")  # noqa: S608
_BY_USER = text(f"""
    select {PERSON} from person p where p.wire = :wire and p.user_id = :user_id
    order by p.active desc, p.seen_at desc limit 1
""")  # noqa: S608
_BY_PARTNER = text(f"""
    select {PERSON} from person p where p.wire = :wire and p.partner_id = :partner_id and p.active
    order by p.user_id limit 1
""")  # noqa: S608
_BY_ROLE = text(f"""
    select {PERSON} from person p
    where p.wire = :wire and p.active and p.roles @> to_jsonb(cast(:role as text))
        and p.companies @> to_jsonb(cast(:company as bigint))
    order by p.user_id
""")  # noqa: S608
_BY_ID = text(f"select {PERSON} from person p where p.id = :id")  # noqa: S608
_BY_EMAIL = text(f"""
    select {PERSON} from person p where p.email_blind = :blind and (:wire = '' or p.wire = :wire)
    order by p.active desc, p.user_id
""")  # noqa: S608
_PEOPLE = text(f"""
    select {PERSON} from person p
    where (:wire = '' or p.wire = :wire) and (:company = '' or p.company = :company
        or p.companies @> to_jsonb(cast(nullif(:company, '') as bigint)))
    order by p.wire, p.active desc, p.user_id
""")  # noqa: S608
_ACCOUNTS = text("""
    select * from person_account where person_id = any(:people) order by removed_at is not null, verified_at, id
""").bindparams(bindparam("people", type_=ARRAY(Uuid)))
_HOLDER = text(f"""
    select a.id as account_id, {PERSON} from person_account a join person p on p.id = a.person_id
    where a.channel = :channel and a.wire = :wire and a.blind = :blind and a.removed_at is null for update of a
""")  # noqa: S608
_REMOVE = text("""
    update person_account set removed_at = clock_timestamp(), removed_why = :why
    where id = any(:ids) and removed_at is null
""").bindparams(bindparam("ids", type_=ARRAY(Uuid)))
_LINK = text("""
    insert into person_account (id, company, person_id, channel, wire, address, blind, how, verified_by)
    values (:id, :company, :person_id, :channel, :wire, :address, :blind, :how, :by)
    on conflict (channel, wire, blind) where removed_at is null do nothing returning id
""")
_LAST_PARTED = text("""
    select removed_why from person_account
    where person_id = :person_id and channel = :channel and wire = :wire and blind = :blind
    order by removed_at desc nulls first, id desc limit 1
""")


class Taken(Exception):
    """The account is another person's, who must be parted from it first."""

    def __init__(self, holder: Person) -> None:
        super().__init__(f"the account belongs to user {holder.user_id}")
        self.holder = holder


# Who acts -------------------------------------------------------------------------------------------------------------


def who_is(
    connection: Connection, sealer: Sealer, channel: ChannelName, wire: Wire, address: str
) -> Recognised | Stranger:
    """Who acts through an account, as its provider names it; a stranger's reason says why nobody does."""
    try:
        account = _account(sealer, channel, wire, address)
    except NotAnAddress:
        return recognised(channel, wire, None)
    row = connection.execute(_BY_ACCOUNT, account).one_or_none()
    return recognised(channel, wire, person_from(sealer, row) if row else None)


def person_of_account(
    connection: Connection, sealer: Sealer, channel: ChannelName, wire: Wire, address: str
) -> Person | None:
    """The active user who may act through an account; None for everybody else."""
    found = who_is(connection, sealer, channel, wire, address)
    return found.person if isinstance(found, Recognised) else None


def person_of_user(connection: Connection, sealer: Sealer, wire: Wire, user_id: int) -> Person | None:
    """A user of the Odoo of a wire, active or no longer; None where no sync has seen him."""
    row = connection.execute(_BY_USER, {"wire": wire.value, "user_id": user_id}).one_or_none()
    return person_from(sealer, row) if row else None


def person_of_partner(connection: Connection, sealer: Sealer, wire: Wire, partner_id: int) -> Person | None:
    """The active user whose partner this is."""
    row = connection.execute(_BY_PARTNER, {"wire": wire.value, "partner_id": partner_id}).one_or_none()
    return person_from(sealer, row) if row else None


def people_with_role(connection: Connection, sealer: Sealer, wire: Wire, company: str, role: str) -> list[Person]:
    """The active users with a role who may see a company's documents; of a company that is no number of Odoo nobody."""
    if not company.isdecimal():
        return []
    rows = connection.execute(_BY_ROLE, {"wire": wire.value, "company": int(company), "role": role})
    return [person_from(sealer, row) for row in rows]


# Looking --------------------------------------------------------------------------------------------------------------


def person_by_id(connection: Connection, sealer: Sealer, person_id: UUID) -> Person | None:
    """A person by our own id."""
    row = connection.execute(_BY_ID, {"id": person_id}).one_or_none()
    return person_from(sealer, row) if row else None


def people_with_email(connection: Connection, sealer: Sealer, address: str, wire: Wire | None = None) -> list[Person]:
    """Everybody who has an email address in Odoo, whatever the case of its letters; the active first."""
    wanted = {"blind": email_blind(sealer, address), "wire": wire.value if wire else ""}
    return [person_from(sealer, row) for row in connection.execute(_BY_EMAIL, wanted)]


def people_of(
    connection: Connection, sealer: Sealer, *, wire: Wire | None = None, company: str = ""
) -> list[tuple[Person, list[Account]]]:
    """Everybody of a wire and company (a number), or of all, each with his accounts, removed ones included."""
    rows = connection.execute(_PEOPLE, {"wire": wire.value if wire else "", "company": company})
    people = [person_from(sealer, row) for row in rows]
    accounts = accounts_of(connection, sealer, [each.id for each in people])
    return [(each, accounts.get(each.id, [])) for each in people]


def accounts_of(connection: Connection, sealer: Sealer, people: Iterable[UUID]) -> Mapping[UUID, list[Account]]:
    """The accounts of people, those that hold before those that were removed."""
    found: dict[UUID, list[Account]] = {}
    for row in connection.execute(_ACCOUNTS, {"people": list(people)}):
        found.setdefault(row.person_id, []).append(_opened(sealer, row))
    return found


def holder_of(
    connection: Connection, sealer: Sealer, channel: ChannelName, wire: Wire, address: str
) -> tuple[UUID, Person] | None:
    """Whose an account is, active or not, with the account's id; locked until the transaction ends."""
    row = connection.execute(_HOLDER, _account(sealer, channel, wire, address)).one_or_none()
    return (row.account_id, person_from(sealer, row)) if row else None


# Linking --------------------------------------------------------------------------------------------------------------


def link(
    connection: Connection,
    sealer: Sealer,
    person: Person,
    channel: ChannelName,
    address: str,
    *,
    how: How,
    by: str = "",
) -> bool:
    """Make an account known as a person's, on his own wire. False: it was already. Raises Taken.

    Whoever is no longer active in Odoo keeps nobody from an account: it is taken from him. A directory's word is
    replaced by an operator's, and never the other way round.
    """
    account = {
        "company": person.company,
        "person_id": person.id,
        "address": sealer.seal_text(normal(channel, address, None), ADDRESS),
        **_account(sealer, channel, person.wire, address),
    }
    while True:
        held = holder_of(connection, sealer, channel, person.wire, address)
        if held is not None and held[1].id == person.id:
            return _vouched(connection, held[0], how, by)
        if held is not None and held[1].active:
            raise Taken(held[1])
        if held is not None:
            remove_accounts(connection, [held[0]], f"given to user {person.user_id}")
        # Nothing is added where somebody else was quicker; the next look finds him.
        if connection.scalar(_LINK, {**account, "id": new_id(), "how": how.value, "by": by}) is not None:
            return True


def unlink(
    connection: Connection, sealer: Sealer, channel: ChannelName, wire: Wire, address: str, *, why: str
) -> Person | None:
    """Part an account from whose it is, from now on; the row stays as history. Returns who it was; None: nobody."""
    held = holder_of(connection, sealer, channel, wire, address)
    if held is None:
        return None
    remove_accounts(connection, [held[0]], why)
    return held[1]


def parted_by_hand(connection: Connection, sealer: Sealer, person: Person, channel: ChannelName, address: str) -> bool:
    """Whether an operator's last word is that an account is not this person's."""
    account = {**_account(sealer, channel, person.wire, address), "person_id": person.id}
    return (connection.scalar(_LAST_PARTED, account) or "").startswith(BY_HAND)


def remove_accounts(connection: Connection, accounts: Sequence[UUID], why: str) -> int:
    """Let accounts hold no longer. Returns how many did."""
    return connection.execute(_REMOVE, {"ids": list(accounts), "why": why}).rowcount


def _vouched(connection: Connection, account_id: UUID, how: How, by: str) -> bool:
    """An operator's word stands above a directory's."""
    words = text("""
        update person_account set how = 'link', verified_by = :by, verified_at = clock_timestamp()
        where id = :id and how = 'email'
    """)
    return how is How.LINK and bool(connection.execute(words, {"id": account_id, "by": by}).rowcount)


# His own key ----------------------------------------------------------------------------------------------------------


def set_api_key(connection: Connection, sealer: Sealer, person_id: UUID, key: str | None) -> None:
    """Keep a person's own API key, sealed; None: forget it."""
    sealed = sealer.seal_text(key, KEY) if key else None
    connection.execute(text("update person set api_key = :key where id = :id"), {"id": person_id, "key": sealed})


def api_key_of(connection: Connection, sealer: Sealer, person_id: UUID) -> str | None:
    """The API key that an active person has given."""
    sealed = connection.scalar(text("select api_key from person where id = :id and active"), {"id": person_id})
    return sealer.open_text(sealed, KEY) if sealed is not None else None


# Rows -----------------------------------------------------------------------------------------------------------------


def account_blind(sealer: Sealer, channel: ChannelName, address: str) -> bytes:
    """What an account is found again by. Raises NotAnAddress."""
    return sealer.blind(channel, normal(channel, address, None))


def email_blind(sealer: Sealer, address: str) -> bytes:
    """What an email address of Odoo is found again by: directories do not mind the case of letters."""
    return sealer.blind("person", address.casefold())


def _account(sealer: Sealer, channel: ChannelName, wire: Wire, address: str) -> dict[str, Any]:
    return {"channel": channel.value, "wire": wire.value, "blind": account_blind(sealer, channel, address)}


def person_from(sealer: Sealer, row: Any) -> Person:
    """A person from the columns of PERSON."""
    return Person(
        id=row.id,
        wire=Wire(row.wire),
        database=row.database,
        user_id=row.user_id,
        partner_id=row.partner_id,
        company=row.company,
        companies=tuple(row.companies),
        name=sealer.open_text(row.name, "person.name"),
        login=sealer.open_text(row.login, "person.login"),
        email=sealer.open_text(row.email, "person.email") if row.email is not None else None,
        language=row.language,
        timezone=row.timezone,
        active=row.active,
        has_key=row.has_key,
        seen_at=row.seen_at,
        manager_id=row.manager_id,
        roles=tuple(row.roles),
        away_from=row.away_from,
        away_until=row.away_until,
    )


def _opened(sealer: Sealer, row: Any) -> Account:
    address = sealer.open_text(row.address, ADDRESS)
    removed: datetime | None = row.removed_at
    return Account(
        row.id,
        ChannelName(row.channel),
        Wire(row.wire),
        address,
        How(row.how),
        row.verified_at,
        row.verified_by,
        removed,
        row.removed_why,
    )
