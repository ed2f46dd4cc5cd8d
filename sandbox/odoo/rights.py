"""Who may do what: groups, access rights by model, rules by record, fields for a group alone."""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from sandbox.odoo.domains import Test, compiled
from sandbox.odoo.fields import Field
from sandbox.odoo.raised import access_error
from sandbox.odoo.rules import evaluated

if TYPE_CHECKING:
    from sandbox.odoo.records import Env, Records

DEEDS: Mapping[str, str] = MappingProxyType(
    {"read": "access", "write": "modify", "create": "create", "unlink": "delete"}
)
"""What Odoo calls each operation when it refuses it."""


def groups_of(env: "Env", uid: int) -> set[int]:
    """The groups of a user, with those that they imply."""
    known = env._known
    if f"groups of {uid}" not in known:
        row = env.database.row("res.users", uid) or {}
        known[f"groups of {uid}"] = implied(env, row.get(env.edition.users_groups, []))
    found: set[int] = known[f"groups of {uid}"]
    return found


def implied(env: "Env", groups: Iterable[int]) -> set[int]:
    """Groups with all that they imply."""
    found: set[int] = set()
    waiting = list(groups)
    while waiting:
        group = waiting.pop()
        if group not in found:
            found.add(group)
            waiting += (env.database.row("res.groups", group) or {}).get("implied_ids", [])
    return found


# By model -----------------------------------------------------------------------------------------------------------


def may(env: "Env", model: str, operation: str) -> bool:
    """Whether some access right lets the user do this."""
    if env.su:
        return True
    own = groups_of(env, env.uid)
    return any(not group or group in own for group in _granted(env, model, operation))


def check_model(env: "Env", model: str, operation: str) -> None:
    """Raise AccessError, naming the groups that may."""
    if may(env, model, operation):
        return
    title = env.model(model).title
    groups = sorted(_full_name(env, group) for group in {*_granted(env, model, operation)} if group)
    told = "".join(f"\n\t- {name}" for name in groups)
    allowed = (
        f"This operation is allowed for the following groups:{told}"
        if groups
        else "No group currently allows this operation."
    )
    raise access_error(
        f"You are not allowed to {DEEDS[operation]} '{title}' ({model}) records.\n\n{allowed}\n\n"
        "Contact your administrator to request access if necessary."
    )


def _granted(env: "Env", model: str, operation: str) -> Iterator[int]:
    """The groups of every access right for this; 0 stands for everybody."""
    for record_id in env.database.ids("ir.model.access"):
        row = env.database.row("ir.model.access", record_id) or {}
        named = env.database.row("ir.model", row.get("model_id") or 0) or {}
        if named.get("model") == model and row.get(f"perm_{operation}") and row.get("active", True):
            yield row.get("group_id") or 0


def _full_name(env: "Env", group: int) -> str:
    return str(env.sudo().records("res.groups", [group])["full_name"])


# By record ----------------------------------------------------------------------------------------------------------


def test(env: "Env", model: str, operation: str) -> Test:
    """Every rule for everybody must hold, and one of those for the user's groups, where there are any."""
    if env.su:
        return lambda _record: True
    own = groups_of(env, env.uid)
    common, grouped = [], []
    for groups, domain in _rules(env, model, operation):
        if not groups:
            common.append(compiled(env.sudo(), model, domain))
        elif own & groups:
            grouped.append(compiled(env.sudo(), model, domain))
    guard = env.model(model).guard
    return lambda record: (
        all(holds(record) for holds in common)
        and (not grouped or any(holds(record) for holds in grouped))
        and (guard is None or guard(env.records(model, record.ids), operation))
    )


def reaches(records: "Records", operation: str) -> bool:
    """Whether the user may do this with every one of these records."""
    allowed = test(records.env, records.model, operation)
    return may(records.env, records.model, operation) and all(allowed(each.sudo()) for each in records)


def reaches_document(env: "Env", model: object, record_id: object, operation: str) -> bool:
    """The same of the document that a message, an activity or an attachment belongs to."""
    if not isinstance(model, str) or model not in env.server.models or not isinstance(record_id, int):
        return False
    document = env.records(model, [record_id]).exists()
    return bool(document) and reaches(document, operation)


def check_records(records: "Records", operation: str) -> None:
    """Raise AccessError where a rule keeps one of the records from the user."""
    env = records.env
    if env.su or not records:
        return
    allowed = test(env, records.model, operation)
    if all(allowed(record.sudo()) for record in records):
        return
    raise access_error(
        "Uh-oh! Looks like you have stumbled upon some top-secret records.\n\n"
        f"Sorry, {env.user['name']} (id={env.uid}) doesn't have '{operation}' access to:\n"
        f"- {records.kind.title} ({records.model})\n\n"
        "If you really, really need access, perhaps you can win over your friendly administrator "
        "with a batch of freshly baked cookies."
    )


def _rules(env: "Env", model: str, operation: str) -> Iterator[tuple[set[int], list[object]]]:
    for record_id in env.database.ids("ir.rule"):
        row = env.database.row("ir.rule", record_id) or {}
        named = env.database.row("ir.model", row.get("model_id") or 0) or {}
        if named.get("model") == model and row.get(f"perm_{operation}", True) and row.get("active", True):
            yield set(row.get("groups", [])), evaluated(env, row.get("domain_force") or "[]")


# By field -----------------------------------------------------------------------------------------------------------


def may_see(env: "Env", field: Field) -> bool:
    """Whether a field is for this user."""
    return not field.groups or env.su or env.has_group(field.groups)


def check_fields(env: "Env", model: str, names: Iterable[str], operation: str) -> None:
    """Raise AccessError for the first field that is kept from the user."""
    for name in names:
        field = env.fields(model).get(name)
        if field is None or may_see(env, field):
            continue
        title, group = env.model(model).title, env.sudo().ref(field.groups)["full_name"]
        if env.edition.number == 17:
            words = (
                "The requested operation can not be completed due to security restrictions.\n\n"
                f"Document type: {title} ({model})\nOperation: {operation}\nUser: {env.uid}\n"
                f"Fields:\n- {name} (allowed for groups '{group.replace('/', ' / ')}')"
            )
        else:
            words = (
                f'You do not have enough rights to access the field "{name}" on {title} ({model}). '
                f"Please contact your system administrator.\n\nOperation: {operation}\nUser: {env.uid}\n"
                f"Groups: allowed for groups '{group}'"
            )
        raise access_error(words)
