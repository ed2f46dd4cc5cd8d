"""The order of records, as in "date_order desc, id"."""

from typing import TYPE_CHECKING, Any

from sandbox.odoo.raised import value_error

if TYPE_CHECKING:
    from sandbox.odoo.records import Records


def sort(records: "list[Records]", order: str) -> None:
    """Sort in place; the first part counts most."""
    if not records:
        return
    known = records[0].env.fields(records[0].model)
    for part in reversed(order.split(",")):
        name, _, direction = part.strip().partition(" ")
        if name not in known:
            raise value_error(f"Invalid field '{name}' on model '{records[0].model}'")
        records.sort(key=lambda record, name=name: _weight(record, name), reverse=direction.strip().lower() == "desc")  # type: ignore[misc]


def _weight(record: "Records", name: str) -> tuple[bool, Any]:
    """What is not set comes last, as in PostgreSQL."""
    described = record.env.fields(record.model)[name]
    value = record[name]
    if described.type == "many2one":
        value = value["display_name"] if value else False
    if described.type == "boolean":
        return False, bool(value)
    unset = value is False or value is None
    return unset, "" if unset else value
