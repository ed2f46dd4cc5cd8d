"""The witness: the sandbox's own count of the requests that reached it, and the faults that it acts out."""

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import requests

TAKEN = frozenset({"accepted", "dropped"})


@dataclass(frozen=True, slots=True)
class Asked:
    """One request for a message, as the provider saw it."""

    number: int
    channel: str
    attempt_id: UUID | None
    """What the request carried as ours; None where that is no id of ours."""
    recipient: str
    at: datetime
    outcome: str
    fault: str
    provider_id: str

    @property
    def taken(self) -> bool:
        """Whether the provider took the message, told or not."""
        return self.outcome in TAKEN


class Witness:
    """What the provider counted. Asks the sandbox over HTTP and never our own tables or logs."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/_sandbox"
        self._session = requests.Session()

    def requests(self, recipient: str = "") -> list[Asked]:
        """Every request, oldest first; those for one address, if one is given."""
        return [_asked(row) for row in self._get("requests", recipient=recipient)["requests"]]

    def count(self, recipient: str = "") -> int:
        """How many requests there were."""
        return int(self._get("requests", recipient=recipient)["count"])

    def webhooks_waiting(self) -> int:
        """Receipts that the door has not taken yet."""
        return int(self._get("messages", recipient="nobody@example.invalid")["webhooks"]["waiting"])

    def will(self, kind: str, channel: str, recipient: str, *, times: int = 1, seconds: float | None = None) -> None:
        """Arm a fault for the next requests for one address."""
        fields = {"channel": channel, "kind": kind, "recipient": recipient, "times": times, "seconds": seconds}
        answer = self._session.post(
            f"{self._url}/faults", json={name: value for name, value in fields.items() if value is not None}, timeout=5
        )
        assert answer.status_code == 201, answer.text

    def close(self) -> None:
        """Hang up."""
        self._session.close()

    def _get(self, what: str, **query: str) -> Any:
        answer = self._session.get(f"{self._url}/{what}", params=query, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()


def _asked(row: dict[str, Any]) -> Asked:
    return Asked(
        number=row["number"],
        channel=row["channel"],
        attempt_id=attempt_in(row["key"]),
        recipient=row["recipient"],
        at=datetime.fromisoformat(row["at"]),
        outcome=row["outcome"],
        fault=row["fault"],
        provider_id=row["message_id"],
    )


def attempt_in(key: str) -> UUID | None:
    """Our attempt's id in what travelled with a request: WhatsApp's opaque data, or a mail's Message-ID."""
    with suppress(ValueError):
        return UUID(key.removeprefix("<").partition("@")[0])
    return None


def most(counted: Iterable[object]) -> int:
    """How often the most frequent of these things is there."""
    return max(Counter(counted).values(), default=0)


def table(asked: Sequence[Asked], last: int = 40) -> str:
    """The requests for people to read: who is only told apart, never named."""
    lines = [f"{len(asked)} requests reached the provider; the last {min(last, len(asked))}:"]
    lines += [
        f"{one.number:>5} {one.at:%H:%M:%S.%f} {one.channel:<8} …{one.recipient.partition('@')[0][-4:]} "
        f"{one.outcome:<8} {one.fault or '-':<18} attempt {one.attempt_id}"
        for one in asked[-last:]
    ]
    return "\n".join(lines)
