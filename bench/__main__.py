"""`python -m bench`: measure everything, print the table, write bench/results.json."""

import argparse
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from bench.ingress import ingress
from bench.latency import latency
from bench.memory import memory
from bench.report import RESULTS, Row, say, show, write
from bench.stage import Stage, stage
from bench.throughput import Size, throughput
from bench.timers import timers


def main() -> None:
    """Measure what was asked for."""
    asked = _asked()
    benches: Mapping[str, Callable[[Stage], Iterator[Row]]] = {
        "throughput": lambda on: throughput(on, Size(asked.documents, asked.rounds, asked.calibration)),
        "latency": lambda on: latency(on, asked.documents // 25 or 1),
        "ingress": lambda on: ingress(on, asked.documents, asked.rounds),
        "memory": memory,
        "timers": timers,
    }
    busy = os.getloadavg()[0]
    if busy > 1:
        say(f"This machine is busy (load {busy:.1f}); trust the ratios more than the figures.")
    rows: list[Row] = []
    with stage() as on:
        for name in asked.only or benches:
            say(f"{name} ...")
            rows += benches[name](on)
    show(rows)
    write(rows, asked.results)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("only", nargs="*", choices=["throughput", "latency", "ingress", "memory", "timers", []])
    parser.add_argument("--documents", type=int, default=3000, help="messages in each race (default 3000)")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds, of which the median counts")
    parser.add_argument("--calibration", type=int, default=500, help="messages to try each of Celery's settings with")
    parser.add_argument("--results", type=Path, default=RESULTS, help="where the figures go")
    return parser.parse_args()


if __name__ == "__main__":
    main()
