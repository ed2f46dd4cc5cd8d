"""Alerts from the event to the person who takes it: reminded, escalated, gathered in storms, acknowledged once."""

import base64
import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from config.escalations import read_chains
from postroom.cli import alerts
from postroom.cli import runs as desk
from postroom.domain.channels import ChannelEvent, ChannelName, EventKind, Fault, Receipt, Verdict
from postroom.domain.messages import Urgency
from postroom.domain.people import User
from postroom.domain.safety import Wire
from postroom.store.census import keep_users
from postroom.store.ids import new_id
from postroom.store.inbox import NewChannelEvent, keep_channel_events, take_events
from scheduler.ticker import fire_timers
from tests.boardroom import account, employ, recipient
from tests.builders import SEALER, FixedClock, StubChannel, keep, of_type, query
from workers.tasks import deliver, observe, route
from workers.tasks.hear import hear
from workers.wiring import Rooms

SLACK, SMS, EMAIL, WHATSAPP = ChannelName.SLACK, ChannelName.SMS, ChannelName.EMAIL, ChannelName.WHATSAPP
NIGHT = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
ANA, BEN, BOSS, STRANGER = 6, 8, 9, 77

CHAIN = """\
version: 1
chains:
  alert:
    event: "alert.*"
    owner: user:9
    min_interval: 5m
    steps:
      tell: {notify: asked, by: critical_alert}
      remind: {after: 10m, remind: asked, by: critical_alert}
      boss: {after: 20m, escalate: "user:9", by: critical_alert}
      operators: {after: 40m, operators: true}
      give_up: {after: 8h, give_up: true}
"""


@pytest.fixture
def slack() -> StubChannel:
    return StubChannel(SLACK)


@pytest.fixture
def sms() -> StubChannel:
    return StubChannel(SMS)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def rooms(make_rooms: Callable[..., Rooms], slack: StubChannel, sms: StubChannel, clock: FixedClock) -> Rooms:
    chains = read_chains(CHAIN, file="chains.yaml")
    made = make_rooms(slack, sms, StubChannel(EMAIL), StubChannel(WHATSAPP), clock=clock, chains=chains)
    employ(made.engine, (ANA, BEN, STRANGER))
    with made.engine.begin() as connection:
        boss = User(BOSS, BOSS + 100, 1, (1,), "The boss", "boss", email=f"person{BOSS}@example.com")
        keep_users(connection, SEALER, Wire.SANDBOX, "elsewhere", [boss])
    return made


def phone(user: int) -> str:
    return f"+34600000{user:03}"


def alarm(
    rooms: Rooms,
    *users: int,
    documents: Sequence[str] = ("CABLE-3M",),
    kind: str = "stock_out",
    severity: str = "critical",
    **who: Any,
) -> None:
    """Something is wrong with each document, and each user is to hear of it."""
    for document in documents:
        for user in users or (ANA,):
            event = of_type(f"alert.{kind}", **{**recipient(user), "phone": phone(user), **who})
            title = f"{document} is wrong"
            event["data"]["alert"].update(document=document, title=title, severity=severity)
            keep(rooms.engine, event)
    send(rooms)


def items(*numbers: int) -> list[str]:
    """ITEM-0, ITEM-1, and so on."""
    return [f"ITEM-{number}" for number in range(*numbers)]


def send(rooms: Rooms) -> None:
    route.drain(rooms)
    for channel in (SLACK, SMS):
        deliver.drain(rooms, channel, Urgency.URGENT)


def pass_time(rooms: Rooms, clock: FixedClock, minutes: float) -> None:
    clock.time += timedelta(minutes=minutes)
    fire_timers(rooms)
    send(rooms)


def say(rooms: Rooms, address: str, *, channel: ChannelName = SLACK, document: str = "CABLE-3M", **what: Any) -> None:
    """Somebody answers the newest message about a document that went out on this channel."""
    _heard(rooms, address, channel, document, **what)
    observe.drain(rooms)
    send(rooms)


