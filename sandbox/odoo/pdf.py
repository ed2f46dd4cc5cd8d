"""A PDF of one page, written by hand: a title and some lines in Helvetica."""

from collections.abc import Sequence
from itertools import accumulate

HEAD = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"
LEFT, TOP, LEADING = 72, 760, 24


def one_page(title: str, lines: Sequence[str]) -> bytes:
    """The whole file. Signs that Windows' Latin alphabet has not become question marks."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        _stream(_drawn(title, lines)),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    bodies = [b"%d 0 obj\n%s\nendobj\n" % (number, each) for number, each in enumerate(objects, start=1)]
    *starts, end = accumulate(map(len, bodies), initial=len(HEAD))
    return HEAD + b"".join(bodies) + _index(starts, end)


def _stream(content: bytes) -> bytes:
    return b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content)


def _drawn(title: str, lines: Sequence[str]) -> bytes:
    shown = b"\n".join(b"T* (%s) Tj" % _escaped(line) for line in lines)
    return b"BT /F1 20 Tf %d TL %d %d Td (%s) Tj /F1 12 Tf\n%s\nET" % (LEADING, LEFT, TOP, _escaped(title), shown)


def _escaped(words: str) -> bytes:
    raw = words.encode("cp1252", "replace")
    return raw.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)").replace(b"\n", b" ")


def _index(starts: Sequence[int], end: int) -> bytes:
    """Where each object begins, which a reader goes by."""
    rows = b"".join(b"%010d 00000 n \n" % start for start in starts)
    count = len(starts) + 1
    table = b"xref\n0 %d\n0000000000 65535 f \n%s" % (count, rows)
    return table + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (count, end)
