"""A chain told before it runs: its times, whom it reaches, what it leaves out, and where an answer ends it."""

import json
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from config.escalations import load_chains, read_chains
from config.rules import read_routing
from postroom.cli import escalations
from postroom.domain.approvals import Answer
from postroom.domain.channels import ChannelName
from postroom.domain.escalation import Calendar, Case, Chain, Deed
from postroom.domain.quiet_hours import ALWAYS, Hours, Window
from postroom.domain.timeline import Down, Entry, Given, Supposed, What, timeline
from postroom.domain.timeline_words import Teller, carriers

MADRID = ZoneInfo("Europe/Madrid")
MONDAY = datetime(2026, 11, 23, 15, tzinfo=MADRID)
OFFICE = Hours(((Window(time(9), time(18)),),) * 5 + ((),) * 2, "Europe/Madrid")
HOUR = timedelta(hours=1)
APPROVE, REJECT = Answer.APPROVE, Answer.REJECT
QUIET = """\
version: 1
rules:
  ask: {event: odoo.approval.requested, any_of: [team_chat], urgency: urgent, not_after: 3d, mutable: false,
        quiet_hours: true}
"""
RULES = {rule.message_type: rule for rule in read_routing(QUIET, file="routing.yaml", templates=None).rules}


def chain(steps: str, levels: str = "[{to: asked}]", **more: str) -> Chain:
    """A chain of these steps."""
    head = {"event": "odoo.approval.requested", "owner": "manager", "levels": levels, "steps": steps, **more}
    body = "".join(f"    {key}: {value}\n" for key, value in head.items())
    (made,) = read_chains(f"version: 1\nchains:\n  one:\n{body}", file="chains.yaml")
    return made


PLAIN = chain(
    "{ask: {notify: asked, by: x}, remind: {after: 4h, remind: asked, by: x, times: 2, every: 4h},"
    " boss: {after: 20h, escalate: manager, by: x, when: {over: 5000, currency: EUR}},"
    " sms: {after: 24h, switch: asked, by: y}, give_up: {after: 3d, give_up: true}}"
)
BENCHES = "[{to: asked}, {to: 'user:4', when: {over: 5000, currency: EUR}}]"


def supposed(at: datetime = MONDAY, amount: int = 8400, hours: Hours = ALWAYS, **more: object) -> Supposed:
    case = Case("1", "purchase.order", Decimal(amount), "EUR")
    return Supposed(case, at.astimezone(UTC), Calendar(hours, "Europe/Madrid"), **more)  # type: ignore[arg-type]


def fired(told: Chain, entries: list[Entry], at: datetime = MONDAY) -> list[tuple[str, float]]:
    """The steps that are done, and how many hours after the question."""
    return [
        (told.step_at(entry.place).name, (entry.at - at) / HOUR)
        for entry in entries
        if entry.what is What.FIRED and entry.place is not None
    ]


def test_without_an_answer_every_step_comes_at_its_hour_until_the_owner_has_it() -> None:
    assert fired(PLAIN, timeline(PLAIN, supposed())) == [
        ("ask", 0),
        ("remind", 4),
        ("remind", 8),
        ("boss", 20),
        ("sms", 24),
        ("give_up", 72),
    ]


def test_what_does_not_apply_is_left_out_where_it_would_have_stood() -> None:
    entries = timeline(PLAIN, supposed(amount=5000))
    assert "boss" not in dict(fired(PLAIN, entries))
    told = Teller(PLAIN, supposed(amount=5000), str)
    (entry,) = (each for each in entries if each.what is What.LEFT_OUT)
    assert told.tell(entry) == ("", "left out: 5,000 EUR is not over 5,000 EUR")


