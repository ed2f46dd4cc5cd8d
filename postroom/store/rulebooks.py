"""The rules that messages were routed by, so that any message can be explained and any change compared."""

from sqlalchemy import Connection, Engine, text

_KEEP = text("""
    insert into rulebook (sha256, canonical) values (:sha256, :canonical)
    on conflict (sha256) do update set used_last = clock_timestamp()
""")


def keep_rulebook(engine: Engine, sha256: bytes, canonical: str) -> None:
    """Keep the rules that are in force now."""
    with engine.begin() as connection:
        connection.execute(_KEEP, {"sha256": sha256, "canonical": canonical})


def newest_rulebook(connection: Connection) -> str | None:
    """The canonical text of the rules that were in force last; None before the first event."""
    found = connection.scalar(text("select canonical from rulebook order by used_last desc limit 1"))
    return None if found is None else str(found)
