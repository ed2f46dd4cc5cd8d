"""Each simulated message as a line of CSV."""

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

from postroom.cli.showing import shown
from postroom.domain.departures import Departure
from postroom.domain.simulation import Errand

COLUMNS = (
    "event",
    "company",
    "message_type",
    "person",
    "channel",
    "address",
    "role",
    "told_at",
    "ending",
    "leaves_at",
    "waited_for",
    "pieces",
    "price",
    "currency",
    "why",
)


def write_messages(file: Path, errands: Iterable[Errand], departures: Iterable[Departure], *, reveal: bool) -> int:
    """Write them down, for the owner's eyes alone. Returns how many."""
    file.touch(mode=0o600)
    written = 0
    with file.open("w", encoding="utf-8", newline="") as opened:
        rows = csv.writer(opened)
        rows.writerow(COLUMNS)
        for errand, departure in _paired(errands, departures):
            rows.writerow(_row(errand, departure, reveal=reveal))
            written += 1
    return written


def _paired(errands: Iterable[Errand], departures: Iterable[Departure]) -> Iterator[tuple[Errand, Departure]]:
    queue = iter(departures)
    for errand in errands:
        for _ in errand.messages:
            yield errand, next(queue)


def _row(errand: Errand, departure: Departure, *, reveal: bool) -> tuple[str, ...]:
    message, at = departure.message, departure.at
    price = message.quote.money if message.quote else None
    row = (
        errand.event,
        message.company,
        message.message_type,
        message.person,
        message.channel.value,
        shown(message.address, reveal=reveal),
        message.role.value,
        message.told_at.isoformat(),
        departure.ending.value,
        at.isoformat() if at else "",
        " ".join(departure.waits),
        str(message.pieces),
        f"{price.amount:f}" if price else "",
        price.currency if price else "",
        message.why,
    )
    return tuple(_harmless(cell) for cell in row)


def _harmless(cell: str) -> str:
    """A spreadsheet must not take a cell for a formula; a number's + is told from one by its digits or dots alone."""
    formula = cell[:1] in ("=", "@", "-", "\t", "\r") or (cell[:1] == "+" and not set(cell[1:]) <= set("0123456789•"))
    return f"'{cell}" if formula else cell
