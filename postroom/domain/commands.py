"""Commands that the add-on carries out in a person's name: how they are spelled, and how they are signed.

Signed as Standard Webhooks are (https://www.standardwebhooks.com, "v1,": HMAC-SHA256 over "id.timestamp.body"), so that
both directions between Odoo and us speak one scheme. The add-on believes what is signed and not five minutes old.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

PREFIX = "whsec_"
SHORTEST = 24
"""Bytes of a secret, as the scheme asks for."""


@dataclass(frozen=True, slots=True)
class Command:
    """One method of one record, called as one user."""

    key: str
    """What makes it once: the same key again is answered with what was said the first time."""
    database: str
    """The UUID of the database that it is meant for."""
    uid: int
    model: str
    id: int
    method: str
    arguments: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    """By name."""
    expected_revision: str | None = None
    """The record's write_date that the person saw, as Odoo spells it; None: whatever it is now."""
    watch: tuple[str, ...] = ()
    """Fields to be read before and after."""

    def body(self) -> str:
        """The one spelling that is signed: JSON with sorted keys and no spaces."""
        fields = {
            "arguments": dict(self.arguments),
            "database": self.database,
            "expected_revision": self.expected_revision,
            "id": self.id,
            "key": self.key,
            "method": self.method,
            "model": self.model,
            "uid": self.uid,
            "watch": list(self.watch),
        }
        return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def signed(command: Command, secret: str, at: datetime) -> dict[str, Any]:
    """The named arguments of `postroom.connector.execute_as`. Raises ValueError where the secret is none."""
    body, timestamp = command.body(), int(at.timestamp())
    digest = hmac.digest(secret_bytes(secret), f"{command.key}.{timestamp}.{body}".encode(), hashlib.sha256)
    return {"body": body, "timestamp": timestamp, "signature": "v1," + base64.b64encode(digest).decode()}


def secret_bytes(secret: str) -> bytes:
    """What a `whsec_…` stands for. Raises ValueError where it is none, or too short to be safe."""
    try:
        raw = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("ODOO_COMMAND_SECRET is no whsec_… in base64. Copy it from the add-on's settings.") from error
    if len(raw) < SHORTEST:
        raise ValueError(f"ODOO_COMMAND_SECRET holds {len(raw)} bytes; {SHORTEST} are the least that is safe.")
    return raw
