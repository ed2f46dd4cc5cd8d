"""Collections on a real database and the stand-in's books: a statement a day, true when it leaves; answers count."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from typer.testing import CliRunner

from config.cadences import CADENCES_FILE, read_cadences
from postroom.cli.app import app
from postroom.cli.demo.person import Stage
from postroom.domain.channels import ChannelEvent, ChannelName, EventKind
from postroom.domain.digests import Section
from postroom.domain.formats import day
from postroom.domain.messages import Urgency
from postroom.domain.safety import Wire
from postroom.odoo.access import Access
from postroom.odoo.connecting import connect
from postroom.store.digests import own_figures
from postroom.store.dunning import debtors, mark, pause_debtor, set_of, want
from postroom.store.ids import new_id
from postroom.store.inbox import NewChannelEvent, keep_channel_events
from sandbox.testing import SECRET, Running, running_sandbox
from scheduler.ticker import fire_timers
from tests.boardroom import account, employ
from tests.builders import SEALER, FixedClock, StubChannel, query
from workers.erp import Erp
from workers.tasks import deliver, dun, observe
from workers.wiring import Rooms

WHATSAPP, EMAIL, SLACK = ChannelName.WHATSAPP, ChannelName.EMAIL, ChannelName.SLACK
SALESMAN = 107
"""Who looks after the stand-in's customer."""
SOMEBODY_ELSE = 108
CUSTOMER, INVOICE = 301, 88
"""He owes 1 250 on it, since ten days."""
PERIOD = timedelta(days=14)
"""After which somebody is reminded of a dispute."""


@pytest.fixture
def sandbox() -> Iterator[Running]:
    with running_sandbox() as running:
        yield running


@pytest.fixture
def clock() -> FixedClock:
    """A weekday at eleven, as near to the stand-in's own days as can be."""
    at = datetime.now(UTC).replace(hour=10, minute=0, second=0, microsecond=0)
    return FixedClock(at + timedelta(days=max(0, 7 - at.weekday()) if at.weekday() > 4 else 0))


class Office:
    """A house that collects for company 1, and the books that it reads."""

    def __init__(self, make: Callable[..., Rooms], running: Running, clock: FixedClock) -> None:
        self.whatsapp, self.email, self.slack = (StubChannel(name) for name in (WHATSAPP, EMAIL, SLACK))
        access = Access(f"{running.url}/odoo", "sandbox", "postroom", SECRET)
        erp = Erp({Wire.SANDBOX: partial(connect, access)})
        made = make(self.whatsapp, self.email, self.slack, clock=clock, erp=erp)
        shipped = CADENCES_FILE.read_text("utf-8").replace("companies: {}", 'companies: {"1": standard}')
        self.rooms = replace(made, cadences=read_cadences(shipped, file="cadences.yaml"))
        self.clock, self.books = clock, Stage(running.url)
        employ(self.rooms.engine, [SALESMAN, SOMEBODY_ELSE])

    def write(self, model: str, number: int, **values: Any) -> None:
        """An accountant writes into the books."""
        self.books.put_into_odoo(model, number, values)

    def pass_days(self, days: int) -> None:
        """Whole weeks, so that it is no Sunday; the bank's statements go on."""
        self.clock.time += timedelta(days=days)
        self.write("account.bank.statement.line", 1, date=self.clock.time.date().isoformat())

    def work(self) -> None:
        """The beat plans, timers fire, Odoo is read, and what may leave leaves."""
        dun.plan_all(self.rooms)
        fire_timers(self.rooms)
        dun.drain(self.rooms)
        self.send()

    def send(self) -> None:
        for channel in (WHATSAPP, EMAIL, SLACK):
            for lane in Urgency:
                deliver.drain(self.rooms, channel, lane)

    def answer(self, kind: EventKind, text: str, payload: str | None = None) -> None:
        """The customer answers his last WhatsApp."""
        (_, to, key) = self.whatsapp.sent[-1]
        self._hear(WHATSAPP, kind, text, payload, to, key)

    def press_card(self, user: int, payload: str) -> None:
        """Somebody presses a button of the newest card that has it, which may be another's."""
        key = next(
            key
            for rendered, _, key in reversed(self.slack.sent)
            if payload in {button.payload for button in rendered.buttons}
        )
        self._hear(SLACK, EventKind.PRESSED, payload.capitalize(), payload, account(user), key)

    def _hear(self, channel: ChannelName, kind: EventKind, text: str, payload: str | None, to: str, key: UUID) -> None:
        event = ChannelEvent(
            kind,
            str(new_id()),
            channel,
            "stub",
            datetime.now(UTC),
            text=text,
            payload=payload,
            address=to,
            attempt_id=key,
        )
        request_id = new_id()
        query(
            self.rooms.engine,
            "insert into request (id, source, sha256, headers, body, state)"
            " values (:id, :source, :sha, :headers, :body, 'parsed')",
            id=request_id,
            source=channel.value,
            sha=request_id.bytes,
            headers=SEALER.seal_json({"x-postroom-wire": "sandbox"}, "request.headers"),
            body=SEALER.seal(b"{}", "request.body"),
        )
        with self.rooms.engine.begin() as connection:
            blind = SEALER.blind(channel, to)
            new = NewChannelEvent(request_id, f"{channel}:stub", event.key, kind.value, event.to_json(), blind)
            keep_channel_events(connection, SEALER, [new])
        observe.drain(self.rooms)

    def letters(self) -> list[tuple[int, dict[str, str]]]:
        """Statements that count: their level, and what they ask for."""
        rows = query(self.rooms.engine, "select level, amounts from dunning_letter where void = 0 order by id")
        return [(row.level, row.amounts) for row in rows]

    def tasks(self) -> list[str]:
        """What whoever looks after him was asked to do."""
        return [rendered.subject or "" for rendered, to, _ in self.slack.sent if to == account(SALESMAN)]

    def why(self) -> str | None:
        with self.rooms.engine.connect() as connection:
            return next(each.why for each in debtors(connection) if each.customer == f"partner:{CUSTOMER}")


