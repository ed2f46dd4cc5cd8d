"""What Odoo says of its users, and channels' directories of people, written down so that it may be said again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import BigInteger

from postroom.domain.people import Person, User, moved, same
from postroom.domain.safety import Wire
from postroom.store.ids import new_id
from postroom.store.people import PERSON, email_blind, person_from
from postroom.store.sealing import Sealer

_KNOWN = text(f"""
    select {PERSON} from person p where p.database = :database and p.user_id = any(:users) for update
""").bindparams(bindparam("users", type_=ARRAY(BigInteger)))  # noqa: S608
_ADD = text("""
    insert into person (id, company, wire, database, user_id, partner_id, login, name, email, email_blind, language,
        timezone, companies, active)
    values (:id, :company, :wire, :database, :user_id, :partner_id, :login, :name, :email, :email_blind, :language,
        :timezone, :companies, :active)
    on conflict (database, user_id) do nothing
""").bindparams(bindparam("companies", type_=JSONB))
_CHANGE = text("""
    update person set company = :company, wire = :wire, partner_id = :partner_id, login = :login, name = :name,
        email = :email, email_blind = :email_blind, language = :language, timezone = :timezone,
        companies = :companies, active = :active
    where database = :database and user_id = :user_id
""").bindparams(bindparam("companies", type_=JSONB))
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


@dataclass(frozen=True, slots=True)
class Told:
    """What was new in what Odoo said of some users."""

    added: int = 0
    changed: int = 0
    deactivated: int = 0
    same: int = 0

    def __add__(self, other: "Told") -> "Told":
        return Told(
            self.added + other.added,
            self.changed + other.changed,
            self.deactivated + other.deactivated,
            self.same + other.same,
        )


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
    }
