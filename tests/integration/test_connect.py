"""postroom connect, against the stand-ins of every provider: the same questions that are put to the real ones."""

import base64
import contextlib
import json
import os
import pty
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import requests
import typer
from typer.testing import CliRunner, Result

from config.template_files import load_templates
from postroom.cli import connect as package
from postroom.cli.connect.command import connect
from postroom.cli.faults import Refused
from postroom.domain.channels import ChannelEvent, ChannelName, EventKind
from postroom.domain.meta_templates import meta_definition
from postroom.domain.own_links import SAMPLE
from postroom.store.engine import connect as connect_to
from postroom.store.inbox import NewChannelEvent, keep_channel_events, keep_request
from sandbox.testing import NUMBER_ID, SECRET, Running, eventually, running_sandbox
from tests.builders import SEALER, query
from workers.channels.whatsapp import WhatsAppConfig
from workers.channels.whatsapp.channel import WhatsApp
from workers.wires import SANDBOX_ACCOUNT_SID, SANDBOX_APP_ID, SANDBOX_NUMBER, SANDBOX_TEAM_ID, SANDBOX_TENANT_ID

ROOT = typer.Typer()
ROOT.command()(connect)
WHSEC = "whsec_" + base64.b64encode(b"a relay's secret").decode()
Run = Callable[..., Result]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    with running_sandbox() as running:
        for version in load_templates().matching(channel=ChannelName.WHATSAPP):
            url = f"{running.url}/v23.0/100000000000002/message_templates"
            definition = meta_definition(version, SAMPLE.documents, handle="4::sample")
            requests.post(url, json=definition, headers={"Authorization": f"Bearer {SECRET}"}, timeout=5)
        yield running


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    file = tmp_path / "env"
    file.write_text("# Ours\nLOG_LEVEL=WARNING\n")
    return file


@pytest.fixture
def places(sandbox: Running, database_url: str) -> dict[str, str]:
    """What is set anyway: where the stand-ins are, and the house's own secrets."""
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "EVENT_SECRETS": "odoo=whsec_AAAA",
        "SEALING_KEYS": "k1=" + base64.b64encode(bytes(32)).decode(),
        "BLIND_KEY": "blind",
        "LINK_SECRET": "a secret",
        "SANDBOX_SECRET": "",
        "PUBLIC_URL": sandbox.door.url,
        "WHATSAPP_API_URL": sandbox.url,
        "SLACK_API_URL": f"{sandbox.url}/slack/api",
        "TEAMS_SERVICE_URL": f"{sandbox.url}/teams",
        "TEAMS_LOGIN_URL": f"{sandbox.url}/teams/login",
        "TEAMS_OPENID_URL": f"{sandbox.url}/teams/login/openidconfiguration",
        "TEAMS_GRAPH_URL": f"{sandbox.url}/teams/graph/v1.0",
        "TWILIO_API_URL": f"{sandbox.url}/twilio",
        "COLUMNS": "300",
    }


