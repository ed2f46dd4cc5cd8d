"""Collections: who owes, what he heard, what holds him back, and whose books are to be read now."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import BigInteger, Text, Uuid

from postroom.domain.dunning import Decision, History, Pause, Told, Why
from postroom.store.ids import new_id

KIND = "dun"
"""The kind of timer that lets somebody's books be read."""

# Who owes -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Debtor:
    """A customer of a company who owes."""

    id: UUID
    company: str
    customer: str
    """partner:<id>."""
    paused: str | None
    paused_until: datetime | None
    promised_on: date | None
    promises: int
    approved: int | None
    asked: int | None
    chore: str | None
    """What he answered, that nobody was told of yet."""
    last_day: date | None
    why: str | None
    looks_at: datetime | None


_COLUMNS = """id, company, customer, paused, paused_until, promised_on, promises, approved, asked, chore, last_day,
    why, looks_at"""
_KNOW = text("""
    insert into debtor (id, company, customer)
    select new.id, :company, new.customer from unnest(:ids, :customers) as new (id, customer) order by new.customer
    on conflict (company, customer) do nothing
""").bindparams(bindparam("ids", type_=ARRAY(Uuid)), bindparam("customers", type_=ARRAY(Text)))
_OF_COMPANY = text(f"""
    select {_COLUMNS} from debtor where company = :company and customer = any(:customers)
""").bindparams(bindparam("customers", type_=ARRAY(Text)))  # noqa: S608
_ALL = text(f"""
    select {_COLUMNS} from debtor where (:company = '' or company = :company)
    order by looks_at nulls last, customer limit :limit
""")  # noqa: S608
_OWING = text(f"select {_COLUMNS} from debtor where company = :company and why <> 'paid'")  # noqa: S608
_BY_ID = text(f"select {_COLUMNS} from debtor where id = any(:ids)").bindparams(  # noqa: S608
    bindparam("ids", type_=ARRAY(Uuid))
)
_LOCK = text(f"select {_COLUMNS} from debtor where id = any(:ids) order by id for update").bindparams(  # noqa: S608
    bindparam("ids", type_=ARRAY(Uuid))
)


def know(connection: Connection, company: str, customers: Iterable[str]) -> dict[str, Debtor]:
    """The debtors of a company by customer; each has a row from now on."""
    named = sorted(set(customers))
    connection.execute(_KNOW, {"company": company, "customers": named, "ids": [new_id() for _ in named]})
    rows = connection.execute(_OF_COMPANY, {"company": company, "customers": named})
    return {row.customer: Debtor(*row) for row in rows}


def debtor_of(connection: Connection, company: str, customer: str) -> Debtor | None:
    """A customer of a company; None where nobody has looked at him yet."""
    row = connection.execute(_OF_COMPANY, {"company": company, "customers": [customer]}).one_or_none()
    return Debtor(*row) if row else None


def debtors(connection: Connection, company: str = "", limit: int = 200) -> list[Debtor]:
    """Who is known, the next to be looked at first."""
    return [Debtor(*row) for row in connection.execute(_ALL, {"company": company, "limit": limit})]


def debtors_who_owe(connection: Connection, company: str) -> list[Debtor]:
    """Who owed when it was looked at last."""
    return [Debtor(*row) for row in connection.execute(_OWING, {"company": company})]


def debtors_by_id(connection: Connection, ids: Iterable[UUID]) -> list[Debtor]:
    """These, as they stand."""
    return [Debtor(*row) for row in connection.execute(_BY_ID, {"ids": list(ids)})]


def lock_debtors(connection: Connection, ids: Iterable[UUID]) -> dict[UUID, Debtor]:
    """Lock them, in one order, for the rest of the transaction: a debtor is always locked before his timers."""
    return {row.id: Debtor(*row) for row in connection.execute(_LOCK, {"ids": list(ids)})}


_SET = {
    name: text(f"update debtor set {name} = :value, updated_at = clock_timestamp() where id = :id")  # noqa: S608
    for name in ("promised_on", "promises", "approved", "asked", "chore")
}
_PAUSE = text("update debtor set paused = :why, paused_until = :until, updated_at = clock_timestamp() where id = :id")
_FORGIVE = text("""
    update debtor set promised_on = null, promises = 0, approved = null, asked = null, chore = null,
        paused_until = case when paused = 'replied' then null else paused_until end,
        paused = nullif(paused, 'replied')
    where id = :id
""")
_DECIDED = text("update debtor set why = :why, looks_at = :looks_at, updated_at = clock_timestamp() where id = :id")


def set_of(connection: Connection, debtor_id: UUID, **values: date | int | str | None) -> None:
    """Set what he promised or answered, or how far a person agreed."""
    for name, value in values.items():
        connection.execute(_SET[name], {"id": debtor_id, "value": value})


