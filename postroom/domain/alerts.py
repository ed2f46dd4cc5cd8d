"""Alerts: which of them are the same, which are worse, and whose word takes one."""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from postroom.domain.channels import ChannelEvent, ChannelName, EventKind
from postroom.domain.event_types import matches

FAMILY = "alert.*"
ACKNOWLEDGE = "acknowledge"
"""What the button of an alert says, and how a vote keeps it."""
ACKNOWLEDGED = "acknowledged"
"""How the run of an alert ends that somebody took."""
SEVERITIES = ("critical", "high", "medium", "low")
"""The worst first."""
BY_REPLY = frozenset({ChannelName.SMS, ChannelName.WHATSAPP})
"""Channels whose network vouches for the number that an answer comes from; anybody can write a sender into a mail."""
OK = frozenset({"ok", "okay", "ack"})


@dataclass(frozen=True, slots=True)
class Alert:
    """What an event says is wrong, and whom it tells."""

    company: str
    type: str
    severity: str
    subject: str
    """What makes two of them the same: alert:stock_out:CABLE-3M."""
    recipient: str
    """partner:7, as an intent names him."""


def is_alert(event_type: str) -> bool:
    """Whether events of this type tell that something is wrong."""
    return matches(FAMILY, event_type)


def alert_in(payload: Mapping[str, Any]) -> Alert:
    """What an event of the family says, as it came through the door."""
    data = payload["data"]
    return Alert(
        company=str(data["company"]["id"]),
        type=payload["type"],
        severity=data["alert"]["severity"],
        subject=subject_of(payload),
        recipient=f"partner:{data['recipient']['partner_id']}",
    )


def subject_of(payload: Mapping[str, Any]) -> str:
    """The same type and the same document are the same alert; where it names no document, the same id."""
    block = payload["data"]["alert"]
    return f"alert:{payload['type'].partition('.')[2]}:{block.get('document') or block['id']}"


def worse(severity: str, than: str | None) -> bool:
    """Whether one severity is worse than the other."""
    return than in SEVERITIES and SEVERITIES.index(severity) < SEVERITIES.index(than)


# Who takes it ---------------------------------------------------------------------------------------------------------


class NotTaken(StrEnum):
    """Why somebody's word takes no alert."""

    STRANGER = "stranger"
    NOT_ASKED = "not_asked"


def takes(event: ChannelEvent, *, named: bool) -> bool:
    """Whether somebody says that he takes an alert: by its button, or by OK from his own number.

    A press says which message it answers (`named`), or it takes nothing; an OK takes what was written to him last.
    """
    if event.kind is EventKind.PRESSED:
        return named and event.payload == ACKNOWLEDGE
    return event.kind is EventKind.REPLIED and event.channel in BY_REPLY and _is_ok(event.text or "")


def _is_ok(words: str) -> bool:
    return words.strip().strip(".!").lower() in OK


def taker(asked: Set[str], *, there: str | None, known: str | None) -> str | NotTaken:
    """Whose word it is, of those who were asked, or why it counts for nobody.

    `there`: whom the message asked, where the word comes from the very address that it was sent to. That is enough:
    nothing is decided in Odoo, and who was woken by SMS alone may be no user there. `known`: whose account it is.
    """
    if known in asked:
        return str(known)
    if there is not None:
        return there
    return NotTaken.STRANGER if known is None else NotTaken.NOT_ASKED
