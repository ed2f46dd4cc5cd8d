"""The whole simulation as one page that needs nothing else: tables and chart, light and dark, printable."""

from collections.abc import Sequence
from html import escape

from postroom.cli.simulate.sheets import Sheet

STYLE = """
:root{color-scheme:light dark;--paper:#fff;--ink:#1d2024;--soft:#5b626b;--line:#dfe2e6;--row:#f6f7f9}
@media (prefers-color-scheme:dark){:root{--paper:#101215;--ink:#e6e8eb;--soft:#a0a7b0;--line:#2d3138;--row:#191c21}}
body{margin:0 auto;max-width:76rem;padding:2rem 1.25rem 4rem;background:var(--paper);color:var(--ink);
font:15px/1.5 system-ui,sans-serif}
h1{font-size:1.6rem;margin:0 0 .25rem}h2{font-size:1.1rem;margin:2.25rem 0 .5rem}
p{margin:.35rem 0;max-width:60rem}.soft{color:var(--soft)}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{padding:.4rem .75rem .4rem 0;text-align:right;border-bottom:1px solid var(--line);vertical-align:top;
font-variant-numeric:tabular-nums}
th{font-weight:600;color:var(--soft);white-space:nowrap}tbody tr:nth-child(even){background:var(--row)}
.word{text-align:left}svg{width:100%;height:auto;margin-top:1rem;border:1px solid var(--line);border-radius:6px}
@media print{body{max-width:none;padding:0}.scroll{overflow:visible}}
"""


def page(title: str, words: Sequence[str], chart: str, sheets: Sequence[Sheet]) -> str:
    """The page as a text."""
    said = "\n".join(f"<p>{escape(line)}</p>" for line in words)
    tables = "\n".join(_section(sheet) for sheet in sheets)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{escape(title)}</h1>\n{said}\n{chart}{tables}\n</main>\n</body>\n</html>\n"
    )


def _section(sheet: Sheet) -> str:
    head = "".join(
        f'<th scope="col"{_word(place, sheet)}>{escape(name)}</th>' for place, name in enumerate(sheet.columns)
    )
    rows = "\n".join(
        "<tr>" + "".join(f"<td{_word(place, sheet)}>{escape(cell)}</td>" for place, cell in enumerate(row)) + "</tr>"
        for row in sheet.rows
    )
    note = f'<p class="soft">{escape(sheet.note)}</p>' if sheet.note else ""
    return (
        f"<section>\n<h2>{escape(sheet.title)}</h2>\n"
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(sheet.title)}"><table>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table></div>\n{note}</section>"
    )


def _word(place: int, sheet: Sheet) -> str:
    return ' class="word"' if place < sheet.left else ""
