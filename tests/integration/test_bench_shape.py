"""The benchmarks run to their end on a small scale; no figure is judged here."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FIELDS = ["bench", "metric", "value", "unit", "baseline", "ratio", "goal"]


BENCHES = ["throughput", "latency", "ingress", "memory"]
"""All but the timers, of which a million is planted before anything is measured."""


@pytest.mark.timeout(300)
def test_a_small_run_writes_a_row_of_the_same_shape_for_every_bench(tmp_path: Path) -> None:
    results = tmp_path / "results.json"

    small = ("--documents", "20", "--rounds", "1", "--calibration", "0")
    run = subprocess.run(
        (sys.executable, "-m", "bench", *BENCHES, *small, "--results", str(results)),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )

    assert run.returncode == 0, run.stdout + run.stderr
    rows = json.loads(results.read_text())
    assert [list(row) for row in rows] == [FIELDS] * len(rows)
    assert list(dict.fromkeys(row["bench"] for row in rows)) == BENCHES
    assert all(row["value"] > 0 and row["baseline"] > 0 for row in rows)
    assert all(row["ratio"] for row in rows)
    assert {row["goal"] for row in rows if row["bench"] == "throughput"} == {0.5}