def press(rooms: Rooms, user: int, document: str = "CABLE-3M") -> None:
    say(rooms, account(user), document=document)


def _heard(rooms: Rooms, address: str, channel: ChannelName, document: str, *, words: str = "") -> None:
    found = query(
        rooms.engine,
        "select a.id from attempt a join message_log m on m.id = a.message_id join intent i on i.id = m.intent_id"
        " join run r on r.id = i.run_id"
        " where r.subject like :subject and m.channel = :channel order by a.id desc limit 1",
        subject=f"%{document}",
        channel=channel.value,
    )
    event = ChannelEvent(
        EventKind.REPLIED if words else EventKind.PRESSED,
        str(new_id()),
        channel,
        "stub",
        datetime.now(UTC),
        text=words or "Acknowledge",
        payload=None if words else "acknowledge",
        address=address,
        attempt_id=None if words else found[0].id,
    )
    request_id = new_id()
    query(
        rooms.engine,
        "insert into request (id, source, sha256, headers, body, state)"
        " values (:id, 'stub', :sha, :headers, :body, 'parsed')",
        id=request_id,
        sha=request_id.bytes,
        headers=SEALER.seal_json({"x-postroom-wire": Wire.SANDBOX.value}, "request.headers"),
        body=SEALER.seal(b"{}", "request.body"),
    )
    blind = SEALER.blind(channel, address)
    new = NewChannelEvent(request_id, f"{channel}:stub", event.key, event.kind.value, event.to_json(), blind)
    with rooms.engine.begin() as connection:
        keep_channel_events(connection, SEALER, [new])


def runs(rooms: Rooms) -> list[tuple[str, str]]:
    return [tuple(row) for row in query(rooms.engine, "select subject, status from run order by id")]


def told(channel: StubChannel, user: int) -> list[str]:
    """The titles of what somebody was sent."""
    to = {phone(user)} if channel.name is SMS else {account(user), f"person{user}@example.com"}  # Slack knows both
    return [(rendered.subject or rendered.text) for rendered, address, _ in channel.sent if address in to]


# Reminded and escalated -----------------------------------------------------------------------------------------------


def test_an_alert_is_told_at_once_by_sms_and_chat_and_again_until_it_is_given_up(
    rooms: Rooms, clock: FixedClock, slack: StubChannel, sms: StubChannel
) -> None:
    alarm(rooms)
    heard = [(len(told(slack, ANA)), len(told(sms, ANA)), len(told(slack, BOSS)))]
    for minutes in (9, 2, 11, 21, 8 * 60):
        pass_time(rooms, clock, minutes)
        heard.append((len(told(slack, ANA)), len(told(sms, ANA)), len(told(slack, BOSS))))

    assert heard == [(1, 1, 0), (1, 1, 0), (2, 2, 0), (2, 2, 1), (2, 2, 1), (2, 2, 1)]
    assert runs(rooms) == [("alert:stock_out:CABLE-3M", "given_up")]
    (notice,) = query(rooms.engine, "select text from notice where kind = 'unanswered'")
    assert "user:9" in notice.text


def test_no_hour_is_too_late_for_an_alert(
    make_rooms: Callable[..., Rooms], rooms: Rooms, clock: FixedClock, sms: StubChannel
) -> None:
    companies = rooms.book.companies
    strict = replace(companies, default=replace(companies.default, hours_in_sandbox=True))
    at_night = replace(rooms, book=replace(rooms.book, companies=strict))
    clock.time = NIGHT

    alarm(at_night)
    keep(at_night.engine, of_type("odoo.invoice.payment_reminder"))
    route.drain(at_night)
    deliver.drain(at_night, WHATSAPP, Urgency.BULK)

    assert len(told(sms, ANA)) == 1
    (waits,) = query(at_night.engine, "select state, reason from message_log where channel = 'whatsapp'")
    assert tuple(waits) == ("held", "quiet_hours")  # the hours are kept for whatever can wait


# Taken ----------------------------------------------------------------------------------------------------------------


