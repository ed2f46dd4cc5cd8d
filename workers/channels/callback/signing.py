"""How a callback is signed (Standard Webhooks): each receiver has a secret of its own, derived and never stored."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime

from standardwebhooks import Webhook


def receiver_secret(master: bytes, url: str) -> str:
    """The secret of the receiver at a URL in its normal form: whsec_ and base64, as the receiver's library takes it."""
    return "whsec_" + base64.b64encode(hmac.new(master, url.encode(), hashlib.sha256).digest()).decode()


def signed_headers(masters: Sequence[bytes], url: str, callback_id: str, at: datetime, body: str) -> dict[str, str]:
    """The three headers. While a master is replaced there are two signatures, and the receiver needs to know one."""
    signatures = [Webhook(receiver_secret(master, url)).sign(callback_id, at, body) for master in masters]
    return {
        "webhook-id": callback_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
