"""What a person wrote in a mail, without what the mail program put around it."""

import re
from collections.abc import Iterator
from email.header import decode_header, make_header
from email.message import Message
from html.parser import HTMLParser

from workers.channels.tokens import text_of

MAX_ANSWER = 20_000
MAX_READ = 200_000
"""Characters of a part that are looked at; a pattern over a hostile megabyte could hold a worker for minutes."""
MAX_LINE = 300

_SIGNATURE = "-- "
# Each language words it otherwise ('On … wrote:', 'Am … schrieb …:', 'Le … a écrit :'), but it is a line or two with a
# colon at the end right before quoted lines. Outlook quotes nothing and writes a block of headers instead.
_ORIGINAL = re.compile(r"^\s*-{3,}\s*[\w ]{5,40}\s*-{3,}\s*$|^_{20,}\s*$")
_OUTLOOK = re.compile(r"^\s*\*?(?:From|Von|De|Da|Van|Från|Fra|От)\s?:\*?\s.*@", re.I)
_HEADER_LINE = re.compile(r"^\s*\*?[\w\- ]{2,20}\s?:\*?\s\S")


def decoded_header(message: Message, name: str) -> str:
    """A header as people read it; as it stands when its encoding cannot be read."""
    raw = message.get(name, "")
    try:
        return text_of(str(make_header(decode_header(raw))))
    except (LookupError, ValueError, TypeError):
        return text_of(str(raw))


def answer_of(message: Message) -> tuple[str, str]:
    """The bare words of an answer, and the text to show: the words and the names of what was attached."""
    text = body_text(message)
    words = own_words(text)
    attached = [f"[attachment {name}]" for name in _attachments(message)]
    return words, "\n".join(filter(None, (words, *attached)))[:MAX_ANSWER]


def own_words(text: str) -> str:
    """Without signature and trailing quotation. Conservative: what stands between or below quoted lines is kept."""
    lines = text[:MAX_READ].splitlines()
    lines = lines[: _cut(lines)]
    while lines and _is_quoted(lines[-1]):
        lines.pop()
        if not (lines and _is_quoted(lines[-1])):
            _drop_introduction(lines)
    kept = "\n".join(lines[: _signature(lines)]).strip()
    return kept or text[:MAX_READ].strip()


def _is_quoted(line: str) -> bool:
    return line.lstrip().startswith(">") or not line.strip()


def _drop_introduction(lines: list[str]) -> None:
    """The line before a quotation that ends with a colon: it names a date or an address, or it stands by itself."""
    last, before = (lines[-1] if lines else ""), (lines[-2] if len(lines) > 1 else "")
    if not last.rstrip().endswith((":", "：")) or len(last) > MAX_LINE:
        return
    if _names_a_date(last):
        del lines[-1:]
    elif _names_a_date(before):
        del lines[-2:]  # one line that the program wrapped
    elif "@" in last or (len(lines) > 2 and not before.strip()):
        del lines[-1:]


def _names_a_date(line: str) -> bool:
    """Whether a number stands in it, outside an address."""
    return any(char.isdigit() for char in re.sub(r"<[^>]*>|\S+@\S+", "", line[:MAX_LINE]))


def _cut(lines: list[str]) -> int:
    """Where an unquoted original begins; never at the first line, which would leave nothing."""
    for number, line in enumerate(lines[1:], 1):
        following = [each for each in lines[number + 1 : number + 5] if _HEADER_LINE.match(each)]
        if (_ORIGINAL.match(line) and following) or (_OUTLOOK.match(line) and len(following) >= 2):
            return number
    return len(lines)


def _signature(lines: list[str]) -> int:
    return next((number for number, line in enumerate(lines) if number and line == _SIGNATURE), len(lines))


def body_text(message: Message) -> str:
    """The text of a mail: its plain parts, or else the words of its HTML."""
    parts = [part for part in message.walk() if not part.is_multipart() and not part.get_filename()]
    plain = [part_text(part) for part in parts if part.get_content_type() == "text/plain"]
    if plain:
        return "\n".join(plain)
    return "\n".join(_stripped(part_text(part)) for part in parts if part.get_content_type() == "text/html")


def part_text(part: Message) -> str:
    """One part's text, whatever its charset claims to be."""
    payload = part.get_payload(decode=True)
    raw = payload if isinstance(payload, bytes) else b""
    try:
        return text_of(raw.decode(part.get_content_charset("utf-8"), "replace"))[:MAX_READ]
    except LookupError:
        return text_of(raw.decode("latin-1"))[:MAX_READ]


def _attachments(message: Message) -> Iterator[str]:
    for part in message.walk():
        name = part.get_filename()
        if name:
            yield text_of(str(name))[:200]


class _Words(HTMLParser):
    """Collects text; what a mail program quotes stands in <blockquote>."""

    SILENT = frozenset({"style", "script", "head", "title", "blockquote"})
    BREAKS = frozenset({"br", "p", "div", "tr", "li"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self._silent += tag in self.SILENT
        if tag in self.BREAKS:
            self.found.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in self.SILENT and self._silent > 0

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.found.append(re.sub(r"\s+", " ", data))


def _stripped(source: str) -> str:
    words = _Words()
    words.feed(source)
    words.close()
    return re.sub(r"\n{3,}", "\n\n", "".join(words.found)).strip()
