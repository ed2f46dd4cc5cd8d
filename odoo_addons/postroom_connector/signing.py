"""Standard Webhooks ("v1,": HMAC-SHA256 over "id.timestamp.body"), for events that go and commands that come."""

import base64
import binascii
import hashlib
import hmac
import secrets
import time

PREFIX = "whsec_"
OLDEST = 300
"""Seconds by which two clocks may differ, and for which a signature is believed."""


def new_secret():
    """A secret of 32 bytes."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def signature(secret, message_id, timestamp, body):
    """Raises ValueError where the secret is none."""
    digest = hmac.digest(_bytes(secret), f"{message_id}.{timestamp}.{body}".encode(), hashlib.sha256)
    return "v1," + base64.b64encode(digest).decode()


def believed(wanted, message_id, timestamp, body, given):
    """Whether one of the secrets (separated by spaces) signed this, not long ago."""
    if isinstance(timestamp, bool) or not isinstance(timestamp, int) or abs(time.time() - timestamp) > OLDEST:
        return False
    signatures = str(given or "").split()
    return any(
        hmac.compare_digest(signature(secret, message_id, timestamp, body).encode(), each.encode())
        for secret in (wanted or "").split()
        if fault_of(secret) is None
        for each in signatures
    )


def fault_of(secret):
    """What is wrong with a secret, in words; None where nothing is."""
    try:
        raw = _bytes(secret)
    except ValueError:
        return "is no whsec_ with base64 behind it"
    return None if len(raw) >= 24 else f"holds {len(raw)} bytes; 24 are the least that is safe"


def _bytes(secret):
    try:
        return base64.b64decode(secret[len(PREFIX) :] if secret.startswith(PREFIX) else secret, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
