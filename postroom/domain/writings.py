"""What is to be written into Odoo, and how that ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from postroom.domain.safety import Wire


class Kind(StrEnum):
    """Everything that Postroom writes into Odoo."""

    CHATTER = "chatter"
    ACTIVITY = "activity"
    TICKET = "ticket"
    ATTACHMENT = "attachment"
    BLACKLIST = "blacklist"
    STATUS = "status"
    DECISION = "decision"


@dataclass(frozen=True, slots=True)
class Writing:
    """One thing to be written, once."""

    company: str
    wire: Wire
    """The Odoo that it belongs to: what somebody does in the sandbox never reaches the real one."""
    kind: str
    key: str
    """What makes it once: `decision:<intent id>`, `chatter:<inbox id>`."""
    subject: str
    """The record, as in purchase.order:42; empty where the order among writings does not matter."""
    payload: Mapping[str, Any]
    """JSON; what each kind needs stands with its writer."""
    message_id: UUID | None = None
    """The leg that it is about."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a writing ended: a final state of the outbox."""

    state: str
    """done; refused: Odoo said no; void: no longer needed; dead: given up, an operator is told."""
    code: str = ""
    detail: str = ""
    """For operators; no personal data."""
    result: Mapping[str, Any] | None = None
    """What Odoo said when it was read again."""
