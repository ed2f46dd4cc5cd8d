"""Whether what became of an event is what should have."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from postroom.cli.demo.cases import Case, Messages, Refusal
from postroom.cli.posting import Answer
from postroom.domain.messages import State
from postroom.store.story import Leg, Story


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one case so far."""

    case: Case
    event: Mapping[str, Any]
    answer: Answer
    first: Answer | None = None
    """What the door had said to the same event before."""
    story: Story | None = None

    @property
    def legs(self) -> tuple[Leg, ...]:
        """The messages that it led to; a repeat has none of its own."""
        return self.story.legs if self.story and isinstance(self.case.expected, Messages) else ()

    @property
    def to_provider(self) -> timedelta | None:
        """From the event's arrival until the request left that was taken."""
        sent = [leg for leg in self.legs if leg.sent_at and leg.attempts]
        return sent[-1].attempts[-1].started_at - self.story.received_at if sent and self.story else None

    @property
    def to_delivered(self) -> timedelta | None:
        """From the event's arrival to the arrival of the receipt."""
        heard = [each.heard_at for leg in self.legs for each in leg.happenings if each.what == State.DELIVERED]
        times = [at for at in heard if at is not None]
        return min(times) - self.story.received_at if times and self.story else None


def faults(outcome: Outcome) -> list[str]:
    """Everything that is not as it should be; empty when all is well."""
    expected = outcome.case.expected
    if isinstance(expected, Messages):
        return list(_of_messages(outcome, expected))
    if isinstance(expected, Refusal):
        return list(_of_refusal(outcome.answer, expected))
    return [] if outcome.answer == outcome.first else ["the door answered otherwise than the first time"]


def _of_messages(outcome: Outcome, expected: Messages) -> Iterator[str]:
    if not outcome.answer.taken:
        yield f"the door answered {outcome.answer.status}: {'; '.join(outcome.answer.faults)}"
        return
    states = {leg.channel: leg.state for leg in outcome.legs}
    for channel, state in expected.states.items():
        found = states.pop(channel, None)
        if found not in {state, State.READ} if state is State.DELIVERED else found is not state:
            yield f"{channel} is {found or 'not there'} instead of {state}"
    yield from (f"{channel} is {state}, and should not be" for channel, state in states.items())
    yield from (
        f"{leg.channel} is in {leg.language} instead of {expected.language}"
        for leg in outcome.legs
        if leg.language != expected.language
    )
    codes = {code for leg in outcome.legs for code in (leg.reason, *(a.code for a in leg.attempts))}
    if expected.code and expected.code not in codes:
        yield f"the provider never said {expected.code}"
    tries = max((len(leg.attempts) for leg in outcome.legs), default=0)
    if tries != expected.tries:
        yield f"{tries} tries instead of {expected.tries}"


def _of_refusal(answer: Answer, expected: Refusal) -> Iterator[str]:
    if answer.status != expected.status:
        yield f"the door answered {answer.status} instead of {expected.status}"
    pointers = {each.get("pointer") for each in answer.body.get("errors", ())}
    missing = expected.pointers - pointers
    if missing:
        yield f"the door did not name {', '.join(sorted(missing))}"


def percentile(spans: Sequence[timedelta], share: float) -> timedelta | None:
    """The span that this share of them does not exceed (nearest rank)."""
    if not spans:
        return None
    ranked = sorted(spans)
    return ranked[min(len(ranked) - 1, max(0, -(-int(share * 100) * len(ranked) // 100) - 1))]
