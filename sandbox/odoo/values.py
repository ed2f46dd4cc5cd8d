"""From the values of a call to rows: checked, completed, linked."""

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from sandbox.odoo import tracking
from sandbox.odoo.fields import X2MANY, Field
from sandbox.odoo.raised import invalid, missing, value_error

if TYPE_CHECKING:
    from sandbox.odoo.records import Env, Records

Values = Mapping[str, Any]
MAGIC = frozenset({"id", "create_uid", "create_date", "write_uid", "write_date", "display_name"})


def create(env: "Env", model: str, given: Values, record_id: int | None = None) -> "Records":
    """One new record, or the one that is there already where the model says so."""
    kind = env.model(model)
    _check_names(env, model, given)
    values = {**_defaults(env, model, given), **given}
    if kind.prepare:
        values = kind.prepare(env, values)
        if values.get("id"):
            return env.records(model, [values["id"]])
    row = {name: _plain(env, model, name, value) for name, value in values.items() if _is_kept(env, model, name)}
    stamps = {"create_uid": env.uid, "create_date": env.now, "write_uid": env.uid, "write_date": env.now}
    made = env.records(model, [env.database.insert(model, {**stamps, **row}, record_id)])
    _link(made, values)
    _check_required(made)
    if kind.made:
        kind.made(made)
    tracking.note_made(made)
    return made


def write(records: "Records", changes: Values) -> None:
    """The same changes on every record."""
    env, model = records.env, records.model
    _check_names(env, model, changes)
    if records.kind.changed:
        records.kind.changed(records, dict(changes))
    for record in records:
        before = tracking.state(record)
        row = {name: _plain(env, model, name, value) for name, value in changes.items() if _is_plain(env, model, name)}
        env.database.update(model, record.id, {**row, "write_uid": env.uid, "write_date": env.now})
        _link(record, changes)
        _check_required(record)
        tracking.note(record, before)


def unlink(records: "Records") -> None:
    """Remove records, their lines, and what others say about them."""
    env = records.env
    if records.kind.removed:
        records.kind.removed(records)
    for record in records:
        for name, field in env.fields(records.model).items():
            if field.type == "one2many" and (field.by or _is_owned(env, field)):
                unlink(record.sudo()[name])
        env.database.delete(records.model, record.id)


def copied(record: "Records", default: Values | None) -> dict[str, Any]:
    """What a copy of a record is made with."""
    fields = record.env.fields(record.model)
    row = record.env.database.row(record.model, record.id) or {}
    own = {name: value for name, value in row.items() if name in fields and fields[name].copied and name not in MAGIC}
    plain = {name: [(6, 0, v)] if fields[name].type in X2MANY else v for name, v in own.items()}
    if record.kind.marks_copies:
        plain["name"] = f"{record['name']} (copy)"
    return {**plain, **_copied_lines(record), **(default or {})}


def _copied_lines(record: "Records") -> dict[str, Any]:
    owned = {
        name: field
        for name, field in record.env.fields(record.model).items()
        if field.type == "one2many" and field.copied
    }
    return {
        name: [(0, 0, {k: v for k, v in copied(line, None).items() if k != field.inverse}) for line in record[name]]
        for name, field in owned.items()
    }


def _is_owned(env: "Env", field: Field) -> bool:
    inverse = env.fields(field.relation).get(field.inverse)
    return inverse is not None and inverse.required


def _is_kept(env: "Env", model: str, name: str) -> bool:
    return name not in MAGIC and env.fields(model)[name].kept


def _is_plain(env: "Env", model: str, name: str) -> bool:
    """Whether a write sets it outright; links to many are changed from what they are."""
    return _is_kept(env, model, name) and env.fields(model)[name].type not in X2MANY


def _check_names(env: "Env", model: str, given: Values) -> None:
    for name in given:
        if name not in env.fields(model):
            raise value_error(env.edition.field_created.format(field=name, model=model))


def _defaults(env: "Env", model: str, given: Values) -> dict[str, Any]:
    found = {}
    for name, field in env.fields(model).items():
        asked = env.context.get(f"default_{name}")
        if name in given or not (field.kept or asked is not None):
            continue
        value = asked if asked is not None else field.default(env) if callable(field.default) else field.default
        if value is not None:
            found[name] = value
    return found


def defaults(env: "Env", model: str, wanted: Iterable[str]) -> dict[str, Any]:
    """What a new record would begin with."""
    return {name: value for name, value in _defaults(env, model, {}).items() if name in set(wanted)}


