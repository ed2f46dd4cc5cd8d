"""What operators type, in another terminal than the one that the house runs in."""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import Cli, Said, postroom_in

COMPANY = "41"
"""Nobody else's in these tests."""


def send(cli: Cli, ending: str, *more: object, kind: str = "order_confirmed") -> Said:
    return cli("send", kind, "--to", f"+34600{ending}", "--company", COMPANY, "--json", *more)


def newest(cli: Cli, ending: str) -> dict[str, Any]:
    rows = cli("messages", "list", "--to", f"+34600{ending}", "--json").json
    return rows[0] if rows else {}


def eventually(probe: Callable[[], Any], seconds: float = 20) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if value := probe():
            return value
        time.sleep(0.2)
    raise AssertionError(f"not within {seconds:g} s")


def test_send_follows_an_event_until_it_was_delivered(shell: Cli):
    sent = send(shell, "200001", "--language", "de_DE", "--fact", "amount_total=99.50", "--name", "Jonas Weber")

    (message,) = sent.json["messages"]
    assert (sent.code, message["state"], message["language"]) == (0, "delivered", "de")
    assert "99,50" in message["text"]
    assert message["to"] == "+34••••••001"


def test_what_is_paused_waits_and_goes_out_when_it_is_resumed(cli: Cli):
    assert cli("pause", "company", COMPANY).code == 0
    send(cli, "200002", "--no-wait")
    waiting = eventually(lambda: newest(cli, "200002"))
    time.sleep(2)  # several rounds of the ticker

    why = cli("messages", "why", waiting["id"]).out
    assert newest(cli, "200002")["state"] == "queued"
    assert f"postroom resume company {COMPANY}" in why

    assert cli("resume", "company", COMPANY, "--json").json["changed"] is True
    assert eventually(lambda: newest(cli, "200002")["state"] == "delivered")


def test_an_unknown_message_is_sent_again_only_after_a_warning(cli: Cli, shell: Cli):
    send(cli, "209909", "--within", "2")  # a gateway's 502: nobody knows
    message = newest(cli, "209909")

    asked = shell("messages", "retry", message["id"], typed="n\n")
    afterwards = newest(cli, "209909")
    done = cli("messages", "retry", message["id"], "--yes", "--json")

    assert (message["state"], afterwards["state"], afterwards["attempts"]) == ("unknown", "unknown", 1)
    assert asked.code == 1
    assert "may hear it twice" in asked.err
    assert f"postroom messages retry {message['id']} --yes" in asked.err
    assert (done.code, done.json["was"]) == (0, "unknown")
    assert eventually(lambda: newest(cli, "209909")["state"] == "delivered")
    assert newest(cli, "209909")["possible_duplicate"] is True


def test_a_failed_message_goes_back_into_the_queue_and_the_story_says_who_did_it(cli: Cli):
    send(cli, "209901")  # not on WhatsApp, and no email to fall back on
    message = newest(cli, "209901")

    done = cli("messages", "retry", message["id"], "--json")

    again = eventually(lambda: (row := newest(cli, "209901"))["attempts"] == 2 and row["state"] == "failed" and row)
    happened = cli("messages", "show", again["id"], "--json").json["messages"][0]["happenings"]
    assert (message["state"], done.json["was"], done.json["now"]) == ("failed", "failed", "queued")
    assert [each["what"] for each in happened].count("operator") == 1


def test_a_delivered_message_is_not_sent_again(cli: Cli):
    sent = send(cli, "200003").json["messages"][0]

    refused = cli("messages", "retry", sent["id"], "--yes")

    assert refused.code == 1
    assert refused.err.splitlines()[0] == "Not sent again: it was delivered; the receiver has it."


def test_in_shadow_mode_nothing_leaves(cli: Cli):
    assert cli("mode", COMPANY, "whatsapp", "shadow").code == 0
    kept = send(cli, "200004").json["messages"][0]
    assert cli("mode", COMPANY, "whatsapp", "sandbox").code == 0

    assert (kept["state"], kept["reason"], kept["attempts"]) == ("suppressed", "shadow", [])


