"""Contact points: the addresses that people are reached at, found again by blind index."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA
from sqlalchemy.types import Text, Uuid

from postroom.domain.channels import ChannelName
from postroom.store.ids import new_id
from postroom.store.sealing import Sealer


@dataclass(frozen=True, slots=True)
class Address:
    """A recipient's normalised address on one channel."""

    company: str
    partner: str
    channel: ChannelName
    value: str
    name: str


@dataclass(frozen=True, slots=True)
class ContactPoint:
    """What is remembered about an address."""

    id: UUID
    opted_out: bool
    unreachable_until: datetime | None
    unreachable_code: str | None


_WANTED = "unnest(:companies, :partners, :channels, :blinds) as w (company, partner, channel, blind)"
_ARRAYS: tuple[BindParameter[Any], ...] = (
    *(bindparam(name, type_=ARRAY(Text)) for name in ("companies", "partners", "channels")),
    bindparam("blinds", type_=ARRAY(BYTEA)),
)
_FIND = text(f"""
    select c.id, c.company, c.partner, c.channel, c.blind, c.unreachable_until, c.unreachable_code,
        coalesce((
        select not consent.granted from consent
        where consent.company = c.company and consent.channel = c.channel and consent.blind = c.blind
        order by consent.at desc, consent.id desc limit 1
    ), false) as opted_out
    from {_WANTED}
    join contact_point c using (company, partner, channel, blind)
""").bindparams(*_ARRAYS)  # noqa: S608
_ADD = text("""
    insert into contact_point (id, company, partner, channel, blind, address, name)
    select * from unnest(:ids, :companies, :partners, :channels, :blinds, :addresses, :names)
    on conflict (company, partner, channel, blind) do nothing
""").bindparams(
    bindparam("ids", type_=ARRAY(Uuid)),
    *_ARRAYS,
    *(bindparam(name, type_=ARRAY(BYTEA)) for name in ("addresses", "names")),
)

_Key = tuple[str, str, str, bytes]


def contact_points(connection: Connection, sealer: Sealer, addresses: Iterable[Address]) -> dict[Address, ContactPoint]:
    """The contact points of many addresses, made where they are new, with what is known about each."""
    keys: dict[Address, _Key] = {
        address: (address.company, address.partner, address.channel.value, sealer.blind(address.channel, address.value))
        for address in addresses
    }
    found = _find(connection, keys.values())
    missing = {key: address for address, key in keys.items() if key not in found}
    if missing:
        connection.execute(_ADD, _new_rows(sealer, missing))
        found |= _find(connection, missing)
    return {address: found[key] for address, key in keys.items()}


def add_contacts(connection: Connection, sealer: Sealer, addresses: Iterable[Address]) -> int:
    """Make the contact points of many addresses where they are new. Returns how many were."""
    missing: dict[_Key, Address] = {
        (each.company, each.partner, each.channel.value, sealer.blind(each.channel, each.value)): each
        for each in addresses
    }
    return connection.execute(_ADD, _new_rows(sealer, missing)).rowcount if missing else 0


_FOR_AUDIT = text("""
    select c.company, c.partner, array_agg(c.channel order by c.id) as channels, array_agg((
        select consent.granted from consent
        where consent.company = c.company and consent.channel = c.channel and consent.blind = c.blind
        order by consent.at desc, consent.id desc limit 1
    ) order by c.id) as granted,
    array_agg(coalesce(c.unreachable_until > clock_timestamp(), false) order by c.id) as unreachable
    from contact_point c where :company = '' or c.company = :company
    group by c.company, c.partner
""")


@dataclass(frozen=True, slots=True)
class Known:
    """One person's addresses: the channel of each, what was said of it last, and whether it is known to be dead."""

    company: str
    partner: str
    points: tuple[tuple[ChannelName, bool | None, bool], ...]


def everybody(connection: Connection, company: str = "") -> Iterator[Known]:
    """Everybody of a company, or of all, in bounded memory."""
    rows = connection.execution_options(yield_per=2000).execute(_FOR_AUDIT, {"company": company})
    for row in rows:
        points = zip(map(ChannelName, row.channels), row.granted, row.unreachable, strict=True)
        yield Known(row.company, row.partner, tuple(points))


_POINTS_OF = text("""
    select * from contact_point c
    where c.partner = :partner or (c.channel, c.blind) in (select * from unnest(:channels, :blinds))
    order by c.company, c.partner, c.channel, c.id
""").bindparams(bindparam("channels", type_=ARRAY(Text)), bindparam("blinds", type_=ARRAY(BYTEA)))
_COMPANIES = text("select distinct company from contact_point where partner = :partner order by company")


@dataclass(frozen=True, slots=True)
class Point:
    """One address, for an operator's eyes."""

    company: str
    partner: str
    channel: ChannelName
    address: str
    blind: bytes
    unreachable_until: datetime | None
    unreachable_code: str | None


def points_of(
    connection: Connection, sealer: Sealer, *, partner: str, blinds: Sequence[tuple[ChannelName, bytes]]
) -> list[Point]:
    """The addresses of a partner, or of whoever has one of these addresses."""
    wanted = {"channels": [channel.value for channel, _ in blinds], "blinds": [blind for _, blind in blinds]}
    return [
        Point(
            row.company,
            row.partner,
            ChannelName(row.channel),
            sealer.open_text(row.address, "contact_point.address"),
            bytes(row.blind),
            row.unreachable_until,
            row.unreachable_code,
        )
        for row in connection.execute(_POINTS_OF, {"partner": partner, **wanted})
    ]


def companies_of_partner(connection: Connection, partner: str) -> list[str]:
    """The companies that know a partner."""
    return list(connection.scalars(_COMPANIES, {"partner": partner}))


def _columns(keys: Sequence[_Key]) -> dict[str, list[Any]]:
    return {
        "companies": [key[0] for key in keys],
        "partners": [key[1] for key in keys],
        "channels": [key[2] for key in keys],
        "blinds": [key[3] for key in keys],
    }


def _find(connection: Connection, keys: Iterable[_Key]) -> dict[_Key, ContactPoint]:
    unique = sorted(set(keys))
    if not unique:
        return {}
    return {
        (row.company, row.partner, row.channel, row.blind): ContactPoint(
            row.id, row.opted_out, row.unreachable_until, row.unreachable_code
        )
        for row in connection.execute(_FIND, _columns(unique))
    }


def _new_rows(sealer: Sealer, missing: Mapping[_Key, Address]) -> dict[str, list[Any]]:
    keys = sorted(missing)  # one order everywhere, so that two batches cannot wait for each other
    return {
        **_columns(keys),
        "ids": [new_id() for _ in keys],
        "addresses": [sealer.seal_text(missing[key].value, "contact_point.address") for key in keys],
        "names": [sealer.seal_text(missing[key].name, "contact_point.name") for key in keys],
    }
