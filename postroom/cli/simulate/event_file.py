"""Events in a file: JSON Lines, a JSON array, or one CloudEvent; read piece by piece, every fault with its place."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, Any

from postroom.cli.faults import usage

STDIN = Path("-")
HELP = "postroom simulate --help"


@dataclass(frozen=True, slots=True)
class Piece:
    """One event as it stands in the file, or what is wrong with its JSON."""

    place: str
    payload: Any
    fault: str | None = None


def pieces(file: Path) -> Iterator[Piece]:
    """The events of a file in their order. JSON Lines are read a line at a time; an array is read whole."""
    if file == STDIN:
        yield from _read(sys.stdin, "stdin")
        return
    try:
        with file.open(encoding="utf-8") as lines:
            yield from _read(lines, str(file))
    except (OSError, UnicodeDecodeError) as error:
        raise usage(f"{file} cannot be read: {error}.", HELP) from None


def _read(lines: IO[str], name: str) -> Iterator[Piece]:
    first = next((line for line in lines if line.strip()), "")
    if first.lstrip().startswith("[") or not _whole(first):
        yield from _document(first + lines.read(), name)
        return
    for number, line in enumerate(chain((first,), lines), start=1):
        if line.strip():
            yield _line(line, f"{name}:{number}")


def _whole(line: str) -> bool:
    try:
        json.loads(line)
    except ValueError:
        # A broken line of many is told with its place; a first line that is only a brace opens a document.
        return len(line.strip()) > 2
    return True


def _line(line: str, place: str) -> Piece:
    try:
        return Piece(place, json.loads(line))
    except (ValueError, RecursionError) as error:
        return Piece(place, None, f"is no JSON: {error}")


def _document(text: str, name: str) -> Iterator[Piece]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise usage(f"{name} holds no JSON: {error}.", HELP) from None
    if isinstance(found, list):
        yield from (Piece(f"{name}[{number}]", each) for number, each in enumerate(found))
    else:
        yield Piece(name, found)
