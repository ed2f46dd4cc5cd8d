"""What can be made to go wrong: the kinds, the recipients that bring one about, and the faults armed on request."""

import itertools
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType


class Channel(StrEnum):
    """The two wires of this sandbox."""

    WHATSAPP = "whatsapp"
    EMAIL = "email"


class Cut(StrEnum):
    """Where a connection is cut instead of answered."""

    BEFORE = "before"  # the message was not taken
    AFTER = "after"  # the message was taken and will be delivered


@dataclass(frozen=True, slots=True)
class Script:
    """What a stand-in does with one request."""

    title: str = "delivered as usual"
    error: int | None = None
    """The Meta error code, or the SMTP reply code, that it answers with."""
    text: str = ""
    """The rest of the SMTP reply line."""
    seconds: float | None = None
    """How long it waits before the answer; for a refusal, the Retry-After that it asks for."""
    cut: Cut | None = None
    receipts: tuple[str, ...] = ("sent", "delivered")
    failure: int | None = None
    """The Meta error code inside a `failed` receipt, which is the only one unless `receipts` names others."""
    early: bool = False
    """The receipts go out before the answer."""
    bounce: str | None = None
    """The enhanced status of the bounce that comes back for an accepted mail."""
    auto_reply: bool = False

    @property
    def refuses(self) -> bool:
        """Whether the sender learns at once that the message was not taken."""
        return self.error is not None


USUAL = Script()

WHATSAPP = MappingProxyType(
    {
        "not_on_whatsapp": Script("accepted, then failed: not on WhatsApp (131026)", failure=131026),
        "window_closed": Script("accepted, then failed: more than 24 hours (131047)", failure=131047),
        "opted_out": Script("accepted, then failed: stopped marketing from you (131050)", failure=131050),
        "ecosystem": Script("accepted, then failed: healthy ecosystem (131049)", failure=131049),
        "throttled": Script("429, too many requests, with Retry-After (130429)", error=130429, seconds=7),
        "pair_limit": Script("too many messages to this person (131056)", error=131056),
        "unavailable": Script("503, service unavailable (131016)", error=131016),
        "something_wrong": Script("500, something went wrong (131000)", error=131000),
        "server_error": Script("502 from a gateway, no code in it", error=0),
        "template_paused": Script("template is paused (132015)", error=132015),
        "token_refused": Script("401, access token refused (190)", error=190),
        "account_locked": Script("403, account locked (131031)", error=131031),
        "unheard_of": Script("an error code that nobody knows (139999)", error=139999),
        "slow": Script("accepted, but the answer is slow", seconds=3),
        "hang": Script("not accepted; hangs, then hangs up", seconds=60, cut=Cut.BEFORE),
        "lost": Script("not accepted; the connection drops", cut=Cut.BEFORE),
        "dropped": Script("accepted; the connection drops before the answer", cut=Cut.AFTER),
        "no_receipts": Script("accepted; no receipt ever comes", receipts=()),
        "sent_only": Script("accepted and sent; the phone stays off", receipts=("sent",)),
        "duplicate_receipts": Script("every receipt comes twice", receipts=("sent", "sent", "delivered", "delivered")),
        "reordered_receipts": Script("receipts in the wrong order", receipts=("read", "delivered", "sent")),
        "early_receipts": Script("receipts come before the answer", early=True),
        "failed_then_delivered": Script(
            "failed on one device, then delivered to another", failure=131026, receipts=("failed", "delivered")
        ),
        "vanished": Script("accepted; the connection drops, and no receipt ever comes", cut=Cut.AFTER, receipts=()),
    }
)

EMAIL = MappingProxyType(
    {
        "greylist": Script("451, come back later (greylisting)", error=451, text="4.7.1 Greylisted, try again later"),
        "busy": Script("421, too busy", error=421, text="4.3.2 Too busy, try again later"),
        "nobody": Script("550, no such mailbox", error=550, text="5.1.1 No such mailbox here"),
        "full": Script("552, mailbox full", error=552, text="5.2.2 Mailbox full"),
        "too_big": Script("552, message too big", error=552, text="5.3.4 Message too big"),
        "blocked": Script("554, refused by policy", error=554, text="5.7.1 Refused by policy"),
        "slow": Script("accepted, but the answer is slow", seconds=3),
        "hang": Script("not accepted; hangs after the message, then hangs up", seconds=60, cut=Cut.BEFORE),
        "lost": Script("not accepted; the connection drops after the message", cut=Cut.BEFORE),
        "dropped": Script("accepted; the connection drops before the answer", cut=Cut.AFTER),
        "bounce": Script("accepted, then bounced: no such mailbox (5.1.1)", bounce="5.1.1"),
        "bounce_full": Script("accepted, then bounced: mailbox full (5.2.2)", bounce="5.2.2"),
        "bounce_later": Script("accepted, then a delay notice (4.4.1)", bounce="4.4.1"),
        "out_of_office": Script("accepted, then an automatic answer", auto_reply=True),
    }
)

KINDS: Mapping[Channel, Mapping[str, Script]] = MappingProxyType({Channel.WHATSAPP: WHATSAPP, Channel.EMAIL: EMAIL})

