"""Alerts as they are raised: each is written down, the same again is counted, and storms are gathered."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Text, Uuid

from postroom.domain.alerts import Alert
from postroom.domain.storms import StormKind
from postroom.store.ids import new_id
from postroom.store.sealing import Sealer


@dataclass(frozen=True, slots=True)
class Storm:
    """Alerts of one kind that are told together."""

    id: UUID
    kind: StormKind
    since: datetime
    """When the first of those came that made it one."""
    run_id: UUID | None
    """Once it is told."""


@dataclass(frozen=True, slots=True)
class Same:
    """An alert that is open, and that somebody raises again."""

    id: UUID
    severity: str
    gathered: bool
    """It is told together with others."""


_TURN = text("select pg_advisory_xact_lock(hashtextextended(:key, 5))")
_SAME = text("""
    select a.id, a.severity, a.storm_id is not null as gathered
    from alert a left join storm s on s.id = a.storm_id left join run r on r.id = coalesce(a.run_id, s.run_id)
    where a.company = :company and a.subject = :subject and a.recipient = :recipient
        and (r.id is null or r.status in ('active', 'paused'))
    order by a.id desc limit 1
""")
_AGAIN = text("update alert set times = times + 1, last_at = :now where id = :id")
_ARRIVALS = text("""
    select first_at from alert
    where company = :company and type = :type and severity = :severity and recipient = :recipient and first_at > :after
""")
_RAISE = text("""
    insert into alert (id, company, type, severity, subject, recipient, event_id, storm_id, first_at, last_at)
    values (:id, :company, :type, :severity, :subject, :recipient, :event_id, :storm_id, :now, :now)
""")
_STORM = """
    select s.id, s.company, s.type, s.severity, s.since, s.run_id from storm s left join run r on r.id = s.run_id
"""
_OPEN_STORM = text(f"""
    {_STORM} where s.company = :company and s.type = :type and s.severity = :severity
        and (r.id is null or r.status in ('active', 'paused'))
    order by s.id desc limit 1
""")
_STORMS = text(f"{_STORM} where s.id = any(:ids)").bindparams(bindparam("ids", type_=ARRAY(Uuid)))
_OF_RUN = text(f"{_STORM} where s.run_id = :run_id")
_BEGIN = text("""
    insert into storm (id, company, type, severity, since, began_at)
    values (:id, :company, :type, :severity, :since, :now)
""")
_TOLD = text("update storm set run_id = :run_id where id = :id and run_id is null")
_ADOPT = text("""
    update alert a set run_id = new.run_id from unnest(:events, :runs) as new (event_id, run_id)
    where a.event_id = new.event_id and a.storm_id is null
""").bindparams(*(bindparam(name, type_=ARRAY(Uuid)) for name in ("events", "runs")))
_GATHERED = text("""
    select a.recipient, i.payload from alert a join inbox i on i.id = a.event_id
    where a.storm_id = :storm_id and (:recipient = '' or a.recipient = :recipient) order by a.id
""").bindparams(bindparam("recipient", type_=Text))


def take_turns(connection: Connection, kinds: Iterable[tuple[str, str]]) -> None:
    """Wait until nobody else counts alerts of these companies and types; before any run is locked, in one order."""
    for company, event_type in sorted(set(kinds)):
        connection.execute(_TURN, {"key": f"alert:{company}:{event_type}"})


def same_open(connection: Connection, alert: Alert) -> Same | None:
    """The same alert for the same person, where it is open still. The caller has its turn."""
    values = {"company": alert.company, "subject": alert.subject, "recipient": alert.recipient}
    row = connection.execute(_SAME, values).one_or_none()
    return Same(row.id, row.severity, row.gathered) if row else None


def count_again(connection: Connection, alert_id: UUID, now: datetime) -> None:
    """The same was raised once more."""
    connection.execute(_AGAIN, {"id": alert_id, "now": now})


def arrivals(connection: Connection, kind: StormKind, recipient: str, after: datetime) -> list[datetime]:
    """When this person was to hear of others of this kind, told together or not."""
    values = {**_of(kind), "recipient": recipient, "after": after}
    return list(connection.scalars(_ARRIVALS, values))


def raise_alert(
    connection: Connection, alert: Alert, event_id: UUID, now: datetime, *, storm_id: UUID | None = None
) -> None:
    """Write an alert down; with its storm where it is told together with others."""
    values = {name: getattr(alert, name) for name in Alert.__slots__}
    more = {"id": new_id(), "event_id": event_id, "storm_id": storm_id, "now": now}
    connection.execute(_RAISE, {**values, **more})


def gather_into(connection: Connection, kind: StormKind, since: datetime, now: datetime) -> Storm:
    """The storm of this kind that nobody has taken yet, or a new one. The caller has its turn."""
    row = connection.execute(_OPEN_STORM, _of(kind)).one_or_none()
    if row is not None:
        return _storm(row)
    made = Storm(new_id(), kind, since, None)
    connection.execute(_BEGIN, {"id": made.id, "since": since, "now": now, **_of(kind)})
    return made


def storms_by_id(connection: Connection, ids: Iterable[UUID]) -> dict[UUID, Storm]:
    """Storms as they stand."""
    return {row.id: _storm(row) for row in connection.execute(_STORMS, {"ids": list(ids)})}


def storm_of_run(connection: Connection, run_id: UUID) -> Storm | None:
    """The storm that a run is about."""
    row = connection.execute(_OF_RUN, {"run_id": run_id}).one_or_none()
    return _storm(row) if row else None


def mark_told(connection: Connection, storm_id: UUID, run_id: UUID) -> None:
    """From now on a run waits for somebody to take this storm."""
    connection.execute(_TOLD, {"id": storm_id, "run_id": run_id})


def adopt(connection: Connection, runs: Mapping[UUID, UUID]) -> None:
    """Say which run waits for somebody to take an alert, by its event."""
    if runs:
        connection.execute(_ADOPT, {"events": list(runs), "runs": list(runs.values())})


def gathered(
    connection: Connection, sealer: Sealer, storm_id: UUID, recipient: str = ""
) -> Sequence[tuple[str, Mapping[str, Any]]]:
    """The events of a storm, the oldest first, with who is to hear of each; those of one person where he is named."""
    rows = connection.execute(_GATHERED, {"storm_id": storm_id, "recipient": recipient})
    return [(row.recipient, sealer.open_json(row.payload, "inbox.payload")) for row in rows]


def _storm(row: Any) -> Storm:
    return Storm(row.id, StormKind(row.company, row.type, row.severity), row.since, row.run_id)


def _of(kind: StormKind) -> dict[str, str]:
    return {"company": kind.company, "type": kind.type, "severity": kind.severity}
