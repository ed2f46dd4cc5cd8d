"""The one bot and the one tenant that exist here, and how people and conversations are named in them."""

import base64
import binascii
import re
from dataclasses import dataclass, field
from uuid import NAMESPACE_URL, uuid5

from sandbox.channels import Channel, address_of

APP_ID = "00000000-0000-4000-8000-00000000b07a"
TENANT_ID = "00000000-0000-4000-8000-00000000000a"
BOT = f"28:{APP_ID}"

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_GROUP = re.compile(r"19:[\w.:@\-]{3,250}", re.ASCII)


@dataclass(slots=True)
class Directory:
    """Whose object id is whose; filled by look-ups."""

    _addresses: dict[str, str] = field(default_factory=dict)

    def id_of(self, address: str) -> str:
        """A person's object id: always the same one for the same address."""
        user_id = address if _GUID.fullmatch(address) else str(uuid5(NAMESPACE_URL, f"teams:{address}"))
        self._addresses[user_id] = address
        return user_id

    def address_of(self, user_id: str) -> str:
        """The address that was looked up; a person who was never looked up is known by his id."""
        return self._addresses.get(user_id.lower(), user_id.lower())


def conversation_with(address: str) -> str:
    """The personal conversation with somebody. Its id holds his address, so that it outlives what we remember."""
    if _GROUP.fullmatch(address):
        return address
    return "a:" + base64.urlsafe_b64encode(address.encode()).decode().rstrip("=")


def person_in(conversation: str) -> str | None:
    """Whom a conversation is with; None where there is no such conversation."""
    conversation = conversation.partition(";messageid=")[0]
    if _GROUP.fullmatch(conversation):
        return conversation
    prefix, _, encoded = conversation.partition(":")
    try:
        address = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
    except (binascii.Error, ValueError):
        return None
    return address_of(Channel.TEAMS, address) if prefix == "a" and address else None


def account_of(user_id: str) -> str:
    """What a person is called towards a bot."""
    return f"29:1{base64.urlsafe_b64encode(user_id.encode()).decode().rstrip('=')}"
