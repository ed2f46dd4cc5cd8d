"""What holds a message back: how far a company's channel may go, stopped senders, and the last look before sending."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from postroom.domain.channels import ChannelName, Fault, Pace, Verdict
from postroom.domain.messages import State
from postroom.domain.quiet_hours import Hours, next_allowed
from postroom.domain.runs import OPEN, RunStatus


class Mode(StrEnum):
    """How far the messages of one company on one channel may go. A company starts in the sandbox."""

    SANDBOX = "sandbox"
    SHADOW = "shadow"
    ALLOWLIST = "allowlist"
    LIVE = "live"


REAL = frozenset({Mode.ALLOWLIST, Mode.LIVE})
"""Modes in which real people are written to."""


class Wire(StrEnum):
    """Where a channel's requests go: to the stand-in on this machine, or to the provider."""

    SANDBOX = "sandbox"
    LIVE = "live"


_WIRES: Mapping[tuple[Mode, bool], Wire | None] = MappingProxyType(
    {
        (Mode.SANDBOX, False): Wire.SANDBOX,
        (Mode.SANDBOX, True): Wire.SANDBOX,
        (Mode.SHADOW, False): None,
        (Mode.SHADOW, True): None,
        (Mode.ALLOWLIST, False): None,
        (Mode.ALLOWLIST, True): Wire.LIVE,
        (Mode.LIVE, False): Wire.LIVE,
        (Mode.LIVE, True): Wire.LIVE,
    }
)


def wire_for(mode: Mode, *, listed: bool) -> Wire | None:
    """The wire that a message leaves by; None when its mode lets nothing leave."""
    return _WIRES[mode, listed]


UNCOUNTED = frozenset({ChannelName.CALLBACK})
"""Channels outside the hourly ceiling: it keeps people from a flood, and these reach machines."""


# The last look before sending ---------------------------------------------------------------------------------------

CUT_OFF = "cut_off"
"""Why a message is held that tells of what happened before its company went live: it waits for an operator."""


LOOK_AGAIN = timedelta(minutes=5)
"""At a message whose run an operator has paused."""
FIGURES_OLD = "figures_old"
"""Why a statement is held whose amounts are read again first."""


@dataclass(frozen=True, slots=True)
class Prospect:
    """What is read late about a claimed leg."""

    mode: Mode
    listed: bool
    opted_out: bool
    not_after: datetime | None
    opted_in: bool = False
    """He said himself that he may be written to here."""
    muted: bool = False
    zones: tuple[str, ...] = ()
    """Where he may live; empty where its rule keeps no quiet hours."""
    happened_at: datetime | None = None
    """When what it tells of happened; None: nothing asks, as when an operator has let it go."""
    cut_off: datetime | None = None
    """When its company's channel went live."""
    run: RunStatus | None = None
    """How the run stands that it asks for; None: nobody is to answer it."""

    figures_old: bool = False
    """Its amounts were read too long ago: somebody may have paid since."""

    @property
    def too_old(self) -> bool:
        """It tells of what happened before real people were to hear of anything."""
        return self.happened_at is not None and self.cut_off is not None and self.happened_at < self.cut_off


@dataclass(frozen=True, slots=True)
class Terms:
    """What the rule and its company ask of a message before it may leave."""

    hours: Hours | None = None
    """None: no hour is too late for it."""
    hours_in_sandbox: bool = False
    opt_in: bool = False
    """Nobody real is written to on this channel before he agreed."""
    mutable: bool = True


@dataclass(frozen=True, slots=True)
class Leave:
    """It may go, by this wire."""

    wire: Wire


@dataclass(frozen=True, slots=True)
class Stay:
    """It must not go; the leg moves to this state for this reason."""

    state: State
    reason: str
    until: datetime | None = None
    """When to look again (business time); None: never."""


