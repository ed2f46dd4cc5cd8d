"""Where the providers' contracts are, and a sandbox to hold against them."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.testing import Running, running_sandbox

ROOT = Path(__file__).resolve().parents[3]
SHARED = Path(os.environ.get("POSTROOM_SHARED", ROOT.parent / "shared"))


@pytest.fixture(scope="session")
def shared_json() -> Callable[[str], Any]:
    """Reads a contract or a fixture; skips without them, which CI does not allow."""

    def read(name: str) -> Any:
        path = SHARED / name
        if path.exists():
            return json.loads(path.read_text())
        missing = f"{path} is not here; set POSTROOM_SHARED to the directory that has it"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        return pytest.skip(missing)

    return read


@pytest.fixture(scope="session")
def running() -> Iterator[Running]:
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Running) -> Running:
    """A sandbox with nothing in it."""
    running.post("reset")
    running.door.posted.clear()
    running.door.answers.clear()
    return running
