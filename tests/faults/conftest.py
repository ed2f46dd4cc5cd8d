"""The houses that scenarios share, and the rules that each is held to: a fault must strike, and the promise holds."""

import contextlib
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import SQLAlchemyError

from tests.faults import invariants
from tests.faults.injection import Injected
from tests.faults.scene import Scene, running_scene

HASTY = {
    "LEASE_SECONDS": "8",
    "ATTEMPT_DEADLINE_SECONDS": "5",
    "UNKNOWN_WINDOW_SECONDS": "3",
    "HOURLY_CEILING": "1000000",
    "SEND_RATES": "whatsapp=100000 slack=100000 email=100000 sms=100000",
    "SANDBOX_RECEIPT_DELAY_MS": "50-150",
}
"""The product's own settings, shortened so that a scenario takes seconds."""


@dataclass(frozen=True)
class Plan:
    """What sets a house apart: scenarios of modules with the same plan share one."""

    settings: tuple[tuple[str, str], ...]
    files: tuple[tuple[str, str], ...]
    promise_holds: bool

    @classmethod
    def of(cls, module: Any) -> "Plan":
        """By a module's SETTINGS, FILES (of the configuration, whole) and PROMISE_HOLDS."""
        settings = {**HASTY, **getattr(module, "SETTINGS", {})}
        files = getattr(module, "FILES", {})
        return cls(tuple(settings.items()), tuple(files.items()), getattr(module, "PROMISE_HOLDS", True))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    ours = [item for item in items if here in item.path.parents]
    plans: dict[Plan, int] = {}
    for item in ours:
        item.add_marker(pytest.mark.faults)
        plans.setdefault(Plan.of(_module(item)), len(plans))
    # One house stands at a time: whoever shares it comes one after the other.
    ours.sort(key=lambda item: plans[Plan.of(_module(item))])
    items[:] = [item for item in items if item not in set(ours)] + ours


def _module(item: pytest.Item) -> Any:
    assert isinstance(item, pytest.Function)
    return item.module


class Street:
    """Where one house stands at a time."""

    def __init__(self) -> None:
        self._plan: Plan | None = None
        self._scene: Scene
        self._standing = ExitStack()

    def house(self, plan: Plan) -> Scene:
        """The house of this plan: the one that stands, or a new one in its place."""
        if plan != self._plan:
            self.clear()
            self._scene = self._standing.enter_context(running_scene(dict(plan.settings), dict(plan.files)))
            self._plan = plan
        return self._scene

    def clear(self) -> None:
        self._plan = None
        self._standing.close()


@pytest.fixture(scope="session")
def street() -> Iterator[Street]:
    made = Street()
    yield made
    made.clear()


@pytest.fixture(scope="module")
def house_scene(street: Street, request: pytest.FixtureRequest) -> Scene:
    """The running house of the module's plan."""
    return street.house(Plan.of(request.module))


@pytest.fixture
def scene(house_scene: Scene, request: pytest.FixtureRequest) -> Iterator[Scene]:
    """The house for one scenario. Afterwards a fault must have struck, and the promise must hold."""
    house_scene.injected = Injected()
    yield house_scene
    if request.node.stash.get(FAILED, False):
        return
    house_scene.injected.must_have_struck()
    if getattr(request.module, "PROMISE_HOLDS", True):
        invariants.check(house_scene)


FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """A failure tells what the witness counted."""
    report = yield
    if report.failed:
        item.stash[FAILED] = True
        scene = getattr(item, "funcargs", {}).get("house_scene") or getattr(item, "funcargs", {}).get("scene")
        if scene is not None:
            with contextlib.suppress(SQLAlchemyError):  # the house of the module's last scenario is down by now
                report.sections.append(("What the witness counted", scene.story()))
    return report