def _check_required(record: "Records") -> None:
    kind = record.kind
    for name, words in kind.not_null.items():
        if not record.sudo()[name]:
            raise invalid(f"The operation cannot be completed: {words}")
    row = record.env.database.row(record.model, record.id) or {}
    for name, field in record.env.fields(record.model).items():
        if field.required and field.kept and name not in kind.not_null and row.get(name, False) in (False, None):
            told = {"title": kind.title, "model": kind.name, "label": field.string, "field": name}
            raise invalid(record.env.edition.mandatory.format(**told))


def _plain(env: "Env", model: str, name: str, value: Any) -> Any:
    """The value as a row keeps it."""
    field = env.fields(model)[name]
    if field.type in X2MANY:
        return []
    if field.type == "many2one":
        return _target(env, model, field, name, value)
    if field.type == "selection" and value and value not in field.selection:
        raise value_error(f"Wrong value for {model}.{name}: {value!r}")
    if field.type == "binary":
        return _bytes(value)
    return CASTS.get(field.type, lambda kept: False if kept is None else kept)(value)


CASTS: Mapping[str, Any] = {
    "integer": lambda value: int(value or 0),
    "float": lambda value: float(value or 0),
    "monetary": lambda value: round(float(value or 0), 2),
    "boolean": bool,
    "char": lambda value: str(value) if value not in (None, False) else False,
}


def _bytes(value: Any) -> str | bool:
    if not value:
        return False
    try:
        return base64.b64encode(base64.b64decode(str(value), validate=False)).decode()
    except binascii.Error as error:
        raise value_error(str(error)) from error


def _target(env: "Env", model: str, field: Field, name: str, value: Any) -> int | bool:
    if not value:
        return False
    target = int(value[0] if isinstance(value, list | tuple) else value)
    if env.database.row(field.relation, target) is not None:
        return target
    if env.edition.missing_target:
        raise missing(field.relation, [target], env.uid)
    table = model.replace(".", "_")
    raise invalid(
        "The operation cannot be completed: another model requires the record being deleted. "
        "If possible, archive it instead.\n\n"
        f"Model: {env.model(model).title} ({model})\nConstraint: {table}_{name}_fkey\n"
    )


# Links to many ------------------------------------------------------------------------------------------------------


def _link(record: "Records", values: Values) -> None:
    for name, value in values.items():
        field = record.env.fields(record.model)[name]
        if field.related and not field.readonly:
            _write_related(record, field.related, value)
        elif field.type in X2MANY and not field.compute:
            _write_many(record, name, field, value or [])


def _write_related(record: "Records", path: str, value: Any) -> None:
    *steps, last = path.split(".")
    target = record.sudo()
    for step in steps:
        target = target[step]
    if target:
        write(target, {last: value})


def _write_many(record: "Records", name: str, field: Field, commands: Iterable[Any]) -> None:
    env = record.env
    unfiltered = record.env.with_context(active_test=False).records(record.model, record.ids)
    before = unfiltered.sudo()[name].ids
    after = _commanded(record, field, before, commands)
    if field.kept:
        env.database.update(record.model, record.id, {name: after})
    elif field.type == "many2many":
        _mirror(record, field, before, after)
    else:
        _adopt(record, field, before, after)


def _commanded(record: "Records", field: Field, before: list[int], commands: Iterable[Any]) -> list[int]:
    """The links that a list of commands leaves; lines are made and changed on the way."""
    links = list(before)
    others = record.env[field.relation]
    for given in commands:
        command: Any = (4, given) if isinstance(given, int) else given
        code, target = command[0], command[1] if len(command) > 1 else 0
        if code == 0:
            links.append(_child(record, field, command[2]))
        elif code == 1:
            record.env.records(field.relation, [target]).write(command[2])
        elif code in (2, 3):
            links = [each for each in links if each != target]
            if code == 2:
                record.env.records(field.relation, [target]).unlink()
        elif code == 4 and target not in links:
            links.append(target)
        elif code == 5:
            links = []
        elif code == 6:
            links = list(dict.fromkeys(command[2]))
    record.env.records(others.model, [each for each in links if each not in before]).need()
    return links


def _child(record: "Records", field: Field, values: Values) -> int:
    owned = {field.inverse: record.id} if field.type == "one2many" else {}
    return record.env[field.relation].create([{**values, **owned}]).id


def _mirror(record: "Records", field: Field, before: list[int], after: list[int]) -> None:
    """A many2many is kept on one side: change the lists over there."""
    database = record.env.database
    for other in {*before} ^ {*after}:
        row = database.row(field.relation, other) or {}
        kept = [each for each in row.get(field.inverse, []) if each != record.id]
        database.update(field.relation, other, {field.inverse: [*kept, record.id] if other in after else kept})


def _adopt(record: "Records", field: Field, before: list[int], after: list[int]) -> None:
    database = record.env.database
    for other in {*before} ^ {*after}:
        if database.row(field.relation, other) is not None:
            database.update(field.relation, other, {field.inverse: record.id if other in after else False})
