"""How documents stand that somebody is to decide, many at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from postroom.domain.approvals import Way
from postroom.domain.channels import Verdict
from postroom.odoo.client import Odoo, Row
from postroom.odoo.errors import OdooError


@dataclass(frozen=True, slots=True)
class Stand:
    """A document as it was read."""

    state: str | None
    """None: there is no such document."""
    revision: str = ""
    """When it was last written to, as the add-on tells a revision."""


def stands(odoo: Odoo, way: Way, model: str, ids: Sequence[int]) -> dict[int, Stand]:
    """Each of them; what our user may not read is left out, for that is not to be gone. Raises OdooError."""
    if way.through is not None:
        return _elsewhere(odoo, way, model, ids)
    rows = _rows(odoo, model, sorted(set(ids)), [way.state, "write_date"])
    return {number: _stand(row, way.state) for number, row in rows.items()}


def _elsewhere(odoo: Odoo, way: Way, model: str, ids: Sequence[int]) -> dict[int, Stand]:
    """What is decided by another document stands as that one does; without one it is back with whoever wrote it."""
    field, owner_model = way.through or ("", "")
    rows = _rows(odoo, model, sorted(set(ids)), [field, "write_date"])
    owners = {number: int(row[field][0]) for number, row in rows.items() if row and row[field]}
    there = stands(odoo, replace(way, through=None), owner_model, list(owners.values()))
    found = {number: Stand("" if row else None) for number, row in rows.items() if number not in owners}
    # Its revision is another one's, and is held against nothing.
    return found | {number: Stand(there[owner].state) for number, owner in owners.items() if owner in there}


def _stand(row: Row | None, state: str) -> Stand:
    return Stand(None) if row is None else Stand(str(row[state]), str(row["write_date"] or "")[:19])


def _rows(odoo: Odoo, model: str, ids: list[int], fields: list[str]) -> Mapping[int, Row | None]:
    """By id, None for what is gone. One that may not be read spoils the whole call: the others are asked by halves."""
    if not ids:
        return {}
    try:
        found = {row["id"]: row for row in odoo.read(model, ids, fields)}
        return {number: found.get(number) for number in ids}
    except OdooError as error:
        if error.fault.verdict is not Verdict.PERMANENT:
            raise
    half = len(ids) // 2
    parts = (ids[:half], ids[half:]) if half else ()
    return {number: row for part in parts for number, row in _rows(odoo, model, part, fields).items()}