def pause_debtor(connection: Connection, debtor_id: UUID, why: Why | None, until: datetime | None) -> None:
    """Send him nothing until then, or until somebody resumes; no reason: go on."""
    connection.execute(_PAUSE, {"id": debtor_id, "why": why and why.value, "until": until})


def forgive(connection: Connection, debtor_id: UUID) -> None:
    """He owes nothing any more: what he promised or answered is history; what an operator paused stays."""
    connection.execute(_FORGIVE, {"id": debtor_id})


def note_decision(connection: Connection, debtor_id: UUID, decision: Decision) -> None:
    """Keep what was decided last, for whoever lists them."""
    connection.execute(_DECIDED, {"id": debtor_id, "why": decision.why.value, "looks_at": decision.until})


_TRAIL = text("""
    insert into dunning_event (id, debtor_id, company, what, detail, actor, at)
    values (:id, :debtor_id, :company, :what, :detail, :actor, :at)
""")
_STORY = text("select what, detail, actor, at from dunning_event where debtor_id = :id order by id desc limit 50")


def note(
    connection: Connection, debtor: Debtor, what: str, now: datetime, *, detail: str = "", actor: str | None = None
) -> None:
    """Write into a customer's trail; `detail` is for operators, and holds no personal data."""
    values = {"id": new_id(), "debtor_id": debtor.id, "company": debtor.company, "what": what, "detail": detail}
    connection.execute(_TRAIL, {**values, "actor": actor, "at": now})


@dataclass(frozen=True, slots=True)
class Happening:
    """One entry of the trail."""

    what: str
    detail: str | None
    actor: str | None
    at: datetime


def story(connection: Connection, debtor_id: UUID) -> list[Happening]:
    """What happened last, the newest first."""
    return [Happening(*row) for row in connection.execute(_STORY, {"id": debtor_id})]


# Who is wanted now ----------------------------------------------------------------------------------------------------

_WANT = text("update debtor set wanted_at = coalesce(wanted_at, clock_timestamp()) where id = any(:ids)").bindparams(
    bindparam("ids", type_=ARRAY(Uuid))
)
_CLAIM = text(f"""
    with due as materialized (
        select id from debtor d
        where wanted_at is not null and (lease_until is null or lease_until < clock_timestamp()) and not exists (
            select from pause p where p.scope = 'all' or (p.scope, p.value) in (('company', d.company))
        )
        order by wanted_at limit :limit for update skip locked
    )
    update debtor d set lease_until = clock_timestamp() + :lease from due where d.id = due.id
    returning {", ".join(f"d.{name.strip()}" for name in _COLUMNS.split(","))}
""")  # noqa: S608
_WAITING = text("""
    select exists (
        select from debtor where wanted_at is not null and (lease_until is null or lease_until < clock_timestamp())
    )
""")
_SERVED = text("update debtor set wanted_at = null, lease_until = null where id = :id")


def want(connection: Connection, ids: Iterable[UUID]) -> None:
    """Their books are to be read now, and what follows from them done."""
    connection.execute(_WANT, {"ids": list(ids)})


def claim_wanted(connection: Connection, *, limit: int, lease: timedelta) -> list[Debtor]:
    """Claim by lease some whose books are to be read."""
    return [Debtor(*row) for row in connection.execute(_CLAIM, {"limit": limit, "lease": lease})]


def anybody_wanted(connection: Connection) -> bool:
    """Whether somebody's books wait to be read."""
    return bool(connection.scalar(_WAITING))


def served(connection: Connection, debtor_id: UUID) -> None:
    """His books were read, and what followed from them is done."""
    connection.execute(_SERVED, {"id": debtor_id})


# What he heard --------------------------------------------------------------------------------------------------------

_INVOICES = text("""
    select invoice, level, told_at, residual, revision, disputed_at, handed_over_at from dunned_invoice
    where debtor_id = :id
""")
_SEEN = text("""
    select exists (
        select from dunning_letter l join leg_key k on k.intent_id = l.intent_id
        join message_log m on m.id = k.message_id
        where l.debtor_id = :id and l.void = 0 and m.read_at is not null and l.day = :day
    )
""")


def history_of(connection: Connection, debtor: Debtor) -> History:
    """What became of him so far."""
    rows = connection.execute(_INVOICES, {"id": debtor.id}).all()
    return History(
        told={
            row.invoice: Told(row.level, row.told_at, row.residual, row.revision)
            for row in rows
            if row.level is not None
        },
        disputed=frozenset(row.invoice for row in rows if row.disputed_at),
        handed_over=frozenset(row.invoice for row in rows if row.handed_over_at),
        last_day=debtor.last_day,
        pause=Pause(Why(debtor.paused), debtor.paused_until) if debtor.paused else None,
        promised=debtor.promised_on,
        approved=debtor.approved,
        asked=debtor.asked,
        seen=bool(connection.scalar(_SEEN, {"id": debtor.id, "day": debtor.last_day})),
    )


