"""What one callback sender needs to know."""

import base64
import binascii
from dataclasses import dataclass, field
from urllib.parse import urlsplit

SHORTEST_SECRET = 24
"""Bytes. The sandbox's secret is its own affair."""


@dataclass(frozen=True, slots=True)
class CallbackConfig:
    """What the secrets of all receivers are derived from."""

    secrets: tuple[str, ...] = field(repr=False)
    """Base64; the first one and, while it is rotated, the one before: both sign."""
    relay_url: str = ""
    """The stand-in that takes every callback in the sandbox; empty: each goes to its receiver."""
    connect_timeout: float = 3.0
    answer_timeout: float = 10.0
    """Seconds for the whole answer, counted from the last byte that we sent."""

    def __post_init__(self) -> None:
        faults = [fault for wrong, fault in self._checks() if wrong]
        if faults:
            raise ValueError("Callbacks are not configured: " + "; ".join(faults))

    def _checks(self) -> tuple[tuple[bool, str], ...]:
        least = 1 if self.relay_url else SHORTEST_SECRET
        relay = urlsplit(self.relay_url)
        return (
            (not 1 <= len(self.secrets) <= 2, "give one secret, or two while one replaces the other"),
            (
                any(len(_decoded(secret)) < least for secret in self.secrets),
                f"a secret is not the base64 of {least} bytes or more; make one: openssl rand -base64 32",
            ),
            (
                bool(self.relay_url) and (relay.scheme not in ("http", "https") or not relay.hostname),
                f"relay_url {self.relay_url!r} is no http(s) URL",
            ),
            (self.connect_timeout <= 0 or self.answer_timeout <= 0, "timeouts must be above zero"),
        )

    @property
    def masters(self) -> tuple[bytes, ...]:
        """The secrets as bytes, the one that counts first."""
        return tuple(_decoded(secret) for secret in self.secrets)


def _decoded(secret: str) -> bytes:
    try:
        return base64.b64decode(secret, validate=True)
    except (binascii.Error, ValueError):
        return b""
