"""One database: rows by model and id, and what is undone when a call fails."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

Row = Mapping[str, Any]


class Database:
    """Rows in memory. A row is replaced, never changed."""

    def __init__(self) -> None:
        self._tables: dict[str, dict[int, Row]] = {}
        self._last: Counter[str] = Counter()
        self._numbers: Counter[str] = Counter()
        self._undo: list[tuple[str, int, Row | None]] = []

    def ids(self, model: str) -> list[int]:
        """Every id, in the order in which the records were made."""
        return list(self._tables.get(model, ()))

    def row(self, model: str, record_id: int) -> Row | None:
        """One row; None where it is gone."""
        return self._tables.get(model, {}).get(record_id)

    def insert(self, model: str, row: Row, record_id: int | None = None) -> int:
        """Keep a new row; its id, which is the next one where none is asked for."""
        chosen = self._last[model] + 1 if record_id is None else record_id
        self._last[model] = max(self._last[model], chosen)
        self._set(model, chosen, {**row, "id": chosen})
        return chosen

    def update(self, model: str, record_id: int, changes: Row) -> None:
        """Change some fields of a row."""
        self._set(model, record_id, {**self._tables[model][record_id], **changes})

    def delete(self, model: str, record_id: int) -> None:
        """Let go of a row."""
        self._set(model, record_id, None)

    def next_number(self, sequence: str) -> int:
        """The next number of a sequence; as in Odoo one that was drawn is not given back."""
        self._numbers[sequence] += 1
        return self._numbers[sequence]

    def draw_from(self, sequence: str, number: int) -> None:
        """Let a sequence go on after this number."""
        self._numbers[sequence] = max(self._numbers[sequence], number)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Undo everything that was done inside where it raises; may be nested."""
        mark = len(self._undo)
        try:
            yield
        except BaseException:
            while len(self._undo) > mark:
                model, record_id, row = self._undo.pop()
                self._put(model, record_id, row)
            raise
        finally:
            if mark == 0:
                self._undo.clear()

    def _set(self, model: str, record_id: int, row: Row | None) -> None:
        self._undo.append((model, record_id, self.row(model, record_id)))
        self._put(model, record_id, row)

    def _put(self, model: str, record_id: int, row: Row | None) -> None:
        table = self._tables.setdefault(model, {})
        if row is None:
            table.pop(record_id, None)
        else:
            table[record_id] = row
