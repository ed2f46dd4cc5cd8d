"""The simulation: what it foresees of an event, when messages leave, and that its sums add up."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner, Result

from config.rules import ROUTING_FILE, load_routing
from config.template_files import load_templates
from postroom.cli.faults import Refused
from postroom.cli.simulate.bars import PATTERNS, bars
from postroom.cli.simulate.command import simulate
from postroom.domain.channels import ChannelName
from postroom.domain.companies import Companies, Practice
from postroom.domain.departures import Departure, Ending, Limits, depart
from postroom.domain.event_types import EVENT_TYPES, told_by_us
from postroom.domain.events import Event, event_from
from postroom.domain.pacing import pacings
from postroom.domain.preferences import Choice, Preference, Preferences
from postroom.domain.prices import Card, Prices
from postroom.domain.quiet_hours import Hours, Window
from postroom.domain.reckoning import Reckoning, changes, reckon
from postroom.domain.simulation import Errand, Known, Memory, Message, Place, World, foresee
from tests.builders import delivery, of_type, order, reminder
from workers.channels.registry import capabilities

WHATSAPP, EMAIL, SMS, SLACK = ChannelName.WHATSAPP, ChannelName.EMAIL, ChannelName.SMS, ChannelName.SLACK
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)  # a Monday
HOURS = Hours(((Window(time(9), time(18)),),) * 5 + ((),) * 2, "UTC")
TEMPLATES = load_templates()
ROUTING = load_routing(templates=TEMPLATES)
CARDS = Prices(
    tuple(
        Card(channel, "EUR", "a test", date(2026, 11, 1), {"*": Decimal(price)})
        for channel, price in ((WHATSAPP, "0.02"), (EMAIL, "0.001"), (SMS, "0.08"))
    )
)
WORLD = World(ROUTING.rules, TEMPLATES, Companies(Practice(HOURS)), CARDS, capabilities, agreed=True)
LIMITS = Limits(hourly_ceiling=2000)


def errand(payload: Mapping[str, Any], world: World = WORLD, memory: Memory | None = None) -> Errand:
    (only,) = foresee(event_from(payload), NOON, world, memory or Memory())
    return only


def by_channel(made: Errand) -> dict[ChannelName, Message]:
    return {message.channel: message for message in made.messages}


def whereabouts(payload: Mapping[str, Any], channel: ChannelName) -> Place:
    who = payload["data"]["recipient"]
    return Place("1", str(who["partner_id"]), channel, who["email" if channel is EMAIL else "phone"])


# Who hears ------------------------------------------------------------------------------------------------------------


def test_a_reminder_goes_by_the_first_choice_and_has_its_price() -> None:
    made = errand(reminder())
    message = by_channel(made)[WHATSAPP]
    assert (len(made.messages), message.quote and message.quote.money.amount) == (1, Decimal("0.02"))


def test_without_an_opt_in_the_fallback_goes_instead_as_it_would_on_the_live_wire() -> None:
    made = errand(reminder(), replace(WORLD, agreed=False))
    assert list(by_channel(made)) == [EMAIL]
    assert [(each.channel, each.reason) for each in made.missed] == [(WHATSAPP, "no_opt_in")]


def test_an_opt_in_that_the_store_knows_counts() -> None:
    payload = reminder()
    memory = Memory({whereabouts(payload, WHATSAPP): Known(opted_in=True)})
    assert list(by_channel(errand(payload, replace(WORLD, agreed=False), memory))) == [WHATSAPP]


def test_known_opt_outs_unreachable_numbers_and_mutes_are_heeded() -> None:
    payload = order()
    out = Memory({whereabouts(payload, WHATSAPP): Known(opted_out=True)})
    away = Memory({whereabouts(payload, WHATSAPP): Known(unreachable_until=NOON + timedelta(days=9))})
    who = f"partner:{payload['data']['recipient']['partner_id']}"
    muted = Preferences((Preference("order_confirmation", "whatsapp", Choice.OFF, "link", NOON),))
    for memory in (out, away, Memory(chosen={("1", who): muted})):
        assert list(by_channel(errand(payload, memory=memory))) == [EMAIL]


def test_who_can_be_reached_nowhere_is_counted_with_the_reasons_of_every_channel() -> None:
    made = errand(reminder(phone="+34 12", email=None))
    assert made.messages == ()
    assert made.silence == (
        "WhatsApp: the phone number cannot exist: it has too few digits",
        "email: there is no address",
    )


def test_the_segments_of_an_sms_are_those_of_its_real_text() -> None:
    plain = by_channel(errand(delivery()))[SMS]
    cyrillic = by_channel(errand(delivery(name="Ж" * 60)))[SMS]
    assert plain.pieces >= 1
    assert cyrillic.quote is not None
    assert cyrillic.quote.money.amount == Decimal("0.08") * cyrillic.pieces


def test_fallbacks_cost_what_their_chance_says() -> None:
    made = errand(reminder(), replace(WORLD, failing={WHATSAPP: Decimal("0.05")}))
    assert [(money.amount, money.currency) for money in made.in_case] == [(Decimal("0.00005"), "EUR")]
    assert errand(reminder()).in_case == ()


def test_what_happened_before_the_cut_off_is_held_for_an_operator() -> None:
    world = replace(WORLD, cut_off=NOON + timedelta(days=1))
    (departure,) = departures([errand(order(), world)], world)
    assert (departure.ending, departure.at) == (Ending.HELD, None)


# When it leaves -------------------------------------------------------------------------------------------------------


def departures(errands: Sequence[Errand], world: World = WORLD, limits: Limits = LIMITS) -> list[Departure]:
    return depart((message for each in errands for message in each.messages), world.companies, limits)


def at(payload: Mapping[str, Any], told_at: datetime, world: World = WORLD) -> Errand:
    (only,) = foresee(event_from(payload), told_at, world, Memory())
    return only


def test_a_reminder_waits_for_the_hours_and_an_order_does_not() -> None:
    night = NOON.replace(hour=3)
    waiting, going = departures([at(reminder(timezone="UTC"), night), at(order(timezone="UTC"), night)])
    assert (waiting.at, waiting.waits) == (night.replace(hour=9), ("quiet_hours",))
    assert (going.at, going.waits) == (night, ())


def test_a_digest_that_would_only_leave_when_it_is_stale_does_not_leave() -> None:
    friday_night = datetime(2026, 11, 27, 19, tzinfo=UTC)
    (departure,) = departures([at(of_type("odoo.digest.daily", slack="U12345678", timezone="UTC"), friday_night)])
    assert departure.ending is Ending.EXPIRED


def test_the_excess_over_the_ceiling_leaves_in_the_next_hours() -> None:
    errands = [at(order(), NOON + timedelta(seconds=n)) for n in range(7)]
    left = departures(errands, limits=Limits(hourly_ceiling=3))
    assert [each.at and each.at.hour for each in left] == [12, 12, 12, 13, 13, 13, 14]
    assert [each.waits for each in left[3:]] == [("ceiling",)] * 4


def test_sms_beyond_the_day_s_budget_waits_for_tomorrow_and_urgent_ones_do_not() -> None:
    poor = Companies(Practice(HOURS, sms_segments_per_day=0, opt_in_required=frozenset()))
    world = replace(WORLD, companies=poor)
    alarm = of_type("alert.fraud", user_id=7, slack="U12345678")
    left = departures([at(delivery(), NOON, world), at(alarm, NOON, world)], world)
    sms = {each.message.message_type: each for each in left if each.message.channel is SMS}
    assert sms["critical_alert"].at == NOON
    assert sms["delivery_update"].ending is Ending.EXPIRED  # no day has room for it
    rich = replace(
        WORLD, companies=Companies(Practice(HOURS, sms_segments_per_day=sms["delivery_update"].message.pieces))
    )
    first, second = (
        each
        for each in departures([at(delivery(), NOON, rich), at(delivery(), NOON, rich)], rich)
        if each.message.channel is SMS
    )
    assert (first.at, second.at) == (NOON, datetime(2026, 11, 24, tzinfo=UTC))
    assert second.waits == ("sms_budget",)


def test_one_person_is_not_written_to_faster_than_the_provider_allows() -> None:
    errands = [at(order(phone="+34600111222"), NOON) for _ in range(47)]
    left = [each.at for each in departures(errands, limits=Limits(2000, pacings("")))]
    assert left[:45] == [NOON] * 45
    assert left[45:] == [NOON + timedelta(seconds=6), NOON + timedelta(seconds=12)]


# The sums -------------------------------------------------------------------------------------------------------------

KINDS = sorted(kind for kind in EVENT_TYPES if not told_by_us(kind))
PEOPLE: tuple[dict[str, Any], ...] = (
    {},
    {"phone": None},
    {"email": None},
    {"phone": "+34 12", "email": None},
    {"user_id": 7, "slack": "U12345678"},
    {"timezone": "Pacific/Auckland"},
)
POSTED = st.tuples(
    st.sampled_from(KINDS),
    st.integers(1, 20),
    st.sampled_from(PEOPLE),
    st.integers(0, 60 * 24 * 10),
    st.sampled_from(("1", "2")),
)


def event_of(kind: str, number: int, who: Mapping[str, Any], company: str) -> Event:
    payload = of_type(kind, number, **who)
    payload["data"]["company"]["id"] = company
    return event_from(payload)


def simulated(posted: Sequence[tuple[Any, ...]], world: World) -> tuple[list[Errand], list[Departure], Reckoning]:
    errands = [
        each
        for kind, number, who, minutes, company in posted
        for each in foresee(event_of(kind, number, who, company), NOON + timedelta(minutes=minutes), world, Memory())
    ]
    left = departures(errands, world, Limits(5, pacings("")))
    return errands, left, reckon(errands, left, world.companies, most_a_day=3)


@settings(max_examples=40, deadline=None)
@given(st.lists(POSTED, max_size=40), st.booleans(), st.sampled_from([None, NOON + timedelta(days=5)]))
def test_every_event_and_every_message_is_counted_exactly_once(
    posted: list[tuple[Any, ...]], agreed: bool, cut_off: datetime | None
) -> None:
    world = replace(WORLD, agreed=agreed, cut_off=cut_off)
    errands, left, sums = simulated(posted, world)
    assert sum(row.events for row in sums.types) == len(errands) == len(posted)
    leaving = sum(each.ending is Ending.LEAVES for each in left)
    assert sums.messages == leaving == sum(row.messages for row in sums.companies)
    assert leaving == sum(counts.total() for counts in sums.days.values())
    assert leaving + sum(row.held + row.expired for row in sums.channels) == len(left)
    assert sum(row.unpriced for row in sums.channels) == sum(sums.unpriced.values())
    assert sum(row.silent for row in sums.types) == sum(not each.messages for each in errands)


@settings(max_examples=15, deadline=None)
@given(st.lists(POSTED, max_size=30))
def test_simulating_twice_gives_the_same(posted: list[tuple[Any, ...]]) -> None:
    assert simulated(posted, WORLD) == simulated(posted, WORLD)


@settings(max_examples=25, deadline=None)
@given(st.lists(POSTED, max_size=40))
def test_nothing_leaves_too_early_too_late_outside_its_hours_or_above_the_ceiling(
    posted: list[tuple[Any, ...]],
) -> None:
    _, left, _ = simulated(posted, WORLD)
    hours: dict[tuple[str, datetime], int] = {}
    for each in left:
        if each.at is not None:
            message = each.message
            assert message.told_at <= each.at <= (message.prospect.not_after or each.at)
            if message.terms.hours:
                assert each.at.weekday() < 5 or message.prospect.zones != ("UTC",)
            key = message.company, each.at.replace(minute=0, second=0, microsecond=0)
            hours[key] = hours.get(key, 0) + 1
    assert max(hours.values(), default=0) <= 5


def test_people_who_would_hear_too_much_are_named_and_counted() -> None:
    errands = [at(order(number=5, phone="+34600111222"), NOON) for _ in range(4)]
    sums = reckon(errands, departures(errands), WORLD.companies, most_a_day=3)
    assert (sums.overwhelmed, sums.listeners[0].most_in_a_day) == (1, 4)


def test_other_rules_are_compared_figure_by_figure() -> None:
    errands = [errand(order()), errand(reminder())]
    fewer = [each for each in errands if each.message_type == "payment_reminder"]
    here, there = (reckon(each, departures(each), WORLD.companies, most_a_day=5) for each in (errands, fewer))
    found = {(each.message_type, each.what): (each.here, each.there) for each in changes(here, there)}
    assert found["order_confirmation", "messages by whatsapp"] == ("1", "0")
    assert not any(message_type == "payment_reminder" for message_type, _ in found)


def test_the_bars_can_be_read_without_colour() -> None:
    assert len({pattern for pattern, _ in PATTERNS.values()}) == len(PATTERNS)
    errands = [errand(order()), errand(delivery())]
    sums = reckon(errands, departures(errands), WORLD.companies, most_a_day=5)
    legend, line = (each.plain for each in bars(sums.days, 100))
    assert "██ WhatsApp" in legend
    assert line.startswith("2026-11-23 Mon  ")
    assert line.endswith(" 3")
    assert "█" in line
    assert "▓" in line


# The command, on files ------------------------------------------------------------------------------------------------

ROOT = typer.Typer()
ROOT.command()(simulate)
AWAY = {"DATABASE_URL": "", "COLUMNS": "200"}


def run(*words: object, text: str | None = None) -> Result:
    return CliRunner().invoke(ROOT, [str(word) for word in words], env=AWAY, input=text)


def export(path: Path, *payloads: Mapping[str, Any]) -> Path:
    path.write_text("\n".join(json.dumps(each) for each in payloads) + "\n", "utf-8")
    return path


def found(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    read: dict[str, Any] = json.loads(result.stdout)
    return read


def test_an_export_is_simulated_without_any_house(tmp_path: Path) -> None:
    file = export(tmp_path / "export.jsonl", reminder(), order(), reminder(phone=None, email="m@example.com"))
    result = run("--from", file, "--fresh")
    assert result.exit_code == 0, result.output
    assert "3 events from 2026-11-22 to 2026-11-22 set off 3 rules and would have led to 3 messages" in result.output


def test_an_array_json_lines_and_stdin_give_the_same(tmp_path: Path) -> None:
    events = [reminder(), order(), delivery()]
    lines = export(tmp_path / "lines.jsonl", *events)
    array = tmp_path / "array.json"
    array.write_text(json.dumps(events, indent=2), "utf-8")
    read = [found(run("--from", file, "--fresh", "--json")) for file in (lines, array)]
    piped = found(run("--from", "-", "--fresh", "--json", text=lines.read_text("utf-8")))
    assert read[0] == read[1] == piped
    assert read[0]["events"] == 3


def test_one_event_alone_may_be_written_over_many_lines(tmp_path: Path) -> None:
    file = tmp_path / "one.json"
    file.write_text(json.dumps(order(), indent=2), "utf-8")
    assert found(run("--from", file, "--fresh", "--json"))["events"] == 1


def test_every_fault_of_a_file_is_told_with_its_place_and_nothing_is_simulated(tmp_path: Path) -> None:
    faceless = reminder(phone=None, email=None)
    timeless = {key: value for key, value in order().items() if key != "time"}
    file = export(tmp_path / "bad.jsonl", reminder(), faceless, timeless, {**order(), "type": "odoo.sale.confirmed"})
    file.write_text(file.read_text("utf-8") + "{broken\n[]\n", "utf-8")
    result = run("--from", file, "--fresh")
    assert isinstance(result.exception, Refused)
    said = result.exception.words
    for place, problem in (
        (f"{file}:2: /data/recipient", "has no phone"),
        (f"{file}:3: /time", "is missing"),
        (f"{file}:4: /type", "is not an event type of ours"),
        (f"{file}:5:", "is no JSON"),
        (f"{file}:6:", "is no CloudEvent"),
    ):
        assert any(line.strip().startswith(place) and problem in line for line in said.splitlines()), (place, said)
    assert result.stdout == ""


def test_an_event_that_stands_twice_counts_once(tmp_path: Path) -> None:
    event = order()
    read = found(run("--from", export(tmp_path / "twice.jsonl", event, event), "--fresh", "--json"))
    assert (read["events"], read["left_out"]["repeated"]) == (1, 1)


def test_only_what_was_asked_for_is_simulated(tmp_path: Path) -> None:
    other = order()
    other["data"]["company"]["id"] = 2
    file = export(tmp_path / "two.jsonl", order(), other)
    assert found(run("--from", file, "--fresh", "--company", 2, "--json"))["left_out"]["other_companies"] == 1
    assert found(run("--from", file, "--fresh", "--since", "2026-11-23", "--json"))["left_out"]["older"] == 2


def test_no_events_is_said_and_no_failure(tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.write_text("[]", "utf-8")
    result = run("--from", empty, "--fresh")
    assert result.exit_code == 0, result.output
    assert "No event to simulate." in result.output


def test_addresses_are_masked_in_every_output_unless_they_shall_be_seen(tmp_path: Path) -> None:
    file = export(tmp_path / "export.jsonl", order(phone="+34600111222", email="marta@example.com"))
    html, csv = tmp_path / "page.html", tmp_path / "messages.csv"
    shown = run("--from", file, "--fresh", "--html", html, "--csv", csv).output
    shown += run("--from", file, "--fresh", "--json").output + html.read_text("utf-8") + csv.read_text("utf-8")
    assert "marta@example.com" not in shown
    assert "m•••@example.com" in shown
    run("--from", file, "--fresh", "--csv", csv, "--reveal")
    assert "marta@example.com" in csv.read_text("utf-8")
    assert csv.stat().st_mode & 0o077 == 0


def test_what_people_wrote_is_shown_as_text_on_the_page(tmp_path: Path) -> None:
    event = order()
    event["data"]["company"]["id"] = "<script>alert(1)</script>"
    page = tmp_path / "page.html"
    run("--from", export(tmp_path / "e.jsonl", event), "--fresh", "--html", page)
    assert "<script>" not in page.read_text("utf-8")
    assert "&lt;script&gt;" in page.read_text("utf-8")


def test_the_chart_explains_itself(tmp_path: Path) -> None:
    chart = tmp_path / "chart.svg"
    run("--from", export(tmp_path / "e.jsonl", order(), reminder()), "--fresh", "--chart", chart)
    drawn = chart.read_text("utf-8")
    assert '<desc id="chart-description">2 messages from 2026-11-2' in drawn
    assert "prefers-color-scheme:dark" in drawn


def test_other_rules_are_tried_on_the_same_events(tmp_path: Path) -> None:
    other = tmp_path / "routing.yaml"
    text = ROUTING_FILE.read_text("utf-8")
    before, head, rest = text.partition("  order_confirmation:\n")
    other.write_text(
        before + head + rest.replace("[whatsapp]", "[email]", 1).replace("[email]\n    urg", "[whatsapp]\n    urg", 1)
    )
    file = export(tmp_path / "e.jsonl", order(), reminder())
    read = found(run("--from", file, "--fresh", "--agreed", "--against", other, "--json"))
    assert {"message_type": "order_confirmation", "what": "messages by email", "here": "0", "there": "1"} in read[
        "changes"
    ]
    assert {each["message_type"] for each in read["changes"]} == {"order_confirmation"}
    same = run("--from", file, "--fresh", "--against", ROUTING_FILE)
    assert "would change nothing" in same.output


@pytest.mark.parametrize("wrong", ["fax=5", "whatsapp", "whatsapp=many", "whatsapp=101"])
def test_a_share_that_cannot_be_one_is_refused(tmp_path: Path, wrong: str) -> None:
    result = run("--from", export(tmp_path / "e.jsonl", order()), "--fresh", "--fail", wrong)
    assert isinstance(result.exception, Refused)
    assert wrong in result.exception.words
