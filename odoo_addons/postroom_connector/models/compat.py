"""What differs between Odoo 17, 18 and 19; nothing else asks which version it is."""

from odoo.release import version_info

SERIES = version_info[0]
LIST = "tree" if SERIES < 18 else "list"
"""The tag and the view type of lists."""


def cron_values(env, values):
    """Odoo 17 wants to be told that a cron never ends."""
    endless = {"numbercall": -1, "doall": False}
    return {**values, **{name: value for name, value in endless.items() if name in env["ir.cron"]._fields}}


def act_window_modes():
    """How an action names its views."""
    return f"{LIST},form"


def groups_field(records):
    """The field that holds the groups of a menu or of a user; 19 calls it by another name."""
    return "group_ids" if "group_ids" in records._fields else "groups_id"


def members(env, group):
    """The users of a group, also by another group; Odoo 17 has one field for both, and 19 has two."""
    field = "all_group_ids" if "all_group_ids" in env["res.users"]._fields else "groups_id"
    return env["res.users"].sudo().search([(field, "in", group.ids)])


def refuse_unseen(record):
    """AccessError where the user may not read it; Odoo 17 asks twice."""
    if SERIES < 18:
        record.check_access_rights("read")
        record.check_access_rule("read")
    else:
        record.check_access("read")


def unique_index(records, *columns):
    """An index that Odoo 17 and 19 make by different functions; it is what makes a thing once when two come at once."""
    name = f"{records._table}_{columns[-1]}_unique"
    records.env.cr.execute(f'create unique index if not exists "{name}" on "{records._table}" ({", ".join(columns)})')
