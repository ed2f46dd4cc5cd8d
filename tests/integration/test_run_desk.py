"""The operators' desk for runs, timers and approvals, and the auditor, on a real database."""

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from config.escalations import read_chains
from postroom.cli import approvals, runs, timers
from postroom.cli.faults import Refused
from postroom.domain.channels import ChannelName
from scheduler import auditor
from scheduler.auditor import Auditor
from scheduler.ticker import fire_timers, sweep_leases
from tests import boardroom
from tests.boardroom import ask, employ, press, send
from tests.builders import FixedClock, StubChannel, query
from tests.faults.invariants import STRANDED
from workers.tasks import route
from workers.wiring import Rooms

CHAIN = """\
version: 1
chains:
  approval:
    event: odoo.approval.requested
    owner: user:7
    steps:
      ask: {notify: asked, by: approval_request}
      remind: {after: 4h, remind: asked, by: approval_request}
      again: {after: 24h, remind: asked, by: approval_request}
      give_up: {after: 72h, give_up: true}
"""
ROOT = typer.Typer()
for name, room in (("runs", runs), ("approvals", approvals), ("timers", timers)):
    ROOT.add_typer(room.app, name=name)
Cli = Callable[..., Result]


@pytest.fixture
def slack() -> StubChannel:
    return StubChannel(ChannelName.SLACK)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def rooms(make_rooms: Callable[..., Rooms], slack: StubChannel, clock: FixedClock) -> Rooms:
    """Two people who may be asked; 7 is."""
    made = make_rooms(slack, clock=clock, chains=read_chains(CHAIN, file="chains.yaml"))
    employ(made.engine, (7, 8))
    ask(made, 7)
    send(made)
    return made


