"""How much memory each process holds after the runs, against a bare Celery worker after its own."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

from bench.contestants import CelerySettings, bare_celery, next_documents, wait_until
from bench.report import Row
from bench.stage import Stage

WORKER = CelerySettings("threads", 16, 1)
MESSAGES = 500


def memory(stage: Stage) -> Iterator[Row]:
    """Resident memory of each process with its children, in MiB, and what it shares with nobody."""
    with bare_celery(stage, WORKER) as worker:
        worker.load(next_documents(MESSAGES))
        wait_until(worker.is_idle)
        baseline = held(worker.pid)
    for name in stage.house.processes:
        mine = held(stage.house.process(name).pid)
        for kind in ("resident", "unshared"):
            if kind in mine and kind in baseline:
                yield Row("memory", f"{name}, {kind}", mine[kind], "MiB", worker.name, baseline[kind])


def held(group: int) -> dict[str, float]:
    """MiB of a process group: resident (by `ps`), and unshared where /proc tells it."""
    pids = _members(group)
    sizes = {"resident": sum(_ps("rss=", pid) for pid in pids) / 1024}
    rollups = [Path(f"/proc/{pid}/smaps_rollup") for pid in pids]
    if all(rollup.exists() for rollup in rollups):
        sizes["unshared"] = sum(_private(rollup) for rollup in rollups) / 1024
    return sizes


def _members(group: int) -> list[int]:
    listed = subprocess.run(("ps", "-A", "-o", "pid=,pgid="), capture_output=True, text=True, check=True).stdout
    return [int(pid) for pid, pgid in (line.split() for line in listed.splitlines()) if int(pgid) == group]


def _ps(column: str, pid: int) -> int:
    shown = subprocess.run(("ps", "-o", column, "-p", str(pid)), capture_output=True, text=True, check=False).stdout
    return int(shown or 0)


def _private(rollup: Path) -> int:
    lines = (line.split() for line in rollup.read_text(encoding="ascii").splitlines())
    return sum(int(words[1]) for words in lines if words[0].startswith("Private_"))
