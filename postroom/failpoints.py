"""Named places at which a test may end or hold this process; nothing happens there otherwise."""

import os
import signal
import time
from pathlib import Path

VARIABLE = "POSTROOM_FAILPOINTS"
"""As in 'deliver.accepted=kill;deliver.claimed=hold:5': what to do there, once per marker directory."""

MARKERS = "POSTROOM_FAILPOINT_MARKERS"
"""A directory in which each place that was reached leaves a file, so that a test can prove it."""


def _armed() -> dict[str, str]:
    entries = (entry.partition("=") for entry in os.environ.get(VARIABLE, "").split(";") if entry)
    return {point.strip(): action.strip() for point, _, action in entries}


ARMED = _armed()


def reach(point: str) -> None:
    """Do what was armed for this place: kill this process as SIGKILL would, or hold it for some seconds."""
    if point in ARMED and _first_time(point):
        action, _, seconds = ARMED[point].partition(":")
        if action == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(float(seconds or 0))


def _first_time(point: str) -> bool:
    directory = os.environ.get(MARKERS)
    if directory is None:
        raise RuntimeError(f"{VARIABLE} arms {point!r}, but {MARKERS} names no directory to prove it in")
    try:
        (Path(directory) / point).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
