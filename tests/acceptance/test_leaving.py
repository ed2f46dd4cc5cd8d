"""`postroom up` until Ctrl-C, and what is left of it."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.acceptance.conftest import ROOT, environment
from tests.acceptance.test_demonstration import processes_of


@pytest.mark.skipif(sys.platform != "linux", reason="counts processes in /proc; tests/integration does so everywhere")
def test_ctrl_c_ends_everything_that_up_had_started(short_directory: Path):
    directory = short_directory / "up"
    argv = [sys.executable, "-m", "postroom", "up", "--json"]
    with subprocess.Popen(argv, cwd=ROOT, env=environment(directory), stdout=subprocess.PIPE, text=True) as up:
        assert up.stdout is not None
        said = [line for line, _ in zip(up.stdout, range(3), strict=False)]
        running = processes_of(directory)
        time.sleep(0.5)
        up.send_signal(signal.SIGINT)
        code = up.wait(60)

    assert said[0] == "{\n"
    assert len(running) >= 9
    assert (code, processes_of(directory)) == (0, [])
    assert not (directory / "run.env").exists()
