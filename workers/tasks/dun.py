"""Collections: who owes is read from Odoo, what to do about it is decided purely, and it is done once a day."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from types import MappingProxyType
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog

from postroom.domain.cadences import Cadence
from postroom.domain.dunning import ACTS, Act, Decision, Ledger, Why, plan, still_true
from postroom.domain.statements import STATEMENT, Chore, statement
from postroom.odoo.errors import OdooError
from postroom.odoo.receivables import Account, nothing_owed, payment_address, read_accounts
from postroom.store.dunning import (
    KIND,
    Debtor,
    anybody_wanted,
    claim_wanted,
    debtors_by_id,
    debtors_who_owe,
    forgive,
    history_of,
    know,
    lock_debtors,
    mark,
    note,
    note_decision,
    served,
    set_of,
    tell_of,
    want,
)
from postroom.store.engine import Connection
from postroom.store.letters import (
    Letter,
    aging_letters,
    call_back,
    let_go,
    open_letters,
    write_letter,
)
from postroom.store.safety import odoo_wire
from postroom.store.timers import Outcome, Timer, set_timer, still_due
from workers.app import app
from workers.hints import Lane
from workers.tasks.note_paid import note_what_is_paid
from workers.tasks.review_disputes import last_review, review, want_reviews
from workers.tasks.summary import Summary
from workers.tasks.turn import Mail, Turn, ask_colleague, event_about, post
from workers.wiring import Rooms, rooms

AHEAD = timedelta(minutes=90)
"""Who is to be looked at within this is given a timer; the next plan is made in an hour."""
AGE = timedelta(minutes=8)
"""Amounts that were read longer ago are read again before they leave; claims hold what is older than ten."""
LEASE = timedelta(minutes=5)
AT_ONCE = 100
log = structlog.get_logger()


@app.task(name="plan_collections")
def plan_collections() -> str:
    """Read who owes, and set a timer for whoever is to hear of it soon; planning twice is planning once."""
    return str(plan_all(rooms()))


@app.task(name="collect")
def collect() -> str:
    """Read again what those owe whose turn it is, do what follows from it, and check what is about to leave."""
    return str(drain(rooms()))


# Planning -------------------------------------------------------------------------------------------------------------


def plan_all(rooms: Rooms) -> Summary:
    """Who owes each company that asks for it."""
    summary = Summary("no company collects")
    for company, cadence in rooms.cadences.by_company.items():
        accounts = _read(rooms, company, None, summary)
        if accounts is not None:
            summary.add("paid", note_what_is_paid(rooms, company, accounts))
            with rooms.engine.begin() as connection:
                _plan(connection, rooms, company, cadence, accounts, summary)
    if summary.counts["due"] or summary.counts["disputed for long"]:
        rooms.hints.remind_to_collect()
    return summary


def _plan(
    connection: Connection, rooms: Rooms, company: str, cadence: Cadence, accounts: Sequence[Account], summary: Summary
) -> None:
    """Those who act now are wanted, those who will soon get a timer; who owes no more is looked at once again."""
    now, hours = rooms.clock.now(), rooms.book.companies.of(company).hours
    known = know(connection, company, [each.ledger.customer for each in accounts])
    for account in accounts:
        debtor = known[account.ledger.customer]
        decision = plan(account.ledger, history_of(connection, debtor), cadence, hours, now)
        note_decision(connection, debtor.id, decision)
        summary.add("due" if decision.act in ACTS else decision.why.value)
        if decision.act in ACTS:
            want(connection, [debtor.id])
        elif decision.until and decision.until <= now + AHEAD:
            _look_again(connection, debtor, decision.until)
    paid = [each.id for each in debtors_who_owe(connection, company) if each.customer not in known]
    want(connection, paid)
    summary.add("due", len(paid))
    summary.add("disputed for long", want_reviews(connection, company, accounts, now))


def _look_again(connection: Connection, debtor: Debtor, at: datetime) -> None:
    key = f"{KIND}:{debtor.id}:{at.isoformat()}"
    set_timer(connection, kind=KIND, key=key, company=debtor.company, subject_id=debtor.id, due_at=at)


def want_accounts(connection: Connection, _rooms: Rooms, timers: Sequence[Timer]) -> dict[UUID, Outcome]:
    """It is their turn: Odoo is read for them next, outside of any transaction. Database work only."""
    due = still_due(connection, [timer.id for timer in timers])
    want(connection, [timer.subject_id for timer in timers if timer.id in due])
    return dict.fromkeys(due, True)


def _read(rooms: Rooms, company: str, customers: Sequence[str] | None, summary: Summary) -> list[Account] | None:
    """Who owes, as Odoo has it now; None where it cannot be asked: then nobody hears anything."""
    with rooms.engine.connect() as connection:
        odoo = rooms.erp.at(odoo_wire(connection, company))
    named = None if customers is None else [int(each.removeprefix("partner:")) for each in customers]
    zone = rooms.book.companies.of(company).hours.zone
    try:
        found = None if odoo is None else read_accounts(odoo, int(company), zone, named)
    except OdooError as error:
        log.warning("accounts_not_read", company=company, code=error.fault.code)
        found = None
    if found is None:
        summary.add("not read")
    return found


# One customer ---------------------------------------------------------------------------------------------------------


def drain(rooms: Rooms) -> Summary:
    """Check what is about to leave; then serve everybody who is wanted, a company's customers by one reading."""
    rooms.hints.clear("collect")
    summary = Summary("nobody's turn")
    _check_letters(rooms, summary)
    while wanted := _claim(rooms):
        for company, theirs in groupby(sorted(wanted, key=lambda each: each.company), lambda each: each.company):
            _serve_all(rooms, company, list(theirs), summary)
    return summary


