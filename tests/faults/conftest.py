"""A house for each module, and the rules that every scenario is held to: a fault must strike, and the promise holds."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

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
    "SEND_RATES": "whatsapp=100000 email=100000",
    "SANDBOX_RECEIPT_DELAY_MS": "50-150",
}
"""The product's own settings, shortened so that a scenario takes seconds."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.faults)


@pytest.fixture(scope="module")
def house_scene(request: pytest.FixtureRequest) -> Iterator[Scene]:
    """A running house, shared by the scenarios of one module; SETTINGS and FAILPOINTS are the module's own."""
    settings = {**HASTY, **getattr(request.module, "SETTINGS", {})}
    with running_scene(settings, getattr(request.module, "FAILPOINTS", {})) as scene:
        yield scene


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
