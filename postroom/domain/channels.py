"""What every channel has in common, as values."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID


class ChannelName(StrEnum):
    """The channels that a message can leave by."""

    WHATSAPP = "whatsapp"
    SLACK = "slack"
    TEAMS = "teams"
    SMS = "sms"
    EMAIL = "email"
    ODOO = "odoo"  # in-app: the notifications inside Odoo
    CALLBACK = "callback"  # a machine that wants to know what became of messages


class Verdict(StrEnum):
    """What one failed attempt means for the message. The letter is the class in the provider tables."""

    TRANSIENT = "transient"  # R: the same channel may succeed soon
    LATER = "later"  # RL: the same channel may succeed in hours
    UNKNOWN = "unknown"  # A: bytes may have arrived; never repeated blindly
    FALLBACK = "fallback"  # F: this recipient cannot be reached by this channel
    PERMANENT = "permanent"  # P: this message is wrong; our bug or its content
    SENDER_STOPPED = "sender_stopped"  # S: our account is stopped; nothing of ours goes out
    OPT_OUT = "opt_out"  # O: the recipient does not want to hear from us here


class Pace(StrEnum):
    """How fast to try again; `delivery.PACES` gives the seconds."""

    STANDARD = "standard"
    THROTTLED = "throttled"
    PAIR = "pair"
    ONCE = "once"
    TWICE = "twice"
    MAINTENANCE = "maintenance"
    GREYLIST = "greylist"
    LATE = "late"
    NEXT_DAY = "next_day"
    BESIDE = "beside"  # what failed is not the sender: a document's host
    RECEIVER = "receiver"  # one receiver of callbacks: tried for days, as Standard Webhooks wants it


@dataclass(frozen=True, slots=True)
class Fault:
    """Why an attempt failed: our verdict, and the provider's own code and words (never a body or an address)."""

    verdict: Verdict
    code: str
    detail: str
    pace: Pace = Pace.STANDARD
    retry_after: timedelta | None = None
    """The provider's own Retry-After; honoured exactly and not charged to the retry budget."""
    unreachable: bool = False
    """The address itself cannot be reached by this channel (not on WhatsApp, no such mailbox); remembered 30 days."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """A provider's acknowledgement that it took a message."""

    provider_id: str
    accepted_at: datetime
    address: str | None = None
    """The recipient as the provider spells it, where that differs from what we sent (WhatsApp's wa_id)."""
    note: str | None = None
    """What the provider holds it back for, if it says so (WhatsApp: held_for_quality_assessment, paused)."""
    segments: int | None = None
    """How many pieces the provider bills, where it bills by the piece (SMS)."""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a channel can carry and tell. Rendering and fallback rules read these; nothing is lost in silence."""

    max_text: int
    """Characters of the message as its receiver reads it."""
    max_buttons: int
    reply_buttons: bool
    """Pressing a button comes back to us as an event; otherwise a reply button degrades (see `rendering`)."""
    html: bool
    subject: bool
    attachments: bool
    threads: bool
    """What people write below a message hangs there as a conversation of its own, and comes back with its name."""
    delivered_receipts: bool
    read_receipts: bool
    replies: bool
    edits: bool
    """A message can be changed where it stands, after it was sent."""
    template_outside_window: bool
    """Outside the reply window only a template that the provider approved may be sent."""


class EventKind(StrEnum):
    """What came back from a channel."""

    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    REPLIED = "replied"
    PRESSED = "pressed"
    OPTED_OUT = "opted_out"
    OPTED_IN = "opted_in"


RECEIPTS = frozenset({EventKind.SENT, EventKind.DELIVERED, EventKind.READ, EventKind.FAILED})


@dataclass(frozen=True, slots=True)
class ChannelEvent:
    """One thing that a provider told us, normalised. It says what happened; the domain says what to do."""

    kind: EventKind
    key: str
    """The provider's own key of this event (wamid + status, Message-ID + status); unique per channel."""
    channel: ChannelName
    account: str
    """The sender of ours that it concerns (phone_number_id, mailbox)."""
    occurred_at: datetime
    provider_id: str | None = None
    """The provider's id of our message that this is about: the receipt's subject, or the message replied to."""
    attempt_id: UUID | None = None
    """Our own id, where the provider carried it back."""
    address: str | None = None
    """The person at the other end."""
    text: str | None = None
    """A reply's words or a pressed button's title."""
    payload: str | None = None
    """A pressed button's payload."""
    reason: str | None = None
    """What was written in the field beside the buttons."""
    fault: Fault | None = None
    """Why it failed; set exactly when kind is FAILED."""
    extra: Mapping[str, str] = field(default_factory=dict)
    """Small provider facts worth keeping beside the message (pricing category, conversation id)."""

    def to_json(self) -> dict[str, Any]:
        """As the inbox keeps it."""
        fault = self.fault and {
            **asdict(self.fault),
            "retry_after": self.fault.retry_after and self.fault.retry_after.total_seconds(),
        }
        return {
            **asdict(self),
            "occurred_at": self.occurred_at.isoformat(),
            "attempt_id": self.attempt_id and str(self.attempt_id),
            "fault": fault,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "ChannelEvent":
        """As the inbox kept it."""
        return cls(
            **{
                **kept,
                "kind": EventKind(kept["kind"]),
                "channel": ChannelName(kept["channel"]),
                "occurred_at": datetime.fromisoformat(kept["occurred_at"]),
                "attempt_id": kept["attempt_id"] and UUID(kept["attempt_id"]),
                "fault": kept["fault"] and _fault_from(kept["fault"]),
            }
        )


def _fault_from(kept: Mapping[str, Any]) -> Fault:
    wait = kept["retry_after"]
    return Fault(
        **{
            **kept,
            "verdict": Verdict(kept["verdict"]),
            "pace": Pace(kept["pace"]),
            "retry_after": None if wait is None else timedelta(seconds=wait),
        }
    )


@dataclass(frozen=True, slots=True)
class Parsed:
    """Everything that one webhook payload held, in three lists; `ignored` and `unknown` are labels to count."""

    events: tuple[ChannelEvent, ...] = ()
    ignored: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProviderTemplate:
    """A template that the provider approved, and the values for its placeholders (by name, in order)."""

    name: str
    language: str
    body: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Button:
    """A button under a message: it opens a link, or answers with a payload."""

    title: str
    url: str | None = None
    payload: str | None = None
    url_suffix: str | None = None
    """The variable end of a template's link (the provider holds the fixed beginning)."""
    style: str | None = None
    """primary, danger or None: how much it stands out where the channel can show that."""
    reason: str | None = None
    """The label of a field above it, whose words come back with the answer."""


MOST_REASON = 500
"""Characters of the words that go with an answer."""


@dataclass(frozen=True, slots=True)
class Field:
    """A label with its value, for channels that set them apart from the text; safe for the channel as it stands."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A document that goes with a message: where it is fetched from, and (only on its way out) its bytes."""

    name: str
    media_type: str
    url: str
    """Empty: Odoo is asked for the record's."""
    content: bytes = field(default=b"", repr=False, compare=False)
    record: str = ""
    """Whose document it is, as in account.move:88; empty where only its address is known."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """What is sent: one message, written for one channel in one language."""

    channel: ChannelName
    language: str
    text: str
    """What the receiver reads, whole; also the plain part of an email."""
    subject: str | None = None
    html: str | None = None
    buttons: tuple[Button, ...] = ()
    template: ProviderTemplate | None = None
    fields: tuple[Field, ...] = ()
    """Facts set apart from the text, on channels that show them so (Slack's fields, a card's fact set)."""
    attachments: tuple[Attachment, ...] = ()
    unsubscribe: str | None = None
    """Where a mail program posts to when its user wants no more of these (RFC 8058); None: he cannot mute them."""

    @property
    def reason(self) -> str | None:
        """The label of the field above its buttons; None: it has no such field."""
        return next((button.reason for button in self.buttons if button.reason), None)

    def to_json(self) -> dict[str, Any]:
        """As a leg keeps it; of an attachment everything but its bytes."""
        kept = asdict(self)
        for attachment in kept["attachments"]:
            del attachment["content"]
        return kept

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Rendered":
        """As a leg kept it."""
        template = kept["template"]
        return cls(
            **{
                **kept,
                "channel": ChannelName(kept["channel"]),
                "buttons": tuple(Button(**button) for button in kept["buttons"]),
                "fields": tuple(Field(**each) for each in kept.get("fields", ())),
                "attachments": tuple(Attachment(**each) for each in kept.get("attachments", ())),
                "template": template
                and ProviderTemplate(**{**template, "body": tuple((name, value) for name, value in template["body"])}),
            }
        )