def _claim(rooms: Rooms) -> list[Debtor]:
    with rooms.engine.begin() as connection:
        return claim_wanted(connection, limit=AT_ONCE, lease=LEASE) if anybody_wanted(connection) else []


def _serve_all(rooms: Rooms, company: str, debtors: Sequence[Debtor], summary: Summary) -> None:
    cadence = rooms.cadences.of(company)
    accounts = _read(rooms, company, [each.customer for each in debtors], summary) if cadence else None
    if accounts is None or cadence is None:
        return  # their leases run out, and they are tried again
    by_customer = {each.ledger.customer: each for each in accounts}
    for debtor in debtors:
        account = by_customer.get(debtor.customer) or nothing_owed(company, debtor.customer)
        link = _link(rooms, company, account)
        with rooms.engine.begin() as connection:
            locked = lock_debtors(connection, [debtor.id])[debtor.id]
            history, now = history_of(connection, locked), rooms.clock.now()
            lanes = _serve(Turn(connection, rooms, locked, account, cadence, history, link, now), summary)
        rooms.hints.deliver_all(lanes)


def _link(rooms: Rooms, company: str, account: Account) -> str | None:
    if not account.ledger.lines:
        return None
    with rooms.engine.connect() as connection:
        odoo = rooms.erp.at(odoo_wire(connection, company))
    oldest = min(account.ledger.lines, key=lambda line: (line.due, line.invoice))
    return payment_address(odoo, oldest.invoice) if odoo else None


def _serve(turn: Turn, summary: Summary) -> set[Lane]:
    """Decide once more, upon what was just read, and do it."""
    decision = plan(turn.account.ledger, turn.history, turn.cadence, turn.hours, turn.now)
    mails = [*_pass_on(turn), *_review(turn), *(DEEDS[decision.act](turn, decision) if decision.act in DEEDS else ())]
    if decision.why is Why.PAID:
        _forgive(turn)
    note_decision(turn.connection, turn.debtor.id, decision)
    served(turn.connection, turn.debtor.id)
    summary.add(decision.act.value)
    return {lane for mail in mails for lane in post(turn, mail, summary)}


def _forgive(turn: Turn) -> None:
    forgive(turn.connection, turn.debtor.id)
    for letter in open_letters(turn.connection, turn.debtor.id):
        call_back(turn.connection, letter, Why.PAID)
    if turn.debtor.why != Why.PAID:
        note(turn.connection, turn.debtor, "paid", turn.now)


# Deeds ----------------------------------------------------------------------------------------------------------------


def _send(turn: Turn, decision: Decision) -> Iterator[Mail]:
    level, account = turn.cadence.levels[decision.level or 0], turn.account
    letter = write_letter(turn.connection, turn.debtor, decision, turn.history, day=turn.day, at=turn.now)
    if letter is None:
        return
    _write_down(turn, "sent", decision)
    told = statement(decision, level.tone, (account.contact or account.recipient).get("language"), turn.link)
    contacts = {"contacts": {"invoice": account.contact}} if account.contact else {}
    data = {"recipient": account.recipient, **contacts, "statement": told}
    yield Mail(event_about(turn, STATEMENT, str(letter), decision.oldest.invoice, data), level.by, letter)
    if level.nudge:
        yield from ask_colleague(turn, Chore.CALL, decision)


def _nudge(turn: Turn, decision: Decision) -> Iterator[Mail]:
    tell_of(turn.connection, turn.debtor, decision, turn.now)
    _write_down(turn, "nudged", decision)
    yield from ask_colleague(turn, Chore.CALL, decision)


