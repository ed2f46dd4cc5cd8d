"""The same chart as a drawing: one SVG, that explains itself to screen readers and follows light and dark."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from html import escape

from postroom.domain.channels import ChannelName
from postroom.domain.reckoning import Reckoning, periods
from postroom.domain.routing import TITLES

WIDTH, HEIGHT = 960, 420
LEFT, RIGHT, TOP, BOTTOM = 64, 16, 72, 56
PLOT_WIDTH, PLOT_HEIGHT = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
LABELS = 13
"""Dates under the axis, at most."""
LEGEND_STEP = 112
STEPS = (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
FILLS: Mapping[ChannelName, tuple[str, str]] = {
    ChannelName.WHATSAPP: ("#00785a", "#2fbf95"),
    ChannelName.EMAIL: ("#c27c00", "#f0b440"),
    ChannelName.SMS: ("#005f96", "#5aa9dd"),
    ChannelName.SLACK: ("#a8457d", "#dd94bb"),
    ChannelName.TEAMS: ("#4a56b0", "#9aa5f5"),
    ChannelName.ODOO: ("#b04a00", "#f08a4b"),
    ChannelName.CALLBACK: ("#666666", "#aaaaaa"),
}
"""Each channel's colour on white and on black."""


def style(scope: str = "") -> str:
    """The colours, for the drawing alone or for a page around it."""
    light, dark = (_shades(scope, shade) for shade in (0, 1))
    rules = (
        f"{scope} text{{font:12px system-ui,sans-serif;fill:#333}}",
        f"{scope} .head{{font-size:15px;font-weight:600}}",
        f"{scope} .paper{{fill:#fff}}",
        f"{scope} .line{{stroke:#d9d9d9}}",
        f"{scope} .axis{{stroke:#777}}",
        f"{scope} g rect{{stroke:#fff;stroke-width:.75}}",
        light,
        f"@media (prefers-color-scheme:dark){{{scope} text{{fill:#ddd}}{scope} .paper{{fill:#16181c}}",
        f"{scope} .line{{stroke:#34373d}}{scope} .axis{{stroke:#999}}{scope} g rect{{stroke:#16181c}}{dark}}}",
    )
    return "".join(rules)


def _shades(scope: str, shade: int) -> str:
    return "".join(f"{scope} .{channel}{{fill:{pair[shade]}}}" for channel, pair in FILLS.items())


def drawing(reckoning: Reckoning) -> str:
    """The SVG as a text."""
    unit, rows = periods(reckoning.days)
    used = [channel for channel in FILLS if any(counts[channel] for _, counts in rows)]
    top = _round_up(max((counts.total() for _, counts in rows), default=0))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'class="chart" aria-labelledby="chart-title chart-description">',
        f'<title id="chart-title">Messages that would have left, by {unit} and channel</title>',
        f'<desc id="chart-description">{escape(_described(reckoning, unit, rows, used))}</desc>',
        f"<style>{style('.chart')}</style>",
        f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}" rx="6"/>',
        f'<text class="head" x="{LEFT}" y="26">Messages that would have left, by {unit}</text>',
        *_legend(used),
        *_scale(top),
        *_columns(rows, used, top, unit),
        f'<text x="{LEFT + PLOT_WIDTH / 2:g}" y="{HEIGHT - 10}" text-anchor="middle">{_axis(unit)}</text>',
        f'<text transform="translate(16 {TOP + PLOT_HEIGHT / 2:g}) rotate(-90)" text-anchor="middle">messages</text>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _axis(unit: str) -> str:
    return "day, by each company's own calendar" if unit == "day" else "week, by its Monday"


def _described(
    reckoning: Reckoning, unit: str, rows: Sequence[tuple[date, Counter[ChannelName]]], used: Sequence[ChannelName]
) -> str:
    if not rows:
        return "No message would have left."
    shares = ", ".join(f"{TITLES[each]} {sum(counts[each] for _, counts in rows)}" for each in used)
    fullest, counts = max(rows, key=lambda row: row[1].total())
    return (
        f"{reckoning.messages} messages from {rows[0][0]} to {rows[-1][0]}: {shares}. "
        f"The fullest {unit} begins on {fullest} with {counts.total()}."
    )


def _legend(used: Sequence[ChannelName]) -> Iterator[str]:
    for place, channel in enumerate(used):
        x = LEFT + place * LEGEND_STEP
        yield f'<rect class="{channel}" x="{x}" y="41" width="12" height="12" rx="2"/>'
        yield f'<text x="{x + 18}" y="51">{TITLES[channel]}</text>'


def _scale(top: int) -> Iterator[str]:
    for step in range(5):
        value, y = top * step // 4, _y(top * step / 4, top)
        yield f'<line class="{"axis" if step == 0 else "line"}" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4:g}" text-anchor="end">{value:,}</text>'


def _columns(
    rows: Sequence[tuple[date, Counter[ChannelName]]], used: Sequence[ChannelName], top: int, unit: str
) -> Iterator[str]:
    slot = PLOT_WIDTH / max(1, len(rows))
    every = math.ceil(len(rows) / LABELS) if rows else 1
    for place, (day, counts) in enumerate(rows):
        x, width = LEFT + place * slot + slot * 0.12, min(slot * 0.76, 64)
        x += (slot * 0.76 - width) / 2
        words = ", ".join(f"{TITLES[each]} {counts[each]}" for each in used if counts[each])
        said = f"{'Week of ' if unit == 'week' else ''}{day:%a %Y-%m-%d}: {words or 'none'}"
        yield f"<g><title>{escape(said)}</title>"
        below = 0
        for channel in used:
            if counts[channel]:
                y, foot = _y(below + counts[channel], top), _y(below, top)
                yield f'<rect class="{channel}" x="{x:.1f}" y="{y}" width="{width:.1f}" height="{foot - y:.1f}"/>'
                below += counts[channel]
        yield "</g>"
        if place % every == 0:
            yield f'<text x="{x + width / 2:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{day:%d %b}</text>'


def _y(value: float, top: int) -> float:
    return round(TOP + PLOT_HEIGHT * (1 - value / top), 1)


def _round_up(most: int) -> int:
    """The end of the scale: four whole and round steps."""
    if most <= 4:
        return 4
    size = 10 ** math.floor(math.log10(most / 4))
    step = next(size * each for each in STEPS if size * each * 4 >= most and size * each % 1 == 0)
    return int(step * 4)