@pytest.mark.parametrize(
    ("case", "why"),
    [
        (Case("1", "", None), "no amount is known to be over 5,000 EUR"),
        (Case("1", "", Decimal(9000), "USD"), "9,000 USD cannot be compared with 5,000 EUR"),
    ],
)
def test_an_amount_that_cannot_be_compared_is_said_to_be_so(case: Case, why: str) -> None:
    view = Supposed(case, MONDAY, Calendar(ALWAYS, "UTC"))
    (entry,) = (each for each in timeline(PLAIN, view) if each.what is What.LEFT_OUT)
    assert why in Teller(PLAIN, view, str).tell(entry)[1]


def test_an_answer_ends_it_and_comes_before_a_step_of_the_same_moment() -> None:
    entries = timeline(PLAIN, supposed(answers=[Given(REJECT, 24 * HOUR)]))
    assert fired(PLAIN, entries)[-1] == ("boss", 20)
    assert (entries[-1].what, entries[-1].answer) == (What.DECIDED, REJECT)


def test_a_second_bench_is_asked_when_the_first_has_agreed_and_its_hours_count_from_then() -> None:
    two = chain("{ask: {notify: asked, by: x}, remind: {after: 4h, remind: asked, by: x}}", BENCHES)
    given_ = [Given(APPROVE, 5 * HOUR), Given(APPROVE, 11 * HOUR)]

    entries = timeline(two, supposed(answers=given_))

    assert fired(two, entries) == [("ask", 0), ("remind", 4), ("ask", 5), ("remind", 9)]
    assert [entry.what for entry in entries if entry.answer] == [
        What.ANSWERED,
        What.AGREED,
        What.ANSWERED,
        What.DECIDED,
    ]
    assert timeline(two, supposed(amount=100, answers=given_))[-1].at == MONDAY + 5 * HOUR
    put_again = next(entry for entry in entries if entry.what is What.FIRED and entry.level == 1)
    by = Teller(two, supposed(), str)
    assert by.tell(put_again) == ("the question by x to user 4 of Odoo", "bench 1 has agreed")


@pytest.mark.parametrize(
    ("levels", "people", "answers", "ended"),
    [
        ("[{to: asked, needs: all}]", 3, [APPROVE] * 2, False),
        ("[{to: asked, needs: all}]", 3, [APPROVE] * 3, True),
        ("[{to: asked, needs: all}]", 3, [REJECT], True),
        ("[{to: asked, needs: quorum, quorum: 2}]", 1, [APPROVE], False),
        ("[{to: asked, needs: quorum, quorum: 2}]", 3, [REJECT, APPROVE], False),
        ("[{to: asked, needs: quorum, quorum: 2}]", 3, [REJECT, REJECT], True),
    ],
)
def test_as_many_must_agree_as_the_bench_needs(levels: str, people: int, answers: list[Answer], ended: bool) -> None:
    some = chain("{ask: {notify: asked, by: x}}", levels)
    spoken = [Given(answer, hours * HOUR) for hours, answer in enumerate(answers, start=1)]
    end = timeline(some, supposed(answers=spoken, people=people))[-1]
    assert end.what is (What.DECIDED if ended else What.UNENDED)


def test_a_message_that_waits_for_its_readers_hours_moves_what_counts_from_it() -> None:
    quiet = chain("{ask: {notify: asked, by: ask}, remind: {after: 4h, remind: asked, by: ask}}")
    evening = MONDAY.replace(hour=20)

    entries = timeline(quiet, supposed(evening, hours=OFFICE, rules=RULES))

    held = entries[1]
    assert (held.what, held.until) == (What.HELD, evening.replace(day=24, hour=9))
    words = Teller(quiet, supposed(evening, hours=OFFICE, rules=RULES), str).tell(held)
    assert words == ("its message waits until Tue 24 Nov 09:00 CET", "quiet hours")
    assert entries[2].at == evening.replace(day=24, hour=13)
    assert entries[2].late == 13 * HOUR


def test_business_hours_pass_over_a_weekend() -> None:
    slow = chain("{ask: {notify: asked, by: x}, remind: {after: 8h, waits: business, remind: asked, by: x}}")
    friday = datetime(2026, 11, 27, 16, tzinfo=MADRID)
    assert timeline(slow, supposed(friday, hours=OFFICE))[1].at == datetime(2026, 11, 30, 15, tzinfo=MADRID)


