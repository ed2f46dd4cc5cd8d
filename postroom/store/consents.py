"""Who agreed to be written to and who asked us to stop, with source, wording and date; the newest word speaks."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA
from sqlalchemy.types import Boolean, DateTime, Text, Uuid

from postroom.domain.channels import ChannelName
from postroom.store.ids import new_id


@dataclass(frozen=True, slots=True)
class Consent:
    """One word of a person about one address of his."""

    company: str
    channel: ChannelName
    blind: bytes
    granted: bool
    source: str
    """Where he said it: import:webshop, reply:whatsapp, link, cli."""
    wording: str | None
    """What he agreed to, or his own words."""
    at: datetime | None = None
    """When; None: now."""


_RECORD = text("""
    insert into consent (id, company, channel, blind, granted, source, wording, at)
    select n.id, n.company, n.channel, n.blind, n.granted, n.source, n.wording, coalesce(n.at, clock_timestamp())
    from unnest(:ids, :companies, :channels, :blinds, :granteds, :sources, :wordings, :ats)
        as n (id, company, channel, blind, granted, source, wording, at)
    on conflict (id) do nothing returning id
""").bindparams(
    bindparam("ids", type_=ARRAY(Uuid)),
    *(bindparam(name, type_=ARRAY(Text)) for name in ("companies", "channels", "sources", "wordings")),
    bindparam("blinds", type_=ARRAY(BYTEA)),
    bindparam("granteds", type_=ARRAY(Boolean)),
    bindparam("ats", type_=ARRAY(DateTime(timezone=True))),
)
_HISTORY = text("""
    select c.* from consent c
    where c.company = :company and c.channel = :channel and c.blind = :blind order by c.at, c.id
""")


def record_consents(connection: Connection, consents: Sequence[Consent]) -> int:
    """Write words down. One that has its date is known by its content, so that a file may be imported twice.

    Returns how many are new.
    """
    if not consents:
        return 0
    columns: dict[str, list[Any]] = {
        "ids": [_id_of(each) for each in consents],
        "companies": [each.company for each in consents],
        "channels": [each.channel.value for each in consents],
        "blinds": [each.blind for each in consents],
        "granteds": [each.granted for each in consents],
        "sources": [each.source for each in consents],
        "wordings": [each.wording for each in consents],
        "ats": [each.at for each in consents],
    }
    return len(connection.scalars(_RECORD, columns).all())


def history(connection: Connection, company: str, channel: ChannelName, blind: bytes) -> list[Consent]:
    """Every word about an address, oldest first."""
    rows = connection.execute(_HISTORY, {"company": company, "channel": channel.value, "blind": blind})
    return [
        Consent(row.company, ChannelName(row.channel), row.blind, row.granted, row.source, row.wording, row.at)
        for row in rows
    ]


def _id_of(consent: Consent) -> UUID:
    """A UUIDv7 by its time; where the word has a date, its random part is the content's digest."""
    if consent.at is None:
        return new_id()
    content = (consent.company, consent.channel, consent.blind.hex(), consent.granted, consent.source)
    digest = hashlib.sha256(repr((*content, consent.wording, consent.at.timestamp())).encode()).digest()
    raw = int(consent.at.timestamp() * 1000).to_bytes(6) + digest[:10]
    return UUID(bytes=bytes((*raw[:6], 0x70 | raw[6] & 0x0F, raw[7], 0x80 | raw[8] & 0x3F, *raw[9:])))
