"""What the door works with; it is given all of it, and reads no setting by itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from postroom.domain.safety import Wire
from postroom.store.inbox import Kept, NewEvent
from webhooks.catalogue import Catalogue
from webhooks.deciding import DecisionDesk
from webhooks.documents import DocumentDesk
from webhooks.health import Check
from webhooks.links import Desk
from webhooks.metrics import Survey
from webhooks.origins import Origins
from webhooks.outage import Outage
from webhooks.signatures import Senders


class Inbox(Protocol):
    """Where whatever comes in is kept, and operators are told. All raise Unavailable; keep_events raises Conflict."""

    def keep_events(
        self, *, source: str, headers: Mapping[str, str], body: bytes, events: Sequence[NewEvent]
    ) -> Kept: ...

    def keep_request(self, *, source: str, headers: Mapping[str, str], body: bytes) -> bool: ...

    def tell(self, key: str, kind: str, words: str) -> None: ...


class Hints(Protocol):
    """Tells the workers that something came in; never fails."""

    def route(self) -> None: ...

    def observe(self) -> None: ...


class Verifier(Protocol):
    """The part of a channel that the door needs."""

    def verify(self, headers: Mapping[str, str], raw: bytes) -> bool: ...


@dataclass(frozen=True, slots=True)
class Providers:
    """Whose webhooks are believed: every configured sender of ours, sandbox and live alike."""

    verifiers: Mapping[str, Sequence[Verifier]] = field(default_factory=dict)
    """By the source that their requests are kept under."""
    stand_ins: Sequence[Verifier] = ()
    """Those among them that are the sandbox's: what they believe must never reach the real Odoo."""
    verify_tokens: Sequence[str] = ()
    """What Meta's handshake may name."""

    def of(self, source: str) -> Sequence[Verifier]:
        """Who may have signed what comes from this source."""
        return self.verifiers.get(source, ())

    def wire_of(self, signer: Verifier) -> Wire:
        """Which wire a webhook came by, told by the secret that it was signed with."""
        return Wire.SANDBOX if any(signer is each for each in self.stand_ins) else Wire.LIVE


class Refuge(Protocol):
    """Where a webhook waits while the store is away. Raises Full, or what a Redis that is away raises."""

    def take_in(self, source: str, headers: Mapping[str, str], body: bytes) -> None: ...


@dataclass(frozen=True, slots=True)
class Door:
    """The door's collaborators."""

    inbox: Inbox
    hints: Hints
    senders: Senders
    catalogue: Catalogue
    providers: Providers
    checks: Mapping[str, Check]
    """What must hold for /readyz, by name."""
    survey: Survey
    """How much waits in the store, for /metrics."""
    origins: Origins = field(default_factory=Origins)
    outage: Outage = field(default_factory=Outage)
    refuge: Refuge | None = None
    desk: Desk | None = None
    """Where people set their own preferences; None without LINK_SECRET."""
    document_desk: DocumentDesk | None = None
    """Where they open documents; None without LINK_SECRET."""
    decision_desk: DecisionDesk | None = None
    """Where they decide by a link; None without LINK_SECRET."""
    public_url: str = "http://127.0.0.1:8080"
    version: str = "0"
