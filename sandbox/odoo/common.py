"""The methods and fields that every model has."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from sandbox.odoo import rights, values
from sandbox.odoo.editions import ONLY_17, ONLY_19
from sandbox.odoo.fields import Field, char, integer, moment, one
from sandbox.odoo.grouping import read_group
from sandbox.odoo.models import Method
from sandbox.odoo.raised import shown
from sandbox.odoo.records import Records

Domain = Sequence[Any]


def called(record: Records) -> str:
    """How a record is called: as its model says, else by its name."""
    own = record.kind.shown
    if own:
        return own(record)
    return str(record["name"] or "") if "name" in record.env.fields(record.model) else shown(record.model, record.ids)


FIELDS: Mapping[str, Field] = MappingProxyType(
    {
        "id": integer("ID", readonly=True, compute=lambda record: record.id),
        "display_name": char("Display Name", readonly=True, compute=called),
        "create_uid": one("res.users", "Created by", readonly=True),
        "create_date": moment("Created on", readonly=True),
        "write_uid": one("res.users", "Last Updated by", readonly=True),
        "write_date": moment("Last Updated on", readonly=True),
    }
)


def _search(
    records: Records, domain: Domain, offset: int = 0, limit: int | None = None, order: str | None = None
) -> list[int]:
    return records.search(domain, offset, limit, order).ids


def _search_count(records: Records, domain: Domain, limit: int | None = None) -> int:
    return len(records.search(domain, 0, limit))


def _search_read(
    records: Records,
    domain: Domain | None = None,
    fields: Sequence[str] | None = None,
    offset: int = 0,
    limit: int | None = None,
    order: str | None = None,
    load: str = "_classic_read",
) -> list[dict[str, Any]]:
    return _read(records.search(domain or [], offset, limit, order), fields, load)


def _read(records: Records, fields: Sequence[str] | None = None, load: str = "_classic_read") -> list[dict[str, Any]]:
    rows = records.read(fields)
    if load == "_classic_read":
        return rows
    linked = {name for name, field in records.env.fields(records.model).items() if field.type == "many2one"}
    return [{k: v[0] if k in linked and v else v for k, v in row.items()} for row in rows]


def _get_metadata(records: Records) -> list[dict[str, Any]]:
    """Who made and changed records, and their external ids: whoever may not read ir.model.data learns them here."""
    named: dict[int, list[str]] = {}
    for row in records.env.sudo()["ir.model.data"].search([["model", "=", records.model]]):
        named.setdefault(int(row["res_id"]), []).append(f"{row['module']}.{row['name']}")
    rows = records.read(["create_uid", "create_date", "write_uid", "write_date"])
    return [
        {
            **row,
            "xmlid": next(iter(named.get(row["id"], ())), False),
            "noupdate": False,
            "xmlids": [{"xmlid": each, "noupdate": False} for each in named.get(row["id"], ())],
        }
        for row in rows
    ]


def _create(records: Records, vals_list: Any) -> Records:
    return records.create(vals_list if isinstance(vals_list, list) else [vals_list])


def _write(records: Records, vals: Mapping[str, Any]) -> bool:
    records.write(vals)
    return True


def _unlink(records: Records) -> bool:
    records.unlink()
    return True


def _copy(records: Records, default: Mapping[str, Any] | None = None) -> Records:
    return records.create([values.copied(each, default) for each in records])


def _exists(records: Records) -> list[int]:
    return records.exists().ids


def _name_get(records: Records) -> list[list[Any]]:
    return [[row["id"], row["display_name"]] for row in records.read(["display_name"])]


def _name_search(
    records: Records, name: str = "", args: Domain | None = None, operator: str = "ilike", limit: int | None = 100
) -> list[list[Any]]:
    domain = [*(args or []), ["display_name", operator, name]] if name else list(args or [])
    return _name_get(records.search(domain, 0, limit))


def _name_search_19(
    records: Records, name: str = "", domain: Domain | None = None, operator: str = "ilike", limit: int | None = 100
) -> list[list[Any]]:
    return _name_search(records, name, domain, operator, limit)


def _name_create(records: Records, name: str) -> list[Any]:
    made = records.create([{"name": name}])
    return [made.id, made["display_name"]]


def _fields_get(
    records: Records, allfields: Sequence[str] | None = None, attributes: Sequence[str] | None = None
) -> dict[str, Any]:
    known = {
        name: field for name, field in records.env.fields(records.model).items() if rights.may_see(records.env, field)
    }
    wanted = known if not allfields else {name: known[name] for name in allfields if name in known}
    return {name: _described(name, field, attributes) for name, field in wanted.items()}


def _described(name: str, field: Field, attributes: Sequence[str] | None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "type": field.type,
        "string": field.string,
        "name": name,
        "required": field.required,
        "readonly": field.readonly or bool(field.compute),
        "store": field.kept,
        "searchable": True,
        "sortable": True,
    }
    if field.relation:
        told["relation"] = field.relation
    if field.type == "one2many":
        told["relation_field"] = field.inverse
    if field.selection:
        told["selection"] = [list(pair) for pair in field.selection.items()]
    return {key: value for key, value in told.items() if not attributes or key in attributes}


def _default_get(records: Records, fields_list: Sequence[str]) -> dict[str, Any]:
    return values.defaults(records.env, records.model, fields_list)


def _check_access_rights(records: Records, operation: str, raise_exception: bool = True) -> bool:
    if raise_exception:
        rights.check_model(records.env, records.model, operation)
    return rights.may(records.env, records.model, operation)


def _check_access_rule(records: Records, operation: str) -> None:
    rights.check_records(records, operation)


def _check_access_rights_19(records: Records, operation: str, raise_exception: bool = True) -> bool | None:
    allowed = _check_access_rights(records, operation, raise_exception)
    return None if raise_exception else allowed


def _has_access(records: Records, operation: str) -> bool:
    return rights.reaches(records, operation)


def _read_method(call: Any, **more: Any) -> Method:
    return Method(call, acts=False, **more)


BOTH: Mapping[str, Method] = MappingProxyType(
    {
        "search": _read_method(_search, on_model=True),
        "search_count": _read_method(_search_count, on_model=True),
        "search_read": _read_method(_search_read, on_model=True),
        "read": _read_method(_read),
        "read_group": _read_method(read_group, on_model=True),
        "get_metadata": _read_method(_get_metadata),
        "fields_get": _read_method(_fields_get, on_model=True),
        "check_access_rule": _read_method(_check_access_rule),
        "default_get": _read_method(_default_get, on_model=True),
        "create": Method(_create, on_model=True, makes=True),
        "name_create": Method(_name_create, on_model=True),
        "write": Method(_write),
        "unlink": Method(_unlink),
        "copy": Method(_copy, makes=True),
    }
)
OF_17 = {
    "exists": _read_method(_exists, editions=ONLY_17),
    "name_get": _read_method(_name_get, editions=ONLY_17),
    "name_search": _read_method(_name_search, on_model=True, editions=ONLY_17),
    "check_access_rights": _read_method(_check_access_rights, on_model=True, editions=ONLY_17),
}
OF_19 = {
    "name_search": _read_method(_name_search_19, on_model=True, editions=ONLY_19),
    "check_access_rights": _read_method(_check_access_rights_19, on_model=True, editions=ONLY_19),
    "has_access": _read_method(_has_access, editions=ONLY_19),
}
METHODS: Mapping[int, Mapping[str, Method]] = MappingProxyType({17: {**BOTH, **OF_17}, 19: {**BOTH, **OF_19}})
