"""Results: rows of one shape, shown as a table and kept as JSON."""

import json
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).with_name("results.json")
_console = Console(soft_wrap=True)


@dataclass(frozen=True, slots=True)
class Row:
    """One measured figure beside its baseline's."""

    bench: str
    metric: str
    value: float
    unit: str
    against: str
    """The baseline's name."""
    baseline: float
    """What it reached in the same run."""
    goal: float | None = None
    """The ratio to reach; None where none was set."""

    @property
    def ratio(self) -> float:
        """Value over baseline."""
        return self.value / self.baseline

    def to_json(self) -> dict[str, str | float | None]:
        """As it stands in results.json."""
        return {
            "bench": self.bench,
            "metric": f"{self.metric}, against {self.against}",
            "value": _rounded(self.value),
            "unit": self.unit,
            "baseline": _rounded(self.baseline),
            "ratio": _rounded(self.ratio),
            "goal": self.goal,
        }


def _rounded(number: float) -> float:
    """Three figures that mean something."""
    return float(f"{number:.3g}")


def say(words: str) -> None:
    """A line for whoever waits."""
    _console.print(words, highlight=False, style="dim")


def show(rows: Sequence[Row]) -> None:
    """The table for people, a section for each baseline."""
    table = Table(title=f"Postroom on {os.cpu_count()} cores, Python {platform.python_version()}", title_justify="left")
    table.add_column("", overflow="fold")
    for heading in ("value", "baseline", "ratio", "goal"):
        table.add_column(heading, justify="right", no_wrap=True)
    for (bench, against), section in groupby(rows, key=lambda row: (row.bench, row.against)):
        table.add_section()
        table.add_row(f"[bold]{bench}[/bold] against {against}")
        for row in section:
            goal = "" if row.goal is None else f">= {row.goal:g}"
            table.add_row(
                f"  {row.metric}", _cell(row.value, row.unit), _cell(row.baseline, row.unit), _cell(row.ratio), goal
            )
    _console.print(table)


def _cell(number: float, unit: str = "") -> str:
    return f"{_rounded(number):g} {unit}".strip()


def write(rows: Sequence[Row], path: Path = RESULTS) -> None:
    """Keep the results beside those of benches that were not asked for this time."""
    measured = {row.bench for row in rows}
    before = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    kept = [row for row in before if row["bench"] not in measured]
    path.write_text(json.dumps([*kept, *(row.to_json() for row in rows)], indent=2) + "\n", encoding="utf-8")
