"""Delegations: who decides for whom, and who said so."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from postroom.domain.people import Person
from postroom.domain.safety import Wire
from postroom.domain.standing_in import Delegation
from postroom.store.ids import new_id

_IN_FORCE = text("""
    select distinct on (p.user_id) p.user_id, d.to_user_id from delegation d join person p on p.id = d.person_id
    where p.wire = :wire and d.ended_at is null and d.from_at <= :now and (d.until_at is null or d.until_at > :now)
    order by p.user_id, d.id desc
""")
_ADD = text("""
    insert into delegation (id, company, person_id, to_user_id, from_at, until_at, made_by)
    values (:id, :company, :person_id, :to_user_id, :from_at, :until_at, :by)
""")
_END = text("""
    update delegation set ended_at = :now, ended_by = :by
    where person_id = :person_id and ended_at is null and (until_at is null or until_at > :now)
""")
_OF = text("select * from delegation where person_id = any(:people) order by id desc").bindparams(
    bindparam("people", type_=ARRAY(Uuid))
)


@dataclass(frozen=True, slots=True)
class Kept:
    """A delegation, and who made and ended it."""

    delegation: Delegation
    made_at: datetime
    made_by: str
    ended_at: datetime | None
    ended_by: str | None

    def stands(self, now: datetime) -> bool:
        """Whether it is in force, or will be."""
        until = self.delegation.until_at
        return self.ended_at is None and (until is None or until > now)


def delegates(connection: Connection, wire: Wire, now: datetime) -> dict[int, int]:
    """By user of an Odoo, who decides for him just now; of several the one that was named last."""
    rows = connection.execute(_IN_FORCE, {"wire": wire.value, "now": now})
    return {row.user_id: row.to_user_id for row in rows}


def delegate(connection: Connection, person: Person, delegation: Delegation, now: datetime, *, by: str) -> None:
    """Let somebody else decide for a person, instead of whoever did or was to."""
    end_delegation(connection, person, now, by=by)
    values = {
        "id": new_id(),
        "company": person.company,
        "person_id": person.id,
        "to_user_id": delegation.to_user_id,
        "from_at": delegation.from_at,
        "until_at": delegation.until_at,
    }
    connection.execute(_ADD, {**values, "by": by})


def end_delegation(connection: Connection, person: Person, now: datetime, *, by: str) -> bool:
    """Let a person decide himself again. False: he did."""
    return bool(connection.execute(_END, {"person_id": person.id, "now": now, "by": by}).rowcount)


def delegations_of(connection: Connection, people: Iterable[Person]) -> dict[UUID, list[Kept]]:
    """Every delegation that people ever made, the newest first."""
    users = {each.id: each.user_id for each in people}
    found: dict[UUID, list[Kept]] = {}
    for row in connection.execute(_OF, {"people": list(users)}):
        made = Delegation(users[row.person_id], row.to_user_id, row.from_at, row.until_at)
        kept = Kept(made, row.made_at, row.made_by, row.ended_at, row.ended_by)
        found.setdefault(row.person_id, []).append(kept)
    return found
