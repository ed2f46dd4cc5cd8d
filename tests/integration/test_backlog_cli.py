"""postroom mode and postroom backlog, on the real database: going live, and what is held since."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from postroom.cli import backlog, modes
from postroom.cli.faults import Refused
from postroom.domain.channels import ChannelName
from postroom.domain.messages import Urgency
from postroom.domain.quiet_hours import ALWAYS
from postroom.domain.safety import Mode
from postroom.store.safety import cut_off, set_mode
from tests.builders import StubChannel, alert, keep, legs, order, query, reminder
from workers.tasks import deliver, route
from workers.wiring import Rooms

ROOT = typer.Typer()
ROOT.add_typer(backlog.app, name="backlog")
ROOT.add_typer(modes.app, name="mode")
WHATSAPP = ChannelName.WHATSAPP
NOBODY = "http://127.0.0.1:1"
Run = Callable[..., Result]


@pytest.fixture
def run(database_url: str) -> Run:
    environment = {
        "DATABASE_URL": database_url,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "EVENT_SECRETS": "odoo=whsec_AAAA",
        "SEALING_KEYS": "k1=" + base64.b64encode(bytes(32)).decode(),
        "BLIND_KEY": "blind",
        "SANDBOX_SECRET": "",
        "SANDBOX_URL": NOBODY,
        "WHATSAPP_ACCESS_TOKEN": "token",
        "WHATSAPP_PHONE_NUMBER_ID": "1",
        "COLUMNS": "240",
    }

    def invoke(*words: object, **changes: str) -> Result:
        return CliRunner().invoke(ROOT, [*map(str, words)], env={**environment, **changes})

    return invoke


@pytest.fixture
def whatsapp() -> StubChannel:
    return StubChannel(WHATSAPP)


@pytest.fixture
def rooms(make_rooms: Callable[..., Rooms], whatsapp: StubChannel) -> Rooms:
    """Rooms whose companies write at all hours and ask nobody for an opt-in."""
    made = make_rooms(whatsapp)
    companies = made.book.companies
    practice = replace(companies.default, opt_in_required=frozenset(), hours=ALWAYS)
    return replace(made, book=replace(made.book, companies=replace(companies, default=practice)))


def overdue(number: int) -> dict[str, Any]:
    event = reminder(number)
    event["data"]["invoice"]["due_date"] = (datetime.now(UTC) - timedelta(days=30)).date().isoformat()
    return event


def deliver_all(rooms: Rooms) -> None:
    route.drain(rooms)
    for lane in Urgency:
        deliver.drain(rooms, WHATSAPP, lane)


@pytest.fixture
def backlogged(rooms: Rooms) -> Rooms:
    """Company 1 is live since now; two overdue invoices and an old order are held."""
    with rooms.engine.begin() as connection:
        set_mode(connection, "1", WHATSAPP, Mode.LIVE, cut_off=datetime.now(UTC))
    keep(rooms.engine, overdue(11), overdue(12), order(13))
    deliver_all(rooms)
    return rooms


def states(rooms: Rooms) -> Sequence[tuple[str, str | None]]:
    return sorted((leg.state, leg.reason) for leg in legs(rooms.engine))


def refused(ended: Result) -> str:
    assert isinstance(ended.exception, Refused), ended.output
    return ended.exception.words


# Going live -----------------------------------------------------------------------------------------------------------


def test_going_live_says_what_waits_and_sets_the_cut_off(run: Run, rooms: Rooms) -> None:
    keep(rooms.engine, overdue(11))
    route.drain(rooms)
    ended = run("mode", 1, "whatsapp", "live", "--confirm", "1")
    assert ended.exit_code == 0, ended.output
    assert "1 messages wait here, 1 of them about what happened before" in ended.stderr
    with rooms.engine.connect() as connection:
        found = cut_off(connection, "1", WHATSAPP)
    assert found is not None
    assert datetime.now(UTC) - found < timedelta(minutes=1)


def test_the_cut_off_is_kept_from_allow_list_to_live_and_gone_in_shadow(run: Run) -> None:
    def told(mode: str) -> str | None:
        found: str | None = json.loads(run("mode", 1, "whatsapp", mode, "--confirm", 1, "--json").stdout)["cut_off"]
        return found

    first = told("allowlist")
    assert first is not None
    assert told("live") == first
    assert told("shadow") is None
    again = told("live")
    assert again is not None
    assert again > first


def test_who_does_not_confirm_changes_nothing(run: Run, rooms: Rooms) -> None:
    assert "not the company's id" in refused(run("mode", 1, "whatsapp", "live", "--confirm", "2"))
    assert query(rooms.engine, "select from sending_mode") == []


@pytest.mark.parametrize("channel", ["slack", "teams", "sms", "email", "odoo"])
def test_no_channel_goes_live_without_credentials_and_each_says_how_to_get_them(channel: str, run: Run) -> None:
    words = refused(run("mode", 1, channel, "live", "--confirm", 1))
    assert f"postroom connect {channel}" in words


def test_the_house_itself_is_explained(run: Run) -> None:
    ended = run("mode", "postroom", "whatsapp", "allowlist", "--confirm", "postroom")
    assert "alert.system" in ended.stderr


# The backlog ----------------------------------------------------------------------------------------------------------


def test_the_backlog_is_counted_by_kind_with_what_is_owed(run: Run, backlogged: Rooms) -> None:
    found = json.loads(run("backlog", "--json").stdout)
    assert [(each["class"], each["messages"], each["documents"], each["owed"]) for each in found] == [
        ("order_confirmation", 1, 1, {}),
        ("payment_reminder", 2, 2, {"EUR": "2500.00"}),
    ]
    assert run("backlog", "1").stdout.count("whatsapp") == 2
    assert "Nothing is held" in run("backlog", "2").stdout


def test_each_message_is_shown_with_its_address_masked(run: Run, backlogged: Rooms) -> None:
    shown = run("backlog", "show", "1", "--type", "payment_reminder").stdout
    assert shown.count("1,250.00 EUR") == 2
    assert "+34600000011" not in shown
    assert "+34600000011" in run("backlog", "show", "--reveal").stdout


def test_one_kind_is_sent_and_the_rest_stays(run: Run, backlogged: Rooms, whatsapp: StubChannel) -> None:
    ended = run("backlog", "send", 1, "--type", "payment_reminder", "--confirm", 1)
    assert "2 messages are sent after all" in ended.stdout
    deliver_all(backlogged)
    assert states(backlogged) == [("held", "cut_off"), ("sent", None), ("sent", None)]
    assert len(whatsapp.sent) == 2


def test_what_is_sent_after_all_waits_anew_for_its_confirmation(run: Run, make_rooms: Callable[..., Rooms]) -> None:
    sms, slack = ChannelName.SMS, ChannelName.SLACK
    rooms = make_rooms(StubChannel(sms), StubChannel(slack))
    with rooms.engine.begin() as connection:
        for channel in (sms, slack):
            set_mode(connection, "1", channel, Mode.LIVE, cut_off=datetime.now(UTC))
    keep(rooms.engine, alert(14))
    route.drain(rooms)
    for channel in (sms, slack):
        deliver.drain(rooms, channel, Urgency.URGENT)
    assert states(rooms) == [("held", "cut_off")] * 2

    run("backlog", "send", 1, "--confirm", 1)

    asked = "select state, due_at from timer where dedupe_key like :ending"
    (timer,) = query(rooms.engine, asked, ending="%:backlog")
    assert timer.state == "due"
    assert timer.due_at > datetime.now(UTC)


def test_what_is_dropped_is_cancelled(run: Run, backlogged: Rooms) -> None:
    assert json.loads(run("backlog", "drop", 1, "--yes", "--json").stdout)["ok"]
    assert states(backlogged) == [("cancelled", "operator")] * 3


def test_nothing_is_done_unless_the_company_is_named_twice(run: Run, backlogged: Rooms) -> None:
    for deed in ("send", "drop"):
        assert "Nothing was done" in refused(run("backlog", deed, 1, "--confirm", "2"))
    assert states(backlogged) == [("held", "cut_off")] * 3


def test_an_empty_backlog_is_refused(run: Run, rooms: Rooms) -> None:
    assert "Nothing is held for company 1" in refused(run("backlog", "send", 1, "--yes"))
