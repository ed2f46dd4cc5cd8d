"""The schemas of event types as they are published: each whole by itself, though its file says nothing twice."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

Schema = dict[str, Any]

COMMON = "common.json"
"""The file of what types share."""
TYPES = "x-types"
"""In the file of a family: its types, each with what differs."""
DEFS = "#/$defs/"


def read_schemas(directory: Path) -> dict[str, Schema]:
    """The schema of every type, by its name, with those shared parts that it uses."""
    shared = json.loads((directory / COMMON).read_text(encoding="utf-8"))["$defs"]
    files = (path for path in sorted(directory.glob("*.json")) if path.name != COMMON)
    return {
        name: {**schema, "$defs": {part: shared[part] for part in shared if part in _used(schema, shared)}}
        for path in files
        for name, schema in _types(path.stem, json.loads(path.read_text(encoding="utf-8")))
    }


def _types(name: str, schema: Schema) -> Iterator[tuple[str, Schema]]:
    """One type, or each of a family's."""
    family = schema.pop(TYPES, {name: {}})
    for each, own in family.items():
        yield each, {**schema, "$id": f"urn:postroom:event:{each}", **own}


def _used(schema: Schema, shared: Mapping[str, Any]) -> frozenset[str]:
    """The names of the parts that it refers to, directly or by way of others."""
    found: set[str] = set()
    waiting = list(_references(schema))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += _references(shared[name])
    return frozenset(found)


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        reference = value.get("$ref")
        if isinstance(reference, str) and reference.startswith(DEFS):
            yield reference.removeprefix(DEFS)
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)