@pytest.fixture
def office(make_rooms: Callable[..., Rooms], sandbox: Running, clock: FixedClock) -> Office:
    return Office(make_rooms, sandbox, clock)


FIRST = [(2, {str(INVOICE): "1250.0"})]
"""The reminder: it is the highest that is due, and the courtesy and the friendly word are passed over."""


def test_a_customer_gets_one_statement_a_day_at_the_highest_level_that_is_due(office: Office) -> None:
    for _ in range(3):
        office.work()

    assert office.letters() == FIRST
    assert (len(office.whatsapp.sent), len(office.email.sent)) == (1, 1)
    (trail,) = query(office.rooms.engine, "select detail from dunning_event where what = 'sent'")
    assert trail.detail == "reminder, 1 invoices; passed over, since overdue as well: courtesy, friendly"


def test_what_was_paid_between_the_writing_and_the_sending_is_not_asked_for(office: Office) -> None:
    dun.plan_all(office.rooms)
    dun.drain(office.rooms)
    assert office.letters() == FIRST

    office.write("account.move", INVOICE, amount_paid=1250.0)
    query(office.rooms.engine, "update dunning_letter set checked_at = checked_at - interval '11 minutes'")
    office.send()
    assert office.whatsapp.sent == []  # held: its amounts are old
    dun.drain(office.rooms)
    office.send()

    assert (office.whatsapp.sent, office.email.sent, office.letters()) == ([], [], [])
    assert office.why() == "not_due"  # he owes another, for later


def test_a_part_that_was_paid_is_asked_for_no_more(office: Office) -> None:
    office.write("account.move", INVOICE, amount_paid=250.0)
    office.work()

    assert office.letters() == [(2, {str(INVOICE): "1000.0"})]


def test_who_promises_is_left_alone_until_the_day_after_and_his_salesman_hears_of_it(office: Office) -> None:
    office.work()
    office.answer(EventKind.PRESSED, "I Will Pay", "promise")
    office.pass_days(7)
    office.work()
    assert (office.letters(), office.why()) == (FIRST, "promised")
    assert [title for title in office.tasks() if "promises to pay" in title]

    office.pass_days(7)
    office.work()
    assert [level for level, _ in office.letters()] == [2, 3]


def test_what_is_disputed_is_not_asked_for(office: Office) -> None:
    office.work()
    office.answer(EventKind.PRESSED, "Not Correct", "dispute")
    office.pass_days(7)
    office.work()

    assert (office.letters(), office.why()) == (FIRST, "not_due")
    assert [title for title in office.tasks() if "not correct" in title]


def reviews(office: Office) -> list[str]:
    """The reminders of a dispute that left, as whoever looks after him read them."""
    asked = [rendered for rendered, to, _ in office.slack.sent if to == account(SALESMAN)]
    return [each.text for each in asked if "still disputes" in (each.subject or "")]


