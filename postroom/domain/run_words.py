"""What a run waits for and what it does then, in sentences for operators."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from postroom.domain.escalation import Audience, Chain, Deed, Step, Waits, Whom
from postroom.domain.fates import Fate
from postroom.domain.routing import spelled
from postroom.domain.runs import RunStatus

WEEK = timedelta(days=6)
"""Within this a day of the week names one day."""


@dataclass(frozen=True, slots=True)
class Held:
    """A message of the run that has not left."""

    by: str
    """SMS"""
    until: datetime
    """Business time."""
    why: str


@dataclass(frozen=True, slots=True)
class Outlook:
    """All that must be known to tell what comes next; times are business time."""

    status: RunStatus
    why: str | None
    zone: str
    now: datetime
    place: int | None
    """What is due next; None: every step was taken."""
    due_at: datetime | None = None
    """None: it has no timer."""
    dead: bool = False
    """Its timer failed five times."""
    paused_at: datetime | None = None
    look_wanted_at: datetime | None = None
    held: Sequence[Held] = ()
    reached: bool = True
    """Somebody has the message of the step before."""


By = Callable[[str], str]
"""How a rule is carried: Slack, SMS."""

ENDED: Mapping[str, str] = MappingProxyType(
    {
        "changed": "the document changed, and is asked about anew",
        Fate.APPROVED: "it was approved in Odoo itself",
        Fate.REJECTED: "it was rejected in Odoo itself",
        Fate.WITHDRAWN: "it was withdrawn in Odoo",
        Fate.GONE: "it was deleted in Odoo",
        "operator": "an operator cancelled it",
        RunStatus.DECIDED: "it was decided",
        RunStatus.GIVEN_UP: "nobody answered, and it was given up",
        RunStatus.CANCELLED: "it was cancelled",
        RunStatus.OBSOLETE: "nobody needs it any more",
    }
)


def next_words(chain: Chain, outlook: Outlook, by: By) -> str:
    """What happens next, and when."""
    if outlook.status is RunStatus.PAUSED:
        since = f" since {moment_words(outlook.paused_at, outlook)}" if outlook.paused_at else ""
        return f"stands still{since}, until an operator lets it go on"
    if outlook.status is not RunStatus.ACTIVE:
        return f"nothing follows: {ENDED.get(outlook.why or '', ENDED[outlook.status])}"
    return "; ".join([*(_held(each, outlook) for each in outlook.held), _step(chain, outlook, by)])


def moment_words(at: datetime, outlook: Outlook) -> str:
    """A time on the clock of the run's people: Tue 09:00 Europe/Madrid."""
    local = at.astimezone(ZoneInfo(outlook.zone))
    near = timedelta() <= at - outlook.now < WEEK
    return f"{local:%a %H:%M} {outlook.zone}" if near else f"{local:%a %d %b %H:%M} {outlook.zone}"


def deed_words(chain: Chain, step: Step, by: By) -> str:
    """What a step does: SMS to whoever was asked."""
    whom = " and ".join(whom_words(each) for each in step.to) or "whoever is asked"
    words = {
        Deed.NOTIFY: f"the question by {by(step.by)} to {whom}",
        Deed.REMIND: f"a reminder by {by(step.by)} to {whom}",
        Deed.ESCALATE: f"{by(step.by)} to {whom}",
        Deed.SWITCH: f"{by(step.by)} to {whom}",
        Deed.OPERATORS: "the operators are told",
        Deed.GIVE_UP: f"it is given up, and left to {whom_words(chain.owner)}",
    }
    return words[step.deed]


def _held(each: Held, outlook: Outlook) -> str:
    return f"waits until {moment_words(each.until, outlook)}: {each.why}, then {each.by}"


def _step(chain: Chain, outlook: Outlook, by: By) -> str:
    if outlook.place is None:
        return "waits for an answer: every step was taken"
    step = chain.step_at(outlook.place)
    then = f"{step.name}: {deed_words(chain, step, by)}"
    if outlook.dead:
        return f"cannot go on, for its timer failed five times; then {then}"
    if outlook.due_at is None:
        return f"has lost its timer, which the auditor sets again within a minute; then {then}"
    if outlook.look_wanted_at is not None:
        return f"waits until Odoo says that the document is still open, ten minutes at most; then {then}"
    if outlook.due_at <= outlook.now:
        return f"is due: {then}"
    return f"waits until {moment_words(outlook.due_at, outlook)}: {_why(chain, outlook, step)}, then {then}"


def _why(chain: Chain, outlook: Outlook, step: Step) -> str:
    if not outlook.reached:
        return "the message before has reached nobody yet"
    moment = chain.moments[(outlook.place or 0) % len(chain.moments)]
    hours = " of business hours" if step.waits is Waits.BUSINESS else ""
    return f"{spelled(chain.offset(moment))}{hours} after the question without an answer"


def whom_words(audience: Audience) -> str:
    """An audience in words: his manager."""
    words = {
        Whom.ASKED: "whoever is asked",
        Whom.MANAGER: "his manager",
        Whom.OWNER: "the chain's owner",
        Whom.ROLE: f"everybody in {audience.name}",
        Whom.USER: f"user {audience.name} of Odoo",
    }
    return words[audience.whom]