def _ask(turn: Turn, decision: Decision) -> Iterator[Mail]:
    set_of(turn.connection, turn.debtor.id, asked=decision.level)
    _write_down(turn, "asked", decision)
    yield from ask_colleague(turn, Chore.APPROVE, decision)


def _hand_over(turn: Turn, decision: Decision) -> Iterator[Mail]:
    mark(turn.connection, turn.debtor, "handed_over_at", decision.raised, turn.now)
    _write_down(turn, "handed_over", decision)
    yield from ask_colleague(turn, Chore.HANDED_OVER, decision)


def _tell_of_payment(turn: Turn, decision: Decision) -> Iterator[Mail]:
    yield from ask_colleague(turn, Chore.MATCH, decision)


DEEDS: Mapping[Act, Callable[[Turn, Decision], Iterator[Mail]]] = MappingProxyType(
    {
        Act.SEND: _send,
        Act.NUDGE: _nudge,
        Act.ASK: _ask,
        Act.HAND_OVER: _hand_over,
        Act.TELL: _tell_of_payment,
    }
)
"""What is done; whatever else is decided is only kept."""


def _write_down(turn: Turn, what: str, decision: Decision) -> None:
    names = [level.name for level in turn.cadence.levels]
    passed = f"; passed over, since overdue as well: {', '.join(names[each] for each in decision.skipped)}"
    detail = f"{names[decision.level or 0]}, {len(decision.lines)} invoices{passed if decision.skipped else ''}"
    note(turn.connection, turn.debtor, what, turn.now, detail=detail)


# Colleagues -----------------------------------------------------------------------------------------------------------


def _pass_on(turn: Turn) -> Iterator[Mail]:
    """What he answered, to whoever looks after him."""
    if turn.debtor.chore and turn.account.ledger.lines:
        owed = Decision(Act.TELL, Why.DUE, lines=turn.account.ledger.lines)
        yield from ask_colleague(turn, Chore(turn.debtor.chore), owed, on=_until(turn))
    set_of(turn.connection, turn.debtor.id, chore=None)


def _until(turn: Turn) -> date | None:
    """The day that his answer holds for."""
    if turn.debtor.chore == Chore.DISPUTED:
        return _on(turn, last_review(turn.connection, turn.debtor))
    return turn.debtor.promised_on or _on(turn, turn.debtor.paused_until)


def _on(turn: Turn, at: datetime | None) -> date | None:
    return at and at.astimezone(ZoneInfo(turn.hours.zone)).date()


def _review(turn: Turn) -> Iterator[Mail]:
    """What he disputes, to whoever looks after him, once in each period until it is settled or paid."""
    for each in review(turn.connection, turn.debtor, turn.account.ledger.lines, turn.cadence, turn.now):
        on = _on(turn, each.since)
        yield from ask_colleague(turn, Chore.REVIEW, each.decision, on=on, command=each.command)


# What is about to leave -----------------------------------------------------------------------------------------------


def _check_letters(rooms: Rooms, summary: Summary) -> None:
    """Amounts that were read a while ago are read again; a statement that is not true any more never leaves."""
    with rooms.engine.connect() as connection:
        letters = aging_letters(connection, age=AGE, limit=AT_ONCE)
    for company, theirs in groupby(sorted(letters, key=lambda each: each.company), lambda each: each.company):
        _check(rooms, company, list(theirs), summary)


def _check(rooms: Rooms, company: str, letters: Sequence[Letter], summary: Summary) -> None:
    with rooms.engine.connect() as connection:
        who = {each.id: each.customer for each in debtors_by_id(connection, {letter.debtor_id for letter in letters})}
    accounts = _read(rooms, company, sorted(set(who.values())), summary)
    if accounts is None:
        return  # what cannot be checked stays
    ledgers = {each.ledger.customer: each.ledger for each in accounts}
    for letter in letters:
        customer = who[letter.debtor_id]
        with rooms.engine.begin() as connection:
            debtor = lock_debtors(connection, [letter.debtor_id])[letter.debtor_id]
            ledger = ledgers.get(customer) or Ledger(company, customer, ())
            if still_true(letter.amounts, ledger, history_of(connection, debtor), rooms.clock.now()):
                let_go(connection, letter)
                summary.add("still true")
            else:
                recall(connection, debtor, letter, "changed", rooms.clock.now())
                summary.add("called back")


def recall(connection: Connection, debtor: Debtor, letter: Letter, why: str, now: datetime) -> None:
    """A statement that is not true any more; he is decided about anew. The caller has locked him."""
    call_back(connection, letter, why)
    note(connection, debtor, "called_back", now, detail=why)
    want(connection, [debtor.id])
