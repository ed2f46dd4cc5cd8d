"""Alerts to look at: who was asked about one, who took it, and which are open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from postroom.domain.channels import ChannelName
from postroom.store.sealing import Sealer

# Who may take it ------------------------------------------------------------------------------------------------------

_SENT_THERE = text("""
    select exists (
        select from message_log m join contact_point c on c.id = m.contact_point_id
        where m.id = :id and c.channel = :channel and c.blind = :blind
    )
""")
_ASKED = text("""
    select distinct on (i.recipient) i.recipient, e.payload
    from intent i join inbox e on e.id = i.event_id where i.run_id = :run_id order by i.recipient, i.id desc
""")
_TAKEN = text("select actor, decided_at from decision where run_id = :run_id")


@dataclass(frozen=True, slots=True)
class Taken:
    """Who took an alert, and when."""

    actor: str
    """partner:7, or the operator."""
    at: datetime


def sent_there(connection: Connection, message_id: UUID, channel: ChannelName, blind: bytes) -> bool:
    """Whether a message went to this very address."""
    values = {"id": message_id, "channel": channel.value, "blind": blind}
    return bool(connection.scalar(_SENT_THERE, values))


def asked_in(connection: Connection, sealer: Sealer, run_id: UUID) -> dict[str, Mapping[str, Any]]:
    """What a run last told everybody whom it has written to, by partner:<id>."""
    rows = connection.execute(_ASKED, {"run_id": run_id})
    return {row.recipient: sealer.open_json(row.payload, "inbox.payload")["data"] for row in rows}


def taken_by(connection: Connection, run_id: UUID) -> Taken | None:
    """Who took the alert of a run; None where nobody has."""
    row = connection.execute(_TAKEN, {"run_id": run_id}).one_or_none()
    return Taken(row.actor, row.decided_at) if row else None


# What operators see ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Listed:
    """One alert for one person, and how it stands."""

    id: UUID
    company: str
    type: str
    severity: str
    subject: str
    recipient: str
    title: str
    detail: str
    event_id: UUID
    run_id: UUID | None
    """What waits for somebody to take it; None while it is gathered with others."""
    storm_id: UUID | None
    times: int
    first_at: datetime
    last_at: datetime
    status: str
    """gathered, or as its run stands."""
    taken_by: str | None
    taken_at: datetime | None


_LIST = """
    select a.*, e.payload, r.id as its_run, d.actor, d.decided_at, coalesce(r.status, 'gathered') as status
    from alert a join inbox e on e.id = a.event_id
    left join storm s on s.id = a.storm_id
    left join run r on r.id = coalesce(a.run_id, s.run_id)
    left join decision d on d.run_id = r.id
"""
_RECENT = text(f"""
    {_LIST} where (not :open or r.id is null or r.status in ('active', 'paused'))
        and (:company = '' or a.company = :company)
    order by a.id desc limit :limit
""")
_NAMED = text(f"{_LIST} where starts_with(a.id::text, :named) order by a.id desc limit 2")


def list_alerts(
    connection: Connection, sealer: Sealer, *, only_open: bool, company: str = "", limit: int = 50
) -> list[Listed]:
    """Alerts, the newest first."""
    rows = connection.execute(_RECENT, {"open": only_open, "company": company, "limit": limit})
    return [_listed(sealer, row) for row in rows]


def alerts_named(connection: Connection, sealer: Sealer, named: str) -> Sequence[Listed]:
    """Alerts whose id begins so; at most two, since that is one too many."""
    return [_listed(sealer, row) for row in connection.execute(_NAMED, {"named": named})]


def _listed(sealer: Sealer, row: Any) -> Listed:
    block = sealer.open_json(row.payload, "inbox.payload")["data"]["alert"]
    return Listed(
        id=row.id,
        company=row.company,
        type=row.type,
        severity=row.severity,
        subject=row.subject,
        recipient=row.recipient,
        title=block["title"],
        detail=block["detail"],
        event_id=row.event_id,
        run_id=row.its_run,
        storm_id=row.storm_id,
        times=row.times,
        first_at=row.first_at,
        last_at=row.last_at,
        status=row.status,
        taken_by=row.actor,
        taken_at=row.decided_at,
    )
