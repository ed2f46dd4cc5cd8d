"""How things are shown: consoles, times, ages, masked addresses, JSON."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from types import MappingProxyType
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from postroom.domain.channels import ChannelName
from postroom.domain.messages import State
from postroom.domain.routing import TITLES

UNITS: tuple[tuple[float, str, float, int], ...] = (
    (1, "ms", 0.001, 0),
    (120, "s", 1, 1),
    (7_200, "min", 60, 0),
    (172_800, "h", 3_600, 0),
    (float("inf"), "d", 86_400, 0),
)
"""Below how many seconds a unit is used, its size in seconds, and its decimals."""
PIPED_WIDTH = 200
"""Columns of a table that is not read on a terminal, so that nothing is cut for whoever greps it."""
STATE_STYLES = {
    State.QUEUED: "cyan",
    State.HELD: "yellow",
    State.CLAIMED: "cyan",
    State.SENDING: "cyan",
    State.UNKNOWN: "bold yellow",
    State.SENT: "green",
    State.DELIVERED: "green",
    State.READ: "bold green",
    State.FAILED: "red",
    State.EXPIRED: "dim",
    State.CANCELLED: "dim",
    State.SUPPRESSED: "dim",
}

AsJson = Annotated[bool, typer.Option("--json", help="For programs: nothing but JSON on stdout.")]
Reveal = Annotated[bool, typer.Option("--reveal", help="Show addresses in full.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def out() -> Console:
    """Where results go."""
    return _console(sys.stdout)


def people() -> Console:
    """Where progress and questions go: beside the results, never among them."""
    return _console(sys.stderr)


def _console(file: Any) -> Console:
    piped = not file.isatty() and not os.environ.get("COLUMNS")
    return Console(file=file, highlight=False, width=PIPED_WIDTH if piped else None)


def emit(value: Any) -> None:
    """Print JSON: keys in the order of docs/cli.md, times in UTC."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=_plain))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, UUID | Enum):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def table(
    *columns: str,
    rows: Sequence[Sequence[str]],
    keep_whole: int = 1,
    room: Mapping[str, int] = MappingProxyType({}),
) -> Table:
    """A calm table; the first `keep_whole` columns are never cut. Cells are markup: escape what people wrote.

    `room` names the columns that a narrow terminal goes without, and the width from which they are shown.
    """
    made = Table(box=None, header_style="bold dim", pad_edge=False, padding=(0, 2, 0, 0))
    width = out().width
    shown = [number for number, column in enumerate(columns) if width >= room.get(column, 0)]
    for number in shown:
        made.add_column(columns[number], no_wrap=number < keep_whole, overflow="fold")
    for row in rows:
        made.add_row(*(row[number] for number in shown))
    return made


def styled(state: State) -> str:
    """A state in its colour."""
    return f"[{STATE_STYLES[state]}]{state}[/]"


def when(at: datetime, *, today: datetime | None = None) -> str:
    """A time as the reader's clock shows it; with its date unless that is today."""
    local, now = at.astimezone(), (today or datetime.now(UTC)).astimezone()
    return local.strftime("%H:%M:%S" if local.date() == now.date() else "%Y-%m-%d %H:%M:%S")


def lasting(span: timedelta) -> str:
    """A length of time in its natural unit: 85 ms, 3.2 s, 4 min, 2 h, 5 d."""
    seconds = span.total_seconds()
    unit, size, digits = next((unit, size, digits) for limit, unit, size, digits in UNITS if abs(seconds) < limit)
    return f"{seconds / size:.{digits}f} {unit}"


def title(channel: ChannelName) -> str:
    """A channel's name at the beginning of a line."""
    words = TITLES[channel]
    return words[:1].upper() + words[1:]


def masked(address: str) -> str:
    """Enough to recognise an address that one knows, too little to write to it: +34•••••222, m•••@example.com."""
    local, at, domain = address.partition("@")
    if at:
        return f"{local[:1]}•••@{domain}"
    return f"{address[:3]}{'•' * max(3, len(address) - 6)}{address[-3:]}" if len(address) > 6 else "•••"


def shown(address: str, *, reveal: bool) -> str:
    """An address, masked unless it shall be seen."""
    return address if reveal else masked(address)


def said(words: str) -> str:
    """What somebody wrote, safe to print as markup."""
    return escape(words)