@pytest.fixture
def run(places: dict[str, str], env_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command, with its notebook and its .env in a directory of the test's own."""
    monkeypatch.setattr(package.command, "HOUSE", tmp_path / "house")

    def invoke(*words: object, **changes: str) -> Result:
        argv = [*map(str, words), "--env-file", str(env_file)]
        return CliRunner().invoke(ROOT, argv, env={**places, **changes})

    return invoke


def answers(sandbox: Running, provider: str) -> list[str]:
    """What a person would paste."""
    told = {
        "whatsapp": {
            "WHATSAPP_PHONE_NUMBER_ID": NUMBER_ID,
            "WHATSAPP_ACCESS_TOKEN": SECRET,
            "WHATSAPP_APP_SECRET": SECRET,
        },
        "slack": {"SLACK_TEAM_ID": SANDBOX_TEAM_ID, "SLACK_BOT_TOKEN": SECRET, "SLACK_SIGNING_SECRET": SECRET},
        "teams": {
            "TEAMS_APP_ID": SANDBOX_APP_ID,
            "TEAMS_TENANT_ID": SANDBOX_TENANT_ID,
            "TEAMS_APP_PASSWORD": SECRET,
        },
        "sms": {
            "TWILIO_ACCOUNT_SID": SANDBOX_ACCOUNT_SID,
            "TWILIO_AUTH_TOKEN": SECRET,
            "TWILIO_FROM": SANDBOX_NUMBER,
        },
        "email": {
            "SMTP_URL": f"smtp://127.0.0.1:{sandbox.smtp_port}?starttls=off",
            "EMAIL_FROM": "Acme <billing@example.com>",
            "EMAIL_BOUNCE_DOMAIN": "bounce.example.com",
            "EMAIL_INBOUND_SECRET": WHSEC,
        },
        "odoo": {
            "ODOO_URL": f"{sandbox.url}/odoo",
            "ODOO_DB": "sandbox",
            "ODOO_LOGIN": "postroom",
            "ODOO_API_KEY": SECRET,
        },
    }[provider]
    return [word for name, value in told.items() for word in ("--answer", f"{name}={value}")]


MINE = {
    "whatsapp": "+34600111222",
    "slack": "marta@example.com",
    "teams": "marta@example.com",
    "sms": "+34600111222",
    "email": "marta@example.com",
    "odoo": "user:7",
}


def refused(ended: Result) -> str:
    assert isinstance(ended.exception, Refused), ended.output
    return ended.exception.words


def arrived(sandbox: Running) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sandbox.get("messages")["messages"]
    return found


@pytest.mark.parametrize("provider", sorted(MINE))
def test_a_walk_ends_with_kept_settings_good_checks_and_a_message(
    provider: str, run: Run, sandbox: Running, env_file: Path, tmp_path: Path
) -> None:
    before = len(arrived(sandbox))
    words = ["--yes", "--json", "--wait", 0, "--to", MINE[provider]]

    ended = run(provider, *answers(sandbox, provider), *words)

    assert ended.exit_code == 0, ended.output + repr(ended.exception)
    checks = json.loads(ended.stdout)["checks"]
    assert checks
    assert [each for each in checks if each["health"] == "fail"] == []
    assert len(arrived(sandbox)) == before + 1
    assert SECRET not in ended.output
    assert "# Ours\nLOG_LEVEL=WARNING\n" in env_file.read_text()
    assert SECRET in env_file.read_text() or provider == "email"
    assert stat.S_IMODE(env_file.stat().st_mode) == 0o600
    notebook = tmp_path / "house" / "connect.json"
    assert stat.S_IMODE(notebook.stat().st_mode) == 0o600
    assert set(json.loads(notebook.read_text())[provider]["done"]) == {"checks", "credentials", "message"}
    assert SECRET not in notebook.read_text()
    assert MINE[provider] not in notebook.read_text()


def test_what_is_kept_is_found_again_by_a_check(run: Run, sandbox: Running) -> None:
    assert run("slack", *answers(sandbox, "slack"), "--yes").exit_code == 0
    ended = run("slack", "--check", "--json")
    assert ended.exit_code == 0
    assert [(each["what"], each["health"]) for each in json.loads(ended.stdout)["checks"]] == [
        ("token", "ok"),
        ("scopes", "ok"),
        ("signing secret", "warn"),
    ]


def test_all_missing_answers_are_named_at_once_where_nobody_can_be_asked(run: Run, env_file: Path) -> None:
    before = env_file.read_text()
    words = refused(run("teams"))
    assert all(name in words for name in ("TEAMS_APP_ID", "TEAMS_TENANT_ID", "TEAMS_APP_PASSWORD"))
    assert env_file.read_text() == before


def test_an_answer_that_nobody_asked_for_is_refused_with_all_others(run: Run) -> None:
    words = refused(run("slack", "--answer", "SLACK_TOKEN=x", "--answer", "nonsense"))
    assert "'SLACK_TOKEN' is not asked for" in words
    assert "'nonsense' has no value" in words


@pytest.mark.parametrize("provider", sorted(set(MINE) - {"email"}))
def test_a_wrong_secret_fails_the_check_and_replaces_nothing(
    provider: str, run: Run, sandbox: Running, env_file: Path
) -> None:
    wrong = [word.replace(SECRET, "not-the-secret") for word in answers(sandbox, provider)]
    ended = run(provider, *wrong, "--yes", "--to", MINE[provider])
    assert "Nothing was kept" in refused(ended)
    assert "not-the-secret" not in env_file.read_text() + ended.output


def test_a_relay_that_is_away_fails_the_check(run: Run, sandbox: Running) -> None:
    words = answers(sandbox, "email")
    words = [word.replace(str(sandbox.smtp_port), "1") for word in words]
    assert "relay must be mended" in refused(run("email", *words, "--yes"))


def test_settings_can_be_printed_instead_of_kept(run: Run, sandbox: Running, env_file: Path) -> None:
    before = env_file.read_text()
    ended = run("odoo", *answers(sandbox, "odoo"), "--yes", "--print-env")
    assert ended.exit_code == 0
    assert f"ODOO_API_KEY={SECRET}" in ended.stdout
    assert env_file.read_text() == before


def test_a_receipt_that_comes_to_our_door_is_told(run: Run, sandbox: Running, database_url: str) -> None:
    """What the stand-in posts to the door is read and kept as the workers do it."""
    sandbox.door.posted.clear()
    with as_the_workers_do(database_url, sandbox):
        ended = run("whatsapp", *answers(sandbox, "whatsapp"), "--yes", "--to", MINE["whatsapp"], "--wait", 20)
    assert ended.exit_code == 0
    assert "delivered" in ended.stderr


def test_somebody_elses_receipt_is_not_taken_for_ours(run: Run, sandbox: Running, database_url: str) -> None:
    event = ChannelEvent(
        EventKind.DELIVERED, "wamid.other:delivered", ChannelName.WHATSAPP, NUMBER_ID, datetime.now(UTC), "wamid.other"
    )
    keep_receipts(database_url, [event])
    ended = run("whatsapp", *answers(sandbox, "whatsapp"), "--yes", "--to", MINE["whatsapp"], "--wait", 1)
    assert ended.exit_code == 0
    assert "No receipt came within 1 s" in ended.stderr


def keep_receipts(database_url: str, events: Sequence[ChannelEvent]) -> None:
    engine = connect_to(database_url)
    keep_request(engine, SEALER, source="meta", headers={}, body=b"{}")
    (row,) = query(engine, "select id from request")
    new = [
        NewChannelEvent(row.id, f"whatsapp:{NUMBER_ID}", event.key, event.kind.value, event.to_json(), None)
        for event in events
    ]
    with engine.begin() as connection:
        keep_channel_events(connection, SEALER, new)
    engine.dispose()


@contextmanager
def as_the_workers_do(database_url: str, sandbox: Running) -> Iterator[None]:
    """Reads what comes to the stand-in's door and keeps it in the inbox."""
    reader = WhatsApp(WhatsAppConfig(sandbox.url, "v23.0", NUMBER_ID, SECRET, SECRET))

    def read() -> None:
        eventually(lambda: "delivered" in sandbox.door.statuses(), "a receipt")
        parsed = [reader.parse({}, posted.body) for posted in sandbox.door.posted if posted.path == "/webhooks/meta"]
        keep_receipts(database_url, [event for each in parsed for event in each.events])

    thread = Thread(target=read)
    thread.start()
    yield
    thread.join()


# At a terminal --------------------------------------------------------------------------------------------------------


def test_at_a_terminal_secrets_are_typed_unseen_and_the_manifest_comes_first(
    places: dict[str, str], sandbox: Running, env_file: Path, tmp_path: Path
) -> None:
    typed = [SANDBOX_TEAM_ID, SECRET, SECRET, "marta@example.com"]
    environment = {**os.environ, **places, "POSTROOM_DIR": str(tmp_path / "house"), "TERM": "dumb"}
    shown = at_a_terminal(["connect", "slack", "--env-file", str(env_file)], typed, environment)
    assert shown.index("display_information:") < shown.index("The bot's token")
    assert "Slack took a message to m•••@example.com" in shown
    assert SECRET not in shown
    assert f"SLACK_BOT_TOKEN={SECRET}" in env_file.read_text()


def at_a_terminal(words: Sequence[str], typed: Sequence[str], environment: dict[str, str]) -> str:
    """What a person sees who answers each question as it is asked."""
    ours, theirs = pty.openpty()
    argv = [sys.executable, "-m", "postroom", *words]
    process = subprocess.Popen(
        argv, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
    )
    os.close(theirs)
    shown, left, asked_at = b"", list(typed), 0
    with contextlib.suppress(OSError):  # Linux says so where the other end has closed
        while read := os.read(ours, 4096):
            shown += read
            if left and shown.endswith(b": ") and len(shown) > asked_at:
                asked_at = len(shown)
                os.write(ours, f"{left.pop(0)}\n".encode())
    os.close(ours)
    assert process.wait(30) == 0, shown.decode()
    return shown.decode()


# Papers ---------------------------------------------------------------------------------------------------------------


def test_slack_gets_a_manifest_with_our_addresses(run: Run, sandbox: Running, tmp_path: Path) -> None:
    import yaml

    path = tmp_path / "manifest.yaml"
    assert run("slack", *answers(sandbox, "slack"), "--yes", "--manifest", path).exit_code == 0
    manifest = yaml.safe_load(path.read_text())
    assert manifest["settings"]["interactivity"]["request_url"] == f"{sandbox.door.url}/webhooks/slack/actions"
    assert set(manifest["oauth_config"]["scopes"]["bot"]) >= {"chat:write", "users:read.email"}


def test_teams_gets_a_package_with_our_bot_and_two_icons(run: Run, sandbox: Running, tmp_path: Path) -> None:
    import zipfile

    path = tmp_path / "postroom.zip"
    assert run("teams", *answers(sandbox, "teams"), "--yes", "--manifest", path).exit_code == 0
    with zipfile.ZipFile(path) as package_:
        assert set(package_.namelist()) == {"manifest.json", "color.png", "outline.png"}
        manifest = json.loads(package_.read("manifest.json"))
        assert package_.read("color.png").startswith(b"\x89PNG")
    assert manifest["bots"][0]["botId"] == SANDBOX_APP_ID
    assert manifest["validDomains"] == ["127.0.0.1"]
