"""What is to be written into Odoo, and how that ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from postroom.domain.channels import Fault, Verdict
from postroom.domain.delivery import Backoff
from postroom.domain.safety import PROBE_EVERY, REAL, Mode, Wire


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


DONE, REFUSED, VOID, DEAD = "done", "refused", "void", "dead"

_SHUT_OUT: Mapping[Mode, str] = {Mode.SHADOW: "shadow", Mode.SANDBOX: "sandbox_mode"}


def shut_out(wire: Wire, mode: Mode) -> Ending | None:
    """The last look: nothing is written into the real Odoo before the company's channel odoo is for real."""
    if wire is Wire.SANDBOX or mode in REAL:
        return None
    return Ending(VOID, _SHUT_OUT[mode], f"the company's mode for odoo is {mode}")


# What follows when Odoo could not take it ---------------------------------------------------------------------------

PATIENCE = timedelta(days=7)
"""How long Odoo may be away before a writing is given up."""
AGAIN = Backoff(timedelta(seconds=2), 2, timedelta(minutes=15), tries=0)
MUCH_LATER = timedelta(hours=1)
MAX_BUGS = 5
"""After so many faults of our own program a writing is dead and listed; it never blocks the others."""
BUG = "bug"
_PASSING = frozenset({Verdict.TRANSIENT, Verdict.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Again:
    """Odoo could not take it now: look again after this."""

    wait: timedelta
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Effort:
    """What a writing has cost so far."""

    tries: int
    age: timedelta
    code: str = ""
    """Of its last fault."""


def after_fault(effort: Effort, fault: Fault, *, roll: float) -> Again | Ending:
    """Try again for days while Odoo may take it, and look first; give up what it will never take.

    An access that is stopped is no fault of a writing's: it waits for as long as that takes.
    """
    if fault.verdict is Verdict.SENDER_STOPPED:
        return Again(PROBE_EVERY, fault.code, fault.detail)
    if fault.verdict is not Verdict.LATER and fault.verdict not in _PASSING:
        return Ending(DEAD, fault.code, fault.detail)
    if effort.age > PATIENCE:
        return Ending(DEAD, fault.code, f"given up after {PATIENCE.days} days: {fault.detail}")
    return Again(_wait(effort, fault, roll), fault.code, fault.detail)


def _wait(effort: Effort, fault: Fault, roll: float) -> timedelta:
    if fault.retry_after is not None:
        return fault.retry_after
    return MUCH_LATER if fault.verdict is Verdict.LATER else AGAIN.wait(effort.tries - 1, roll)


def after_bug(effort: Effort, words: str, *, roll: float) -> Again | Ending:
    """Count the faults of our own program that come one after the other; the code of the last one bears the number."""
    before, _, number = effort.code.partition(":")
    bugs = int(number) + 1 if before == BUG and number.isdigit() else 1
    code = f"{BUG}:{bugs}"
    if bugs >= MAX_BUGS:
        return Ending(DEAD, code, words)
    return Again(AGAIN.wait(effort.tries + 1, roll), code, words)


# Words for operators ------------------------------------------------------------------------------------------------

_REMEDIES: Mapping[str, str] = {
    "odoo.exceptions.AccessError": "Our user in Odoo may not do this: postroom odoo check",
    "odoo.exceptions.MissingError": "The record is gone from Odoo",
    "record_gone": "The record is gone from Odoo",
    "nobody_responsible": "Name a salesperson on the document or its customer in Odoo",
    "no_project": "Create the project or team in Odoo, or name another in config/companies.yaml",
}


def remedy_for(code: str) -> str:
    """What to do before a dead writing is tried again."""
    return _REMEDIES.get(code, "Look at its words, and mend what they name")


def notice_key(kind: str, code: str) -> str:
    """One notice for all of a kind that was given up for the same reason."""
    return f"outbox:{kind}:{code}"
