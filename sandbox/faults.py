"""What can be made to go wrong: every provider's kinds, the recipients that bring one about, the faults armed."""

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from urllib.parse import urlsplit

from sandbox.callback.faults import KINDS as CALLBACK
from sandbox.channels import Channel, address_of
from sandbox.mail.faults import KINDS as EMAIL
from sandbox.meta.faults import ENDINGS as WHATSAPP_ENDINGS
from sandbox.meta.faults import KINDS as WHATSAPP
from sandbox.odoo.faults import ENDINGS as ODOO_ENDINGS
from sandbox.odoo.faults import KINDS as ODOO
from sandbox.scripts import USUAL, Cut, Script
from sandbox.slack.faults import KINDS as SLACK
from sandbox.teams.faults import KINDS as TEAMS
from sandbox.twilio.faults import ENDINGS as SMS_ENDINGS
from sandbox.twilio.faults import KINDS as SMS

__all__ = [
    "CALLBACK",
    "EMAIL",
    "ENDINGS",
    "KINDS",
    "USUAL",
    "WHATSAPP",
    "WHATSAPP_ENDINGS",
    "Channel",
    "Cut",
    "Fault",
    "FaultBook",
    "Script",
]
__all__ += ["address_of", "fault_from", "magic_kind"]

NONE: Mapping[str, Script] = MappingProxyType({})

KINDS: Mapping[Channel, Mapping[str, Script]] = MappingProxyType(
    {
        Channel.WHATSAPP: WHATSAPP,
        Channel.SMS: SMS,
        Channel.SLACK: SLACK,
        Channel.TEAMS: TEAMS,
        Channel.EMAIL: EMAIL,
        Channel.ODOO: ODOO,
        Channel.CALLBACK: CALLBACK,
    }
)
"""Each provider's own table, from `sandbox/<provider>/faults.py`."""

ENDINGS: Mapping[Channel, Mapping[str, str]] = MappingProxyType(
    {Channel.WHATSAPP: WHATSAPP_ENDINGS, Channel.SMS: SMS_ENDINGS, Channel.ODOO: ODOO_ENDINGS}
)
"""Last four digits that bring a kind about, on the channels whose addresses end in digits. Elsewhere a recipient is
named for the kind: a mailbox `greylist@`, a URL that ends in `/hang`."""


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

    def strike(self, channel: Channel, names: Iterable[str], *, anybody: bool) -> tuple[str, Script]:
        """What to do with a request that goes by several names: the fault for the first that has one.

        `anybody`: a fault that is for nobody in particular means this request, too.
        """
        found = (self._find(channel, name) for name in [*names, *([None] if anybody else [])])
        fault = next((fault for fault in found if fault), None)
        if fault is None:
            return "", USUAL
        self._spend(fault)
        return fault.kind, fault.script

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
        if not KINDS[channel][kind].passes:
            return True
        self._visits[channel, recipient] += 1
        return self._visits[channel, recipient] % 2 == 1


def magic_kind(channel: Channel, recipient: str) -> str | None:
    """The fault that this recipient's address asks for: by its last four digits, or by a word in it."""
    return ENDINGS.get(channel, {}).get(recipient[-4:]) or _named_kind(channel, recipient)


def _named_kind(channel: Channel, recipient: str) -> str | None:
    """A mailbox's local part or +tag, a URL's last step; written with hyphens."""
    last = urlsplit(recipient).path.rpartition("/")[2] if "://" in recipient else recipient.partition("@")[0]
    word = (last.partition("+")[2] or last).lower().replace("-", "_")
    return word if word in KINDS[channel] else None


def fault_from(fields: Mapping[str, object]) -> tuple[Fault | None, list[str]]:
    """Read a request to arm a fault: the fault, or everything that is wrong with it."""
    faults: list[str] = []
    if "channel" not in fields and "/" in str(fields.get("kind", "")):  # the page's one list: whatsapp/throttled
        fields = {**fields, **dict(zip(("channel", "kind"), str(fields["kind"]).split("/", 1), strict=True))}
    unknown = sorted(set(fields) - {"channel", "kind", "recipient", "times", "seconds", "next"})
    faults += [f"/{name}: unknown. Known are channel, kind, recipient, times, seconds." for name in unknown]
    channel = _channel(fields.get("channel"), faults)
    kinds = KINDS[channel] if channel else {kind: script for table in KINDS.values() for kind, script in table.items()}
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
