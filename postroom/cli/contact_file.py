"""Reading a CSV of contacts line by line, in bounded memory, and writing the lines that cannot be used beside it."""

import csv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from postroom.cli.faults import usage
from postroom.domain.contact_list import COLUMNS, REQUIRED, Entry, LineRefused, read_line

DELIMITERS = ",;\t"
OUR_COLUMNS = ("line", "fault")
"""What a file of refused lines has besides; mended there, it is imported as it is."""
EXAMPLE = "postroom contacts import contacts.csv"


@dataclass(frozen=True, slots=True)
class Read:
    """One line: what it means, or why it cannot be used."""

    line: int
    fields: Mapping[str, str]
    entry: Entry | None
    fault: str | None
    position: int
    """Bytes of the file that are behind us."""


def read_contacts(path: Path, now: datetime) -> Iterator[Read]:
    """Every line of a CSV in UTF-8, with or without a byte order mark. Refused where its header is none."""
    with _opened(path) as file:
        header = file.readline()
        delimiter = max(DELIMITERS, key=header.count)
        names = [name.strip().lower() for name in next(csv.reader([header], delimiter=delimiter), [])]
        _check_header(path, names)
        rows = csv.reader(file, delimiter=delimiter, strict=True)
        while True:
            line = rows.line_num + 2
            try:
                values = next(rows, None)
            except csv.Error as error:
                yield Read(line, {}, None, f"is not CSV: {error}", file.buffer.tell())
                continue
            if values is None:
                return
            if any(value.strip() for value in values):
                yield _read(line, names, values, now, file)


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    try:
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            yield file
    except OSError as error:
        raise usage(f"{path} cannot be read: {error.strerror}.", EXAMPLE) from None


def _check_header(path: Path, names: list[str]) -> None:
    faults = [f"lacks the column {name}" for name in REQUIRED if name not in names]
    known = ", ".join(COLUMNS)
    strange = [name for name in names if name not in (*COLUMNS, *OUR_COLUMNS)]
    faults += [f"has the column {name!r}, which is none of {known}" for name in strange]
    faults += [f"has the column {name} twice" for name in COLUMNS if names.count(name) > 1]
    if faults:
        raise usage(f"{path}: its first line {'; '.join(faults)}.", EXAMPLE)


def _read(line: int, names: list[str], values: list[str], now: datetime, file: Any) -> Read:
    fields = dict(zip(names, values, strict=False))
    position = file.buffer.tell()
    if len(values) != len(names):
        return Read(line, fields, None, f"has {len(values)} fields, and the first line {len(names)}", position)
    try:
        return Read(line, fields, read_line(fields, now), None, position)
    except LineRefused as error:
        return Read(line, fields, None, str(error), position)


class FaultFile:
    """The lines that cannot be used, as they stand, with their number and faults; made when the first one comes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines = 0
        self._file: TextIO | None = None
        self._rows: Any = None

    def add(self, read: Read) -> None:
        """Write one line down."""
        if self._file is None:
            self.path.unlink(missing_ok=True)
            self.path.touch(mode=0o600)  # addresses are in it
            self._file = self.path.open("w", encoding="utf-8", errors="backslashreplace", newline="")
            self._rows = csv.writer(self._file)
            self._rows.writerow((*COLUMNS, *OUR_COLUMNS))
        self._rows.writerow((*(read.fields.get(name, "") for name in COLUMNS), read.line, read.fault))
        self.lines += 1

    def close(self) -> None:
        """Finish the file; without any line there is none, and an old one is gone."""
        if self._file is not None:
            self._file.close()
        else:
            self.path.unlink(missing_ok=True)
