"""What one callback sender needs to know."""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass, field

from workers.channels.checks import Check, refuse, url_check, wait_check

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
        refuse("Callbacks are not configured", self._checks())

    def _checks(self) -> Iterable[Check]:
        least = 1 if self.relay_url else SHORTEST_SECRET
        return (
            (not 1 <= len(self.secrets) <= 2, "give one secret, or two while one replaces the other"),
            (
                any(len(_decoded(secret)) < least for secret in self.secrets),
                f"a secret is not the base64 of {least} bytes or more; make one: openssl rand -base64 32",
            ),
            *([url_check("relay_url", self.relay_url)] if self.relay_url else []),
            wait_check(self.connect_timeout, self.answer_timeout),
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
