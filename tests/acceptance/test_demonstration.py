"""The demonstration's journey through real worker processes, with the sandbox as the witness."""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from postroom.cli.demo import play
from postroom.cli.demo.cases import CASES, NOT_ON_WHATSAPP, PEOPLE, THROTTLED
from postroom.cli.demo.judging import Outcome, faults
from postroom.domain.channels import ChannelName
from postroom.domain.people import DIRECTORIES
from postroom.services.supervisor import House
from tests.acceptance.conftest import ROOT, Cli, Journey, environment, postroom_in
from workers.queues import Queue

Ask = Callable[..., list[tuple[Any, ...]]]


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case.title for case in CASES])
def test_each_event_ends_as_it_should(journey: Journey, number: int):
    assert faults(journey.outcomes[number]) == []


def seen_by_the_sandbox(theatre: play.Theatre) -> dict[str, dict[str, int]]:
    """How often each attempt's request was seen and taken; a mail's key is its Message-ID, <attempt@domain>."""
    return {key.strip("<>").partition("@")[0]: times for key, times in theatre.stage.requests()["keys"].items()}


def test_every_attempt_is_one_request_that_the_sandbox_saw_and_there_was_no_other(
    journey: Journey, theatre: play.Theatre, ask: Ask
):
    # The house lives on while it is asked: what was seen lies between what had ended before and what had begun after.
    ended = {str(row[0]) for row in ask("select id from attempt where ended_at is not null")}
    seen = seen_by_the_sandbox(theatre)
    begun = {str(row[0]) for row in ask("select id from attempt")}

    assert ended <= set(seen) <= begun
    assert len(ended) >= 11
    assert [key for key, times in seen.items() if times["seen"] != 1] == []


def test_no_message_was_taken_twice(journey: Journey, theatre: play.Theatre, ask: Ask):
    seen = seen_by_the_sandbox(theatre)
    message_of = {str(attempt): message for attempt, message in ask("select id, message_id from attempt")}

    taken = [message_of[key] for key, times in seen.items() if times["taken"]]

    assert len(taken) == len(set(taken))


def outcome_of(journey: Journey, ending: str) -> Outcome:
    return next(outcome for outcome in journey.outcomes if outcome.case.person.ending == ending)


def test_retry_after_is_waited_for_and_not_charged(journey: Journey):
    (leg,) = outcome_of(journey, THROTTLED).legs
    refused, taken = leg.attempts

    assert taken.started_at - refused.started_at >= timedelta(seconds=7)
    assert leg.tries == 1


def test_the_fallback_says_the_same_by_email(journey: Journey):
    outcome = next(each for each in journey.outcomes if len(each.legs) == 2)
    whatsapp, email = outcome.legs

    assert (whatsapp.channel, email.channel) == (ChannelName.WHATSAPP, ChannelName.EMAIL)
    number = outcome.event["data"]["invoice"]["number"]
    assert whatsapp.content is not None
    assert email.content is not None
    assert number in whatsapp.content.text
    assert number in email.content.text


def test_a_reply_and_a_pressed_button_stand_beside_the_message_that_they_answer(journey: Journey, cli: Cli):
    def answers(title: str) -> list[tuple[str, str]]:
        outcome = next(each for each in journey.outcomes if title in each.case.title)
        (message,) = cli("messages", "show", outcome.legs[0].id, "--json").json["messages"]
        return [(each["kind"], each["payload"] or each["words"]) for each in message["answers"]]

    assert journey.unheard == []
    assert answers("in Spanish") == [("text", play.WORDS)]
    # Two of John's have the button, and he presses that of whichever came last.
    assert answers("quotation") + answers("confirmation, in English") == [("button", "contact_us")]
    assert answers("Approve a purchase, in Slack") == [("button", "approve")]


def test_the_story_is_told_to_an_operator_in_words(journey: Journey, shell: Cli):
    outcome = outcome_of(journey, NOT_ON_WHATSAPP)

    told = " ".join(shell("messages", "show", outcome.legs[0].id, COLUMNS="100").out.split())

    for words in (
        outcome.event["id"],
        "WhatsApp: rule payment_reminder",
        "email: fallback, when WhatsApp fails",
        "payment_reminder, version 1",
        "es: the recipient's language es_ES without its region",
        f"Hola, {outcome.case.person.name}",
        "then a receipt said 131026",
        "email stood in for it",
    ):
        assert words in told


# What must not be seen ------------------------------------------------------------------------------------------------


