"""What a customer owes changes while he is being asked for it: he is asked for what is true when it leaves."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.faults import papers
from tests.faults.crowd import put_into_odoo, rounds_pass
from tests.faults.patience import eventually
from tests.faults.scene import Scene

FILES = papers.FILES

CUSTOMER, PHONE = 301, "34600111222"
INVOICE = 88
"""He owes 1 250 on it, since ten days."""
TWENTY = range(7001, 7021)
DISPUTED = TWENTY[0]
REMINDER, FIRM = 2, 3
CHECK = timedelta(minutes=11)
"""After which amounts are too old to leave with."""


def test_he_is_asked_for_what_he_owes_when_it_leaves_and_never_for_what_is_paid_or_disputed(scene: Scene):
    at(scene, morning(scene.clock.now().date() + timedelta(days=1)))

    with scene.paused("whatsapp"), scene.paused("email"):
        collect(scene)
        eventually(lambda: letters(scene) == [(REMINDER, {INVOICE: 1250.0})], what="a statement is written")
        put_into_odoo(scene, "account.move", INVOICE, amount_paid=1250.0)
        scene.note("paid between the writing and the sending")
        scene.ask("update dunning_letter set checked_at = checked_at - :age", age=CHECK)
        eventually(lambda: letters(scene) == [], what="it is called back")
    rounds_pass(scene)
    assert asked(scene) == 0

    put_into_odoo(scene, "account.move", INVOICE, amount_paid=250.0)
    scene.note("the bank took a part of it back")
    collect(scene)
    eventually(lambda: asked(scene) == 1, what="he is asked for the rest")
    assert letters(scene) == [(REMINDER, {INVOICE: 1000.0})]

    owes_twenty_more(scene)
    disputes(scene, DISPUTED)
    at(scene, morning(scene.clock.now().date() + timedelta(days=7)))
    collect(scene)
    eventually(lambda: len(letters(scene)) == 2, what="a week later he is asked again")
    level, amounts = letters(scene)[1]
    assert (level, set(amounts)) == (FIRM, {INVOICE, *TWENTY} - {DISPUTED})

    put_into_odoo(scene, "account.move", INVOICE, amount_paid=1250.0)
    for number in TWENTY:
        put_into_odoo(scene, "account.move", number, amount_paid=100.0)
    at(scene, morning(scene.clock.now().date() + timedelta(days=7)))
    collect(scene)
    eventually(lambda: why(scene) == "not_due", what="he is known to have paid")
    put_into_odoo(scene, "account.move", INVOICE, amount_paid=0.0)
    scene.note("the bank took it all back")
    collect(scene)
    rounds_pass(scene)
    assert [level for level, _ in letters(scene)[:2]] == [REMINDER, FIRM]
    assert all(level >= FIRM for level, _ in letters(scene)[2:])  # he was told so before: not from the beginning


def morning(day: date) -> datetime:
    """That day at ten, or the Monday after it."""
    workday = day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0)
    return datetime(workday.year, workday.month, workday.day, 10, tzinfo=UTC)


def at(scene: Scene, moment: datetime) -> None:
    """The clock of all processes jumps there, and the bank's statements go on."""
    scene.go_to(moment)
    put_into_odoo(scene, "account.bank.statement.line", 1, date=moment.date().isoformat())


def collect(scene: Scene) -> None:
    """As beat has it planned each hour."""
    scene.call("plan_collections", queue="outbox")


def letters(scene: Scene) -> list[tuple[int, dict[int, float]]]:
    """Statements that count: their level, and what they ask for by invoice."""
    rows = scene.ask("select level, amounts from dunning_letter where void = 0 order by id")
    return [(row.level, {int(invoice): float(sum_) for invoice, sum_ in row.amounts.items()}) for row in rows]


def asked(scene: Scene) -> int:
    """How many statements he was sent by WhatsApp, by the provider's own count."""
    return scene.witness.count(PHONE)


def why(scene: Scene) -> str | None:
    rows = scene.ask("select why from debtor where customer = :customer", customer=f"partner:{CUSTOMER}")
    return rows[0].why if rows else None


def owes_twenty_more(scene: Scene) -> None:
    """A hundred each, due as long as the first one."""
    due = scene.clock.now().date() - timedelta(days=10)
    facts: dict[str, Any] = {"move_type": "out_invoice", "partner_id": CUSTOMER, "currency_id": 1, "company_id": 1}
    dates = {"invoice_date": (due - timedelta(days=30)).isoformat(), "invoice_date_due": due.isoformat()}
    for number in TWENTY:
        put_into_odoo(scene, "account.move", number, **facts, **dates, name=f"INV/{number}", state="posted")
        line = {"move_id": number, "name": "Cable", "quantity": 1.0, "price_unit": 100.0}
        put_into_odoo(scene, "account.move.line", number, **line)


def disputes(scene: Scene, invoice: int) -> None:
    """As he told somebody on the telephone."""
    scene.cli("collections", "dispute", CUSTOMER, invoice, "--why", "by telephone")
    scene.note("one of them is disputed")