def test_live_is_refused_without_credentials_and_beside_a_sandbox(cli: Cli):
    refused = cli("mode", COMPANY, "whatsapp", "live", "--confirm", COMPANY)

    assert refused.code == 1
    assert "WHATSAPP_ACCESS_TOKEN" in refused.err
    assert "A sandbox answers at" in refused.err
    assert cli("mode", COMPANY, "whatsapp", "--json").json["mode"] == "sandbox"


def test_the_doctor_finds_a_whole_house_well(cli: Cli):
    found = cli("doctor", "--json")

    assert found.code == 0, found.out
    health = {each["what"]: each["health"] for each in found.json["findings"]}
    assert {what for what, how in health.items() if how != "ok"} <= {"notices"}
    assert {"postgresql", "redis", "ticker", "queues", "partitions", "sandbox"} <= set(health)


def test_an_event_file_is_posted_and_its_faults_are_told_with_their_places(cli: Cli, tmp_path: Path):
    event = {"specversion": "1.0", "id": "f-1", "source": "/odoo/file", "type": "odoo.sale.order_confirmed", "data": {}}
    file = tmp_path / "event.json"
    file.write_text(json.dumps(event))

    refused = cli("events", "post", file)

    assert refused.code == 1
    assert "/data/company" in refused.err or "/data: " in refused.err
    assert refused.err.splitlines()[-1] == f"Try: postroom events post {file}"


@pytest.mark.parametrize(
    "words",
    [
        ("messages", "list"),
        ("events", "list"),
        ("notices", "list"),
        ("pauses",),
        ("mode",),
        ("templates", "list"),
        ("config", "check"),
        ("migrate",),
    ],
    ids=" ".join,
)
def test_with_json_nothing_else_stands_on_stdout(cli: Cli, words: tuple[str, ...]):
    said = cli(*words, "--json")

    assert said.code == 0
    assert said.json is not None


def test_lists_mask_addresses_unless_they_shall_be_seen(cli: Cli):
    send(cli, "200005")

    masked, seen = cli("messages", "list").out, cli("messages", "list", "--reveal").out

    assert "+34600200005" not in masked
    assert re.search(r"\+34•+005", masked)
    assert "+34600200005" in seen


def test_piped_output_has_no_colours_and_narrow_terminals_lose_no_id(cli: Cli, shell: Cli):
    send(cli, "200006")
    wide, narrow = shell("messages", "list", "--limit", 1), shell("messages", "list", "--limit", 1, COLUMNS="40")

    whole = newest(cli, "200006")["id"]
    assert "\x1b" not in wide.out
    assert whole in wide.out
    assert whole in narrow.out


def test_an_unknown_id_is_told_with_the_command_to_try(cli: Cli):
    said = cli("messages", "show", "00000000-0000")

    assert said.code == 1
    assert said.err.splitlines() == [
        "There is no message and no event with the id '00000000-0000'.",
        "Try: postroom messages list",
    ]


SEND = ("send", "order_confirmed", "--to", "+34600111222")


@pytest.mark.parametrize("words", [("messages", "list"), ("doctor",), SEND], ids=" ".join)
def test_without_a_house_each_command_says_how_to_start_one(tmp_path: Path, words: tuple[str, ...]):
    said = postroom_in(tmp_path)(*words)

    assert said.code == (1 if words == ("doctor",) else 75)
    assert "postroom up" in said.out + said.err
    assert "Traceback" not in said.err


def test_when_postgresql_is_away_a_command_ends_with_75(cli: Cli, house: Any):
    away = cli("messages", "list", DATABASE_URL="postgresql://postroom@127.0.0.1:1/none")

    assert away.code == 75
    assert away.err.splitlines()[-1] == "Try: postroom up"
