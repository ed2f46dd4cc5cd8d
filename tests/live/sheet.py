"""The table of a live run: call by call, what Odoo answered, and the record as it was read again."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

RAN, FAILED, NOT_RUN = "ran", "FAILED", "NOT RUN"
WIDTHS = {"journey": 46, "call": 58, "answer": 64, "record": 120}


class NotRun(Exception):
    """What this Odoo has not, or nobody gave a key for; says which."""


@dataclass(frozen=True, slots=True)
class Row:
    """One call."""

    outcome: str
    journey: str
    call: str
    answer: str = ""
    record: str = ""


@dataclass(slots=True)
class Sheet:
    """Every call of a run, in its order."""

    title: str = ""
    rows: list[Row] = field(default_factory=list)
    _journey: str = ""

    @contextmanager
    def journey(self, name: str) -> Iterator[None]:
        """What is written down within belongs to it; what is raised within becomes its last row."""
        self._journey = name
        try:
            yield
        except NotRun as error:
            self.rows.append(Row(NOT_RUN, name, str(error)))
            raise
        except Exception as error:
            self.rows.append(Row(FAILED, name, type(error).__name__, plain(str(error))))
            raise

    def add(self, call: str, answer: object = "", record: Mapping[str, Any] | str = "") -> None:
        """A call that was made, and the record as it was read again afterwards."""
        self.rows.append(Row(RAN, self._journey, call, plain(answer), plain(record)))

    def told(self, outcome: str) -> list[str]:
        """The journeys that have a row of this outcome."""
        return sorted({row.journey for row in self.rows if row.outcome == outcome})

    def lines(self) -> Iterator[str]:
        """As it is printed."""
        yield _line("", "journey", "call", "answered", "the record, read again")
        before = ""
        for row in self.rows:
            journey, before = ("" if row.journey == before else row.journey), row.journey
            yield _line(row.outcome, journey, row.call, row.answer, row.record)
        ran, failed, not_run = (len(self.told(outcome)) for outcome in (RAN, FAILED, NOT_RUN))
        calls = sum(row.outcome == RAN for row in self.rows)
        yield f"{calls} calls in {ran} journeys; {failed} FAILED; {not_run} NOT RUN"


def _line(outcome: str, journey: str, call: str, answer: str, record: str) -> str:
    cells = zip((journey, call, answer, record), WIDTHS.values(), strict=True)
    return f"{outcome:<8}" + "  ".join(f"{short(cell, width):<{width}}" for cell, width in cells).rstrip()


def plain(value: object) -> str:
    """In one line, as JSON where it is not words."""
    if isinstance(value, str):
        return value.replace("\n", " ")
    return json.dumps(value, ensure_ascii=False, default=str)


def short(words: str, most: int) -> str:
    """So many characters at most."""
    words = " ".join(words.split())
    return words if len(words) <= most else words[: most - 1] + "…"
