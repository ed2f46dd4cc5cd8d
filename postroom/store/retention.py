"""How long personal data is kept, and letting it go."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from sqlalchemy import Connection, text

from postroom.store.ids import first_id_at
from postroom.store.tables import PARTITIONED

BATCH = 5000

KEEP: Mapping[str, timedelta] = MappingProxyType(
    {
        "request": timedelta(days=30),
        "reply": timedelta(days=730),
        "message_event": timedelta(days=730),
        "provider_ref": timedelta(days=400),
        "intent": timedelta(days=730),
        "inbox": timedelta(days=730),
        "contact_point": timedelta(days=1095),
        "consent": timedelta(days=3650),
        "notice": timedelta(days=90),
        "timer": timedelta(days=90),
        "sent_hour": timedelta(days=30),
        "sms_day": timedelta(days=400),
        "status_change": timedelta(days=30),
        "outbox": timedelta(days=730),
        "vote": timedelta(days=730),
        "decision_code": timedelta(days=30),
        "card_edit": timedelta(days=90),
        "alert": timedelta(days=730),
        "storm": timedelta(days=730),
        "run": timedelta(days=730),
        "debtor": timedelta(days=730),
        "digest": timedelta(days=400),
        "person": timedelta(days=1095),
        "person_account": timedelta(days=1095),
        "message_channel_preference": timedelta(days=3650),
    }
)
"""After the last use. Consent outlives the rest: it is the proof that we were allowed to write, or told not to."""

PARTITIONS_KEPT = timedelta(days=730)

_SPENT = {
    "request": "select id from request where received_at < :before and state <> 'new'",
    "reply": "select id from reply where at < :before",
    "message_event": "select id from message_event where at < :before",
    "intent": "select id from intent where created_at < :before",
    "inbox": """select i.id from inbox i where i.received_at < :before and i.state in ('done', 'dead')
        and not exists (select from intent where event_id = i.id)
        and not exists (select from reply where inbox_id = i.id)
        and not exists (select from run where event_id = i.id)
    """,
    "contact_point": """select c.id from contact_point c where c.created_at < :before
        and not exists (select from message_log m where m.contact_point_id = c.id)
        and not exists (select from reply r where r.contact_point_id = c.id)""",
    "consent": """select c.id from consent c where c.at < :before and exists (
        select from consent newer where newer.company = c.company and newer.channel = c.channel
            and newer.blind = c.blind and newer.at > c.at)""",
    "timer": "select id from timer where done_at < :before",
    "outbox": "select id from outbox where ended_at < :before",
    "run": "select id from run where ended_at < :before",
    "debtor": "select id from debtor where updated_at < :before and paused is null",
    "digest": "select id from digest where made_at < :before",
    "alert": "select id from alert where last_at < :before",
    "storm": "select id from storm s where began_at < :before and not exists (select from alert where storm_id = s.id)",
    "decision_code": "select id from decision_code where made_at < :before",
    "card_edit": "select id from card_edit where ended_at < :before",
    "person": "select id from person where not active and seen_at < :before",
    "person_account": "select id from person_account where removed_at < :before",
    "status_change": "select id from status_change where at < :before and relayed_at is not null",
    "message_channel_preference": """select p.id from message_channel_preference p where p.at < :before and exists (
        select from message_channel_preference newer where newer.company = p.company and newer.recipient = p.recipient
            and newer.message_type = p.message_type and newer.channel = p.channel and newer.at > p.at)""",
}
"""Which rows have had their time. The newest word on consent or preference is never among them."""


def forget(connection: Connection, now: datetime) -> dict[str, int]:
    """Delete one batch of what has had its time. Returns how many rows went, by table; call again while any did."""
    gone = {}
    for table, spent in _SPENT.items():
        delete = text(f"delete from {table} where id in ({spent} limit {BATCH})")  # noqa: S608
        gone[table] = connection.execute(delete, {"before": now - KEEP[table]}).rowcount
    gone["notice"] = connection.execute(
        text("delete from notice where closed_at < :before"), {"before": now - KEEP["notice"]}
    ).rowcount
    gone["sent_hour"] = connection.execute(
        text("delete from sent_hour where hour < :before"), {"before": now - KEEP["sent_hour"]}
    ).rowcount
    gone["sms_day"] = connection.execute(
        text("delete from sms_day where day < :before"), {"before": now - KEEP["sms_day"]}
    ).rowcount
    gone["provider_ref"] = connection.execute(
        text("delete from provider_ref where message_id < :border"),
        {"border": first_id_at(now - KEEP["provider_ref"])},
    ).rowcount
    return {table: rows for table, rows in gone.items() if rows}


def drop_old_partitions(connection: Connection, now: datetime) -> list[str]:
    """Drop the months whose every row has had its time."""
    border = f"{now - PARTITIONS_KEPT:%Y_%m}"
    children = connection.scalars(
        text("""
            select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
            join pg_class p on p.oid = i.inhparent where p.relname = any(:tables)
        """),
        {"tables": list(PARTITIONED)},
    ).all()
    old = sorted(name for name in children if name[-7:] < border)
    for name in old:
        connection.execute(text(f"drop table {name}"))
    return old
