"""postroom simulate on the real database: it sees what the sorting room does, and leaves no trace."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import typer
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from postroom.cli.simulate.command import simulate
from postroom.domain.channels import ChannelName
from postroom.domain.events import event_from
from postroom.domain.preferences import Choice
from postroom.domain.prices import Prices
from postroom.domain.routing import rules_for
from postroom.domain.simulation import Memory, World, foresee, places_of, planned
from postroom.store.consents import Consent, record_consents
from postroom.store.history import known_of, past_events, records
from postroom.store.preferences import NewChoice, choose, preferences_of
from tests.builders import SEALER, FixedClock, alert, delivery, keep, of_type, order, query, reminder
from workers.channels.registry import capabilities
from workers.tasks.route import BATCH
from workers.tasks.sort import sort_events
from workers.tasks.summary import Summary
from workers.tasks.take import take_batch
from workers.wiring import Rooms

Run = Callable[..., Result]
WHATSAPP, EMAIL, SMS = ChannelName.WHATSAPP, ChannelName.EMAIL, ChannelName.SMS
ROOT = typer.Typer()
ROOT.command()(simulate)


@pytest.fixture
def run(database_url: str) -> Run:
    environment = {
        "DATABASE_URL": database_url,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "EVENT_SECRETS": "odoo=whsec_AAAA",
        "SEALING_KEYS": "k1=" + "A" * 43 + "=",
        "BLIND_KEY": "blind",
        "COLUMNS": "200",
    }

    def invoke(*words: object) -> Result:
        return CliRunner().invoke(ROOT, [str(word) for word in words], env=environment)

    return invoke


def found(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    read: dict[str, Any] = json.loads(result.stdout)
    return read


def rows_of(engine: Engine) -> dict[str, int]:
    """How many rows every table has."""
    tables = [row.name for row in query(engine, "select tablename as name from pg_tables where schemaname = 'public'")]
    return {name: query(engine, f'select count(*) as n from "{name}"')[0].n for name in tables}


def consent(engine: Engine, payload: Any, channel: ChannelName, *, granted: bool) -> None:
    who = payload["data"]["recipient"]
    address = who["email"] if channel is EMAIL else who["phone"]
    with engine.begin() as connection:
        record_consents(connection, [Consent("1", channel, SEALER.blind(channel, address), granted, "test", "a test")])


def mixed_events() -> list[dict[str, Any]]:
    """Everything that a plan depends on, at least once."""
    return [
        reminder(),
        reminder(phone=None),
        reminder(email=None),
        reminder(phone="+34 12", email=None),
        order(),
        order(language="de_DE"),
        delivery(),
        delivery(email=None),
        alert(),
        alert(kind="fraud", slack=None),
        of_type("odoo.approval.requested", user_id=7, slack="U12345678"),
        of_type("odoo.digest.daily", user_id=8, slack=None, phone=None),
        of_type("odoo.sale.follow_up"),
        of_type("odoo.invoice.posted"),
    ]


def known_people(engine: Engine, events: Sequence[Any]) -> None:
    """Some agreed, some opted out, some chose, and one number is known to be dead."""
    consent(engine, events[0], WHATSAPP, granted=True)
    consent(engine, events[4], WHATSAPP, granted=False)
    consent(engine, events[6], SMS, granted=False)
    with engine.begin() as connection:
        choose(
            connection,
            "1",
            f"partner:{events[5]['data']['recipient']['partner_id']}",
            [NewChoice("order_confirmation", "whatsapp", Choice.OFF)],
            source="test",
        )
        choose(
            connection,
            "1",
            f"partner:{events[12]['data']['recipient']['partner_id']}",
            [NewChoice("sales_follow_up", "email", Choice.PREFERRED)],
            source="test",
        )


def test_it_plans_what_the_sorting_room_writes(make_rooms: Callable[..., Rooms]) -> None:
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    rooms = make_rooms(clock=FixedClock(now))
    events = mixed_events()
    known_people(rooms.engine, events)
    # A first message to somebody makes his contact point; this one is then known to be dead.
    early = reminder(partner_id=events[7]["data"]["recipient"]["partner_id"], phone="+34600999111")
    events[7]["data"]["recipient"]["phone"] = "+34600999111"
    keep(rooms.engine, early)
    take_batch(rooms, "event", sort_events, BATCH, Summary())
    query(
        rooms.engine,
        "update contact_point set unreachable_until = :until, unreachable_code = '131026' where channel = 'whatsapp'",
        until=now + timedelta(days=9),
    )
    query(rooms.engine, "delete from message_log")
    query(rooms.engine, "delete from intent")

    foreseen = _foreseen(rooms, events, now)
    keep(rooms.engine, *events)
    take_batch(rooms, "event", sort_events, BATCH, Summary())
    written = {
        (row.key, row.rule, row.recipient): row.plan
        for row in query(rooms.engine, "select i.*, e.key from intent i join inbox e on e.id = i.event_id")
    }
    assert len(written) == len(events)
    assert foreseen == written


def _foreseen(rooms: Rooms, events: Sequence[Any], now: datetime) -> dict[tuple[str, str, str], Any]:
    """The simulation's plans, by event, rule and recipient."""
    book = rooms.book
    world = World(book.rules, book.templates, book.companies, Prices(), capabilities)
    plans: dict[tuple[str, str, str], Any] = {}
    with rooms.engine.connect() as connection:
        for payload in events:
            event = event_from(payload)
            for rule in rules_for(event.type, book.rules):
                meant = event.for_contact(rule.contact)
                memory = Memory(
                    known_of(connection, SEALER, places_of(meant)),
                    preferences_of(connection, [(meant.company.id, meant.recipient_key)]),
                )
                made = planned(meant, rule, now, world, memory)
                plans[event.key, rule.message_type, meant.recipient_key] = made.to_json()
                (errand,) = foresee(event, now, world, memory)
                assert {each.channel for each in errand.messages} <= {leg.channel for leg in made.legs}
    return plans