def test_of_a_dispute_somebody_is_reminded_once_a_period_until_it_is_paid(office: Office) -> None:
    office.work()
    office.answer(EventKind.PRESSED, "Not Correct", "dispute")
    office.work()
    (told,) = [rendered.text for rendered, _, _ in office.slack.sent if "not correct" in (rendered.subject or "")]
    assert day((office.clock.time + PERIOD).date(), "en_US") in told

    disputed = day(office.clock.time.date(), "en_US")
    counts = []
    for days in (7, 7, 1, 13, 14):
        if len(counts) == 4:
            office.write("account.move", INVOICE, amount_paid=1250.0)
        office.pass_days(days)
        for _ in range(2):
            office.work()
        counts.append(len(reviews(office)))
    assert counts == [0, 1, 1, 2, 2]
    (detail,) = {
        row.detail for row in query(office.rooms.engine, "select detail from dunning_event where what = 'reviewed'")
    }
    assert detail == "1 invoices are disputed still"
    for part in ("1,250.00", disputed, f"postroom collections dispute {CUSTOMER} {INVOICE} --ended --company 1"):
        assert part in reviews(office)[0]
    assert all(str(INVOICE) not in amounts for _, amounts in office.letters()[1:])


def test_a_dispute_that_is_owed_again_is_reminded_of_and_one_that_is_settled_is_not(
    office: Office,
) -> None:
    office.work()
    office.answer(EventKind.PRESSED, "Not Correct", "dispute")
    office.write("account.move", INVOICE, amount_paid=1250.0)
    office.pass_days(14)
    office.work()
    assert reviews(office) == []

    office.write("account.move", INVOICE, amount_paid=0.0)  # the bank took it back
    office.work()
    assert len(reviews(office)) == 1

    with office.rooms.engine.begin() as connection:
        (debtor,) = debtors(connection)
        mark(connection, debtor, "disputed_at", [INVOICE], None)  # as `dispute --ended` does
    office.pass_days(14)
    office.work()
    assert len(reviews(office)) == 1


def test_who_writes_is_answered_by_a_person_first(office: Office) -> None:
    office.work()
    office.answer(EventKind.REPLIED, "I paid yesterday, did you not see it?")
    office.work()

    assert office.why() == "replied"
    assert [title for title in office.tasks() if "wrote back" in title]


def test_nobody_is_reminded_upon_an_old_bank_feed(office: Office) -> None:
    office.write("account.bank.statement.line", 1, date=(office.clock.time - timedelta(days=9)).date().isoformat())
    office.work()

    assert (office.letters(), office.why()) == ([], "stale")


def until_a_notice_waits(office: Office) -> None:
    """He heard a reminder and a firm word, and paid nothing."""
    office.work()
    office.pass_days(7)
    office.work()
    office.pass_days(14)
    office.work()
    assert levels(office) == [2, 3]
    assert any("formal notice" in title for title in office.tasks())


def levels(office: Office) -> list[int]:
    return [level for level, _ in office.letters()]


def test_a_formal_notice_waits_for_a_person_and_the_hand_over_ends_it(office: Office) -> None:
    until_a_notice_waits(office)

    office.press_card(SALESMAN, "agree")
    office.work()
    assert levels(office) == [2, 3, 4]
    assert any("goes out" in title for title in office.tasks())

    office.pass_days(14)
    office.work()
    assert levels(office) == [2, 3, 4]
    assert any("is yours now" in title for title in office.tasks())


def test_a_notice_that_somebody_holds_is_not_sent_and_a_second_word_changes_nothing(office: Office) -> None:
    until_a_notice_waits(office)

    office.press_card(SALESMAN, "hold")
    office.press_card(SALESMAN, "agree")
    office.work()
    assert (levels(office), office.why()) == ([2, 3], "paused")
    assert [title for title in office.tasks() if "is held" in title]
    assert [title for title in office.tasks() if "No notice to" in title]

    office.clock.time += timedelta(hours=1)
    with office.rooms.engine.begin() as connection:
        (debtor,) = debtors(connection)
        pause_debtor(connection, debtor.id, None, None)  # as `postroom collections resume` does
        want(connection, [debtor.id])
    office.work()
    assert len([title for title in office.tasks() if "formal notice" in title]) == 2  # he is asked again
    office.press_card(SALESMAN, "agree")
    office.work()
    assert levels(office) == [2, 3, 4]


