"""What a stand-in does with one request: as usual, or as a fault wants it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Cut(StrEnum):
    """Where a connection is cut instead of answered."""

    BEFORE = "before"  # the message was not taken
    AFTER = "after"  # the message was taken and will be delivered


@dataclass(frozen=True, slots=True)
class Script:
    """One way to treat a request; a provider reads the fields that mean something on its wire."""

    title: str = "delivered as usual"
    error: int | str | None = None
    """What it answers with instead: the provider's own code (Meta's number, Slack's word) or an SMTP or HTTP status."""
    text: str = ""
    """The provider's words beside it, where its table of errors has none."""
    seconds: float | None = None
    """How long it waits before the answer; for a refusal, the Retry-After that it asks for."""
    cut: Cut | None = None
    receipts: tuple[str, ...] = ("sent", "delivered")
    failure: int | str | None = None
    """The provider's code inside a `failed` receipt, which is the only one unless `receipts` names others."""
    early: bool = False
    """The receipts go out before the answer."""
    bounce: str | None = None
    """The enhanced status of the bounce that comes back for an accepted mail."""
    auto_reply: bool = False
    committed: bool = False
    """What was asked for is done, although the answer is an error."""
    passes: bool = False
    """For a recipient that always brings it about: every second request goes through, so that a retry succeeds."""

    @property
    def refuses(self) -> bool:
        """Whether the sender learns at once that the message was not taken."""
        return self.error is not None


USUAL = Script()


def numbered(first: int, kinds: Iterable[str]) -> Mapping[str, str]:
    """Last four digits for each kind, in its table's order: 9901, 9902, …"""
    return MappingProxyType({f"{number:04d}": kind for number, kind in enumerate(kinds, start=first)})
