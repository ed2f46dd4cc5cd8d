"""What the sandbox finds in its environment, and when it refuses to start."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

LOOPBACK, PORT, SMTP_PORT = "127.0.0.1", 8090, 8025
DOOR = "http://127.0.0.1:8080"
PHONE_NUMBER_ID, WABA_ID = "100000000000001", "200000000000001"
DELAY_MS = "300-700"
ODOO_VERSION, ODOO_VERSIONS = 19, (17, 19)
LIVE_SENDERS = {
    "WHATSAPP_ACCESS_TOKEN": "WhatsApp",
    "SLACK_BOT_TOKEN": "Slack",
    "TEAMS_APP_PASSWORD": "Teams",
    "TWILIO_AUTH_TOKEN": "SMS",
}
"""Credentials that reach real people. Odoo's is none: its users are the house's own, and its API also reads."""
TRUE = frozenset({"1", "true", "yes", "on"})


class Misconfigured(Exception):
    """The sandbox cannot or must not start; every reason at once."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Environment:
    """Ports, secrets and habits of this sandbox."""

    secret: str
    """What each provider calls by another name: access token, signing secret, app password, auth token, API key;
    as whsec_ + base64 also the key of the mail webhook."""
    host: str = LOOPBACK
    port: int = PORT
    smtp_port: int = SMTP_PORT
    webhook_url: str = DOOR
    phone_number_id: str = PHONE_NUMBER_ID
    waba_id: str = WABA_ID
    display_phone_number: str = "15550001111"
    receipt_delay: tuple[timedelta, timedelta] = (timedelta(milliseconds=300), timedelta(milliseconds=700))
    """Shortest and longest pause before each receipt."""
    auto_read: bool = False
    odoo_version: int = ODOO_VERSION
    """Which Odoo is behind /odoo; both are behind /odoo17 and /odoo19."""
    journal: Path | None = None


def read(environ: Mapping[str, str]) -> Environment:
    """The environment as values; raises Misconfigured with every fault."""
    faults = _live_senders(environ)
    environment = Environment(
        secret=_required(environ, "SANDBOX_SECRET", faults),
        host=_loopback(environ.get("SANDBOX_HOST") or LOOPBACK, faults),
        port=_port(environ, "SANDBOX_PORT", PORT, faults),
        smtp_port=_port(environ, "SANDBOX_SMTP_PORT", SMTP_PORT, faults),
        webhook_url=_webhook_url(environ.get("SANDBOX_WEBHOOK_URL") or DOOR, faults),
        phone_number_id=environ.get("SANDBOX_PHONE_NUMBER_ID") or PHONE_NUMBER_ID,
        waba_id=environ.get("SANDBOX_WABA_ID") or WABA_ID,
        receipt_delay=_delay(environ.get("SANDBOX_RECEIPT_DELAY_MS") or DELAY_MS, faults),
        auto_read=environ.get("SANDBOX_AUTO_READ", "").lower() in TRUE,
        odoo_version=_odoo_version(environ.get("SANDBOX_ODOO_VERSION") or str(ODOO_VERSION), faults),
        journal=Path(path) if (path := environ.get("SANDBOX_JOURNAL")) else None,
    )
    if faults:
        raise Misconfigured(faults)
    return environment


def _live_senders(environ: Mapping[str, str]) -> list[str]:
    """A sandbox beside a live sender invites the mistake of taking one for the other."""
    faults = [
        f"{name} is set: a live {sender} sender. The sandbox does not run beside one. Unset it here."
        for name, sender in LIVE_SENDERS.items()
        if environ.get(name)
    ]
    smtp_url = environ.get("SMTP_URL", "")
    if smtp_url and not _is_loopback(_hostname(smtp_url)):
        faults.append(
            f"SMTP_URL points at {_hostname(smtp_url) or 'another machine'}: a live mail sender. "
            "The sandbox does not run beside one. Unset it here."
        )
    return faults


def _required(environ: Mapping[str, str], name: str, faults: list[str]) -> str:
    if not (value := environ.get(name, "")):
        faults.append(f"{name} is empty. Set any secret that the sender of the sandbox's messages also has.")
    return value


def _port(environ: Mapping[str, str], name: str, default: int, faults: list[str]) -> int:
    value = environ.get(name) or str(default)
    if value.isdecimal() and int(value) < 65536:
        return int(value)
    faults.append(f"{name} is {value!r}, which is not a port. Give a number from 0 (any free port) to 65535.")
    return default


def _loopback(host: str, faults: list[str]) -> str:
    if not _is_loopback(host):
        faults.append(f"SANDBOX_HOST is {host!r}. The sandbox listens on loopback only: use 127.0.0.1 or ::1.")
    return host


def _webhook_url(url: str, faults: list[str]) -> str:
    parts = urlsplit(url)
    if parts.scheme != "http" or not _is_loopback(parts.hostname or ""):
        faults.append(f"SANDBOX_WEBHOOK_URL is {url!r}. Nothing leaves this machine: use http://127.0.0.1:<port>.")
    return url.rstrip("/")


def _delay(value: str, faults: list[str]) -> tuple[timedelta, timedelta]:
    first, _, last = value.partition("-")
    if first.isdecimal() and (last or first).isdecimal() and int(first) <= int(last or first):
        return timedelta(milliseconds=int(first)), timedelta(milliseconds=int(last or first))
    faults.append(f"SANDBOX_RECEIPT_DELAY_MS is {value!r}. Give milliseconds as '300-700' or '0'.")
    return timedelta(0), timedelta(0)


def _odoo_version(value: str, faults: list[str]) -> int:
    if value.isdecimal() and int(value) in ODOO_VERSIONS:
        return int(value)
    known = " or ".join(map(str, ODOO_VERSIONS))
    faults.append(f"SANDBOX_ODOO_VERSION is {value!r}. Give {known}.")
    return ODOO_VERSION


def _hostname(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
