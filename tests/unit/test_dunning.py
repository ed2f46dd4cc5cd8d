"""What is done about what a customer owes: levels, holds, and what must never happen."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postroom.domain.cadences import Cadence, Level, Tone
from postroom.domain.dunning import (
    ACTS,
    Act,
    Decision,
    History,
    Ledger,
    Line,
    Pause,
    Told,
    Why,
    business_day_after,
    plan,
    still_true,
)
from postroom.domain.quiet_hours import ALWAYS, Hours, Window

MONDAY = date(2026, 11, 23)
WEEK = ((Window(time(9), time(18)),),) * 6 + ((),)
COMPANY = Hours(WEEK, "Europe/Madrid")
CADENCE = Cadence(
    key="standard",
    levels=(
        Level("courtesy", -3, Tone.COURTESY, "payment_statement"),
        Level("friendly", 1, Tone.FRIENDLY, "payment_statement"),
        Level("reminder", 7, Tone.REMINDER, "payment_overdue"),
        Level("firm", 14, Tone.FIRM, "payment_notice", nudge=True),
        Level("formal", 30, Tone.FORMAL, "payment_notice", approval=True),
        Level("hand_over", 45, hand_over=True),
    ),
    windows={"default": WEEK},
)
FORMAL, HAND_OVER = 4, 5


def at(day: date, hour: int = 10) -> datetime:
    """An hour of a day in Madrid's winter."""
    return datetime.combine(day, time(hour - 1), UTC)


def line(days: int, number: int = 88, residual: str = "100", currency: str = "EUR") -> Line:
    """An invoice that has been due for so many days on MONDAY."""
    due = MONDAY - timedelta(days=days)
    return Line(number, f"INV/{number}", due, Decimal(residual), Decimal(100), currency)


def ledger(*lines: Line, **more: object) -> Ledger:
    return Ledger("1", "partner:42", lines, **{"fed_on": MONDAY, **more})  # type: ignore[arg-type]


def told(each: Line, level: int, days_ago: int, residual: str | None = None) -> dict[int, Told]:
    amount = each.residual if residual is None else Decimal(residual)
    return {each.invoice: Told(level, at(MONDAY - timedelta(days=days_ago)), amount, each.revision)}


def decide(owing: Ledger, history: History | None = None, now: datetime | None = None) -> Decision:
    return plan(owing, history or History(), CADENCE, COMPANY, now or at(MONDAY))


# Levels ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "level"),
    [(-4, None), (-3, 0), (0, 0), (1, 1), (6, 1), (7, 2), (14, 3), (29, 3), (30, 3), (400, 3)],
)
def test_a_first_word_is_the_highest_level_that_is_due_and_never_a_grave_one(days: int, level: int | None) -> None:
    decision = decide(ledger(line(days)))
    assert decision.level == level
    assert decision.act is (Act.WAIT if level is None else Act.SEND)


def test_after_five_days_without_a_house_one_statement_says_which_levels_it_passed_over() -> None:
    first = line(14)
    decision = decide(ledger(first), History(told(first, 0, 17)))
    assert (decision.act, decision.level, decision.skipped) == (Act.SEND, 3, (1, 2))


def test_a_formal_notice_wants_the_firm_word_before_it_and_a_persons_consent() -> None:
    each = line(30)
    assert decide(ledger(each), History(told(each, 2, 10))).level == 3
    warned = History(told(each, 3, 10))
    assert decide(ledger(each), warned).act is Act.ASK
    assert decide(ledger(each), replace(warned, asked=FORMAL)).why is Why.APPROVAL
    assert decide(ledger(each), replace(warned, asked=FORMAL, approved=FORMAL)).act is Act.SEND


def test_an_invoice_is_handed_over_after_its_formal_notice_and_the_others_go_on_without_it() -> None:
    old, young = line(50, 1), line(8, 2)
    warned = History(told(old, FORMAL, 6))
    over = decide(ledger(old, young), warned)
    assert (over.act, over.raised) == (Act.HAND_OVER, (1,))
    after = decide(ledger(old, young), replace(warned, handed_over=frozenset({1})))
    assert (after.act, after.level, after.lines) == (Act.SEND, 2, (young,))


def test_one_statement_lists_everything_that_is_due_and_goes_by_the_hardest_level() -> None:
    lines = (line(8, 1), line(2, 2), line(-2, 3), line(-20, 4))
    decision = decide(ledger(*lines))
    assert (decision.level, [each.invoice for each in decision.lines], decision.raised) == (2, [1, 2, 3], (1,))


def test_a_customer_who_wants_it_so_hears_of_each_invoice_by_itself() -> None:
    apart = replace(CADENCE, one_by_one=frozenset({"partner:42"}))
    decision = plan(ledger(line(8, 1), line(9, 2)), History(), apart, COMPANY, at(MONDAY))
    assert len(decision.lines) == 1


def test_currencies_are_never_added_up() -> None:
    decision = decide(ledger(line(8, 1), line(8, 2, "90", "USD")))
    assert {each.currency for each in decision.lines} == {"EUR"}


