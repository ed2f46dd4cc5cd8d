"""What a house's processes are told: what the user set, and what the house makes up where the user set nothing."""

import ipaddress
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from postroom.services.faults import CannotStart
from postroom.services.keyring import (
    MAKERS,
    keep_secrets,
    missing_secrets,
    read_assignments,
    write_assignments,
)
from postroom.services.ports import USUAL, Claims, choose_ports
from postroom.services.postgres import Postgres
from postroom.services.seat import take_seat
from postroom.services.valkey import Valkey

SANDBOX_NEEDS = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH", "PYTHONUNBUFFERED", "PYTHONWARNINGS", "TZ")
"""What the sandbox gets beside SANDBOX_*: none of our secrets, since it stands for somebody else."""

CELERY_AS_ROOT = "ignore:You're running the worker with superuser privileges"
"""Celery says so in each worker at each start; whoever runs the house as root knows, and in production nobody does."""

PUBLISHED = (
    *("DATABASE_URL", "REDIS_URL", "PUBLIC_URL", "WEB_PORT", "FLOWER_PORT", "FLOWER_USER"),
    *("SANDBOX_PORT", "SANDBOX_SMTP_PORT", "SANDBOX_URL", "METRICS_DIR"),
    *(name for name in MAKERS if name != "VALKEY_PASSWORD"),
)
"""What run.env tells a command in another terminal about the house that runs."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a house needs to know before it starts anything."""

    environment: dict[str, str]
    postgres: Postgres | None
    """None: DATABASE_URL names a server of the user's own."""
    valkey: Valkey | None
    sandbox: bool
    """Whether the sandbox may run; never beside a live sender."""


def plan(root: Path, directory: Path, overrides: Mapping[str, str], environ: Mapping[str, str], claims: Claims) -> Plan:
    """Weigh .env, the environment and `overrides`, the last winning. Raises CannotStart with every fault.

    An empty value means that it is not set; an empty override also hides what .env says from the processes.
    """
    given = {**read_assignments(root / ".env"), **environ, **overrides}
    given = {name: value for name, value in given.items() if value != ""}
    wanted = USUAL if directory == root / ".postroom" else dict.fromkeys(USUAL)
    ports, faults = choose_ports(directory / "ports.json", given, claims, wanted)
    if "DATABASE_URL" in given:
        faults += missing_secrets(given)
    if faults:
        raise CannotStart("\n".join(faults))
    hidden = {name: "" for name, value in overrides.items() if value == ""}
    return _plan(root, directory, given, hidden, {name: str(port) for name, port in ports.items()})


def _plan(
    root: Path, directory: Path, given: Mapping[str, str], hidden: Mapping[str, str], ports: Mapping[str, str]
) -> Plan:
    seat = take_seat(directory)
    postgres = None if "DATABASE_URL" in given else Postgres(seat)
    made = keep_secrets(directory / "secrets.env", sealed=seat.data / "postgres")
    password = made.pop("VALKEY_PASSWORD")
    valkey = None if "REDIS_URL" in given else Valkey(directory, int(ports["VALKEY_PORT"]), password)
    servers = {"DATABASE_URL": postgres, "REDIS_URL": valkey}
    addresses = {name: server.url() for name, server in servers.items() if server is not None}
    whole = {**hidden, **made, **ports, **addresses, **_defaults(directory, ports), **given}
    whole |= _dictated(root, directory, whole)
    return Plan(whole, postgres, valkey, sandbox=not live_senders(given))


def _defaults(directory: Path, ports: Mapping[str, str]) -> dict[str, str]:
    """What holds unless the user says otherwise."""
    return {
        "PUBLIC_URL": f"http://127.0.0.1:{ports['WEB_PORT']}",
        "SANDBOX_URL": f"http://127.0.0.1:{ports['SANDBOX_PORT']}",
        "SANDBOX_JOURNAL": str(directory / "sandbox.journal"),
        "METRICS_DIR": str(directory / "metrics"),
        "FLOWER_USER": "postroom",
        "FLOWER_DB": str(directory / "flower"),
        "FLOWER_PERSISTENT": "true",
    }


def _dictated(root: Path, directory: Path, whole: Mapping[str, str]) -> dict[str, str]:
    """What follows from the rest, whatever stands in the environment."""
    return {
        "POSTROOM_DIR": str(directory),
        "SANDBOX_WEBHOOK_URL": f"http://127.0.0.1:{whole['WEB_PORT']}",  # PUBLIC_URL may lead out and back in
        "PROMETHEUS_MULTIPROC_DIR": whole["METRICS_DIR"],
        "FLOWER_BASIC_AUTH": f"{whole['FLOWER_USER']}:{whole['FLOWER_PASSWORD']}",
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": _joined(",", whole.get("PYTHONWARNINGS", ""), CELERY_AS_ROOT if os.geteuid() == 0 else ""),
        "PYTHONPATH": _joined(":", str(root), whole.get("PYTHONPATH", "")),
        "PATH": _joined(":", str(Path(sys.executable).parent), whole.get("PATH", "")),
    }


def _joined(between: str, *parts: str) -> str:
    return between.join(part for part in parts if part)


LIVE_SENDERS = ("WHATSAPP_ACCESS_TOKEN", "SLACK_BOT_TOKEN", "TEAMS_APP_PASSWORD", "TWILIO_AUTH_TOKEN")
"""Setting one of these means that messages may leave this machine."""


def live_senders(given: Mapping[str, str]) -> list[str]:
    """The settings by which a message could leave for a real person; mail to this machine is not one."""
    found = [name for name in LIVE_SENDERS if given.get(name)]
    if given.get("SMTP_URL") and not _is_loopback(urlsplit(given["SMTP_URL"]).hostname or ""):
        found.append("SMTP_URL")
    return found


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def sandbox_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The part of the environment that the sandbox is told."""
    return {name: value for name, value in environment.items() if name in SANDBOX_NEEDS or name.startswith("SANDBOX_")}


def publish(path: Path, environment: Mapping[str, str]) -> None:
    """Write run.env, from which a command in another terminal finds the house."""
    write_assignments(path, {name: environment[name] for name in PUBLISHED if name in environment})
