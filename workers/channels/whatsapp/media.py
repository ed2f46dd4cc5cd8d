"""Documents at Meta: uploaded once, then sent by the id that Meta gave them."""

import hashlib
import threading
from collections import OrderedDict
from time import monotonic

import requests

from postroom.domain.channels import Attachment
from workers.channels.whatsapp.config import WhatsAppConfig

KEPT_SECONDS = 3600.0
"""Meta keeps a document for 30 days; an hour is enough for every attempt at one message and its neighbours."""
MOST_KEPT = 1_000
LOST_MEDIA = frozenset({"100", "131009", "131052", "131053"})
"""What Meta says of a message whose document it has no more: it is uploaded again with the next attempt."""


def upload_request(config: WhatsAppConfig, attachment: Attachment) -> requests.Request:
    """The request that gives a document to Meta."""
    return requests.Request(
        "POST",
        config.media_url,
        headers={"Authorization": f"Bearer {config.access_token}"},
        data={"messaging_product": "whatsapp", "type": attachment.media_type},
        # Its name goes with each message; here it could only hold signs that a multipart header cannot.
        files={"file": ("document", attachment.content, attachment.media_type)},
    )


class Uploaded:
    """Meta's ids for the documents that it has, by what is in them."""

    def __init__(self) -> None:
        self._ids: OrderedDict[bytes, tuple[str, float]] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, attachment: Attachment) -> str:
        """Meta's id for these bytes, or an empty string."""
        with self._lock:
            media_id, until = self._ids.get(_digest(attachment), ("", 0.0))
            return media_id if monotonic() < until else ""

    def keep(self, attachment: Attachment, media_id: str) -> None:
        """Remember one more; the oldest makes room."""
        with self._lock:
            self._ids[_digest(attachment)] = (media_id, monotonic() + KEPT_SECONDS)
            while len(self._ids) > MOST_KEPT:
                self._ids.popitem(last=False)

    def forget(self, attachment: Attachment) -> None:
        """Upload it again the next time: Meta may have lost it."""
        with self._lock:
            self._ids.pop(_digest(attachment), None)


def _digest(attachment: Attachment) -> bytes:
    return hashlib.sha256(attachment.media_type.encode() + b"\0" + attachment.content).digest()