def test_a_button_that_was_meant_for_another_lets_no_notice_out(office: Office) -> None:
    until_a_notice_waits(office)

    office.press_card(SOMEBODY_ELSE, "agree")
    office.work()
    assert levels(office) == [2, 3]
    assert query(office.rooms.engine, "select detail from message_event where what = 'decision_refused'") == [
        ("not_asked",)
    ]


def test_a_notice_that_an_operator_lets_out_needs_no_button(office: Office) -> None:
    until_a_notice_waits(office)

    with office.rooms.engine.begin() as connection:
        (debtor,) = debtors(connection)
        set_of(connection, debtor.id, approved=4)  # as `postroom collections approve` does
        want(connection, [debtor.id])
    office.work()
    assert levels(office) == [2, 3, 4]
    office.press_card(SALESMAN, "agree")
    office.work()
    assert levels(office) == [2, 3, 4]
    assert [title for title in office.tasks() if "No notice to" in title]


def days_to_paid(office: Office) -> Decimal | None:
    """What a digest would tell now."""
    now = office.clock.time
    with office.rooms.engine.connect() as connection:
        figures = own_figures(
            connection, Section.ACHIEVED, "1", (now - timedelta(days=1), now + timedelta(hours=1)), now
        )
    return next(each.days for each in figures if each.code == "days_to_paid")


def test_the_digest_tells_how_long_it_took_from_the_first_statement_to_the_payment(office: Office) -> None:
    for _ in range(2):
        office.work()
        office.pass_days(7)
    assert (len(office.letters()), days_to_paid(office)) == (2, None)

    office.write("account.move", INVOICE, amount_paid=1250.0)
    office.work()
    assert days_to_paid(office) == 14

    office.write("account.move", INVOICE, amount_paid=0.0)  # the bank took it back
    office.work()
    assert days_to_paid(office) is None


def test_what_was_cancelled_was_not_paid(office: Office) -> None:
    office.work()
    office.pass_days(7)
    office.write("account.move", INVOICE, state="cancel")
    office.work()

    assert days_to_paid(office) is None


def test_nothing_is_sent_while_odoo_cannot_be_read(office: Office, sandbox: Running) -> None:
    dun.plan_all(office.rooms)
    sandbox.process.terminate()
    sandbox.process.wait(10)
    dun.drain(office.rooms)
    office.send()

    assert (office.letters(), office.whatsapp.sent) == ([], [])
    assert query(office.rooms.engine, "select 1 from debtor where wanted_at is not null")


def test_a_trail_holds_no_personal_data(office: Office) -> None:
    office.work()
    office.answer(EventKind.REPLIED, "call me at +34 600 111 222")

    rows = query(office.rooms.engine, "select what, detail, actor from dunning_event")
    assert rows
    assert "600" not in json.dumps([tuple(row) for row in rows])


def test_an_operator_sees_what_would_come_and_has_the_last_word(
    office: Office, database_url: str, sandbox: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = {
        "DATABASE_URL": database_url,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "EVENT_SECRETS": "odoo=whsec_AAAA",
        "SEALING_KEYS": "k1=" + "A" * 43 + "=",
        "BLIND_KEY": "blind",
        "SANDBOX_URL": sandbox.url,
        "SANDBOX_SECRET": SECRET,
    }
    monkeypatch.setattr("workers.wiring.load_cadences", lambda **_: office.rooms.cadences)
    at = office.clock.time.isoformat()

    def run(*words: str) -> str:
        result = CliRunner().invoke(app, ["collections", *words], env=environment)
        assert result.exception is None, result.output
        return result.stdout

    def acts() -> list[tuple[str, str | None]]:
        told = json.loads(run("plan", "301", "--at", at, "--json"))
        return [(each["act"], each["level"]) for each in told["coming"] if each["act"] != "wait"]

    assert acts() == [("send", "reminder"), ("send", "firm"), ("ask", "formal")]
    assert office.letters() == []
    assert "is paused" in run("pause", "301", "--why", "fair")
    assert acts() == []
    run("resume", "301")
    assert "promised to pay by 2099-01-01" in run("promise", "301", "--on", "2099-01-01")
    assert [each["promised_on"] for each in json.loads(run("list", "--json"))] == ["2099-01-01"]
    trail = query(office.rooms.engine, "select what, actor from dunning_event order by id")
    assert [row.what for row in trail] == ["paused", "resumed", "promised"]
    assert all(row.actor for row in trail)
