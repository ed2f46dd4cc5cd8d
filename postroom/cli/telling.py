"""A message's story in sentences: what happened to it, and what happens next."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from postroom.cli.codes import meaning, tries_allowed
from postroom.cli.showing import lasting, title, when
from postroom.domain.channels import ChannelName
from postroom.domain.messages import MISSED, WITHHELD, State
from postroom.domain.routing import TITLES
from postroom.domain.safety import CUT_OFF
from postroom.store.safety import Pause
from postroom.store.story import Attempt, IntentStory, Leg
from workers.channels.registry import channel_class

ARRIVED = frozenset({State.SENT, State.DELIVERED, State.READ})


@dataclass(frozen=True, slots=True)
class Moment:
    """What must be known beside a leg to tell what comes next."""

    now: datetime
    """PostgreSQL's clock."""
    pauses: Sequence[Pause] = ()


def next_step(leg: Leg, intent: IntentStory, moment: Moment) -> str:
    """What happens next, and when."""
    return _NEXT[leg.state](leg, intent, moment)


def in_one_sentence(leg: Leg, intent: IntentStory, moment: Moment) -> str:
    """Where a message stands, why, and what is next."""
    since = leg.read_at or leg.delivered_at or leg.ended_at or leg.sent_at
    at = f" at {when(since, today=moment.now)}" if since else ""
    words = reason_words(leg)
    reason = f" ({words})" if words else ""
    return f"{title(leg.channel)} {_VERBS[leg.state]}{at}{reason}; {next_step(leg, intent, moment)}."


def reason_words(leg: Leg) -> str:
    """Why a leg stands where it does; nothing for one that arrived, whatever had happened on the way."""
    if leg.reason is None or leg.state in ARRIVED:
        return ""
    return f"{leg.reason}: {meaning(leg.channel, leg.reason)}"


def attempt_words(attempt: Attempt, channel: ChannelName) -> str:
    """What one attempt came to: our word, the provider's code and words, and how long it took."""
    took = f" in {lasting(attempt.ended_at - attempt.started_at)}" if attempt.ended_at else ""
    if attempt.outcome is None:
        return "on the wire"
    if attempt.outcome == "rejected" and attempt.provider_id:
        return f"accepted{took}; then a receipt said {attempt.code}: {attempt.detail}"
    if attempt.outcome == "accepted" and attempt.code:
        return f"unknown at first ({attempt.code}: {attempt.detail}), then settled by a receipt"
    told = f" {attempt.code}: {attempt.detail or meaning(channel, attempt.code)}" if attempt.code else ""
    return f"{attempt.outcome}{took}{told}"


def stops(leg: Leg, pauses: Sequence[Pause]) -> Pause | None:
    """The pause that keeps a leg from being claimed."""
    kept = {("company", leg.company), ("channel", leg.channel.value), ("class", leg.message_type)}
    return next((each for each in pauses if each.scope == "all" or (each.scope, each.value) in kept), None)


_VERBS: Mapping[State, str] = {
    State.QUEUED: "waits",
    State.HELD: "is held",
    State.CLAIMED: "is about to leave",
    State.SENDING: "is on its way",
    State.UNKNOWN: "left, and nobody knows whether it arrived",
    State.SENT: "was sent",
    State.DELIVERED: "was delivered",
    State.READ: "was read",
    State.FAILED: "failed",
    State.EXPIRED: "went stale",
    State.CANCELLED: "was cancelled",
    State.SUPPRESSED: "was kept back",
}

# What comes next, by state --------------------------------------------------------------------------------------------


def _queued(leg: Leg, _intent: IntentStory, moment: Moment) -> str:
    pause = stops(leg, moment.pauses)
    if pause is not None:
        scope = f"{pause.scope} {pause.value}".strip()
        return f"it waits until an operator lets {scope} go on: postroom resume {scope}"
    if leg.next_at <= moment.now:
        return f"it leaves as soon as a {leg.channel} worker takes it from the {leg.lane} lane"
    after = f" after {leg.reason}" if leg.reason else ""
    return f"it waits until {when(leg.next_at, today=moment.now)}{after}; {_next_try(leg)}"


def _next_try(leg: Leg) -> str:
    most = tries_allowed(leg.channel, leg.reason) if leg.reason else None
    return f"try {len(leg.attempts) + 1}" + (f" of {most}" if most else "")


def _held(leg: Leg, _intent: IntentStory, moment: Moment) -> str:
    if leg.reason == CUT_OFF:
        return f"it waits until an operator sends or drops it: postroom backlog {leg.company}"
    return f"it is looked at again at {when(leg.next_at, today=moment.now)}"


def _unknown(leg: Leg, _intent: IntentStory, moment: Moment) -> str:
    if leg.reason == "resend":
        return "it is sent once more, flagged as a possible duplicate"
    if leg.lease_until is not None and leg.lease_until > moment.now and leg.reason != "unsettled":
        closes = when(leg.lease_until, today=moment.now)
        return f"a receipt may settle it until {closes}; it is neither repeated nor replaced meanwhile"
    return f"ask the receiver, or send it again: postroom messages retry {leg.id}"


def _sent(leg: Leg, _intent: IntentStory, _moment: Moment) -> str:
    if channel_class(leg.channel).capabilities.delivered_receipts:
        return "the provider took it; its receipt is awaited"
    return "that is as much as this channel tells, unless it bounces"


def _missed(leg: Leg, intent: IntentStory, _moment: Moment) -> str:
    if leg.state is State.SUPPRESSED and leg.reason in WITHHELD:
        return "its mode keeps it back and nothing stands in for it"
    followers = [other for other in intent.legs if other.stage > leg.stage and other.state is not State.CANCELLED]
    if followers:
        return f"{' and '.join(TITLES[other.channel] for other in followers)} stood in for it"
    if leg.state is State.FAILED:
        return f"nothing is left to stand in for it; send it again: postroom messages retry {leg.id}"
    return "nothing follows"


_NEXT: Mapping[State, Callable[[Leg, IntentStory, Moment], str]] = {
    State.QUEUED: _queued,
    State.HELD: _held,
    State.CLAIMED: lambda *_: "a worker holds it and sends it within seconds",
    State.SENDING: lambda *_: "its request is on the wire",
    State.UNKNOWN: _unknown,
    State.SENT: _sent,
    State.DELIVERED: lambda *_: "nothing is left to do but to wait for an answer",
    State.READ: lambda *_: "nothing is left to do but to wait for an answer",
    State.CANCELLED: lambda *_: "nothing follows",
    **dict.fromkeys(MISSED, _missed),
}
