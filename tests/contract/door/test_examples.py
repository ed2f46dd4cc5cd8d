"""The examples of docs/events.md run as they are printed, against a door that listens."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import make_server

from config.settings import ROOT
from tests.contract.door.senders import ODOO, Sender
from webhooks.event_schemas import read_schemas
from webhooks.opening import EVENTS

PAGE = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    """The first code block of a language."""
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found, f"docs/events.md has no {language} block"
    return found[1]


@pytest.fixture
def public_url(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def event(tmp_path: Path) -> dict[str, Any]:
    text = block("json")
    (tmp_path / "event.json").write_text(text)
    return dict(json.loads(text))


def run(command: list[str], public_url: str, directory: Path) -> str:
    env = {**os.environ, "PUBLIC_URL": public_url, "SECRET": ODOO, "no_proxy": "127.0.0.1"}
    return subprocess.run(
        command, cwd=directory, env=env, check=True, capture_output=True, text=True, timeout=60
    ).stdout


def test_the_events_of_the_page_are_taken(event: dict[str, Any], sender: Sender) -> None:
    assert sender.post(event).status_code == 202


def test_the_python_example_sends_the_event(
    public_url: str, event: dict[str, Any], tmp_path: Path, sender: Sender
) -> None:
    (tmp_path / "send.py").write_text(block("python"))

    printed = run([sys.executable, "send.py"], public_url, tmp_path).strip()

    assert printed == sender.post(event).json["id"]


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("openssl")), reason="needs curl and openssl")
def test_the_curl_example_sends_the_event(
    public_url: str, event: dict[str, Any], tmp_path: Path, sender: Sender
) -> None:
    printed = run(["bash", "-euo", "pipefail", "-c", block("bash")], public_url, tmp_path)

    assert json.loads(printed) == sender.post(event).json


def test_the_page_names_every_event_type() -> None:
    assert set(read_schemas(EVENTS)) <= set(re.findall(r"`((?:odoo|alert|postroom)\.[\w.]+)`", PAGE))