def test_whoever_takes_it_stops_its_chain_and_the_others_hear_who_it_is(
    rooms: Rooms, clock: FixedClock, slack: StubChannel, sms: StubChannel
) -> None:
    alarm(rooms, ANA, BEN)

    press(rooms, BEN)
    pass_time(rooms, clock, 500)

    assert runs(rooms) == [("alert:stock_out:CABLE-3M", "decided")]
    assert told(slack, ANA)[1:] == ["Person 8 takes care of it: CABLE-3M is wrong"]
    assert told(slack, BEN)[1:] == ["It is yours: CABLE-3M is wrong"]
    assert (len(told(sms, ANA)), len(told(sms, BEN)), told(slack, BOSS)) == (1, 1, [])
    assert query(rooms.engine, "select 1 from outbox") == []  # nothing is decided in Odoo


def test_of_two_who_take_it_in_the_same_moment_one_has_it_and_the_other_is_told(
    rooms: Rooms, slack: StubChannel
) -> None:
    alarm(rooms, ANA, BEN)
    for user in (ANA, BEN):
        _heard(rooms, account(user), SLACK, "CABLE-3M")
    with rooms.engine.begin() as connection:
        rows = take_events(connection, SEALER, "channel", 10)
    together = threading.Barrier(2)

    def hear_one(row: Any) -> None:
        together.wait()
        with rooms.engine.begin() as connection:
            hear(connection, rooms, row, ChannelEvent.from_json(row.payload))

    threads = [threading.Thread(target=hear_one, args=(row,)) for row in rows]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    send(rooms)

    assert len(rows) == 2
    (decision,) = query(rooms.engine, "select actor, outcome from decision")
    assert decision.outcome == "acknowledged"
    first, second = (ANA, BEN) if decision.actor == f"partner:{ANA + 100}" else (BEN, ANA)
    assert "It is yours: CABLE-3M is wrong" in told(slack, first)
    assert "Taken already: CABLE-3M is wrong" in told(slack, second)


def test_somebody_who_was_not_asked_takes_nothing(rooms: Rooms, slack: StubChannel) -> None:
    alarm(rooms, ANA)

    press(rooms, STRANGER)
    say(rooms, "U0NOBODY")

    assert runs(rooms) == [("alert:stock_out:CABLE-3M", "active")]
    refused = query(rooms.engine, "select detail from message_event where what = 'decision_refused' order by id")
    assert [row.detail for row in refused] == ["not_asked", "stranger"]
    answers = [(to, rendered.subject or rendered.text) for rendered, to, _ in slack.sent[1:]]
    assert answers == [(account(STRANGER), "Your press took nothing"), ("U0NOBODY", "Your press took nothing")]


def test_the_number_that_was_asked_may_say_ok_though_nobody_in_odoo_has_it(rooms: Rooms, clock: FixedClock) -> None:
    alarm(rooms, 500, user_id=None, slack=None, email=None, partner_id="operator-500", phone="+34600777555")

    say(rooms, "+34600777666", channel=SMS, words="OK")
    before = runs(rooms)
    say(rooms, "+34600777555", channel=SMS, words=" Ok. ")

    assert (before[0][1], runs(rooms)[0][1]) == ("active", "decided")
    (decision,) = query(rooms.engine, "select actor from decision")
    assert decision.actor == "partner:operator-500"


# The same again, and storms -------------------------------------------------------------------------------------------


def test_the_same_alert_again_is_counted_and_not_told_again(rooms: Rooms, slack: StubChannel) -> None:
    alarm(rooms)
    alarm(rooms, documents=["CABLE-3M"] * 4)

    assert len(told(slack, ANA)) == 1
    assert [row.times for row in query(rooms.engine, "select times from alert")] == [5]


def test_the_same_alert_grown_worse_is_told_anew(rooms: Rooms, slack: StubChannel) -> None:
    for severity in ("high", "medium", "critical", "high"):
        alarm(rooms, severity=severity)

    assert len(told(slack, ANA)) == 2
    assert [status for _, status in runs(rooms)] == ["obsolete", "active"]


