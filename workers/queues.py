"""Every Celery queue that exists; the Procfile and compose.yaml must consume them all."""

from enum import StrEnum

from postroom.domain.channels import ChannelName
from postroom.domain.messages import Urgency


class Queue(StrEnum):
    """A queue per channel and lane, and one for thinking. Separate queues, since Redis priorities are only steps."""

    CORE = "core"
    WHATSAPP_URGENT = "whatsapp.urgent"
    WHATSAPP_NORMAL = "whatsapp.normal"
    WHATSAPP_BULK = "whatsapp.bulk"
    EMAIL_URGENT = "email.urgent"
    EMAIL_NORMAL = "email.normal"
    EMAIL_BULK = "email.bulk"


def lane_queue(channel: ChannelName, lane: Urgency) -> Queue:
    """The queue that carries one channel's hints of one urgency."""
    return Queue(f"{channel}.{lane}")
