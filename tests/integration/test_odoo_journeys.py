"""The journeys of tests/live, against the stand-in as 17 and as 19: one set of them, two kinds of server."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.odoo.seed import command_secret
from sandbox.odoo.users import key_of
from sandbox.testing import SECRET, running_sandbox

ROOT = Path(__file__).parent.parent.parent
ROLES = {
    "admin": "admin",
    "buyer": "buyer",
    "manager": "pmanager",
    "employee": "employee",
    "approver": "approver",
    "accountant": "accountant",
}
USERS = {role: {"login": login, "key": key_of(SECRET, login)} for role, login in ROLES.items()}
PICKINGS = "a reply stands in the chatter[stock.picking]"
ABSENT = {"17": {PICKINGS, "a link to pay leads to the invoice"}, "19": {PICKINGS}}
"""What the stand-in has not, as that version."""


@pytest.mark.parametrize("version", ["17", "19"])
def test_every_journey_runs_against_the_stand_in(version: str) -> None:
    with running_sandbox() as sandbox:
        run = journeys({"ODOO_URL": f"{sandbox.url}/odoo{version}"})
    assert run.returncode == 0, run.stdout
    lines = run.stdout.splitlines()
    assert not [line for line in lines if line.startswith("FAILED")]
    not_run = {line[8:54].strip() for line in lines if line.startswith("NOT RUN")}
    assert not_run == ABSENT[version], run.stdout
    assert f"Odoo {version} at {sandbox.url}" in run.stdout


def test_without_an_odoo_they_are_said_not_to_have_run() -> None:
    run = journeys({"CI": "true"})
    assert run.returncode == 0, run.stdout
    assert "NOT RUN: ODOO_URL is not set" in run.stdout
    assert "failed" not in run.stdout


def test_no_key_is_printed_when_a_journey_fails() -> None:
    with running_sandbox() as sandbox:
        secret = "a-key-that-opens-nothing"
        run = journeys({"ODOO_URL": f"{sandbox.url}/odoo19", "ODOO_API_KEY": secret})
    assert run.returncode == 1
    assert secret not in run.stdout + run.stderr
    assert not [user["key"] for user in USERS.values() if user["key"] in run.stdout]


def journeys(told: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """python -m tests.live, in a process of its own."""
    own = ("PYTEST_", "ODOO_", "CI")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    whole = {
        **kept,
        "ODOO_DB": "sandbox",
        "ODOO_LOGIN": "postroom",
        "ODOO_API_KEY": SECRET,
        "ODOO_LIVE_USERS": json.dumps(USERS),
        "ODOO_COMMAND_SECRET": command_secret(SECRET),
        **told,
    }
    command = [sys.executable, "-m", "tests.live"]
    return subprocess.run(command, cwd=ROOT, env=whole, capture_output=True, text=True, timeout=110, check=False)
