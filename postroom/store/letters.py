"""Statements of what a customer owes: one of his day counts, and none leaves with amounts that do not stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from postroom.domain.dunning import Decision, History
from postroom.domain.safety import FIGURES_OLD
from postroom.store.dunning import Debtor, tell_of
from postroom.store.ids import new_id


@dataclass(frozen=True, slots=True)
class Letter:
    """One statement that was written."""

    id: UUID
    debtor_id: UUID
    company: str
    day: date
    level: int
    amounts: Mapping[int, Decimal]
    """By invoice, as they were written."""
    before: Mapping[str, Any]
    intent_id: UUID | None


_LETTER = "l.id, l.debtor_id, l.company, l.day, l.level, l.amounts, l.before, l.intent_id"
_WRITE = text("""
    insert into dunning_letter (id, debtor_id, company, day, level, amounts, before, written_at)
    values (:id, :debtor_id, :company, :day, :level, :amounts, :before, :at)
    on conflict (debtor_id, day, void) do nothing returning id
""").bindparams(bindparam("amounts", type_=JSONB), bindparam("before", type_=JSONB))
_TOLD_ON = text("""
    update debtor set last_day = :day, promised_on = null, approved = null, asked = null, updated_at = clock_timestamp()
    where id = :id
""")
_INTENT = text("""
    update dunning_letter set intent_id = (select i.id from intent i where i.event_id = :event_id limit 1)
    where id = :id
""")
_BY_MESSAGE = text(f"""
    select {_LETTER} from dunning_letter l join message_log m on m.intent_id = l.intent_id where m.id = :message_id
""")  # noqa: S608
# Amounts that are older than this are read again before a message that carries them leaves; read a little before that.
_AGING = text(f"""
    select {_LETTER} from dunning_letter l
    where l.void = 0 and l.checked_at < clock_timestamp() - :age and l.intent_id is not null and exists (
        select from leg_key k join message_log m on m.id = k.message_id
        where k.intent_id = l.intent_id and m.state in ('queued', 'held')
            and (m.reason = :reason or m.next_at < clock_timestamp() + interval '2 minutes')
    )
    order by l.checked_at limit :limit
""")  # noqa: S608


def write_letter(
    connection: Connection, debtor: Debtor, decision: Decision, history: History, *, day: date, at: datetime
) -> UUID | None:
    """A statement, and with it how far its invoices are; None where one of this day counts already."""
    before = {
        str(invoice): [told.level, told.at.isoformat(), str(told.residual), told.revision]
        for invoice in decision.raised
        if (told := history.told.get(invoice))
    }
    letter = connection.scalar(
        _WRITE,
        {
            "id": new_id(),
            "debtor_id": debtor.id,
            "company": debtor.company,
            "day": day,
            "level": decision.level,
            "amounts": {str(line.invoice): str(line.residual) for line in decision.lines},
            "before": {**dict.fromkeys(map(str, decision.raised)), **before},
            "at": at,
        },
    )
    if letter is None:
        return None
    connection.execute(_TOLD_ON, {"id": debtor.id, "day": day})
    tell_of(connection, debtor, decision, at)
    return UUID(str(letter))


def note_intent(connection: Connection, letter_id: UUID, event_id: UUID) -> None:
    """Which intent carries it."""
    connection.execute(_INTENT, {"id": letter_id, "event_id": event_id})


def letter_of(connection: Connection, message_id: UUID) -> Letter | None:
    """The statement that a message carried; None where it carried none."""
    row = connection.execute(_BY_MESSAGE, {"message_id": message_id}).one_or_none()
    return _letter(row) if row else None


def aging_letters(connection: Connection, *, age: timedelta, limit: int) -> Sequence[Letter]:
    """Statements that are about to leave with amounts that were read so long ago."""
    rows = connection.execute(_AGING, {"age": age, "limit": limit, "reason": FIGURES_OLD})
    return [_letter(row) for row in rows]


def _letter(row: Any) -> Letter:
    amounts = {int(invoice): Decimal(amount) for invoice, amount in row.amounts.items()}
    return Letter(row.id, row.debtor_id, row.company, row.day, row.level, amounts, row.before, row.intent_id)


_CHECKED = text("update dunning_letter set checked_at = clock_timestamp() where id = :id")
_RELEASE = text("""
    update message_log m set next_at = clock_timestamp() from leg_key k
    where k.intent_id = :intent_id and m.id = k.message_id and m.state = 'held' and m.reason = :reason
""")
_CANCEL = text("""
    update message_log m set state = 'cancelled', reason = :why, lease_until = null, ended_at = clock_timestamp()
    from leg_key k where k.intent_id = :intent_id and m.id = k.message_id and m.state in ('queued', 'held', 'claimed')
""")
_LEFT = text("""
    select exists (
        select from leg_key k join message_log m on m.id = k.message_id
        where k.intent_id = :intent_id and m.state in ('sending', 'unknown', 'sent', 'delivered', 'read')
    )
""")
_VOID = text("""
    update dunning_letter l set void = 1 + (
        select max(other.void) from dunning_letter other where other.debtor_id = l.debtor_id and other.day = l.day
    ) where l.id = :id and l.void = 0 returning id
""")
_UNTOLD = text("""
    update dunned_invoice set level = :level, told_at = :at, residual = :residual, revision = :revision,
        first_told_at = case when cast(:at as timestamptz) is not null then first_told_at end
    where debtor_id = :debtor_id and invoice = :invoice
""")
_DAY_BEFORE = text("""
    update debtor d set last_day = (
        select max(l.day) from dunning_letter l where l.debtor_id = d.id and l.void = 0
    ) where d.id = :id
""")


def let_go(connection: Connection, letter: Letter) -> None:
    """Its amounts were read again, and stand."""
    connection.execute(_CHECKED, {"id": letter.id})
    connection.execute(_RELEASE, {"intent_id": letter.intent_id, "reason": FIGURES_OLD})


def call_back(connection: Connection, letter: Letter, why: str) -> bool:
    """What has not left never will. True: nothing had left, so it never was, and his debts are where they stood."""
    connection.execute(_CANCEL, {"intent_id": letter.intent_id, "why": why})
    if connection.scalar(_LEFT, {"intent_id": letter.intent_id}):
        connection.execute(_CHECKED, {"id": letter.id})
        return False
    if connection.scalar(_VOID, {"id": letter.id}) is None:
        return False
    for invoice, told in letter.before.items():
        level, at, residual, revision = told or (None, None, None, None)
        values = {"level": level, "at": at, "residual": residual, "revision": revision}
        connection.execute(_UNTOLD, {"debtor_id": letter.debtor_id, "invoice": int(invoice), **values})
    connection.execute(_DAY_BEFORE, {"id": letter.debtor_id})
    return True


def open_letters(connection: Connection, debtor_id: UUID) -> Sequence[Letter]:
    """His statements of which something may still leave."""
    return [_letter(row) for row in connection.execute(_OPEN, {"id": debtor_id})]


_OPEN = text(f"""
    select {_LETTER} from dunning_letter l where l.debtor_id = :id and l.void = 0 and exists (
        select from leg_key k join message_log m on m.id = k.message_id
        where k.intent_id = l.intent_id and m.state in ('queued', 'held', 'claimed')
    )
""")  # noqa: S608
