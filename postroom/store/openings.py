"""What is known of a message when somebody opens a link that it carried, and that he did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Connection, text

from postroom.domain.links import Opening, Purpose
from postroom.domain.safety import Wire
from postroom.store.sealing import Sealer


@dataclass(frozen=True, slots=True)
class Carried:
    """The message that carried a link."""

    company: str
    record: str
    """What it is about, as in account.move:88."""
    wire: Wire | None
    """None: it never left."""
    language: str
    languages: Sequence[str]
    event: Mapping[str, Any] = field(repr=False)
    channel: str = ""


_CARRIED = text("""
    select m.company, m.channel, m.wire, m.language, i.subject, i.languages, i.facts
    from message_log m
    join intent i on i.id = m.intent_id
    where m.id = :id
""")

# One row for each purpose, by an id that follows from both: it keeps the first click, and counts.
_CLICKED = text("""
    insert into message_event (id, message_id, company, what, detail)
    values (:id, :message_id, :company, 'clicked', :detail)
    on conflict (id) do update set detail = excluded.detail || ', '
        || (coalesce(substring(message_event.detail from ', ([0-9]+) times$'), '1')::bigint + 1) || ' times'
""")

CLICKS: Mapping[Purpose, str] = {
    Purpose.VIEW: "the document",
    Purpose.PAY: "to pay",
    Purpose.RECORD: "the record",
    Purpose.DECIDE: "to decide",
}


def carried(connection: Connection, sealer: Sealer, message: UUID) -> Carried | None:
    """The message of this id; None where it is forgotten."""
    row = connection.execute(_CARRIED, {"id": message}).one_or_none()
    if row is None:
        return None
    return Carried(
        company=row.company,
        record=row.subject,
        wire=Wire(row.wire) if row.wire else None,
        language=row.language or "",
        languages=tuple(row.languages),
        event=sealer.open_json(row.facts, "intent.facts"),
        channel=row.channel,
    )


def note_click(connection: Connection, company: str, opening: Opening) -> None:
    """Beside its message: when a link was opened first, and how often."""
    connection.execute(
        _CLICKED,
        {
            "id": uuid5(opening.message, f"clicked:{opening.purpose}"),
            "message_id": opening.message,
            "company": company,
            "detail": CLICKS[opening.purpose],
        },
    )
