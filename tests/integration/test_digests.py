"""Digests, from the plan to the message: once a day, on real figures, and never late."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from typer.testing import CliRunner

from config.digests import read_digests
from postroom.cli.app import app
from postroom.domain.channels import ChannelName
from postroom.domain.digest_words import Figure
from postroom.domain.digests import Section
from postroom.domain.safety import Wire
from postroom.odoo.access import Access
from postroom.odoo.connecting import connect
from postroom.odoo.figures import QUESTIONS, Question
from postroom.outside.writer import NoWords, Writer
from postroom.store.digests import mute_section, own_figures
from sandbox.testing import SECRET, Running, running_sandbox
from scheduler.ticker import fire_timers, hint_where_digests_wait
from tests.boardroom import ask, employ, press, send
from tests.builders import SEALER, FixedClock, StubChannel, query
from workers.erp import Erp
from workers.tasks import digest, route
from workers.wiring import Rooms

DIGESTS = """\
version: 1
companies: [1]
digests:
  finance:
    title: {en: Finance, es: Finanzas}
    at: "07:30"
    to: ["user:7", "user:8"]
    sections: [invoices, failures]
"""
MONDAY = datetime(2026, 11, 23, 5, 7, tzinfo=UTC)
Make = Callable[..., Rooms]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    with running_sandbox() as running:
        yield running


@pytest.fixture
def slack() -> StubChannel:
    return StubChannel(ChannelName.SLACK)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(MONDAY)


@pytest.fixture
def house(make_rooms: Callable[..., Rooms], sandbox: Running, slack: StubChannel, clock: FixedClock) -> Make:
    """Builds processes of one house, which share a database and an Odoo."""
    access = Access(f"{sandbox.url}/odoo", "sandbox", "postroom", SECRET)

    def make(odoo: Access = access) -> Rooms:
        digests = read_digests(DIGESTS, file="digests.yaml")
        return make_rooms(slack, clock=clock, erp=Erp({Wire.SANDBOX: partial(connect, odoo)}), digests=digests)

    return make


@pytest.fixture
def rooms(house: Make) -> Rooms:
    made = house()
    employ(made.engine, [7, 8])
    return made


def morning(rooms: Rooms, clock: FixedClock) -> None:
    """The beat plans, the timer fires, and what is due is made and sent."""
    digest.plan(rooms)
    clock.time = query(rooms.engine, "select max(due_at) as due_at from digest")[0].due_at
    fire_timers(rooms)
    digest.drain(rooms)
    route.drain(rooms)
    send(rooms)


def editions(rooms: Rooms) -> list[tuple[str, str, str | None]]:
    rows = query(rooms.engine, "select reader, state, why from digest order by reader")
    return [(row.reader, row.state, row.why) for row in rows]


def events(rooms: Rooms) -> list[dict[str, Any]]:
    rows = query(rooms.engine, "select payload from inbox where type = 'odoo.digest.daily' order by key")
    return [SEALER.open_json(row.payload, "inbox.payload") for row in rows]


def sections(rooms: Rooms) -> list[list[str]]:
    """The headings in each reader's digest."""
    return [[each["title"] for each in event["data"]["digest"]["sections"]] for event in events(rooms)]


def test_each_reader_gets_odoos_own_figures(
    rooms: Rooms, clock: FixedClock, slack: StubChannel, sandbox: Running
) -> None:
    morning(rooms, clock)
    assert [state for _, state, _ in editions(rooms)] == ["sent", "sent"]
    owed = [["move_type", "=", "out_invoice"], ["payment_state", "in", ["not_paid", "partial"]]]
    overdue = [["state", "=", "posted"], ["invoice_date_due", "<", clock.time.date().isoformat()]]
    odoo = rooms.erp.at(Wire.SANDBOX)
    assert odoo is not None
    found = odoo.in_company(1).search_read("account.move", [*owed, *overdue], ["amount_residual"])
    figure = f"{len(found)} (€{sum(row['amount_residual'] for row in found):,.2f})"
    assert found
    assert sorted(to for _, to, _ in slack.sent) == ["U0PERSON7", "U0PERSON8"]
    assert all(f"Overdue invoices: {figure}" in rendered.text for rendered, _, _ in slack.sent)


class Prose(Writer):
    """Writes what a test says, about whatever it is asked."""

    def __init__(self, *answers: str | NoWords) -> None:
        super().__init__("http://127.0.0.1:9", "none")
        self.answers = list(answers)

    def _answer(self, _asked: Any) -> str:
        answer = self.answers.pop(0)
        if isinstance(answer, NoWords):
            raise answer
        return answer


@pytest.mark.parametrize(
    ("answer", "opening"),
    [("Look at the overdue invoices first.", True), ("999 invoices are overdue.", False), (NoWords("http_500"), False)],
)
def test_words_above_a_digest_are_taken_where_every_figure_stands_in_it(
    rooms: Rooms, clock: FixedClock, slack: StubChannel, answer: str | NoWords, opening: bool
) -> None:
    morning(replace(rooms, writer=Prose(answer)), clock)

    assert [state for _, state, _ in editions(rooms)] == ["sent", "sent"]
    assert [event["data"]["digest"].get("summary") for event in events(rooms)] == [answer if opening else None] * 2
    assert all((str(answer) in rendered.text) is opening for rendered, _, _ in slack.sent)


