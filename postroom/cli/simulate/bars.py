"""A chart for the terminal: each channel in a pattern of its own, so that colour only helps."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date

from rich.text import Text

from postroom.domain.channels import ChannelName
from postroom.domain.reckoning import periods
from postroom.domain.routing import TITLES

PATTERNS: Mapping[ChannelName, tuple[str, str]] = {
    ChannelName.WHATSAPP: ("█", "#009e73"),
    ChannelName.EMAIL: ("░", "#e69f00"),
    ChannelName.SMS: ("▓", "#0072b2"),
    ChannelName.SLACK: ("▞", "#cc79a7"),
    ChannelName.TEAMS: ("▚", "#56b4e9"),
    ChannelName.ODOO: ("▒", "#d55e00"),
    ChannelName.CALLBACK: ("·", "#888888"),
}
"""What a channel is drawn with; the colours are those of Okabe and Ito, which colour-blind people tell apart."""
WIDEST = 60


def bars(days: Mapping[date, Counter[ChannelName]], width: int) -> Iterable[Text]:
    """The lines of the chart: a legend, then a bar for each period."""
    unit, rows = periods(days)
    most = max((counts.total() for _, counts in rows), default=0)
    if not most:
        return
    used = [channel for channel in PATTERNS if any(counts[channel] for _, counts in rows)]
    room = max(10, min(WIDEST, width - 28))
    yield _legend(used, unit, most, room)
    for day, counts in rows:
        line = Text(f"{day:%Y-%m-%d %a}  " if unit == "day" else f"week of {day:%Y-%m-%d}  ")
        for channel, cells in _shares(counts, used, most, room):
            pattern, colour = PATTERNS[channel]
            line.append(pattern * cells, style=colour)
        line.append(f" {counts.total():,}" if counts.total() else "·", style="bold" if counts.total() else "dim")
        yield line


def _legend(used: Iterable[ChannelName], unit: str, most: int, room: int) -> Text:
    legend = Text(f"Messages by {unit}: ")
    for channel in used:
        pattern, colour = PATTERNS[channel]
        legend.append(pattern * 2, style=colour).append(f" {TITLES[channel]}  ")
    return legend.append(f"(one cell ≈ {max(1, round(most / room)):,})", style="dim")


def _shares(
    counts: Counter[ChannelName], used: Iterable[ChannelName], most: int, room: int
) -> Iterable[tuple[ChannelName, int]]:
    """Cells for each channel: they end where the running sum ends, so that rounding never moves the bar's end."""
    drawn = total = 0
    for channel in used:
        total += counts[channel]
        end = max(round(total / most * room), drawn + (1 if counts[channel] else 0))
        yield channel, end - drawn
        drawn = end