def test_nothing_is_written_anywhere(make_rooms: Callable[..., Rooms], run: Run) -> None:
    rooms = make_rooms()
    keep(rooms.engine, *mixed_events())
    before = rows_of(rooms.engine)
    assert found(run("--json"))["events"] == len(mixed_events())
    assert rows_of(rooms.engine) == before


def test_what_the_store_knows_of_people_is_heeded_unless_it_shall_be_forgotten(
    make_rooms: Callable[..., Rooms], run: Run
) -> None:
    rooms = make_rooms()
    agreed, silent = reminder(), reminder()
    consent(rooms.engine, agreed, WHATSAPP, granted=True)
    consent(rooms.engine, silent, EMAIL, granted=False)
    keep(rooms.engine, agreed, silent)
    known, fresh = found(run("--json")), found(run("--fresh", "--json"))
    assert _messages(known) == {"whatsapp": 1, "email": 0}
    assert known["message_types"][0]["silent"] == 1
    assert _messages(fresh) == {"whatsapp": 0, "email": 2}


def _messages(read: dict[str, Any]) -> dict[str, int]:
    return {each["channel"]: each["messages"] for each in read["channels"]}


def test_history_begins_where_it_was_asked_to(make_rooms: Callable[..., Rooms], run: Run) -> None:
    keep(make_rooms().engine, order(), order())
    assert found(run("--since", "1h", "--json"))["events"] == 2
    assert found(run("--since", "2999-01-01", "--json"))["events"] == 0


def test_history_is_read_batch_by_batch_in_the_order_in_which_it_came(make_rooms: Callable[..., Rooms]) -> None:
    rooms = make_rooms()
    ids = [keep(rooms.engine, order())[0] for _ in range(3)]
    with rooms.engine.connect() as connection:
        batches = list(past_events(connection, SEALER, datetime(2020, 1, 1, tzinfo=UTC)))
    assert [each.id for batch in batches for each in batch] == ids


def test_an_event_that_can_no_longer_be_read_is_counted_and_the_others_are_simulated(
    make_rooms: Callable[..., Rooms], run: Run
) -> None:
    keep(make_rooms().engine, order(), {**order(), "type": "odoo.sale.forgotten"})
    read = found(run("--json"))
    assert read["events"] == 1
    assert "is not an event type of ours" in read["unreadable"][0]


def test_the_share_of_failures_is_the_store_s_own_where_enough_messages_ended(
    make_rooms: Callable[..., Rooms], run: Run
) -> None:
    rooms = make_rooms()
    events = [order() for _ in range(50)]
    keep(rooms.engine, *events)
    assert found(run("--agreed", "--json"))["failing"] == {}
    take_batch(rooms, "event", sort_events, BATCH, Summary())
    query(rooms.engine, "update message_log set state = 'delivered'")
    query(rooms.engine, "update message_log set state = 'failed' where id in (select id from message_log limit 5)")
    with rooms.engine.connect() as connection:
        record = records(connection, datetime(2020, 1, 1, tzinfo=UTC))[WHATSAPP]
    assert (record.ended, record.failed) == (50, 5)
    read = found(run("--agreed", "--json"))
    assert read["failing"] == {"whatsapp": "0.1"}
    assert read["message_types"][0]["fallbacks_unpriced"] == 50


def test_a_cut_off_holds_what_happened_before_it(make_rooms: Callable[..., Rooms], run: Run) -> None:
    keep(make_rooms().engine, order(), order())
    (row,) = found(run("--agreed", "--cut-off", "2030-01-01", "--json"))["message_types"]
    assert (row["held"], row["heard"]) == (2, 0)


def test_an_export_is_held_against_what_the_store_knows(
    make_rooms: Callable[..., Rooms], run: Run, tmp_path: Path
) -> None:
    rooms = make_rooms()
    event = order()
    consent(rooms.engine, event, WHATSAPP, granted=True)
    file = tmp_path / "export.json"
    file.write_text(json.dumps([event]), "utf-8")
    assert _messages(found(run("--from", file, "--json"))) == {"whatsapp": 1}
