"""Codes that prove who decides by a link: kept as what recognises them, counted, and used up."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from postroom.domain.channels import ChannelName
from postroom.domain.codes import AGAIN, Code, bound
from postroom.store.ids import new_id
from postroom.store.sealing import Sealer

PLACE = "decision_code"


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whose code it is, and for which question."""

    company: str
    run_id: UUID
    person_id: UUID

    @property
    def key(self) -> dict[str, UUID]:
        """As its rows are found."""
        return {"run_id": self.run_id, "person_id": self.person_id}


_NEWEST = """
    select id, channel, digest, tries, made_at from decision_code
    where run_id = :run_id and person_id = :person_id and spent_at is null order by made_at desc limit 1
"""
_MADE = text("""
    select run_id = :run_id as of_run, made_at from decision_code
    where person_id = :person_id and made_at > clock_timestamp() - :again order by made_at
""")
_OUTDATED = text("""
    update decision_code set spent_at = clock_timestamp()
    where run_id = :run_id and person_id = :person_id and spent_at is null
""")
_KEEP = text("""
    insert into decision_code (id, company, run_id, person_id, message_id, channel, digest)
    values (:id, :company, :run_id, :person_id, :message_id, :channel, :digest)
""")
_TRIED = text("update decision_code set tries = tries + 1 where id = :id")
_SPENT = text("update decision_code set spent_at = clock_timestamp() where id = :id")


def digest_of(sealer: Sealer, bearer: Bearer, code: str) -> bytes:
    """What a code is recognised by; without our key nobody finds the code that it belongs to."""
    return sealer.blind(PLACE, bound(bearer.person_id, bearer.run_id, code))


def newest_code(connection: Connection, bearer: Bearer, *, lock: bool = False) -> Code | None:
    """The code that counts; `lock` it before it is tried, so that two tries are counted as two."""
    row = connection.execute(text(_NEWEST + (" for update" if lock else "")), bearer.key).one_or_none()
    return Code(row.id, ChannelName(row.channel), row.digest, row.tries, row.made_at) if row else None


def codes_made(connection: Connection, bearer: Bearer) -> tuple[list[datetime], list[datetime]]:
    """When codes were sent lately: for this question, and for all of this person's."""
    rows = connection.execute(_MADE, {**bearer.key, "again": AGAIN}).all()
    return [row.made_at for row in rows if row.of_run], [row.made_at for row in rows]


def keep_code(
    connection: Connection, sealer: Sealer, bearer: Bearer, code: str, *, message_id: UUID, channel: ChannelName
) -> UUID:
    """Keep what recognises a code that is being sent; those before it count no more. Returns its id."""
    connection.execute(_OUTDATED, bearer.key)
    made = new_id()
    values = {"id": made, "company": bearer.company, "message_id": message_id, "channel": channel.value}
    connection.execute(_KEEP, {**values, **bearer.key, "digest": digest_of(sealer, bearer, code)})
    return made


def count_try(connection: Connection, code: Code) -> None:
    """Somebody typed another code than this."""
    connection.execute(_TRIED, {"id": code.id})


def spend(connection: Connection, code: Code) -> None:
    """It has proven what it was sent for, once."""
    connection.execute(_SPENT, {"id": code.id})
