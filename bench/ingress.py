"""How many events a second the door takes, against a bare Flask app with an XADD behind the same server."""

import contextlib
import json
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median

from bench import events
from bench.contestants import next_documents, wait_until
from bench.load import SEPARATOR
from bench.report import Row, say
from bench.stage import ROOT, Stage, frozen
from postroom.services import procfile
from postroom.services.ports import free_port

CONNECTIONS = 16
BASELINE = "bench.baseline_app:create_app"


@dataclass(frozen=True, slots=True)
class Server:
    """Somebody who takes events."""

    name: str
    port: int
    pid: int


def ingress(stage: Stage, requests: int, rounds: int) -> Iterator[Row]:
    """The door and the baseline in turn; what is behind the door rests, so that it alone is measured."""
    rates: dict[str, list[float]] = {"door": [], "baseline": []}
    with stage.resting(stage.thinkers), _baseline(stage) as baseline:
        door = Server("door", int(stage.environment["WEB_PORT"]), stage.house.process("web").pid)
        for server in (door, baseline):
            rate(stage, server, [], min(requests, 200))  # opens connections and fills caches on both sides
        for number in range(rounds):
            rates["door"].append(rate(stage, door, [baseline], requests))
            rates["baseline"].append(rate(stage, baseline, [door], requests))
            say(f"  round {number + 1}: door {rates['door'][-1]:.0f}/s, baseline {rates['baseline'][-1]:.0f}/s")
    yield Row(
        "ingress",
        f"POST /v1/events of {events.SIZE} bytes, {CONNECTIONS} connections",
        median(rates["door"]),
        "requests/s",
        "bare Flask with HMAC and XADD",
        median(rates["baseline"]),
    )


def rate(stage: Stage, server: Server, others: Sequence[Server], requests: int) -> float:
    """Requests a second. Raises when one was not taken."""
    file = stage.directory / "requests"
    file.write_bytes(SEPARATOR.join(_written(number, stage.event_secret) for number in next_documents(requests)))
    argv = (sys.executable, "-m", "bench.load", str(server.port), str(CONNECTIONS), str(file))
    with frozen([other.pid for other in others]):
        told = json.loads(subprocess.run(argv, cwd=ROOT, capture_output=True, check=True, timeout=120).stdout)
    if told["statuses"] != {"202": requests}:
        raise AssertionError(f"the {server.name} answered {told['statuses']} to {requests} requests")
    return requests / float(told["seconds"])


def _written(number: int, secret: str) -> bytes:
    raw = events.body(number)
    headers = {"host": "bench", **events.signed(raw, f"bench-{number}", secret), "content-length": str(len(raw))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST /v1/events HTTP/1.1\r\n{lines}\r\n".encode() + raw


@contextlib.contextmanager
def _baseline(stage: Stage) -> Iterator[Server]:
    """The baseline on the very command line that the Procfile has for the door, but for its port and its app."""
    port = free_port()
    web = next(entry for entry in procfile.read_procfile(ROOT / "Procfile") if entry.name == "web")
    argv = procfile.argv(web, {**stage.environment, "WEB_PORT": str(port)})
    surroundings = {"BENCH_BROKER": stage.baseline_broker, "BENCH_SECRET": stage.event_secret}
    with ExitStack() as stack:
        child = stack.enter_context(stage.running("flask", *argv[:-1], BASELINE, **surroundings))
        wait_until(lambda: _listens(port))
        yield Server("baseline", port, child.pid)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
