"""The secrets that a house makes for itself, once, and keeps in a closed file."""

import base64
import os
import secrets
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from dotenv import dotenv_values

from postroom.services.faults import CannotStart


def _base64(size: int) -> str:
    return base64.b64encode(secrets.token_bytes(size)).decode("ascii")


def _signing_secret() -> str:
    return f"whsec_{_base64(24)}"


MAKERS: Mapping[str, Callable[[], str]] = {
    "SEALING_KEYS": lambda: f"k1={_base64(32)}",
    "BLIND_KEY": lambda: _base64(32),
    "EVENT_SECRETS": lambda: f"odoo={_signing_secret()};ai={_signing_secret()}",
    "EMAIL_INBOUND_SECRET": _signing_secret,
    "CALLBACK_SECRET": lambda: _base64(32),
    "LINK_SECRET": lambda: _base64(32),
    "FLOWER_PASSWORD": lambda: secrets.token_hex(16),
    "SANDBOX_SECRET": lambda: secrets.token_hex(16),
    "VALKEY_PASSWORD": lambda: secrets.token_hex(16),
}

LASTING = ("SEALING_KEYS", "BLIND_KEY", "EVENT_SECRETS")
"""Must live as long as the database that they sealed, or are known to others; never made up beside a real database."""


def keep_secrets(path: Path, *, sealed: Path) -> dict[str, str]:
    """The house's own secrets, made where they are missing. Raises CannotStart rather than replace a lost sealing key.

    `sealed`: the data that the keys have sealed, if it exists already.
    """
    known = read_assignments(path)
    if "SEALING_KEYS" not in known and sealed.exists():
        raise CannotStart(
            f"{path} is gone, but the database that its keys have sealed is still there ({sealed}). "
            f"Restore the file from a backup, or start empty with `rm -r {sealed}`."
        )
    kept = {name: known.get(name) or make() for name, make in MAKERS.items()}
    if kept != known:
        write_assignments(path, kept)
    return kept


def missing_secrets(given: Mapping[str, str]) -> list[str]:
    """What a house on a real database lacks, each with its remedy."""
    return [
        f"{name} is not set. Beside a real database Postroom makes up no secrets. Make one with "
        f"`python -m postroom.services.keyring {name}`, keep it where your other secrets are, and set it in .env."
        for name in LASTING
        if not given.get(name)
    ]


def read_assignments(path: Path) -> dict[str, str]:
    """A file of NAME='value' lines; empty if there is none."""
    return {name: value for name, value in dotenv_values(path, interpolate=False).items() if value is not None}


def write_assignments(path: Path, values: Mapping[str, str]) -> None:
    """Replace the file at once, readable by its owner alone; a shell can source it and Settings can read it."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
        file.writelines(f"{name}={_quoted(value)}\n" for name, value in values.items())
    fresh.replace(path)


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


if __name__ == "__main__":
    for asked in sys.argv[1:] or MAKERS:
        sys.stdout.write(f"{asked}={_quoted(MAKERS[asked]())}\n")
