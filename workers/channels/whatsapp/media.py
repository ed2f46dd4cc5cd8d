"""Documents at Meta: uploaded once, then sent by the id that Meta gave them."""

import hashlib
from datetime import timedelta

import requests

from postroom.domain.channels import Attachment
from workers.channels.whatsapp.config import WhatsAppConfig

LIFETIME = timedelta(hours=1)
"""Meta keeps a document for 30 days; an hour is enough for every attempt at one message and its neighbours."""
MOST = 1_000
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


def digest_of(attachment: Attachment) -> bytes:
    """What a document is remembered by: what is in it."""
    return hashlib.sha256(attachment.media_type.encode() + b"\0" + attachment.content).digest()