_TELL = text("""
    insert into dunned_invoice (debtor_id, invoice, company, level, first_told_at, told_at, residual, revision)
    values (:debtor_id, :invoice, :company, :level, :at, :at, :residual, :revision)
    on conflict (debtor_id, invoice) do update set level = excluded.level, told_at = excluded.told_at,
        first_told_at = case when dunned_invoice.told_at is null then excluded.told_at
            else dunned_invoice.first_told_at end,
        residual = excluded.residual, revision = excluded.revision
""")
_MARK = {
    column: text(f"""
        insert into dunned_invoice (debtor_id, invoice, company, {column}, review_at)
        values (:debtor_id, :invoice, :company, :at, :review_at)
        on conflict (debtor_id, invoice) do update set {column} = excluded.{column}, review_at = excluded.review_at
    """)  # noqa: S608
    for column in ("disputed_at", "handed_over_at")
}


def tell_of(connection: Connection, debtor: Debtor, decision: Decision, now: datetime) -> None:
    """Note that he hears of these invoices at this level, in the transaction that writes the statement."""
    for line in decision.lines:
        if line.invoice in decision.raised:
            told = {"level": decision.level, "at": now, "residual": line.residual, "revision": line.revision}
            where = {"debtor_id": debtor.id, "invoice": line.invoice, "company": debtor.company}
            connection.execute(_TELL, {**where, **told})


def mark(
    connection: Connection,
    debtor: Debtor,
    column: str,
    invoices: Iterable[int],
    at: datetime | None,
    *,
    review_at: datetime | None = None,
) -> None:
    """Mark invoices as disputed_at or handed_over_at, or no longer."""
    for invoice in invoices:
        where = {"debtor_id": debtor.id, "invoice": invoice, "company": debtor.company}
        connection.execute(_MARK[column], {**where, "at": at, "review_at": review_at})


# What was paid --------------------------------------------------------------------------------------------------------

_GONE = text("""
    select invoice from dunned_invoice
    where company = :company and first_told_at is not null and paid_at is null and not invoice = any(:owed)
""").bindparams(bindparam("owed", type_=ARRAY(BigInteger)))
_PAID = text("""
    update dunned_invoice set paid_at = case when invoice = any(:paid) then :now end
    where company = :company and (invoice = any(:paid) or (paid_at is not null and invoice = any(:owed)))
""").bindparams(bindparam("paid", type_=ARRAY(BigInteger)), bindparam("owed", type_=ARRAY(BigInteger)))


def told_and_gone(connection: Connection, company: str, owed: Collection[int]) -> list[int]:
    """Invoices that customers were asked for, that are owed no more, and of which nobody knows yet what became."""
    return list(connection.scalars(_GONE, {"company": company, "owed": list(owed)}))


def note_paid(
    connection: Connection, company: str, paid: Collection[int], owed: Collection[int], now: datetime
) -> None:
    """These are paid as of now; and whatever is owed again is not."""
    connection.execute(_PAID, {"company": company, "paid": list(paid), "owed": list(owed), "now": now})


# Disputes -------------------------------------------------------------------------------------------------------------

_TO_REVIEW = text("""
    select distinct debtor_id from dunned_invoice
    where company = :company and disputed_at is not null and review_at <= :now and invoice = any(:owed)
""").bindparams(bindparam("owed", type_=ARRAY(BigInteger)))
_DISPUTES = text("""
    select invoice, disputed_at, review_at from dunned_invoice
    where debtor_id = :id and disputed_at is not null and review_at is not null order by invoice
""")
_REVIEWED = text("""
    update dunned_invoice set review_at = :at where debtor_id = :id and invoice = any(:invoices)
""").bindparams(bindparam("invoices", type_=ARRAY(BigInteger)))


@dataclass(frozen=True, slots=True)
class Dispute:
    """An invoice of his that is not correct, as he says."""

    invoice: int
    since: datetime
    review_at: datetime
    """When somebody is reminded of it."""


def debtors_to_review(connection: Connection, company: str, owed: Collection[int], now: datetime) -> list[UUID]:
    """Whose disputes about these invoices somebody is to be reminded of."""
    return list(connection.scalars(_TO_REVIEW, {"company": company, "owed": list(owed), "now": now}))


def disputes_of(connection: Connection, debtor_id: UUID) -> list[Dispute]:
    """What he disputes, though it may be paid by now."""
    return [Dispute(*row) for row in connection.execute(_DISPUTES, {"id": debtor_id})]


def review_again(connection: Connection, debtor_id: UUID, invoices: Iterable[int], at: datetime) -> None:
    """Somebody is reminded of these disputes now, and then once more."""
    connection.execute(_REVIEWED, {"id": debtor_id, "invoices": list(invoices), "at": at})
