"""The wires of this sandbox, and how an address is spelled on each."""

import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Channel(StrEnum):
    """One wire each; the order is that of the page."""

    WHATSAPP = "whatsapp"
    SMS = "sms"
    SLACK = "slack"
    TEAMS = "teams"
    EMAIL = "email"
    ODOO = "odoo"
    CALLBACK = "callback"


NAMES: Mapping[Channel, str] = MappingProxyType(
    {
        Channel.WHATSAPP: "WhatsApp",
        Channel.SMS: "SMS",
        Channel.SLACK: "Slack",
        Channel.TEAMS: "Teams",
        Channel.EMAIL: "Email",
        Channel.ODOO: "Odoo",
        Channel.CALLBACK: "Callbacks",
    }
)
"""What a person calls each."""

PHONES = frozenset({Channel.WHATSAPP, Channel.SMS})
"""The channels that reach a telephone number: one number, one person, whichever of them is used."""

_MAILBOX = re.compile(r"[^\s@:/]+@[^\s@:/]+")
_NUMBER = re.compile(r"\+?[\d\s().-]{3,}")


def address_of(channel: Channel, written: str) -> str:
    """One spelling per address: digits for a number, lower case for a mailbox, anything else as it stands."""
    if channel in PHONES:
        return "".join(c for c in written if c.isdigit())
    bare = written.strip()
    return bare.lower() if _MAILBOX.fullmatch(bare) else bare


def any_address(written: str) -> str:
    """The same where the channel is not known: what looks like a telephone number is one."""
    return address_of(Channel.WHATSAPP if _NUMBER.fullmatch(written.strip()) else Channel.EMAIL, written)


def shown(address: str) -> str:
    """An address as people write it: a number gets its plus back."""
    return f"+{address}" if address.isdecimal() else address
