"""When the sandbox refuses to start."""

import os
import socket
import subprocess
import sys

import pytest

from sandbox.testing import ROOT

GOOD = {"PATH": os.environ["PATH"], "SANDBOX_SECRET": "x", "SANDBOX_PORT": "0", "SANDBOX_SMTP_PORT": "0"}


def start(**environ: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "sandbox"]
    return subprocess.run(
        command, check=False, env={**GOOD, **environ}, cwd=ROOT, capture_output=True, text=True, timeout=20
    )


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"WHATSAPP_ACCESS_TOKEN": "EAAB"}, "WHATSAPP_ACCESS_TOKEN"),
        ({"SLACK_BOT_TOKEN": "EAAB"}, "SLACK_BOT_TOKEN is set: a live Slack sender"),
        ({"TEAMS_APP_PASSWORD": "EAAB"}, "TEAMS_APP_PASSWORD is set: a live Teams sender"),
        ({"TWILIO_AUTH_TOKEN": "EAAB"}, "TWILIO_AUTH_TOKEN is set: a live SMS sender"),
        ({"SMTP_URL": "smtp://mail.example.com:587"}, "SMTP_URL points at mail.example.com"),
        ({"SANDBOX_HOST": "0.0.0.0"}, "loopback only"),
        ({"SANDBOX_WEBHOOK_URL": "https://example.com"}, "Nothing leaves this machine"),
        ({"SANDBOX_SECRET": ""}, "SANDBOX_SECRET is empty"),
    ],
    ids=["WhatsApp", "Slack", "Teams", "SMS", "a live mail sender", "an open port", "a door elsewhere", "no secret"],
)
def test_it_exits_with_78_and_the_reason_beside(environ: dict[str, str], named: str) -> None:
    ended = start(**environ)
    assert ended.returncode == 78
    assert named in ended.stderr
    assert "EAAB" not in ended.stderr


def test_it_names_every_reason_at_once() -> None:
    ended = start(WHATSAPP_ACCESS_TOKEN="x", SANDBOX_PORT="http", SANDBOX_RECEIPT_DELAY_MS="fast")
    assert ended.stderr.count("\n- ") == 3


def test_a_port_that_is_taken_is_named_with_the_remedy() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ended = start(SANDBOX_PORT=str(taken.getsockname()[1]))
    assert ended.returncode != 0
    assert "SANDBOX_PORT" in ended.stderr
    assert "Traceback" not in ended.stderr