def test_after_it_was_taken_the_same_alert_is_news_again(rooms: Rooms, slack: StubChannel) -> None:
    alarm(rooms)
    press(rooms, ANA)
    alarm(rooms)

    assert [status for _, status in runs(rooms)] == ["decided", "active"]


def test_of_a_storm_three_are_told_singly_and_the_others_by_one_message(
    rooms: Rooms, clock: FixedClock, slack: StubChannel, sms: StubChannel
) -> None:
    alarm(rooms, documents=items(20))
    at_first = len(told(slack, ANA))
    pass_time(rooms, clock, 3)

    assert at_first == 3
    assert len(told(slack, ANA)) == len(told(sms, ANA)) == 4
    (bundle,) = told(slack, ANA)[3:]
    assert bundle.startswith("🔴 17 more of “out of stock” since ")
    assert "ITEM-3 is wrong; ITEM-4 is wrong" in told(sms, ANA)[3]
    assert "(+12)" in told(sms, ANA)[3]
    assert len(query(rooms.engine, "select 1 from alert")) == 20


def test_whoever_takes_a_storm_takes_each_alert_in_it(rooms: Rooms, clock: FixedClock, slack: StubChannel) -> None:
    alarm(rooms, ANA, BEN, documents=items(6))
    pass_time(rooms, clock, 3)
    (storm,) = query(rooms.engine, "select id from storm")

    press(rooms, BEN, document=f"storm-{storm.id}")
    pass_time(rooms, clock, 60)

    open_ones = query(
        rooms.engine,
        "select distinct a.subject from alert a left join storm s on s.id = a.storm_id"
        " join run r on r.id = coalesce(a.run_id, s.run_id) where r.status = 'active' order by 1",
    )
    assert [row.subject for row in open_ones] == [f"alert:stock_out:ITEM-{number}" for number in range(3)]
    assert any(title.startswith("Person 8 takes care of it: 3 more") for title in told(slack, ANA))


def test_a_reminder_of_a_storm_tells_how_many_there_are_by_then(
    rooms: Rooms, clock: FixedClock, slack: StubChannel
) -> None:
    alarm(rooms, documents=items(5))
    pass_time(rooms, clock, 3)
    alarm(rooms, documents=items(5, 9))
    before = len(told(slack, ANA))
    pass_time(rooms, clock, 11)

    titles = told(slack, ANA)
    assert before == 4
    assert titles[3].startswith("🔴 2 more")
    assert sum(title.startswith("🔴 6 more") for title in titles[4:]) == 1


def test_a_storm_holds_back_nothing_of_another_type_or_severity_or_for_somebody_else(
    rooms: Rooms, slack: StubChannel
) -> None:
    alarm(rooms, documents=items(8), severity="low")
    alarm(rooms, documents=["ITEM-8"], severity="critical")
    alarm(rooms, documents=["BILL-1"], kind="fraud", severity="low")
    alarm(rooms, BEN, documents=["ITEM-8"], severity="low")

    assert len(told(slack, ANA)) == 3 + 1 + 1
    assert len(told(slack, BEN)) == 1


def test_when_the_storm_is_over_alerts_are_told_singly_again(
    rooms: Rooms, clock: FixedClock, slack: StubChannel
) -> None:
    alarm(rooms, documents=items(4))
    pass_time(rooms, clock, 5)
    clock.time += timedelta(minutes=6)
    before = len(told(slack, ANA))
    alarm(rooms, documents=["ITEM-9"])

    assert len(told(slack, ANA)) == before + 1


# Refused again and again ----------------------------------------------------------------------------------------------