@pytest.fixture
def cli(database_url: str, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> Cli:
    environment = {
        "DATABASE_URL": database_url,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "EVENT_SECRETS": "odoo=whsec_AAAA",
        "SEALING_KEYS": "k1=" + base64.b64encode(bytes(32)).decode(),
        "BLIND_KEY": "blind",
        "COLUMNS": "300",
    }
    for room in (runs, timers):
        monkeypatch.setattr(room, "SharedClock", lambda _engine: clock)

    def run(*words: str, ok: bool = True) -> Result:
        found = CliRunner().invoke(ROOT, list(words), env=environment)
        assert not ok or found.exit_code == 0, (found.output, found.exception)
        return found

    return run


def pass_time(rooms: Rooms, clock: FixedClock, hours: float) -> None:
    clock.time += timedelta(hours=hours)
    fire_timers(rooms)
    send(rooms)


def trail(rooms: Rooms) -> list[Any]:
    return list(query(rooms.engine, "select what, detail, actor from run_event order by id"))


SUBJECT = "purchase.order:42"


def test_what_waits_is_listed_with_what_comes_next_and_shown_with_all_that_happened(rooms: Rooms, cli: Cli) -> None:
    listed = json.loads(cli("runs", "list", "--json").stdout)
    assert [(each["subject"], each["status"]) for each in listed] == [(SUBJECT, "active")]
    assert "4 hours after the question without an answer, then remind: a reminder by Slack" in listed[0]["next"]
    assert " UTC: " in listed[0]["next"]
    assert cli("runs", "list", "--status", "decided").stdout.startswith("Nothing waits")

    assert press(rooms, 7, "approve")
    told = json.loads(cli("runs", "show", SUBJECT, "--json").stdout)
    assert (told["decision"]["outcome"], told["votes"][0]["via"]) == ("approve", "slack")
    assert told["next"] == "nothing follows: it was decided"
    assert [each["what"] for each in told["trail"]] == ["began", "fired", "voted", "decided"]
    assert [(each["recipient"], each["state"]) for each in told["asked"]] == [("partner:107", "sent")]
    sheet = cli("runs", "show", listed[0]["id"][:13]).stdout
    assert "partner:107 by Slack: sent" in sheet
    assert "person7@example.com" not in sheet


def test_who_stands_still_is_asked_nothing_and_goes_on_with_what_he_had_still_to_wait(
    rooms: Rooms, cli: Cli, clock: FixedClock, slack: StubChannel
) -> None:
    pass_time(rooms, clock, 3)
    assert "stands still since" in cli("runs", "pause", SUBJECT, "--why", "the buyer is asked").stdout
    assert "stood still already" in cli("runs", "pause", SUBJECT, "--why", "twice").stdout
    pass_time(rooms, clock, 48)
    assert len(slack.sent) == 1

    cli("runs", "resume", SUBJECT)
    pass_time(rooms, clock, 0.9)
    assert len(slack.sent) == 1
    pass_time(rooms, clock, 0.2)
    assert len(slack.sent) == 2  # the reminder of the fourth hour, and not the later one
    pass_time(rooms, clock, 19.8)
    assert len(slack.sent) == 2
    pass_time(rooms, clock, 0.4)
    assert len(slack.sent) == 3
    told = [(each.what, each.detail) for each in trail(rooms) if each.what in ("paused", "resumed")]
    assert told == [("paused", "the buyer is asked"), ("resumed", "no reason given")]
    assert all(each.actor.startswith("operator:") for each in trail(rooms) if each.what == "paused")


def test_what_had_not_left_when_a_run_was_paused_leaves_when_it_goes_on(
    rooms: Rooms, cli: Cli, clock: FixedClock, slack: StubChannel
) -> None:
    clock.time += timedelta(hours=5)
    fire_timers(rooms)
    cli("runs", "pause", SUBJECT, "--why", "x")
    send(rooms)
    assert len(slack.sent) == 1
    assert "until an operator lets it go on" in cli("runs", "show", SUBJECT).stdout
    cli("runs", "resume", SUBJECT)
    sweep_leases(rooms)
    send(rooms)
    assert len(slack.sent) == 2


def test_a_cancelled_run_sends_nothing_more_and_its_buttons_say_that_it_is_too_late(
    rooms: Rooms, cli: Cli, clock: FixedClock, slack: StubChannel
) -> None:
    clock.time += timedelta(hours=5)
    fire_timers(rooms)
    assert "is over" in cli("runs", "cancel", SUBJECT, "--why", "asked twice").stdout
    assert "was over already" in cli("runs", "cancel", SUBJECT, "--why", "again").stdout
    refused = cli("runs", "pause", SUBJECT, "--why", "late", ok=False)
    assert isinstance(refused.exception, Refused)
    assert "is cancelled" in refused.exception.words
    send(rooms)
    assert len(slack.sent) == 1

    press(rooms, 7, "approve")
    route.drain(rooms)
    send(rooms)
    assert "The question has expired" in slack.sent[-1][0].text
    assert not query(rooms.engine, "select from vote")


def test_somebody_else_is_asked_once_and_his_answer_decides(rooms: Rooms, cli: Cli, slack: StubChannel) -> None:
    assert "Person 8 is asked" in cli("runs", "reassign", SUBJECT, "--to", "8", "--why", "7 is ill").stdout
    assert "was asked" in cli("runs", "reassign", SUBJECT, "--to", "person8", "--why", "again").stdout
    route.drain(rooms)
    send(rooms)
    assert [to for _, to, _ in slack.sent] == [boardroom.account(7), "person8@example.com"]
    assert "already" in cli("runs", "reassign", SUBJECT, "--to", "7", "--why", "x").stdout

    press(rooms, 8, "approve")
    (run,) = query(rooms.engine, "select status from run")
    assert run.status == "decided"
    assert [each.what for each in trail(rooms)] == ["began", "fired", "reassigned", "joined", "voted", "decided"]


def test_an_operator_who_asks_too_late_begins_nothing(rooms: Rooms, cli: Cli) -> None:
    cli("runs", "reassign", SUBJECT, "--to", "8", "--why", "x")
    press(rooms, 7, "reject")
    route.drain(rooms)
    assert [row.status for row in query(rooms.engine, "select status from run")] == ["decided"]
    assert not query(rooms.engine, "select from inbox where kind = 'event' and state <> 'done' and source like '%desk'")


def test_nobody_is_asked_whose_answer_would_not_count(rooms: Rooms, cli: Cli) -> None:
    query(rooms.engine, "update run set requester_id = 8")
    query(rooms.engine, "update person set active = false where user_id = 8")
    refused = cli("runs", "reassign", SUBJECT, "--to", "8", "--why", "x", ok=False)
    assert isinstance(refused.exception, Refused)
    assert "is not active in Odoo, and asked for it himself" in refused.exception.words


def test_a_wrong_name_is_told_what_is_like_it(rooms: Rooms, cli: Cli) -> None:
    refused = cli("runs", "show", "purchase.order:43", ok=False)
    assert isinstance(refused.exception, Refused)
    assert SUBJECT in refused.exception.words
    refused = cli("approvals", "show", "P00043", ok=False)
    assert isinstance(refused.exception, Refused)
    assert "P00042" in refused.exception.words


def test_approvals_are_listed_by_document_amount_and_whom_they_wait_for(
    rooms: Rooms, cli: Cli, clock: FixedClock
) -> None:
    (waiting,) = json.loads(cli("approvals", "list", "--json").stdout)
    assert (waiting["document"], waiting["asked"], waiting["decision"]) == ("P00042", ["partner:107"], None)
    assert "Person 7" in cli("approvals", "list").stdout
    clock.time += timedelta(hours=1)
    press(rooms, 7, "approve")
    told = cli("approvals", "list").stdout
    assert "No approval waits." in told
    assert "approve" in told
    assert "Person 7" in cli("approvals", "show", "P00042").stdout
    clock.time += timedelta(days=2)
    assert json.loads(cli("approvals", "list", "--json").stdout) == []


def test_a_dead_timer_is_due_again_once_an_operator_says_so(rooms: Rooms, cli: Cli, clock: FixedClock) -> None:
    query(rooms.engine, "update timer set state = 'dead', attempts = 5, error = 'ValueError: x' where kind = 'step'")
    (dead,) = json.loads(cli("timers", "list", "--dead", "--json").stdout)
    assert "cannot go on" in cli("runs", "show", SUBJECT).stdout
    assert "ValueError: x" in cli("timers", "show", dead["id"]).stdout
    assert "due again" in cli("timers", "retry", dead["id"]).stdout
    assert "left alone" in cli("timers", "retry", dead["id"]).stdout
    clock.time += timedelta(hours=5)
    (late,) = json.loads(cli("timers", "list", "--late", "--json").stdout)
    assert late["id"] == dead["id"]
    fire_timers(rooms)
    assert cli("timers", "list", "--late").stdout == "No timer is late.\n"


def test_a_run_that_lost_its_timer_gets_it_again_and_goes_on(
    rooms: Rooms, cli: Cli, clock: FixedClock, slack: StubChannel
) -> None:
    query(rooms.engine, "delete from timer where kind = 'step'")
    assert "has lost its timer" in cli("runs", "show", SUBJECT).stdout
    assert len(query(rooms.engine, STRANDED)) == 1
    ticker = Auditor()
    ticker.audit(rooms)
    ticker.audit(rooms)  # once a minute
    assert not query(rooms.engine, STRANDED)
    assert [each.what for each in trail(rooms)] == ["began", "fired", "audited"]
    pass_time(rooms, clock, 3.9)
    assert len(slack.sent) == 1
    pass_time(rooms, clock, 0.2)
    assert len(slack.sent) == 2


def test_the_auditor_comes_past_every_run_and_leaves_those_at_their_end(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    for document in (43, 44):
        ask(rooms, 7, document)
    query(rooms.engine, "update run set cur_step = 4 where subject like '%44'")  # every step is taken
    query(
        rooms.engine,
        "update inbox set payload = '\\x00' where id in (select event_id from run where subject like '%43')",
    )
    query(rooms.engine, "delete from timer where kind = 'step'")
    monkeypatch.setattr(auditor, "PAGE", 1)
    ticker = Auditor()
    for _ in range(4):  # three runs, and the end
        ticker.audit(rooms)
    assert ticker.after is None
    found = query(rooms.engine, "select r.subject from timer t join run r on r.id = t.subject_id where t.kind = 'step'")
    assert [row.subject for row in found] == [SUBJECT]
    (notice,) = query(rooms.engine, "select text from notice where kind = 'dead'")
    assert "gets none" in notice.text


def test_timers_that_nobody_fires_are_told_of_until_they_are(rooms: Rooms, clock: FixedClock) -> None:
    clock.time += timedelta(hours=5)
    Auditor().audit(rooms)
    (notice,) = query(rooms.engine, "select text, closed_at from notice where key = 'timers:late'")
    assert "1 timers are due and not fired" in notice.text
    fire_timers(rooms)
    Auditor().audit(rooms)
    (notice,) = query(rooms.engine, "select closed_at from notice where key = 'timers:late'")
    assert notice.closed_at is not None
