"""How well a thing is, as every examination says it."""

from collections.abc import Mapping
from enum import StrEnum


class Health(StrEnum):
    """How a thing is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


MARKS: Mapping[str, str] = {"ok": "[green]ok[/]", "warn": "[yellow]warn[/]", "fail": "[bold red]FAIL[/]"}
"""Each in its colour."""