@pytest.mark.parametrize(("day", "local"), [("2026-10-24T12:00", 11), ("2027-03-27T12:00", 13)])
def test_a_day_is_24_hours_where_the_clocks_change(day: str, local: int) -> None:
    at = datetime.fromisoformat(day).replace(tzinfo=MADRID)
    (sms,) = (entry for entry in timeline(PLAIN, supposed(at)) if entry.place == 4)
    assert sms.at - at.astimezone(UTC) == timedelta(hours=24)
    assert sms.at.astimezone(MADRID).hour == local


def test_after_days_without_the_house_one_message_comes_and_nobody_is_given_up_on_at_once() -> None:
    away = supposed(down=Down(2 * HOUR, 120 * HOUR))

    entries = timeline(PLAIN, away)

    assert fired(PLAIN, entries) == [("ask", 0), ("sms", 120), ("give_up", 168)]
    assert [entry.place for entry in entries if entry.what is What.PASSED_OVER] == [1, 2, 3]
    sms = next(entry for entry in entries if entry.place == 4)
    assert Teller(PLAIN, away, str).tell(sms)[1].endswith("4 days later, for the house was down")


def test_each_of_the_overdue_is_done_where_the_chain_wants_it_so_and_none_in_a_burst() -> None:
    each = chain(
        "{ask: {notify: asked, by: x}, one: {after: 1h, remind: asked, by: x}, two: {after: 2h, remind: asked, by: x}}",
        on_late="each",
    )
    assert fired(each, timeline(each, supposed(down=Down(HOUR / 2, 10 * HOUR)))) == [
        ("ask", 0),
        ("one", 10),
        ("two", 11),
    ]


SPANS = st.lists(st.integers(15, 2000), min_size=1, max_size=5)


@given(
    gaps=SPANS,
    business=st.booleans(),
    late=st.sampled_from(["latest", "each"]),
    answers=st.lists(st.tuples(st.sampled_from(Answer), st.integers(1, 6000)), max_size=3),
    down=st.tuples(st.integers(1, 4000), st.integers(1, 4000)),
)
def test_whatever_happens_no_step_is_done_early_twice_in_a_burst_or_after_the_end(
    gaps: list[int], business: bool, late: str, answers: list[tuple[Answer, int]], down: tuple[int, int]
) -> None:
    waits = "business" if business else "elapsed"
    offsets = [sum(gaps[: number + 1]) for number in range(len(gaps))]
    later = "".join(f", s{at}: {{after: {at}m, waits: {waits}, remind: asked, by: x}}" for at in offsets)
    made = chain(f"{{ask: {{notify: asked, by: x}}{later}}}", BENCHES, on_late=late)
    view = supposed(
        hours=OFFICE,
        answers=[Given(answer, timedelta(minutes=at)) for answer, at in answers],
        down=Down(timedelta(minutes=down[0]), timedelta(minutes=sum(down))),
    )

    entries = timeline(made, view)

    places = [entry.place for entry in entries if entry.what in {What.FIRED, What.PASSED_OVER}]
    assert len(places) == len(set(places))
    assert all(one.at <= two.at for one, two in pairwise(entries))
    assert entries[-1].what in {What.DECIDED, What.UNENDED}
    for bench in (0, 1):
        done = [entry for entry in entries if entry.what is What.FIRED and entry.level == bench]
        assert all(two.at - one.at >= made.min_interval for one, two in pairwise(done))
        for entry in done:
            assert entry.place is not None
            offset = made.offset(made.moments[entry.place % len(made.moments)])
            assert entry.at - done[0].at >= offset


def test_what_is_shipped_ends_with_its_owner() -> None:
    for shipped in load_chains():
        last = timeline(shipped, supposed())[-1]
        assert last.place is not None
        assert shipped.step_at(last.place).deed is Deed.GIVE_UP