ENDINGS: Mapping[str, str] = MappingProxyType({f"99{n:02d}": kind for n, kind in enumerate(WHATSAPP, start=1)})
"""The last four digits of a number that bring a fault about: 9901, 9902, … in the order of the table above."""

PASSING = frozenset(
    {"throttled", "pair_limit", "unavailable", "something_wrong", "server_error", "hang", "lost", "greylist", "busy"}
)
"""Kinds that pass: for a magic recipient every second request goes through, so that a retry succeeds."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that waits for its requests."""

    number: int
    channel: Channel
    kind: str
    times: int
    recipient: str | None = None
    seconds: float | None = None

    @property
    def script(self) -> Script:
        """The kind's script, with the seconds that were asked for."""
        script = KINDS[self.channel][self.kind]
        return script if self.seconds is None else replace(script, seconds=self.seconds)


@dataclass(slots=True)
class FaultBook:
    """The faults armed on request, and how often each magic recipient was written to."""

    armed: list[Fault] = field(default_factory=list)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _visits: "Counter[tuple[Channel, str]]" = field(default_factory=Counter)

    def arm(self, fault: Fault) -> Fault:
        """Keep a fault for the next requests that it is meant for."""
        numbered = replace(fault, number=next(self._numbers))
        self.armed.append(numbered)
        return numbered

    def disarm(self, number: int | None = None) -> None:
        """Forget one fault, or all."""
        self.armed = [fault for fault in self.armed if number is not None and fault.number != number]

    def script_for(self, channel: Channel, recipient: str) -> tuple[str, Script]:
        """What to do with this request: an armed fault for this person, then for anybody, then the magic."""
        fault = self._find(channel, recipient) or self._find(channel, None)
        if fault:
            self._spend(fault)
            return fault.kind, fault.script
        kind = magic_kind(channel, recipient)
        if kind is None or not self._strikes(channel, recipient, kind):
            return "", USUAL
        return kind, KINDS[channel][kind]

    def clear(self) -> None:
        """Forget everything."""
        self.armed.clear()
        self._visits.clear()

    def _find(self, channel: Channel, recipient: str | None) -> Fault | None:
        return next((f for f in self.armed if f.channel is channel and f.recipient == recipient), None)

    def _spend(self, fault: Fault) -> None:
        place = self.armed.index(fault)
        if fault.times > 1:
            self.armed[place] = replace(fault, times=fault.times - 1)
        else:
            del self.armed[place]

    def _strikes(self, channel: Channel, recipient: str, kind: str) -> bool:
        if kind not in PASSING:
            return True
        self._visits[channel, recipient] += 1
        return self._visits[channel, recipient] % 2 == 1


def magic_kind(channel: Channel, recipient: str) -> str | None:
    """The fault that this recipient's address asks for by its last digits, its local part or its +tag."""
    if channel is Channel.WHATSAPP:
        return ENDINGS.get(recipient[-4:])
    local = recipient.partition("@")[0].lower()
    word = (local.partition("+")[2] or local).replace("-", "_")
    return word if word in EMAIL else None


def address_of(channel: Channel, written: str) -> str:
    """One spelling per address: digits for a number, lower case for a mailbox."""
    if channel is Channel.WHATSAPP:
        return "".join(c for c in written if c.isdigit())
    return written.strip().lower()


def fault_from(fields: Mapping[str, object]) -> tuple[Fault | None, list[str]]:
    """Read a request to arm a fault: the fault, or everything that is wrong with it."""
    faults: list[str] = []
    if "channel" not in fields and "/" in str(fields.get("kind", "")):  # the page's one list: whatsapp/throttled
        fields = {**fields, **dict(zip(("channel", "kind"), str(fields["kind"]).split("/", 1), strict=True))}
    unknown = sorted(set(fields) - {"channel", "kind", "recipient", "times", "seconds", "next"})
    faults += [f"/{name}: unknown. Known are channel, kind, recipient, times, seconds." for name in unknown]
    channel = _channel(fields.get("channel"), faults)
    kinds = KINDS[channel] if channel else {**WHATSAPP, **EMAIL}
    kind = str(fields.get("kind") or "")
    if kind not in kinds:
        faults.append(f"/kind: {kind!r} is not a kind of fault here. Known are {', '.join(kinds)}.")
    times = _number("times", fields.get("times"), faults, 1, 1_000_000)
    seconds = _number("seconds", fields.get("seconds"), faults, None, 3600)
    recipient = str(fields.get("recipient") or "")
    if faults or channel is None:
        return None, faults
    address = address_of(channel, recipient) if recipient else None
    return Fault(0, channel, kind, int(times or 1), address, seconds), []


def _channel(value: object, faults: list[str]) -> Channel | None:
    try:
        return Channel(str(value))
    except ValueError:
        faults.append(f"/channel: {value!r} is not a channel. Known are {', '.join(Channel)}.")
        return None


def _number(name: str, value: object, faults: list[str], default: float | None, most: float) -> float | None:
    if value in (None, ""):
        return default
    try:
        number = float(str(value))
    except ValueError:
        number = -1.0
    if not 0 <= number <= most or (name == "times" and (number < 1 or number != int(number))):
        faults.append(f"/{name}: {value!r} is not a number that fits. Give one up to {most:g}.")
    return number
