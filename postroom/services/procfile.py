"""The Procfile as a table: a name, a command, no shell."""

import re
import shlex
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template

from postroom.services.faults import CannotStart

LINE = re.compile(r"(?P<name>[A-Za-z0-9_-]+):\s*(?P<command>\S.*)")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the Procfile."""

    name: str
    words: tuple[str, ...]
    """As written; $NAMES are not yet filled in."""

    @property
    def queues(self) -> tuple[str, ...]:
        """The Celery queues that it consumes: what follows -Q."""
        if "-Q" not in self.words:
            return ()
        return tuple(self.words[self.words.index("-Q") + 1].split(","))


def read_procfile(path: Path) -> tuple[Entry, ...]:
    """Every entry in order. Raises CannotStart with every line that is not one."""
    entries: list[Entry] = []
    faults: list[str] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        match = LINE.fullmatch(line.strip())
        if match is None:
            faults.append(f"{path}, line {number}: {line!r} is not `name: command`.")
        elif match["name"] in {entry.name for entry in entries}:
            faults.append(f"{path}, line {number}: '{match['name']}' stands there twice. Give one another name.")
        else:
            entries.append(Entry(match["name"], tuple(shlex.split(match["command"]))))
    if faults:
        raise CannotStart("\n".join(faults))
    return tuple(entries)


def argv(entry: Entry, environment: Mapping[str, str]) -> tuple[str, ...]:
    """The command with its $NAMES filled in and its program found beside our own Python. Raises CannotStart."""
    missing = sorted(
        {name for word in entry.words for name in Template(word).get_identifiers() if name not in environment}
    )
    if missing:
        raise CannotStart(f"Procfile, '{entry.name}': {', '.join(missing)} is not set. Set it in .env.")
    program, *rest = (Template(word).substitute(environment) for word in entry.words)
    return (_find(program, entry), *rest)


def _find(program: str, entry: Entry) -> str:
    if program == "python":
        return sys.executable
    found = shutil.which(program, path=str(Path(sys.executable).parent)) or shutil.which(program)
    if found is None:
        raise CannotStart(f"Procfile, '{entry.name}': there is no program '{program}'. Run `make setup`.")
    return found