# The command ----------------------------------------------------------------------------------------------------------

ROOT = typer.Typer()
ROOT.add_typer(escalations.app, name="escalations")


def run(*words: str) -> Result:
    return CliRunner().invoke(ROOT, ["escalations", *words], env={"COLUMNS": "250"})


def test_explain_prints_each_step_with_its_local_time_its_channels_and_why() -> None:
    told = run("explain", "approval", "--at", "2026-11-23T15:00", "--zone", "Europe/Madrid").stdout

    assert "Tue 24 Nov 15:00 CET  +1d" in told
    assert "SMS, else WhatsApp, else email to whoever is asked" in told
    assert "1 day after the question without an answer" in told
    assert "it is given up, and left to his manager" in told


def test_explain_for_programs_gives_the_same_in_utc_and_on_the_clock() -> None:
    told = json.loads(
        run(
            "explain",
            "approval",
            "--at",
            "2026-11-23T15:00",
            "--zone",
            "Europe/Madrid",
            "--answers",
            "approve@5h",
            "--json",
        ).stdout
    )
    assert [(each["happens"], each["local"]) for each in told["entries"]] == [
        ("fired", "2026-11-23T15:00:00+01:00"),
        ("fired", "2026-11-23T19:00:00+01:00"),
        ("answered", "2026-11-23T20:00:00+01:00"),
        ("decided", "2026-11-23T20:00:00+01:00"),
    ]
    assert told["asked_at"] == "2026-11-23T14:00:00+00:00"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-03-29T02:30", "2026-03-29T03:00:00+02:00"),  # the clocks jump over it: the first instant after
        ("2026-10-25T02:30", "2026-10-25T02:30:00+02:00"),  # it comes twice: the first of the two
        ("2026-10-25T02:30+01:00", "2026-10-25T02:30:00+01:00"),
    ],
)
def test_a_time_on_the_wall_that_is_not_or_is_twice_is_read_as_one_instant(written: str, meant: str) -> None:
    told = json.loads(run("explain", "approval", "--at", written, "--zone", "Europe/Madrid", "--json").stdout)
    assert told["entries"][0]["local"] == meant


def test_explain_warns_where_another_chain_comes_first_and_which_bench_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    leave = chain("{ask: {notify: asked, by: approval_request}}", BENCHES, when="{models: [hr.leave]}")
    shipped = load_chains()
    monkeypatch.setattr(escalations, "load_chains", lambda **_: (leave, *shipped))

    assert "This chain is not followed: the model is not known." in run("explain", "one").stdout
    assert "one comes first in the file, and fits" in run("explain", "approval", "--model", "hr.leave").stdout
    small = run("explain", "one", "--model", "hr.leave", "--amount", "80", "--currency", "EUR").stdout
    assert "Bench 2 is left out: 80 EUR is not over 5,000 EUR." in small


def test_explain_tells_all_that_is_wrong_with_what_it_was_asked_and_what_to_try() -> None:
    refused = run(
        "explain", "approval", "--zone", "Mars", "--answers", "maybe@5h", "--amount", "much", "--down", "5d-2h"
    )

    assert refused.exit_code == 2
    for fault in ("Mars is not a time zone", "'maybe@5h' is not an answer", "much is not an amount", "ends before it"):
        assert fault in refused.output
    assert "Did you mean approval?" in run("explain", "aproval").output


def test_list_and_show_name_the_benches_the_steps_and_the_owner() -> None:
    assert "remind 4h, manager 20h, sms 1d" in run("list").stdout
    told = run("show", "alert").stdout
    assert "whoever is asked; one of them decides" in told
    assert "SMS and Slack, else WhatsApp and email to his manager" in told
    assert json.loads(run("show", "alert", "--json").stdout)["key"] == "alert"


def test_a_rule_is_told_by_the_channels_of_the_company() -> None:
    by = carriers(RULES, ChannelName.TEAMS)
    assert (by("ask"), by("unknown")) == ("Teams", "unknown")
