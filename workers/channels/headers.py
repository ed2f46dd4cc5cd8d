"""The headers of a webhook, found whatever their case."""

from collections.abc import Mapping
from datetime import UTC, datetime

RECEIVED_AT = "X-Postroom-Received-At"
"""When the door took a webhook in, added before it is read: some providers' webhooks bear no time of their own."""

WIRE = "x-postroom-wire"
"""Whose secret signed a webhook, the stand-in's or the provider's; the door sets it, and one from outside is lost."""


def find_header(headers: Mapping[str, str], name: str) -> str:
    """The value of a header, or an empty string; servers differ in the case that they pass on."""
    exact = headers.get(name)
    if exact is not None:
        return exact
    wanted = name.lower()
    return next((value for key, value in headers.items() if key.lower() == wanted), "")


def received_at(headers: Mapping[str, str]) -> datetime:
    """When the door took the webhook in; now where nobody said."""
    try:
        at = datetime.fromisoformat(find_header(headers, RECEIVED_AT))
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return datetime.now(UTC)