def before_sending(leg: Prospect, terms: Terms, now: datetime) -> Leave | Stay:
    """Whether a claimed leg may still leave; `now` is business time."""
    if leg.run is not None and leg.run not in OPEN:
        return Stay(State.CANCELLED, leg.run.value)
    if leg.not_after is not None and now > leg.not_after:
        return Stay(State.EXPIRED, "not_after")
    if leg.run is RunStatus.PAUSED:
        return Stay(State.HELD, "run_paused", now + LOOK_AGAIN)
    if leg.opted_out:
        return Stay(State.SUPPRESSED, "opted_out")
    if leg.figures_old:
        return Stay(State.HELD, FIGURES_OLD, now + LOOK_AGAIN)
    if leg.muted and terms.mutable:
        return Stay(State.SUPPRESSED, "muted")
    wire = wire_for(leg.mode, listed=leg.listed)
    if wire is None:
        return Stay(State.SUPPRESSED, leg.mode.value)
    if wire is Wire.LIVE and leg.too_old:
        return Stay(State.HELD, CUT_OFF)
    # Consent is asked for where somebody real would read it; nothing real leaves the sandbox.
    if wire is Wire.LIVE and terms.opt_in and not leg.opted_in:
        return Stay(State.SUPPRESSED, "no_opt_in")
    return _in_its_hours(leg, terms, wire, now)


def _in_its_hours(leg: Prospect, terms: Terms, wire: Wire, now: datetime) -> Leave | Stay:
    if terms.hours is None or (wire is Wire.SANDBOX and not terms.hours_in_sandbox):
        return Leave(wire)
    opens = next_allowed(now, terms.hours, leg.zones)
    return Leave(wire) if opens <= now else Stay(State.HELD, "quiet_hours", opens)


# Circuits: one per sender of ours -----------------------------------------------------------------------------------


class CircuitState(StrEnum):
    """Whether a sender's messages may leave."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"
    RECOVERING = "recovering"


@dataclass(frozen=True, slots=True)
class Circuit:
    """The health of one sender of ours at one provider."""

    state: CircuitState
    failures: int
    changed_at: datetime
    probe_at: datetime | None = None
    reason: str | None = None


TRIP_AFTER = 5
TRIP_WITHIN = timedelta(seconds=60)
PROBE_EVERY = timedelta(minutes=1)
RAMP = timedelta(minutes=15)
RAMP_START = 0.1

PACED = frozenset({Pace.THROTTLED, Pace.PAIR, Pace.GREYLIST, Pace.LATE, Pace.NEXT_DAY, Pace.BESIDE, Pace.RECEIVER})
"""Waits that concern one recipient, something beside the sender or our own speed: nothing against the sender."""


def closed(now: datetime) -> Circuit:
    """A healthy circuit."""
    return Circuit(CircuitState.CLOSED, 0, now)


def after_outcome(circuit: Circuit, fault: Fault | None, now: datetime) -> Circuit:
    """The circuit after one attempt; no fault means that the provider took the message."""
    if fault is None or not _speaks_against(fault):
        return _after_good(circuit, now) if fault is None else circuit
    if fault.verdict is Verdict.SENDER_STOPPED or circuit.state is CircuitState.HALF_OPEN:
        return _opened(circuit, fault, now)
    fresh = circuit.failures == 0 or now - circuit.changed_at > TRIP_WITHIN
    counted = replace(
        circuit,
        failures=1 if fresh else circuit.failures + 1,
        changed_at=now if fresh and circuit.state is CircuitState.CLOSED else circuit.changed_at,
    )
    return _opened(counted, fault, now) if counted.failures >= TRIP_AFTER else counted


def _speaks_against(fault: Fault) -> bool:
    if fault.verdict is Verdict.SENDER_STOPPED:
        return True
    return fault.verdict is Verdict.TRANSIENT and fault.pace not in PACED and fault.retry_after is None


def _opened(circuit: Circuit, fault: Fault, now: datetime) -> Circuit:
    return Circuit(CircuitState.OPEN, circuit.failures, now, now + PROBE_EVERY, fault.code)


def _after_good(circuit: Circuit, now: datetime) -> Circuit:
    if circuit.state is CircuitState.CLOSED:
        return circuit if circuit.failures == 0 else closed(now)
    if circuit.state is CircuitState.RECOVERING and now - circuit.changed_at < RAMP:
        return circuit
    if circuit.state is CircuitState.RECOVERING:
        return closed(now)
    return Circuit(CircuitState.RECOVERING, 0, now)


def allowance(circuit: Circuit, window: int, now: datetime) -> int:
    """How many of a window may leave: none while open, one as a probe, a growing share while it recovers."""
    if circuit.state is CircuitState.CLOSED:
        return window
    if circuit.state is CircuitState.RECOVERING:
        share = RAMP_START + (1 - RAMP_START) * ((now - circuit.changed_at) / RAMP)
        return max(1, min(window, int(window * share)))
    return 1 if circuit.probe_at is not None and now >= circuit.probe_at else 0
