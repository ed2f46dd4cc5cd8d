"""What a status callback says, and where it must never go."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv6Address, ip_address
from types import MappingProxyType
from typing import Any
from urllib.parse import quote
from uuid import UUID

from postroom.domain.channels import ChannelName
from postroom.domain.messages import Role
from postroom.domain.routing import Plan, PlannedLeg

STATUS_CALLBACK = "status_callback"
"""The message type of every callback."""
SOURCE = "postroom:status"
"""The inbox source of what callbacks are about."""
GONE = "http_410"
"""The receiver wants no more, ever (Standard Webhooks): it is removed."""
WHY = "a receiver of status callbacks"
PLAN = Plan(STATUS_CALLBACK, ((PlannedLeg(ChannelName.CALLBACK, Role.PRIMARY, WHY),),))

_RECEIVER = "receiver:"


def recipient_of(receiver_id: UUID) -> str:
    """A receiver as the recipient of an intent."""
    return f"{_RECEIVER}{receiver_id}"


def receiver_in(recipient: str) -> UUID:
    """The receiver that an intent is for."""
    return UUID(recipient.removeprefix(_RECEIVER))


# What it says -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StatusChange:
    """One move of one message, with what a machine needs to find it in its own books; no personal data."""

    id: int
    company: str
    message_id: UUID
    intent_id: UUID
    message_type: str
    channel: ChannelName
    state: str
    reason: str | None
    about: str
    """The document: account.move:88."""
    at: datetime
    event: Mapping[str, str]
    """The id, source and type of the event that it began with, as its sender spelled them."""


def body_of(change: StatusChange, callback_id: UUID, sequence: int) -> dict[str, Any]:
    """The callback as a CloudEvent. Its id stays the same through every retry and replay."""
    return {
        "specversion": "1.0",
        "id": str(callback_id),
        "source": source_of(change.company),
        "type": f"postroom.message.{change.state}",
        "subject": str(change.message_id),
        "time": change.at.isoformat(),
        "sequence": sequence,
        "datacontenttype": "application/json",
        "data": {
            "message_id": str(change.message_id),
            "intent_id": str(change.intent_id),
            "company": change.company,
            "message_type": change.message_type,
            "channel": change.channel.value,
            "state": change.state,
            "reason": change.reason,
            "about": change.about,
            "event": dict(change.event),
        },
    }


def trial_body(callback_id: UUID, company: str, now: datetime) -> dict[str, Any]:
    """A callback that an operator sends to see whether it arrives: sequence 0, for it belongs to no order."""
    return {
        "specversion": "1.0",
        "id": str(callback_id),
        "source": source_of(company),
        "type": "postroom.test",
        "time": now.isoformat(),
        "sequence": 0,
        "datacontenttype": "application/json",
        "data": {"company": company},
    }


def source_of(company: str) -> str:
    """The CloudEvents source of a company's callbacks."""
    return f"/postroom/{quote(company, safe='')}"


# Where it must never go -----------------------------------------------------------------------------------------------

METADATA = frozenset({"fd00:ec2::254", "100.100.100.200", "192.0.0.192"})
"""What clouds tell their machines' credentials at, beside 169.254.169.254: Amazon, Alibaba, Oracle."""

_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "is_unspecified": "means no machine in particular",
        "is_link_local": "is link-local, where clouds keep their machines' credentials",
        "is_multicast": "is multicast, which is no machine",
        "is_reserved": "is reserved, which is no machine",
    }
)


def refusal_of(address: str) -> str | None:
    """Why no callback may go to this IP address; None where it may.

    Loopback and private networks are allowed: Odoo often stands beside us. Whoever may add a receiver is an operator.
    """
    ip = ip_address(address.partition("%")[0])
    bare = (ip.ipv4_mapped or ip) if isinstance(ip, IPv6Address) else ip
    if str(bare) in METADATA:
        return "is where a cloud keeps its machines' credentials"
    # ::1 lies in a block that Python calls reserved.
    return None if bare.is_loopback else next((why for kind, why in _KINDS.items() if getattr(bare, kind)), None)
