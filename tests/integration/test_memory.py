"""What the worker of each channel keeps in memory: its own provider's client, and nobody else's."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from postroom.domain.channels import ChannelName
from tests.contract.channels.stands import serving
from tests.contract.channels.teams_bench import CHAT, TeamsServer

ROOT = Path(__file__).parents[2]

CLIENTS: Mapping[str, frozenset[ChannelName]] = {
    "slack_sdk": frozenset({ChannelName.SLACK}),
    "twilio": frozenset({ChannelName.SMS}),
    "jwt": frozenset({ChannelName.TEAMS}),
    "standardwebhooks": frozenset({ChannelName.CALLBACK}),
    "msgraph": frozenset(),
    "msgraph_core": frozenset(),
    "kiota_abstractions": frozenset(),
    "httpx": frozenset(),
    "azure": frozenset(),
    "twilio.rest": frozenset(),
    "aiohttp": frozenset(),
    "flask": frozenset(),
    "sandbox": frozenset(),
}
"""Heavy modules, and whose workers load them as they start; those of nobody at most when they are needed."""

ANY = {
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "EVENT_SECRETS": "odoo=whsec_AAAA",
    "SEALING_KEYS": "k1=" + "A" * 43 + "=",
    "BLIND_KEY": "blind",
    "SANDBOX_SECRET": "a-secret-of-sixteen-or-more",
}
"""Settings with which a worker can be built; building it opens no connection."""

WORKER = """
import json, sys
from pathlib import Path
from uuid import UUID
from postroom.domain.channels import ChannelName, Rendered
from postroom.domain.safety import Wire
from workers.app import app
from workers.wiring import rooms

name, to, asked = ChannelName(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])
app.loader.import_default_modules()
channel = rooms().channels.at(name, Wire.SANDBOX)
assert channel.name is name
if to:
    assert channel.send(Rendered(name, "en", "Hello"), to, UUID(int=1)).provider_id
status = Path("/proc/self/status")
resident = [line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmRSS")] \\
    if status.exists() else []
print(json.dumps({"loaded": [each for each in asked if each in sys.modules], "resident": (resident or [None])[0]}))
"""


def worker(channel: ChannelName, to: str = "", **settings: str) -> set[str]:
    """Which of the clients are loaded in a process that has built what this channel's worker builds."""
    answer = subprocess.run(
        [sys.executable, "-c", WORKER, channel.value, to, json.dumps(list(CLIENTS))],
        cwd=ROOT,
        env={**os.environ, **ANY, **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert answer.returncode == 0, answer.stderr
    told: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
    sys.stdout.write(f"{channel}{' after a message' if to else ''}: {told['resident']} kB resident\n")
    return set(told["loaded"])


@pytest.fixture
def microsoft() -> Iterator[TeamsServer]:
    with serving(server := TeamsServer()):
        yield server


@pytest.mark.parametrize("channel", ChannelName, ids=str)
def test_a_worker_loads_its_own_client_and_no_other(channel: ChannelName) -> None:
    assert worker(channel) == {client for client, owners in CLIENTS.items() if channel in owners}


def test_teams_loads_graphs_client_for_its_first_look_up_and_not_before(microsoft: TeamsServer) -> None:
    wire = {"SANDBOX_URL": microsoft.url}

    by_conversation = worker(ChannelName.TEAMS, CHAT, **wire)
    by_email = worker(ChannelName.TEAMS, "laura@example.com", **wire)

    assert "msgraph" not in by_conversation
    assert "msgraph" in by_email
    assert len(microsoft.asked["post"]) == 2
