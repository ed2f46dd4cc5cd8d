"""Approvals: whose press counts, how a document is decided in Odoo, and how that ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from postroom.domain.people import Recognised, Stranger


class Answer(StrEnum):
    """What an approver may say; the payloads of the two buttons."""

    APPROVE = "approve"
    REJECT = "reject"


ANSWERS = frozenset(answer.value for answer in Answer)


# Whose press counts ---------------------------------------------------------------------------------------------------


class Refusal(StrEnum):
    """Why a press decides nothing."""

    STRANGER = "stranger"
    NOT_ASKED = "not_asked"
    OWN_REQUEST = "own_request"
    TOO_LATE = "too_late"
    OTHER_COMPANY = "other_company"
    NO_DOCUMENT = "no_document"


@dataclass(frozen=True, slots=True)
class Asked:
    """Who was asked for what, as the event said it."""

    model: str
    record_id: int
    company: str
    user_id: int | None
    partner: str
    requester_id: int | None = None
    revision: str | None = None
    not_after: datetime | None = None

    @property
    def document(self) -> str:
        """As an outbox names it."""
        return f"{self.model}:{self.record_id}"


def asked_from(event: Mapping[str, Any], not_after: datetime | None) -> Asked | None:
    """From the event that an intent keeps; None where it names no document to decide."""
    data = event.get("data") or {}
    approval, recipient = data.get("approval") or {}, data.get("recipient") or {}
    if not approval.get("model") or not isinstance(approval.get("id"), int):
        return None
    return Asked(
        model=str(approval["model"]),
        record_id=approval["id"],
        company=str((data.get("company") or {}).get("id", "")),
        user_id=recipient.get("user_id"),
        partner=str(recipient.get("partner_id", "")),
        requester_id=approval.get("requester_id"),
        revision=approval.get("revision"),
        not_after=not_after,
    )


def judged(asked: Asked | None, who: Recognised | Stranger, now: datetime) -> Refusal | None:
    """Why a press decides nothing; None: it is to be carried into Odoo. `now` is business time."""
    if isinstance(who, Stranger):
        return Refusal.STRANGER
    if asked is None:
        return Refusal.NO_DOCUMENT
    person = who.person
    if asked.requester_id == person.user_id:
        return Refusal.OWN_REQUEST
    if asked.user_id != person.user_id and asked.partner != str(person.partner_id):
        return Refusal.NOT_ASKED
    if asked.company.isdecimal() and int(asked.company) not in person.companies:
        return Refusal.OTHER_COMPANY
    if asked.not_after is not None and now > asked.not_after:
        return Refusal.TOO_LATE
    return None


# How a document is decided --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Wizard:
    """A window that Odoo opens to ask for a reason."""

    model: str
    records: str
    """The field that names what is refused, where it has one."""
    method: str = "action_refuse"
    reason: str = "reason"


@dataclass(frozen=True, slots=True)
class Step:
    """One call of one method on the document."""

    method: str
    arguments: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    wizard: Wizard | None = None
    """How it is done by whoever calls it himself; the add-on does the same behind `method` and a reason."""


@dataclass(frozen=True, slots=True)
class Way:
    """How documents of one model are decided in one version of Odoo."""

    approve: Mapping[str, Step]
    """By the state that it is in: what brings it further. Whatever is not here is not open."""
    reject: Mapping[str, Step]
    approved: frozenset[str]
    rejected: frozenset[str]
    state: str = "state"
    requester: tuple[str, ...] = ("create_uid",)
    """Fields that name who asked; he never decides."""
    through: tuple[str, str] | None = None
    """The field and the model of the document that is decided in its place."""

    def steps(self, answer: Answer) -> Mapping[str, Step]:
        """What is done for an answer, by state."""
        return self.approve if answer is Answer.APPROVE else self.reject

    def wanted(self, answer: Answer) -> frozenset[str]:
        """The states that an answer asks for."""
        return self.approved if answer is Answer.APPROVE else self.rejected


NOTED = frozenset({("purchase.order", "button_cancel"), ("sale.order", "action_cancel"), ("hr.leave", "action_refuse")})
"""Model and method of rejections that ask for no reason: the one that was given is noted on the document."""


def _from(states: tuple[str, ...], method: str, wizard: Wizard | None = None, **arguments: Any) -> Mapping[str, Step]:
    return MappingProxyType({state: Step(method, MappingProxyType(arguments), wizard) for state in states})


def _task(state: str) -> Mapping[str, Step]:
    others = ("01_in_progress", "02_changes_requested", "03_approved", "04_waiting_normal")
    return _from(tuple(each for each in others if each != state), "write", vals={"state": state})


_PURCHASE = Way(
    approve=_from(("to approve",), "button_approve"),
    reject=_from(("to approve",), "button_cancel"),
    approved=frozenset({"purchase", "done"}),
    rejected=frozenset({"cancel"}),
    requester=("user_id", "create_uid"),
)
_SALE = Way(
    approve=_from(("draft", "sent"), "action_confirm"),
    reject=_from(("draft", "sent"), "action_cancel"),
    approved=frozenset({"sale", "done"}),
    rejected=frozenset({"cancel"}),
)
_LEAVE_REFUSED = _from(("confirm", "validate1"), "action_refuse")
_LEAVE_17 = Way(
    approve=MappingProxyType({"confirm": Step("action_approve"), "validate1": Step("action_validate")}),
    reject=_LEAVE_REFUSED,
    approved=frozenset({"validate"}),
    rejected=frozenset({"refuse"}),
    requester=("user_id",),
)
_LEAVE = Way(
    approve=_from(("confirm", "validate1"), "action_approve"),
    reject=_LEAVE_REFUSED,
    approved=frozenset({"validate"}),
    rejected=frozenset({"refuse"}),
    requester=("user_id",),
)
_SHEET = Way(
    approve=_from(("submit",), "action_approve_expense_sheets"),
    reject=_from(("submit",), "action_refuse", Wizard("hr.expense.refuse.wizard", "")),
    approved=frozenset({"approve", "post", "done"}),
    rejected=frozenset({"cancel"}),
)
_EXPENSE = Way(
    approve=_from(("submitted",), "action_approve"),
    reject=_from(("submitted",), "action_refuse", Wizard("hr.expense.refuse.wizard", "expense_ids")),
    approved=frozenset({"approved", "posted", "in_payment", "paid"}),
    rejected=frozenset({"refused"}),
)
_EXPENSE_17 = Way(
    approve=_SHEET.approve,
    reject=_SHEET.reject,
    approved=_SHEET.approved,
    rejected=_SHEET.rejected,
    through=("sheet_id", "hr.expense.sheet"),
)
_TASK = Way(
    approve=_task("03_approved"),
    reject=_task("02_changes_requested"),
    approved=frozenset({"03_approved", "1_done"}),
    rejected=frozenset({"02_changes_requested", "1_canceled"}),
)

Ways = Mapping[str, Mapping[int, Way]]
"""How documents are decided, by model and version."""
VERSIONS = (17, 18, 19)
"""Of Odoo."""

WAYS: Ways = MappingProxyType(
    {
        "purchase.order": {17: _PURCHASE, 18: _PURCHASE, 19: _PURCHASE},
        "sale.order": {17: _SALE, 18: _SALE, 19: _SALE},
        "hr.leave": {17: _LEAVE_17, 18: _LEAVE_17, 19: _LEAVE},
        "hr.expense": {17: _EXPENSE_17, 18: _EXPENSE_17, 19: _EXPENSE},
        "hr.expense.sheet": {17: _SHEET, 18: _SHEET},
        "project.task": {17: _TASK, 18: _TASK, 19: _TASK},
    }
)
"""What we know without being told."""


# How it ended ---------------------------------------------------------------------------------------------------------


class Result(StrEnum):
    """What became of a decision in Odoo."""

    APPROVED = "approved"
    REJECTED = "rejected"
    FIRST_OF_TWO = "first_of_two"
    NOT_MOVED = "not_moved"
    ALREADY_APPROVED = "already_approved"
    ALREADY_REJECTED = "already_rejected"
    NOT_OPEN = "not_open"
    CHANGED = "changed"
    GONE = "gone"
    OWN_REQUEST = "own_request"
    REFUSED = "refused"
    IN_ODOO_ONLY = "in_odoo_only"
    GIVEN_UP = "given_up"


CARRIED = frozenset({Result.APPROVED, Result.REJECTED, Result.FIRST_OF_TWO})
"""Results that the press brought about."""
UNDECIDED = frozenset({Result.FIRST_OF_TWO, Result.NOT_MOVED, Result.OWN_REQUEST, Result.REFUSED, Result.IN_ODOO_ONLY})
"""Results after which the document still waits for somebody: its run goes on."""


@dataclass(frozen=True, slots=True)
class Settled:
    """How a decision ended, as Odoo said when it was read again."""

    result: Result
    state: str = ""
    words: str = ""
    """Odoo's own, where it refused."""
    label: str = ""
    """What Odoo's people call that state, in his language."""


def brought_about(answer: Answer) -> Result:
    """What an answer is when it is carried out."""
    return Result.APPROVED if answer is Answer.APPROVE else Result.REJECTED


def standing(way: Way, answer: Answer, state: str, *, his: bool) -> Result:
    """How a document stands that is not open; `his`: he moved it himself, and only the news of it was lost."""
    if his and state in way.wanted(answer):
        return brought_about(answer)
    if state in way.approved:
        return Result.ALREADY_APPROVED
    return Result.ALREADY_REJECTED if state in way.rejected else Result.NOT_OPEN


def moved(way: Way, answer: Answer, before: str, after: str) -> Result:
    """What a step brought about, by the state that was read after it. A method that does nothing raises nothing."""
    if after in way.wanted(answer):
        return brought_about(answer)
    return Result.NOT_MOVED if after == before else Result.FIRST_OF_TWO