def test_five_refused_in_a_row_are_told_to_operators_with_the_chain_and_a_remedy(
    rooms: Rooms, slack: StubChannel, sms: StubChannel
) -> None:
    refused = Fault(Verdict.PERMANENT, "invalid_blocks", "a block is wrong")
    sent = Receipt("stub.sent", datetime.now(UTC))
    slack.answers = [refused, refused, lambda _to, _key: sent, refused]
    alarm(rooms, documents=items(3))
    alarm(rooms, kind="fraud", documents=items(2))
    before = query(rooms.engine, "select key from notice where kind = 'chain'")

    alarm(rooms, kind="risk", documents=items(3))

    (notice,) = query(rooms.engine, "select key, text from notice where kind = 'chain'")
    assert (before, notice.key) == ([], "chain:alert:1:slack")
    assert "Chain alert, version 1: its newest 5 messages were all refused by slack" in notice.text
    assert "(critical_alert) with invalid_blocks" in notice.text
    assert "Mend the template of critical_alert" in notice.text
    assert len(told(sms, ANA)) == 8  # and nobody missed an alert meanwhile


# The operator's desk --------------------------------------------------------------------------------------------------


@pytest.fixture
def cli(database_url: str, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    environment = {
        "DATABASE_URL": database_url,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "EVENT_SECRETS": "odoo=whsec_AAAA",
        "SEALING_KEYS": "k1=" + base64.b64encode(bytes(32)).decode(),
        "BLIND_KEY": "blind",
        "COLUMNS": "300",
    }
    monkeypatch.setattr(desk, "SharedClock", lambda _engine: clock)
    monkeypatch.setattr(alerts, "operator", lambda: "ana-at-the-desk")
    return lambda *words: CliRunner().invoke(alerts.app, list(words), env=environment)


def test_an_operator_sees_what_waits_and_takes_it_for_whoever_calls(
    rooms: Rooms, clock: FixedClock, slack: StubChannel, cli: Callable[..., Result]
) -> None:
    alarm(rooms)
    alarm(rooms)
    alarm(rooms, BEN, documents=["BILL-1"])
    waiting = json.loads(cli("list", "--open", "--json").stdout)
    assert [(each["title"], each["times"], each["status"]) for each in waiting] == [
        ("BILL-1 is wrong", 1, "active"),
        ("CABLE-3M is wrong", 2, "active"),
    ]

    taken = cli("ack", waiting[1]["id"], "--by", f"user:{STRANGER}")
    again = cli("ack", waiting[1]["id"])
    cli("ack", waiting[0]["id"])
    pass_time(rooms, clock, 60)

    assert taken.stdout.startswith("“CABLE-3M is wrong” is taken by Person 77 at ")
    assert again.stdout.startswith("“CABLE-3M is wrong” was taken by Person 77 at ")
    assert told(slack, ANA)[1:] == ["Person 77 takes care of it: CABLE-3M is wrong"]
    assert told(slack, BEN)[1:] == ["ana-at-the-desk takes care of it: BILL-1 is wrong"]
    assert cli("list", "--open").stdout == "No alert waits for anybody.\n"
    assert "acknowledged by partner:177" in cli("show", waiting[1]["id"]).stdout


def test_an_operator_is_refused_what_nobody_waits_for(
    rooms: Rooms, clock: FixedClock, cli: Callable[..., Result]
) -> None:
    alarm(rooms, documents=["BILL-1"], severity="high")
    alarm(rooms, documents=["BILL-1", *items(3)])
    newest, *_, oldest = json.loads(cli("list", "--json").stdout)

    gathered, nowhere = cli("ack", newest["id"]), cli("show", "no-such-alert")
    stands = cli("list", "--open").stdout
    pass_time(rooms, clock, 3)
    together = json.loads(cli("show", newest["id"], "--json").stdout)
    lesser = cli("ack", oldest["id"])

    assert "nobody was told of them yet" in str(gathered.exception)
    assert "No alert has an id" in str(nowhere.exception)
    assert "is told together with others within minutes" in stands
    assert (together["run"]["status"], together["storm_id"]) == ("active", newest["storm_id"])
    assert together["storm_id"]
    assert "the same was raised as a worse one" in str(lesser.exception)
