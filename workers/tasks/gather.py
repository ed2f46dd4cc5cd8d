"""Alerts at the sorting room: each is written down; the same again is counted, and storms are told together."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from postroom.domain.alert_words import STORM, by_his_clock, kind_in, told
from postroom.domain.alerts import alert_in, is_alert, worse
from postroom.domain.storms import GATHER, WINDOW, kind_of, named_titles, storm_since
from postroom.store.engine import Connection
from postroom.store.inbox import InboxRow
from postroom.store.storms import (
    Storm,
    arrivals,
    count_again,
    gather_into,
    gathered,
    raise_alert,
    same_open,
    storm_of_run,
    take_turns,
)
from postroom.store.timers import set_timer
from workers.metrics import ROUTED
from workers.wiring import Rooms

SOURCE = "/postroom/storm"
"""The CloudEvents source of the one message about several alerts; it is no alert that could be gathered itself."""


def gather(connection: Connection, rooms: Rooms, rows: Sequence[InboxRow]) -> set[UUID]:
    """Write these alerts down. Returns those that are not told by themselves, since they are told together."""
    alerts = [row for row in rows if is_alert(row.type) and row.source != SOURCE]
    take_turns(connection, [(row.company, row.type) for row in alerts])
    return {row.id for row in alerts if not _by_itself(connection, rooms, row)}


def _by_itself(connection: Connection, rooms: Rooms, row: InboxRow) -> bool:
    alert, now = alert_in(row.payload), rooms.clock.now()
    same = same_open(connection, alert)
    if same is not None and not worse(alert.severity, same.severity):
        count_again(connection, same.id, now)
        return not same.gathered
    kind = kind_of(alert)
    since = storm_since(arrivals(connection, kind, alert.recipient, now - WINDOW), now)
    if since is None:
        raise_alert(connection, alert, row.id, now)
        return True
    storm = gather_into(connection, kind, since, now)
    raise_alert(connection, alert, row.id, now, storm_id=storm.id)
    set_timer(
        connection,
        kind="storm",
        key=f"storm:{storm.id}:{alert.recipient}",
        company=alert.company,
        subject_id=storm.id,
        due_at=now + GATHER,
    )
    ROUTED.labels(message_type="critical_alert", outcome="gathered").inc()
    return False


def told_together(
    connection: Connection, rooms: Rooms, storm: Storm, recipient: Mapping[str, Any], data: Mapping[str, Any]
) -> dict[str, Any]:
    """What the one message about a storm says to somebody: how many there are just now, and since when.

    Whoever is asked in another's place hears of all of them.
    """
    of_storm = gathered(connection, rooms.sealer, storm.id)
    key = f"partner:{recipient['partner_id']}"
    his = [payload for who, payload in of_storm if who == key] or [payload for _, payload in of_storm]
    titles = [payload["data"]["alert"]["title"] for payload in his]
    language = recipient.get("language")
    facts = {
        "number": str(len(titles)),
        "kind": kind_in(storm.kind.type, language),
        "at": by_his_clock(storm.since, language, recipient.get("timezone")),
        "titles": named_titles(titles),
    }
    title, detail = told(STORM, language, facts)
    alert = {"id": f"storm-{storm.id}", "title": title, "detail": detail, "severity": storm.kind.severity}
    return {"company": data["company"], "recipient": dict(recipient), "alert": alert}


def as_it_is_now(connection: Connection, rooms: Rooms, run_id: UUID, data: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a step of a run tells: of a storm, how many there are by then; of everything else, what was told before."""
    if "alert" not in data:
        return data
    storm = storm_of_run(connection, run_id)
    return told_together(connection, rooms, storm, data["recipient"], data) if storm else data
