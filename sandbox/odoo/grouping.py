"""read_group: how many records there are of each kind, and what their numbers add up to."""

from collections.abc import Sequence
from typing import Any

from sandbox.odoo.fields import NUMBERS
from sandbox.odoo.records import Records

Domain = Sequence[Any]


def read_group(
    records: Records,
    domain: Domain,
    fields: Sequence[str],
    groupby: str | Sequence[str],
    offset: int = 0,
    limit: int | None = None,
    orderby: str | bool = False,
    lazy: bool = True,
) -> list[dict[str, Any]]:
    """Groups by the first field, or by all of them where it is not lazy."""
    del orderby  # groups come in the order of their values
    every = [groupby] if isinstance(groupby, str) else list(groupby)
    chosen = every[:1] if lazy else every
    groups: dict[tuple[Any, ...], list[Records]] = {}
    for record in records.search(domain):
        row = record.read(chosen)[0]
        key = tuple(tuple(row[name]) if isinstance(row[name], list) else row[name] for name in chosen)
        groups.setdefault(key, []).append(record)
    ordered = sorted(groups.items(), key=lambda pair: [str(part) for part in pair[0]])
    last = offset + limit if limit else None
    return [_told(chosen, key, found, fields, domain, lazy) for key, found in ordered[offset:last]]


def _told(
    chosen: Sequence[str],
    key: tuple[Any, ...],
    found: Sequence[Records],
    fields: Sequence[str],
    domain: Domain,
    lazy: bool,
) -> dict[str, Any]:
    own = {name: list(part) if isinstance(part, tuple) else part for name, part in zip(chosen, key, strict=True)}
    counted = f"{chosen[0]}_count" if lazy and chosen else "__count"
    narrowed: list[Any] = list(domain)
    for name, part in own.items():
        leaf = [name, "=", part[0] if isinstance(part, list) else part]
        narrowed = ["&", *narrowed, leaf] if narrowed else [leaf]
    return {**own, counted: len(found), **_sums(found, fields, chosen), "__domain": narrowed}


def _sums(found: Sequence[Records], fields: Sequence[str], chosen: Sequence[str]) -> dict[str, Any]:
    known = found[0].env.fields(found[0].model)
    names = {each.partition(":")[0] for each in fields} - set(chosen) - {"id"}
    return {
        name: sum(record[name] for record in found) for name in names if name in known and known[name].type in NUMBERS
    }
