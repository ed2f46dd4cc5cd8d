"""Faults: armed at named points, and proven to have struck; a scenario without one proves nothing."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.faults.patience import eventually


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
    """The points that a house was started with (postroom/failpoints.py). A marker's absence arms a point."""

    def __init__(self, markers: Path, actions: Mapping[str, str]) -> None:
        """Nothing is armed at first."""
        self._markers = markers
        self._actions = actions
        markers.mkdir()
        for point in actions:
            (markers / point).touch()

    def environment(self) -> dict[str, str]:
        """What the processes of the house are told."""
        return {
            "POSTROOM_FAILPOINTS": ";".join(f"{point}={action}" for point, action in self._actions.items()),
            "POSTROOM_FAILPOINT_MARKERS": str(self._markers),
        }

    @contextmanager
    def armed(self, point: str, injected: Injected, *, within: float = 20.0) -> Iterator[None]:
        """Arm a point for the next process that reaches it; at the end it must have been reached."""
        assert point in self._actions, f"this house was not started with {point}"
        marker = self._markers / point
        marker.unlink()
        try:
            yield
            eventually(marker.exists, within=within, what=f"some process reaches {point}")
        finally:
            marker.touch()
        injected.note(f"{point}={self._actions[point]}")
