"""Every Celery queue that exists; the Procfile and compose.yaml must consume them all."""

from enum import StrEnum

from postroom.domain.channels import ChannelName
from postroom.domain.messages import Urgency


class Queue(StrEnum):
    """A queue per channel and lane, one for thinking, one for what is written into Odoo.

    Separate queues, since Redis priorities are only steps.
    """

    CORE = "core"
    WHATSAPP_URGENT = "whatsapp.urgent"
    WHATSAPP_NORMAL = "whatsapp.normal"
    WHATSAPP_BULK = "whatsapp.bulk"
    SLACK_URGENT = "slack.urgent"
    SLACK_NORMAL = "slack.normal"
    SLACK_BULK = "slack.bulk"
    TEAMS_URGENT = "teams.urgent"
    TEAMS_NORMAL = "teams.normal"
    TEAMS_BULK = "teams.bulk"
    SMS_URGENT = "sms.urgent"
    SMS_NORMAL = "sms.normal"
    SMS_BULK = "sms.bulk"
    EMAIL_URGENT = "email.urgent"
    EMAIL_NORMAL = "email.normal"
    EMAIL_BULK = "email.bulk"
    ODOO_URGENT = "odoo.urgent"
    ODOO_NORMAL = "odoo.normal"
    ODOO_BULK = "odoo.bulk"
    OUTBOX = "outbox"
    CALLBACK_URGENT = "callback.urgent"
    CALLBACK_NORMAL = "callback.normal"
    CALLBACK_BULK = "callback.bulk"


def lane_queue(channel: ChannelName, lane: Urgency) -> Queue:
    """The queue that carries one channel's hints of one urgency."""
    return Queue(f"{channel}.{lane}")
