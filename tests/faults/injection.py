"""Faults: armed at named points, and proven to have struck; a scenario without one proves nothing."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.patience import eventually

HOLD = 6
"""Seconds between a claim and its request; less than the lease, so that the claim is good to the end."""

FAULTS = (
    "deliver.accepted=hold:3",
    "deliver.accepted=kill",
    f"deliver.claimed=hold:{HOLD}",
    "deliver.claimed=kill",
    "door.committed=kill",
    "edit.made=kill",
    "ticker.step_written=hold:3",
    "ticker.timer_claimed=hold:3",
    "ticker.timer_claimed=kill",
    "ticker.timer_fired=kill",
    "write_back.acted=kill",
)
"""Where a process can be struck, and by what."""


class Injected:
    """The faults of one scenario that are proven to have struck."""

    def __init__(self) -> None:
        self.struck: list[str] = []

    def note(self, fault: str) -> None:
        """Write down a fault that is proven to have struck."""
        self.struck.append(fault)

    def must_have_struck(self) -> None:
        """Refuse a scenario in which nothing went wrong."""
        assert self.struck, "this scenario injected no fault, so it proves nothing"


class Failpoints:
    """What a house can be struck by (postroom/failpoints.py). The absence of its marker arms a fault."""

    def __init__(self, markers: Path, faults: Collection[str] = FAULTS) -> None:
        """Nothing is armed at first."""
        self._markers = markers
        self._faults = faults
        markers.mkdir()
        for fault in faults:
            (markers / fault).touch()

    def environment(self) -> dict[str, str]:
        """What the processes of the house are told."""
        return {
            "POSTROOM_FAILPOINTS": ";".join(self._faults),
            "POSTROOM_FAILPOINT_MARKERS": str(self._markers),
        }

    @contextmanager
    def armed(self, fault: str, injected: Injected, *, within: float = 20.0) -> Iterator[None]:
        """Arm a fault for the next process that reaches its point; at the end it must have struck."""
        assert fault in self._faults, f"this house was not started with {fault}"
        marker = self._markers / fault
        marker.unlink()
        try:
            yield
            eventually(marker.exists, within=within, what=f"{fault} strikes some process")
        finally:
            marker.touch()
        injected.note(fault)