def test_of_a_strategic_customer_only_colleagues_hear_before_the_firm_word() -> None:
    strategic = replace(CADENCE, strategic=frozenset({"partner:42"}))
    soft = plan(ledger(line(8)), History(), strategic, COMPANY, at(MONDAY))
    firm = plan(ledger(line(14)), History(), strategic, COMPANY, at(MONDAY))
    assert (soft.act, firm.act) == (Act.NUDGE, Act.SEND)


# Amounts --------------------------------------------------------------------------------------------------------------


def test_who_paid_a_part_hears_what_is_left_before_a_harder_word() -> None:
    each = line(14, residual="40")
    decision = decide(ledger(each), History(told(each, 2, 7, residual="100")))
    assert (decision.act, decision.level, decision.owed) == (Act.SEND, 2, Decimal(40))


def test_what_is_left_of_an_invoice_below_the_tolerance_is_not_asked_for() -> None:
    assert decide(ledger(line(20, residual="0.80"))).why is Why.PAID


def test_a_reversed_payment_goes_on_from_where_it_was_and_not_from_the_first_word() -> None:
    reopened = line(15)
    decision = decide(ledger(reopened), History(told(reopened, 2, 8)))
    assert decision.level == 3


def test_a_changed_invoice_is_counted_by_its_new_due_date_and_repeats_no_word() -> None:
    moved = line(2)
    before = {88: Told(2, at(MONDAY - timedelta(days=9)), Decimal(80), "2026-10-01/80")}
    assert decide(ledger(moved), History(before)).why is Why.NOT_DUE
    assert decide(ledger(line(14)), History(before)).level == 3


def test_a_disputed_invoice_is_on_no_statement() -> None:
    decision = decide(ledger(line(20, 1), line(8, 2)), History(disputed=frozenset({1})))
    assert ([each.invoice for each in decision.lines], decision.level) == ([2], 2)
    assert decide(ledger(line(20, 1)), History(disputed=frozenset({1}))).why is Why.DISPUTED


# Holds ----------------------------------------------------------------------------------------------------------------

LATER = at(MONDAY + timedelta(days=3))


@pytest.mark.parametrize(
    ("owing", "history", "why"),
    [
        pytest.param({"blocked": True}, {}, Why.BLOCKED, id="blocked"),
        pytest.param({"manual": True}, {}, Why.MANUAL, id="by hand in Odoo"),
        pytest.param({"next_reminder": MONDAY + timedelta(days=2)}, {}, Why.NEXT_REMINDER, id="next reminder in Odoo"),
        pytest.param({}, {"pause": Pause(Why.PAUSED)}, Why.PAUSED, id="paused"),
        pytest.param({}, {"pause": Pause(Why.REPLIED, LATER)}, Why.REPLIED, id="replied"),
        pytest.param({}, {"promised": MONDAY}, Why.PROMISED, id="promised today"),
        pytest.param({}, {"last_day": MONDAY}, Why.TODAY, id="had one today"),
        pytest.param({"fed_on": MONDAY - timedelta(days=5)}, {}, Why.STALE, id="old bank feed"),
        pytest.param({"fed_on": None}, {}, Why.STALE, id="no bank feed"),
    ],
)
def test_what_holds_a_statement_back(owing: dict[str, object], history: dict[str, object], why: Why) -> None:
    decision = decide(ledger(line(20), **owing), History(**history))  # type: ignore[arg-type]
    assert decision.why is why
    assert decision.act not in ACTS


def test_upon_an_old_bank_feed_the_first_friendly_words_still_leave() -> None:
    assert decide(ledger(line(2), fed_on=None)).act is Act.SEND


def test_a_payment_that_is_not_matched_goes_to_an_accountant_and_not_to_the_customer() -> None:
    assert decide(ledger(line(20), in_flight={"EUR": Decimal(100)})).act is Act.TELL
    assert decide(ledger(line(20), in_flight={"EUR": Decimal(50)})).act is Act.SEND
    assert decide(ledger(line(20), in_flight={"USD": Decimal(100)})).act is Act.SEND


def test_a_promise_is_believed_until_a_business_day_after_it_and_then_the_next_level_follows() -> None:
    each = line(20)
    friday = MONDAY + timedelta(days=4)
    history = History(told(each, 2, 8), promised=friday)
    waiting = decide(ledger(each), history, at(friday, 20))
    assert (waiting.why, waiting.until) == (Why.PROMISED, at(friday + timedelta(days=1), 9))
    broken = decide(ledger(each, fed_on=friday), history, at(friday + timedelta(days=1)))
    assert (broken.act, broken.level) == (Act.SEND, 3)


def test_at_night_and_on_sundays_it_waits_for_the_customers_own_morning() -> None:
    sunday = MONDAY - timedelta(days=1)
    madrid = decide(ledger(line(8)), now=at(sunday))
    mexico = decide(ledger(line(8), zones=("America/Mexico_City",)), now=at(MONDAY))
    assert (madrid.why, madrid.until) == (Why.WINDOW, at(MONDAY, 9))
    assert (mexico.why, mexico.until) == (Why.WINDOW, datetime(2026, 11, 23, 15, tzinfo=UTC))


