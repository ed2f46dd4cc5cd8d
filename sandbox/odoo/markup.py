"""HTML as Odoo keeps it: what could run is taken out, and loose words get an element around them."""

import html
import re
from html.parser import HTMLParser

DROPPED = frozenset({"script", "style", "iframe", "object", "embed", "form", "meta", "link", "base", "svg", "math"})
BLOCKS = frozenset({"p", "div", "ul", "ol", "table", "blockquote", "pre", "h1", "h2", "h3", "h4", "hr"})
VOID = frozenset({"br", "hr", "img"})
SAFE_URL = re.compile(r"(https?://|mailto:|tel:|/|#)", re.IGNORECASE)
ATTRIBUTES = frozenset({"href", "src", "alt", "title", "class", "target", "data-oe-model", "data-oe-id"})


def from_text(text: str) -> str:
    """Plain text as HTML; its lines run together, as in Odoo."""
    return kept(html.escape(text, quote=False))


def kept(written: str) -> str:
    """The HTML without anything that runs."""
    cleaner = _Cleaner()
    cleaner.feed(written)
    cleaner.close()
    cleaned = "".join(cleaner.parts)
    return cleaned if cleaner.begins_with_block or not cleaned else f"<span>{cleaned}</span>"


class _Cleaner(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.begins_with_block: bool | None = None
        self._depth = 0
        self._dropping = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        if tag in DROPPED:
            self._dropping += 1
            return
        if self._dropping:
            return
        if self.begins_with_block is None:
            self.begins_with_block = tag in BLOCKS
        safe = (f' {name}="{html.escape(_safe(name, value or ""))}"' for name, value in attrs if name in ATTRIBUTES)
        self.parts.append(f"<{tag}{''.join(safe)}>")
        if tag not in VOID:
            self._depth += 1

    def handle_endtag(self, tag: str) -> None:
        """An element ends."""
        if tag in DROPPED:
            self._dropping = max(0, self._dropping - 1)
        elif not self._dropping and tag not in VOID and self._depth:
            self._depth -= 1
            self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        """Words."""
        if self._dropping:
            return
        if self.begins_with_block is None and data.strip():
            self.begins_with_block = False
        self.parts.append(html.escape(data, quote=False))


def _safe(name: str, value: str) -> str:
    return value if name not in {"href", "src"} or SAFE_URL.match(value) else ""


def as_text(written: str) -> str:
    """The words of HTML, with its line breaks: for a page that shows nobody's HTML."""
    broken = re.sub(r"(?i)<br\s*/?>|</(?:p|div|li|h\d|tr)>", "\n", written)
    return html.unescape(re.sub(r"<[^>]*>", "", broken)).strip()
