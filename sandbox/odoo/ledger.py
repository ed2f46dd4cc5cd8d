"""The ledger: every call that may change something, by its key and by its records."""

from collections import deque
from dataclasses import asdict, dataclass, replace
from typing import Any

MOST = 20_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One call, and how it ended."""

    number: int
    at: str
    version: int
    login: str
    model: str
    method: str
    ids: tuple[int, ...]
    key: str = ""
    """What makes it once: the key of a command, the Message-Id of a message, else the call's own id."""
    outcome: str = "open"
    """done, refused (Odoo raised), faulted (a fault on demand, nothing done), or done_unsaid (done, and not told)."""
    code: str = ""

    @property
    def done(self) -> bool:
        """Whether it has changed what it wanted to change."""
        return self.outcome in ("done", "done_unsaid")


class Ledger:
    """The newest entries; a shelf of the rooms."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=MOST)
        self._count = 0

    def open(self, **told: Any) -> Entry:
        """Note a call before anything is done about it."""
        self._count += 1
        entry = Entry(self._count, **told)
        self._entries.append(entry)
        return entry

    def close(self, entry: Entry, outcome: str, code: str = "") -> None:
        """Note how it ended."""
        for place in range(len(self._entries) - 1, -1, -1):
            if self._entries[place].number == entry.number:
                self._entries[place] = replace(entry, outcome=outcome, code=code)
                return

    def clear(self) -> None:
        """Forget them."""
        self._entries.clear()

    def rows(self, key: str = "", record: str = "", method: str = "") -> list[dict[str, Any]]:
        """The entries of a key, of a record such as purchase.order:42, of a method; oldest first."""
        return [
            asdict(each)
            for each in self._entries
            if (not key or each.key == key)
            and (not method or each.method == method)
            and (not record or record in {f"{each.model}:{one}" for one in each.ids})
        ]
