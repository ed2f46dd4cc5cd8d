"""Making an event of a type, as Odoo would post it, from a sample and what somebody typed."""

import copy
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any

from postroom.cli.faults import usage
from postroom.domain.event_types import EVENT_TYPES, EventType

SOURCE = "/odoo/cli"


def event_type(named: str) -> EventType:
    """The event type of this name, or the one whose name ends so (order_confirmed). Refused when there is none."""
    nicknames = {each.name.rpartition(".")[2]: each for each in EVENT_TYPES.values()}
    found = EVENT_TYPES.get(named) or nicknames.get(named)
    if found is None:
        close = get_close_matches(named, [*nicknames, *EVENT_TYPES], n=1) or list(nicknames)
        raise usage(f"There is no event type '{named}'.", f"postroom send {close[0]} --to +34600111222")
    return found


def event_of(shape: EventType, data: Mapping[str, Any], *, source: str = SOURCE) -> dict[str, Any]:
    """A CloudEvent about a document of its own, so that no two are taken for one."""
    now = datetime.now(UTC)
    return {
        "specversion": "1.0",
        "id": f"{shape.name}-{now:%Y%m%d%H%M%S}-{secrets.token_hex(4)}",
        "source": source,
        "type": shape.name,
        "time": now.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "subject": f"{_at(data, shape.model_at) if shape.model_at else shape.model}:{_at(data, shape.document)}",
        "datacontenttype": "application/json",
        "data": data,
    }


def data_of(shape: EventType, recipient: Mapping[str, Any], facts: Sequence[str] = ()) -> dict[str, Any]:
    """The sample's data for this recipient, with these facts ('amount_due=99.50', '/invoice/number=INV/7').

    Refused with every fact that the type does not have.
    """
    data: dict[str, Any] = copy.deepcopy(dict(shape.sample))
    data["recipient"] = {name: value for name, value in recipient.items() if value is not None}
    number = secrets.randbelow(90_000) + 10_000
    _put(data, shape.document, number)
    _number(data, number)
    unknown = [fact for fact in facts if not _set(shape, data, fact)]
    if unknown:
        known = ", ".join(spec.name for spec in shape.facts)
        named = ", ".join(f"'{fact}'" for fact in unknown)
        raise usage(
            f"Not a fact of {shape.noun} events: {named}. They have {known}, or a pointer such as {shape.document}.",
            f"postroom send {shape.name.rpartition('.')[2]} --fact {shape.facts[2].name}=…",
        )
    return data


def _number(data: dict[str, Any], number: int) -> None:
    """The document's own number follows its id, so that two samples can be told apart when they are read."""
    if "invoice" in data:
        data["invoice"] |= {
            "number": f"INV/{datetime.now(UTC).year}/{number:05}",
            "portal_url": _portal("invoices", number),
        }
    if "order" in data:
        data["order"] |= {"number": f"S{number:05}", "portal_url": _portal("orders", number)}
    if "approval" in data:
        data["approval"]["document_number"] = f"P{number:05}"


def _portal(documents: str, number: int) -> str:
    return f"https://erp.example.com/my/{documents}/{number}?access_token={secrets.token_hex(8)}"


def _set(shape: EventType, data: dict[str, Any], fact: str) -> bool:
    name, given, value = fact.partition("=")
    spec = shape.fact(name)
    pointer = spec.pointer if spec else name
    if not given or not pointer.startswith("/") or not isinstance(_parent(data, pointer), dict):
        return False
    whole = isinstance(_at(data, pointer), int) and value.isdecimal()
    _put(data, pointer, int(value) if whole else value)
    return True


def _parent(data: Mapping[str, Any], pointer: str) -> Any:
    return _at(data, pointer.rpartition("/")[0])


def _at(data: Mapping[str, Any], pointer: str) -> Any:
    value: Any = data
    for step in filter(None, pointer.split("/")):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _put(data: dict[str, Any], pointer: str, value: Any) -> None:
    _parent(data, pointer)[pointer.rpartition("/")[2]] = value