def personal(journey: Journey) -> set[str]:
    places = {place.lstrip("+") for person in PEOPLE for place in journey.run.addresses(person).values()}
    return places | {person.name for person in PEOPLE} | {play.WORDS}


def test_no_log_holds_an_address_a_name_or_what_somebody_wrote(journey: Journey, house: House):
    logs = {path.name: path.read_text("utf-8", "replace") for path in (house.directory / "logs").glob("*.log")}

    found = [(name, words) for name, text in logs.items() for words in personal(journey) if words in text]

    channels = {f"{channel}.log" for channel in ChannelName}
    assert {"web.log", "core.log", "ticker.log"} | channels <= set(logs)
    assert found == []


def test_the_workers_log_one_json_object_a_line_with_the_message_it_is_about(journey: Journey, house: House):
    lines = (house.directory / "logs" / "whatsapp.log").read_text("utf-8").splitlines()
    attempts = [json.loads(line) for line in lines if '"attempt"' in line]

    logged = {each["message_id"] for each in attempts if each["event"] == "attempt"}

    sent = {str(leg.id) for each in journey.outcomes for leg in each.legs if leg.channel is ChannelName.WHATSAPP}
    assert sent <= logged


def flower(house: House, path: str, *, known: bool = True) -> requests.Response:
    told = house.environment
    auth = (told["FLOWER_USER"], told["FLOWER_PASSWORD"]) if known else None
    return requests.get(f"http://127.0.0.1:{told['FLOWER_PORT']}{path}", auth=auth, timeout=10)


def test_flower_shows_each_drain_in_one_line_to_whoever_knows_the_password(journey: Journey, house: House):
    tasks = flower(house, "/api/tasks?limit=1000").json()

    assert flower(house, "/", known=False).status_code == 401
    assert flower(house, "/tasks").status_code == 200
    results = [task["result"] for task in tasks.values() if task["name"] == "deliver" and task["result"]]
    assert any("sent" in result for result in results)
    assert any("waits 7 s after 130429" in result for result in results)


def test_no_task_is_given_anything_personal(journey: Journey, house: House):
    tasks = flower(house, "/api/tasks?limit=1000").json()

    # What was sent before Flower listened it knows by name alone.
    given = {(task["name"], task["args"]) for task in tasks.values() if task["args"] is not None}
    assert given

    channels, lanes = tuple(ChannelName), ("urgent", "normal", "bulk")
    lanes_args = {f"['{channel}', '{lane}']" for channel in channels for lane in lanes}
    queues = {f"['{queue}']" for queue in Queue}
    directories = {f"['{channel}']" for channel in DIRECTORIES}
    spelled = {args.replace("(", "[").replace(",)", "]").replace(")", "]") for _, args in given}
    assert spelled <= {"[]"} | lanes_args | queues | directories


def test_any_task_can_be_called_with_plain_celery(journey: Journey, house: House):
    argv = [sys.executable, "-m", "celery", "-A", "workers.app", "call", "route"]
    called = subprocess.run(
        argv, cwd=ROOT, env=environment(house.directory), text=True, capture_output=True, timeout=60, check=True
    )
    task_id = called.stdout.strip().splitlines()[-1]

    result = eventually(lambda: flower(house, f"/api/task/info/{task_id}").json().get("result"))

    assert "no event waited" in result


def eventually(probe: Callable[[], Any], seconds: float = 15) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if value := probe():
                return value
        except (requests.RequestException, ValueError):
            pass
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds:g} s")


# The command itself ---------------------------------------------------------------------------------------------------


def processes_of(directory: Path) -> list[str]:
    """Every process that was told to keep its things there."""
    found = []
    for each in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command = (each / "cmdline").read_bytes()
            told = (each / "environ").read_bytes().split(b"\0")
            if str(directory).encode() in command or f"POSTROOM_DIR={directory}".encode() in told:
                found.append(command.replace(b"\0", b" ").decode())
    return found


@pytest.mark.timeout(300)  # a house is built and a day played through it, beside two other suites
@pytest.mark.skipif(sys.platform != "linux", reason="counts processes in /proc; tests/integration does so everywhere")
def test_the_demonstration_judges_itself_and_leaves_no_process_behind(short_directory: Path):
    directory = short_directory / "demo"

    shown = postroom_in(directory)("demo", "--once", "--json", within=240)

    assert (shown.code, shown.json["faults"]) == (0, [])
    assert [row["ok"] for row in shown.json["rows"]] == [True] * len(CASES)
    assert shown.json["seconds"]["to_delivered"]["n"] >= 5
    assert processes_of(directory) == []
