"""Named places at which a test may end or hold this process; nothing happens there otherwise."""

import os
import signal
import time
from pathlib import Path

VARIABLE = "POSTROOM_FAILPOINTS"
"""As in 'deliver.accepted=kill;deliver.accepted=hold:5': what to do where, each once per marker directory."""

MARKERS = "POSTROOM_FAILPOINT_MARKERS"
"""A directory in which each of them leaves a file of its name, so that a test can prove that it struck."""


def _armed() -> tuple[str, ...]:
    return tuple(filter(None, os.environ.get(VARIABLE, "").split(";")))


ARMED = _armed()


def reach(point: str) -> None:
    """Do what was armed for this place: kill this process as SIGKILL would, or hold it for some seconds."""
    for fault in ARMED:
        place, _, action = fault.partition("=")
        if place == point and _first_time(fault):
            _strike(action)


def _strike(action: str) -> None:
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(float(action.removeprefix("hold:")))


def _first_time(fault: str) -> bool:
    directory = os.environ.get(MARKERS)
    if directory is None:
        raise RuntimeError(f"{VARIABLE} arms {fault!r}, but {MARKERS} names no directory to prove it in")
    try:
        (Path(directory) / fault).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
