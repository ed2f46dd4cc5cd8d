"""Template versions, kept for ever: a leg keeps the words that it was written with."""

from typing import Any
from uuid import UUID

from sqlalchemy import Engine, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from postroom.store.ids import new_id

_KEEP = text("""
    with had as (
        select id from message_template
        where name = :name and language = :language and channel = :channel and sha256 = :sha256
    ), made as (
        insert into message_template (id, name, language, channel, version, sha256, spec)
        select :id, :name, :language, :channel, coalesce((
            select max(version) from message_template
            where name = :name and language = :language and channel = :channel
        ), 0) + 1, :sha256, :spec
        where not exists (select from had)
        on conflict do nothing returning id
    )
    select id from had union all select id from made
""").bindparams(bindparam("spec", type_=JSONB))


def keep_version(engine: Engine, *, name: str, language: str, channel: str, sha256: bytes, spec: Any) -> UUID:
    """The id of a template's version, written down when its content is new. Any number of processes may call it."""
    with engine.begin() as connection:
        connection.execute(
            text("select pg_advisory_xact_lock(hashtext(:key))"), {"key": f"template:{name}:{language}:{channel}"}
        )
        found = connection.scalar(
            _KEEP,
            {
                "id": new_id(),
                "name": name,
                "language": language,
                "channel": channel,
                "sha256": sha256,
                "spec": spec,
            },
        )
    if found is None:
        raise LookupError(f"template {name} ({language}, {channel}) could be neither found nor kept")
    return UUID(str(found))