def test_two_beats_and_two_tickers_tell_what_one_tells(
    house: Make, rooms: Rooms, clock: FixedClock, slack: StubChannel
) -> None:
    both = (rooms, house())
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(digest.plan, both))
        clock.time = query(rooms.engine, "select max(due_at) as due_at from digest")[0].due_at
        for step in (fire_timers, digest.drain, digest.plan, fire_timers, digest.drain, route.drain, send):
            list(pool.map(step, both))
    assert len(events(rooms)) == len(slack.sent) == 2
    assert query(rooms.engine, "select count(*) from timer where kind = 'digest'")[0].count == 2


def test_a_section_that_somebody_does_without_is_not_his(rooms: Rooms, clock: FixedClock) -> None:
    with rooms.engine.begin() as connection:
        mute_section(connection, "1", "sandbox:user:7", Section.INVOICES)
    morning(rooms, clock)
    assert [(state, why) for _, state, why in editions(rooms)] == [
        ("empty", "there was nothing to tell"),
        ("sent", None),
    ]
    assert sections(rooms) == [["Receivables"]]


def test_a_digest_that_comes_hours_late_is_dropped_and_that_is_noted(rooms: Rooms, clock: FixedClock) -> None:
    digest.plan(rooms)
    clock.time += timedelta(hours=9)
    fire_timers(rooms)
    assert [state for _, state, _ in editions(rooms)] == ["stale", "stale"]
    assert str(digest.drain(rooms)) == "no digest was due"


def test_while_odoo_is_away_a_digest_waits_for_it(house: Make, rooms: Rooms, clock: FixedClock) -> None:
    away = house(Access("http://127.0.0.1:9", "sandbox", "postroom", SECRET, version="17.0"))
    digest.plan(rooms)
    clock.time = query(rooms.engine, "select max(due_at) as due_at from digest")[0].due_at
    fire_timers(rooms)
    assert "2 not read" in str(digest.drain(away))
    assert [state for _, state, _ in editions(rooms)] == ["wanted", "wanted"]
    query(rooms.engine, "update digest set lease_until = null returning id")
    hint_where_digests_wait(rooms)
    assert ("make_digests", (), "outbox") in rooms.hints.published.messages  # type: ignore[attr-defined]
    assert str(digest.drain(rooms)) == "2 sent"


def test_what_our_user_may_not_read_is_left_out_and_an_operator_is_told(
    rooms: Rooms, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = Question("invoices_due", "ir.config_parameter", lambda _day: [], "value")
    asked = {**QUESTIONS, Section.FAILURES: (hidden,)}
    monkeypatch.setattr("postroom.odoo.figures.QUESTIONS", asked)
    monkeypatch.setattr("workers.tasks.digest.QUESTIONS", asked)
    morning(rooms, clock)
    assert sections(rooms) == [["Receivables"], ["Receivables"]]
    assert {why for _, _, why in editions(rooms)} == {"without failures: odoo.exceptions.AccessError"}
    (notice,) = query(rooms.engine, "select text from notice where kind = 'digest' and closed_at is null")
    assert "failures (odoo.exceptions.AccessError)" in notice.text


def test_who_reads_a_digest_no_more_gets_none_although_it_was_planned(rooms: Rooms, clock: FixedClock) -> None:
    digest.plan(rooms)
    query(rooms.engine, "update person set active = false where user_id = 8 returning id")
    clock.time = query(rooms.engine, "select max(due_at) as due_at from digest")[0].due_at
    fire_timers(rooms)
    digest.drain(rooms)
    assert [state for _, state, _ in editions(rooms)] == ["sent", "void"]


def test_an_operator_sees_a_digest_before_it_leaves_and_takes_a_section_out_of_it(
    rooms: Rooms, database_url: str, sandbox: Running, slack: StubChannel
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

    def run(*words: str) -> str:
        result = CliRunner().invoke(app, ["digests", *words], env=environment)
        assert result.exception is None, result.output
        return result.stdout

    shown = json.loads(run("preview", "finance", "--for", "user:7", "--date", "2026-11-23", "--json"))
    assert shown["digest"]["date"] == "2026-11-23"
    assert [each["title"] for each in shown["digest"]["sections"]] == ["Receivables", "Purchasing"]
    assert run("mute", "7", "invoices").startswith("User 7 gets no invoices any more.")
    muted = query(rooms.engine, "select reader, section from digest_mute")
    assert [tuple(each) for each in muted] == [("sandbox:user:7", "invoices")]
    assert "Receivables" not in run("preview", "finance", "--for", "user:7")
    assert run("unmute", "7", "invoices") == "User 7 reads invoices again.\n"
    assert json.loads(run("list", "--json")) == json.loads(run("plan", "--json")) == []
    assert slack.sent == []


def test_what_postroom_did_itself_is_counted_and_measured(make_rooms: Callable[..., Rooms], slack: StubChannel) -> None:
    clock = FixedClock()
    rooms = make_rooms(slack, clock=clock)
    employ(rooms.engine, [7])
    span = (clock.time - timedelta(hours=1), clock.time + timedelta(hours=12))
    for document in (42, 43):
        ask(rooms, 7, document)
    send(rooms)
    clock.time += timedelta(hours=3)
    assert press(rooms, 7, "approve", 42)
    with rooms.engine.connect() as connection:
        tell = partial(own_figures, connection, company="1", span=span, now=clock.time)
        assert tell(Section.APPROVALS) == (Figure("approvals_open", 1), Figure("approvals_old", 0))
        achieved = {each.code: each for each in tell(Section.ACHIEVED)}
        failures = tell(Section.FAILURES)
    assert achieved["decisions_made"].count == 1
    assert achieved["hours_to_decide"].hours == Decimal("3.0")
    assert achieved["messages_delivered"].count == 2
    assert achieved["messages_fell_back"].is_empty
    assert all(each.is_empty for each in failures)
