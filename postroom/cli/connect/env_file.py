"""The file that settings are kept in: changed line by line, atomically, readable by its owner alone."""

import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from postroom.cli.faults import Refused

_LINE = re.compile(r"\s*(?:export\s+)?([A-Z][A-Z0-9_]*)\s*=")
_UNWRITABLE = {"\n": "a line break", "\r": "a line break", "\0": "a zero byte", "${": "a variable (${…})"}
"""Readers of .env put a variable's value in its place, quoted or not."""
_PLAIN = re.compile(r"[A-Za-z0-9_@%+:,./-]*", re.ASCII)


def set_lines(path: Path, values: Mapping[str, str]) -> None:
    """Set these and leave every other line as it is, comments and all. The file is whole at every moment, mode 0600."""
    text = path.read_text("utf-8") if path.exists() else ""
    replace_file(path, changed(text, values))


def changed(text: str, values: Mapping[str, str]) -> str:
    """The text with these settings: in their old places where they have one, at the end where not."""
    left = dict(values)
    lines = []
    for line in text.splitlines():
        found = _LINE.match(line)
        name = found[1] if found else ""
        if name not in values:
            lines.append(line)
        elif name in left:  # a second line of the same name would win over ours
            lines.append(as_line(name, left.pop(name)))
    lines += [as_line(name, value) for name, value in left.items()]
    return "\n".join(lines) + "\n"


def as_line(name: str, value: str) -> str:
    """NAME=value, quoted where a shell or a reader of .env would take it for something else."""
    for odd, words in _UNWRITABLE.items():
        if odd in value:
            attempt = "set it in the environment instead, and run this again"
            raise Refused(f"{name} holds {words}, which .env cannot.", attempt)
    if _PLAIN.fullmatch(value):
        return f"{name}={value}"
    # In single quotes nothing is expanded: a $ in a password stays one.
    quoted = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"{name}='{quoted}'"


def replace_file(path: Path, text: str) -> None:
    """Put the text in the place of the file, whole or not at all, readable by its owner alone."""
    target = path.resolve()  # a link stays one
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:  # mkstemp has made it 0600
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
