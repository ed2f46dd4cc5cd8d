"""The witness: every request that asked for a message to be sent, by the key that the sender gave it."""

import itertools
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from sandbox.channels import Channel

MOST_REQUESTS = 100_000


class Outcome(StrEnum):
    """What became of one request."""

    OPEN = "open"  # not answered yet
    ACCEPTED = "accepted"  # taken, and the sender was told so
    DROPPED = "dropped"  # taken, and the sender was not told
    REFUSED = "refused"  # wrong in itself: token, schema, template, headers
    FAULTED = "faulted"  # refused or lost by a fault on demand


TAKEN = frozenset({Outcome.ACCEPTED, Outcome.DROPPED})


@dataclass(frozen=True, slots=True)
class Seen:
    """One request, as it arrived."""

    number: int
    channel: Channel
    key: str
    recipient: str
    at: datetime
    outcome: Outcome = Outcome.OPEN
    status: int = 0
    """The HTTP status or SMTP code that it was answered with; 0 for none."""
    code: str = ""
    fault: str = ""
    message_id: str = ""
    reasons: tuple[str, ...] = ()


@dataclass(slots=True)
class Witness:
    """Remembers the newest requests; never merges two of them."""

    on_change: Callable[[Seen], None]
    """Told of each arrival and each outcome."""
    _seen: dict[int, Seen] = field(default_factory=dict)
    _by_key: dict[str, list[int]] = field(default_factory=dict)
    _refused: deque[int] = field(default_factory=lambda: deque(maxlen=50))
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def arrived(self, channel: Channel, key: str, recipient: str, at: datetime) -> Seen:
        """Note a request before anything is decided about it."""
        seen = self.restore(Seen(next(self._numbers), channel, key, recipient, at))
        while len(self._seen) > MOST_REQUESTS:
            self._forget(next(iter(self._seen)))
        self.on_change(seen)
        return seen

    def settle(self, seen: Seen, outcome: Outcome, **told: object) -> Seen:
        """Note what became of it; `told` are further fields of Seen."""
        settled = replace(seen, outcome=outcome, **told)  # type: ignore[arg-type]
        self._seen[seen.number] = settled
        if outcome is Outcome.REFUSED:
            self._refused.appendleft(seen.number)
        self.on_change(settled)
        return settled

    def restore(self, seen: Seen) -> Seen:
        """Keep a request as it is; used when the journal is read."""
        if seen.number not in self._seen:
            self._by_key.setdefault(seen.key, []).append(seen.number)
        if seen.outcome is Outcome.REFUSED:
            self._refused.appendleft(seen.number)
        self._seen[seen.number] = seen
        return seen

    def resume(self) -> None:
        """Continue the numbering after the last restored request."""
        self._numbers = itertools.count(max(self._seen, default=0) + 1)

    def find(self, key: str = "", recipient: str = "") -> list[Seen]:
        """The requests with this key and this recipient, oldest first; nothing asked for means all."""
        numbers: Iterable[int] = self._by_key.get(key, ()) if key else self._seen
        found = (self._seen[number] for number in numbers)
        return [seen for seen in found if not recipient or seen.recipient == recipient]

    def refused(self) -> list[Seen]:
        """The newest requests that were wrong in themselves, newest first."""
        return [self._seen[number] for number in self._refused if number in self._seen]

    def __len__(self) -> int:
        return len(self._seen)

    def clear(self) -> None:
        """Forget all."""
        self._seen.clear()
        self._by_key.clear()
        self._refused.clear()

    def _forget(self, number: int) -> None:
        seen = self._seen.pop(number)
        rest = [n for n in self._by_key[seen.key] if n != number]
        if rest:
            self._by_key[seen.key] = rest
        else:
            del self._by_key[seen.key]


def tally(requests: Iterable[Seen]) -> dict[str, dict[str, int]]:
    """How often each key was seen, and how often it was taken: 2 under `taken` is a message sent twice."""
    requests = list(requests)
    seen = Counter(request.key for request in requests)
    taken = Counter(request.key for request in requests if request.outcome in TAKEN)
    return {key: {"seen": count, "taken": taken[key]} for key, count in seen.items()}