def test_a_country_has_its_own_hours() -> None:
    french = replace(CADENCE, windows={**CADENCE.windows, "FR": ((Window(time(14), time(18)),),) * 7})
    decision = plan(ledger(line(8), country="FR"), History(), french, COMPANY, at(MONDAY))
    assert decision.until == at(MONDAY, 14)


def test_who_does_not_know_when_the_customer_wakes_waits_for_all_his_clocks() -> None:
    both = decide(ledger(line(8), zones=("Europe/Madrid", "America/New_York")))
    assert both.until == datetime(2026, 11, 23, 14, tzinfo=UTC)


def test_it_says_when_the_next_level_is_due() -> None:
    each = line(8)
    decision = decide(ledger(each), History(told(each, 2, 1)))
    assert (decision.why, decision.until) == (Why.NOT_DUE, at(MONDAY + timedelta(days=7), 9))  # day 14 is a Sunday


def test_business_days_skip_sundays_and_holidays() -> None:
    saturday = MONDAY + timedelta(days=5)
    assert business_day_after(saturday, 1, COMPANY) == saturday + timedelta(days=2)
    spain = replace(COMPANY, holidays=("ES",))
    assert business_day_after(date(2026, 12, 7), 1, spain) == date(2026, 12, 9)


def test_a_statement_may_leave_only_while_each_of_its_amounts_stands() -> None:
    each, now = line(8), at(MONDAY)
    written: Mapping[int, Decimal] = {88: Decimal(100)}
    assert still_true(written, ledger(each), History(), now)
    assert not still_true(written, ledger(), History(), now)
    assert not still_true(written, ledger(replace(each, residual=Decimal(60))), History(), now)
    assert not still_true(written, ledger(each), History(disputed=frozenset({88})), now)
    assert not still_true(written, ledger(each), History(pause=Pause(Why.REPLIED)), now)
    assert not still_true(written, ledger(each), History(promised=MONDAY), now)


# What must never happen -----------------------------------------------------------------------------------------------


class Account:
    """A customer whose days pass, as the store would remember them."""

    def __init__(self) -> None:
        self.history = History()
        self.sent: list[tuple[date, int, tuple[int, ...]]] = []
        self.heard: dict[int, list[int]] = {}

    def live(self, lines: tuple[Line, ...], day: date, *, seen: bool) -> None:
        now = at(day)
        decision = plan(ledger(*lines, fed_on=day), replace(self.history, seen=seen), CADENCE, ALL_DAY, now)
        plain = plan(ledger(*lines, fed_on=day), replace(self.history, seen=not seen), CADENCE, ALL_DAY, now)
        assert plain == decision, "whether he read it must change nothing"
        self._remember(decision, day, now)

    def _remember(self, decision: Decision, day: date, now: datetime) -> None:
        level = decision.level
        if decision.act is Act.ASK:
            self.history = replace(self.history, asked=level, approved=level)
        if level is None or decision.act not in (Act.SEND, Act.HAND_OVER):
            return
        told = {
            each.invoice: Told(level, now, each.residual, each.revision)
            for each in decision.lines
            if each.invoice in decision.raised
        }
        for invoice in decision.raised:
            self.heard.setdefault(invoice, []).append(level)
        self.history = replace(self.history, told={**self.history.told, **told}, approved=None, asked=None)
        if decision.act is Act.SEND:
            self.sent.append((day, level, decision.raised))
            self.history = replace(self.history, last_day=day)
        else:
            self.history = replace(self.history, handed_over=self.history.handed_over | set(decision.raised))


ALL_DAY = replace(ALWAYS, zone="Europe/Madrid")
invoices = st.lists(st.integers(-40, 60), min_size=1, max_size=6)
gaps = st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=40)


@settings(max_examples=150, deadline=None)
@given(invoices, gaps)
def test_whenever_the_house_is_up_nobody_is_pressed_harder_than_the_cadence_says(
    dues: list[int], days: list[tuple[int, bool]]
) -> None:
    lines = tuple(line(due, number) for number, due in enumerate(dues, 1))
    account, day = Account(), MONDAY
    for gap, seen in days:
        day += timedelta(days=gap)
        account.live(lines, day, seen=seen)
    sent_days = [sent for sent, _, _ in account.sent]
    assert len(sent_days) == len(set(sent_days)), "two statements on one day"
    for invoice, levels in account.heard.items():
        assert levels == sorted(set(levels)), f"{invoice} heard a level twice, or a softer one later: {levels}"
        for grave in (FORMAL, HAND_OVER):
            assert grave not in levels or grave - 1 in levels, f"{invoice} was not warned before level {grave}"
    for sent, level, raised in account.sent:
        for number in raised:
            assert (sent - lines[number - 1].due).days >= CADENCE.levels[level].after, "told before its day"
