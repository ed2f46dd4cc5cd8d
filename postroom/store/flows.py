"""Chains that go wrong: what became of the newest messages of their runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

RUNS = 100
"""So many of a chain's newest runs are looked at, and those that the refused messages belong to."""


@dataclass(frozen=True, slots=True)
class RefusedInARow:
    """A chain whose newest messages on a channel were refused one after the other, each for its own sake."""

    flow_key: str
    version: int
    channel: str
    message_type: str
    """Of the newest one."""
    message_id: UUID
    code: str


_REFUSED = text("""
    with failing as (
        select r.flow_version_id, m.channel, array_agg(r.id) as runs
        from message_log m join intent i on i.id = m.intent_id join run r on r.id = i.run_id
        where m.id = any(:ids) group by r.flow_version_id, m.channel
    )
    select v.flow_key, v.version, f.channel, row_of.message_types[1] as message_type,
        row_of.message_ids[1] as message_id, row_of.codes[1] as code
    from failing f join flow_version v on v.id = f.flow_version_id
    cross join lateral (
        select array_agg(newest.message_type order by newest.id desc) as message_types,
            array_agg(newest.message_id order by newest.id desc) as message_ids,
            array_agg(newest.code order by newest.id desc) as codes,
            count(*) filter (where newest.verdict = 'permanent') as refused
        from (
            select a.id, a.verdict, coalesce(a.code, '') as code, a.message_id, m.message_type
            from (
                (select id from run where flow_version_id = f.flow_version_id order by id desc limit :runs)
                union select unnest(f.runs)
            ) r
            join intent i on i.run_id = r.id
            join message_log m on m.intent_id = i.id and m.channel = f.channel
            join attempt a on a.message_id = m.id
            where a.outcome is not null
            order by a.id desc limit :most
        ) newest
    ) row_of
    where row_of.refused = :most
    order by v.flow_key, v.version, f.channel
""").bindparams(bindparam("ids", type_=ARRAY(Uuid)))


def refused_in_a_row(connection: Connection, message_ids: Sequence[UUID], most: int) -> list[RefusedInARow]:
    """Of the chains that these messages belong to, those whose newest `most` on a channel were all refused."""
    rows = connection.execute(_REFUSED, {"ids": list(message_ids), "most": most, "runs": RUNS})
    return [RefusedInARow(*row) for row in rows]
