"""Groups, access rights and record rules, as records: what is written there counts at once."""

from sandbox.odoo.domains import compiled
from sandbox.odoo.editions import ONLY_17, ONLY_19
from sandbox.odoo.fields import active, boolean, char, children, many, one, text
from sandbox.odoo.models import Model, Values
from sandbox.odoo.raised import Raised, invalid
from sandbox.odoo.records import Env, Records
from sandbox.odoo.rights import implied
from sandbox.odoo.rules import evaluated


def _full_name(record: Records) -> str:
    place = record["category_id"] if "category_id" in record.env.fields(record.model) else record["privilege_id"]
    return f"{place['name']}/{record['name']}" if place else str(record["name"])


GROUPS = Model(
    "res.groups",
    "Access Groups",
    {
        "name": char("Name", required=True),
        "full_name": char("Group Name", compute=_full_name),
        "comment": text("Comment"),
        "category_id": one("ir.module.category", "Application", editions=ONLY_17),
        "privilege_id": one("res.groups.privilege", "Privilege", editions=ONLY_19),
        "implied_ids": many("res.groups", "Inherits"),
        "users": many("res.users", "Users", inverse="groups_id", editions=ONLY_17),
        "user_ids": many("res.users", "Users", inverse="group_ids", editions=ONLY_19),
        "model_access": children("ir.model.access", "group_id", "Access Controls"),
        "rule_groups": many("ir.rule", "Rules", inverse="groups"),
        "all_implied_ids": many(
            "res.groups", "Implied", compute=lambda r: sorted(implied(r.env, [r.id])), editions=ONLY_19
        ),
        "share": boolean("Share Group"),
    },
    shown=_full_name,
)
CATEGORY = Model("ir.module.category", "Application", {"name": char("Name", required=True)}, editions=ONLY_17)
PRIVILEGE = Model("res.groups.privilege", "Privileges", {"name": char("Name", required=True)}, editions=ONLY_19)
PERMISSIONS = {
    "perm_read": boolean("Read"),
    "perm_write": boolean("Write"),
    "perm_create": boolean("Create"),
    "perm_unlink": boolean("Delete"),
}
ACCESS = Model(
    "ir.model.access",
    "Model Access",
    {
        "name": char("Name", required=True),
        "model_id": one("ir.model", "Model", required=True),
        "group_id": one("res.groups", "Group"),
        "active": active(),
        **PERMISSIONS,
    },
)


def _rule_prepared(env: Env, values: Values) -> Values:
    model = env.sudo().records("ir.model", [values.get("model_id") or 0]).exists()
    try:
        if model and model["model"] in env.server.models:
            compiled(env.sudo(), model["model"], evaluated(env, values.get("domain_force") or "[]"))
    except Raised as exception:
        raise invalid(f"Invalid domain: {exception.words}") from exception
    return values


RULE = Model(
    "ir.rule",
    "Record Rule",
    {
        "name": char("Name"),
        "model_id": one("ir.model", "Model", required=True),
        "groups": many("res.groups", "Groups"),
        "domain_force": text("Domain"),
        "active": active(),
        "global": boolean("Global", compute=lambda record: not record["groups"]),
        **{name: boolean(field.string, default=True) for name, field in PERMISSIONS.items()},
    },
    prepare=_rule_prepared,
)

MODELS = (GROUPS, CATEGORY, PRIVILEGE, ACCESS, RULE)
