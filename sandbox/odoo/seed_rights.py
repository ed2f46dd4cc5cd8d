"""Groups, who is in which, and what each group may do: as much of Odoo's own as the documents here need."""

from collections.abc import Mapping
from types import MappingProxyType

GROUPS: Mapping[str, tuple[str, str, tuple[str, ...]]] = MappingProxyType(
    {
        "base.group_user": ("User types", "Internal User", ()),
        "base.group_portal": ("User types", "Portal", ()),
        "base.group_partner_manager": ("Extra Rights", "Contact Creation", ()),
        "base.group_erp_manager": ("Administration", "Access Rights", ("base.group_user",)),
        "base.group_system": ("Administration", "Settings", ("base.group_erp_manager", "base.group_partner_manager")),
        "base.group_multi_company": ("", "Multi Companies", ()),
        "mail.group_mail_notification_type_inbox": ("", "Receive notifications in Odoo", ()),
        "purchase.group_purchase_user": ("Purchase", "User", ("base.group_user",)),
        "purchase.group_purchase_manager": ("Purchase", "Administrator", ("purchase.group_purchase_user",)),
        "sales_team.group_sale_salesman": ("Sales", "User: Own Documents Only", ("base.group_user",)),
        "sales_team.group_sale_salesman_all_leads": (
            "Sales",
            "User: All Documents",
            ("sales_team.group_sale_salesman",),
        ),
        "sales_team.group_sale_manager": ("Sales", "Administrator", ("sales_team.group_sale_salesman_all_leads",)),
        "account.group_account_invoice": ("Invoicing", "Billing", ("base.group_user",)),
        "account.group_account_manager": ("Invoicing", "Billing Administrator", ("account.group_account_invoice",)),
        "hr.group_hr_user": ("Employees", "Officer: Manage all employees", ("base.group_user",)),
        "hr_holidays.group_hr_holidays_responsible": ("Time Off", "Time Off Responsible", ("base.group_user",)),
        "hr_holidays.group_hr_holidays_user": (
            "Time Off",
            "Officer: Manage all requests",
            ("hr_holidays.group_hr_holidays_responsible", "hr.group_hr_user"),
        ),
        "hr_holidays.group_hr_holidays_manager": (
            "Time Off",
            "Administrator",
            ("hr_holidays.group_hr_holidays_user",),
        ),
        "hr_expense.group_hr_expense_team_approver": ("Expenses", "Team Approver", ("base.group_user",)),
        "hr_expense.group_hr_expense_user": (
            "Expenses",
            "All Approver",
            ("hr_expense.group_hr_expense_team_approver",),
        ),
        "hr_expense.group_hr_expense_manager": ("Expenses", "Administrator", ("hr_expense.group_hr_expense_user",)),
        "project.group_project_user": ("Project", "User", ("base.group_user",)),
        "project.group_project_manager": ("Project", "Administrator", ("project.group_project_user",)),
        "helpdesk.group_helpdesk_user": ("Helpdesk", "User", ("base.group_user",)),
        "postroom_connector.group_bridge": ("", "Postroom / Bridge", ()),
        "__postroom__.group_bridge": ("", "Postroom bridge", ()),
    }
)
"""By external id: application, name, and the groups that it implies."""

EVERYBODY = ""
USER, PORTAL, SYSTEM = "base.group_user", "base.group_portal", "base.group_system"
BUYER, BUYERS = "purchase.group_purchase_user", "purchase.group_purchase_manager"
SELLER, SELLERS = "sales_team.group_sale_salesman", "sales_team.group_sale_manager"
BILLING = "account.group_account_invoice"
BRIDGE = "__postroom__.group_bridge"

ACCESS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "res.partner": {USER: "r", PORTAL: "r", "base.group_partner_manager": "rwcu", SELLER: "rwc", BUYERS: "rwc"},
        "res.users": {USER: "r", PORTAL: "r", "base.group_erp_manager": "rwcu"},
        "res.company": {EVERYBODY: "r", "base.group_erp_manager": "rwcu"},
        "res.currency": {EVERYBODY: "r", SYSTEM: "rwcu"},
        "res.country": {EVERYBODY: "r", SYSTEM: "rwcu"},
        "res.lang": {EVERYBODY: "r", SYSTEM: "rwcu"},
        "res.groups": {USER: "r", "base.group_erp_manager": "rwcu"},
        "res.groups.privilege": {USER: "r", "base.group_erp_manager": "rwcu"},
        "ir.module.category": {USER: "r", "base.group_erp_manager": "rwcu"},
        "ir.model": {"base.group_erp_manager": "r", SYSTEM: "rwcu"},
        "ir.model.data": {USER: "r", SYSTEM: "rwcu"},
        "ir.model.access": {"base.group_erp_manager": "rwcu"},
        "ir.rule": {"base.group_erp_manager": "rwcu"},
        "ir.config_parameter": {SYSTEM: "rwcu"},
        "ir.module.module": {SYSTEM: "rwcu"},
        "ir.cron": {SYSTEM: "rwcu"},
        "ir.attachment": {USER: "rwcu", PORTAL: "r"},
        "mail.message": {USER: "rwcu", PORTAL: "r"},
        "mail.message.subtype": {EVERYBODY: "r"},
        "mail.tracking.value": {SYSTEM: "r"},
        "mail.followers": {USER: "r", SYSTEM: "rwcu"},
        "mail.thread": {EVERYBODY: "r"},
        "mail.activity": {USER: "rwcu"},
        "mail.activity.type": {USER: "r", SYSTEM: "rwcu"},
        "mail.blacklist": {SYSTEM: "rwcu", BRIDGE: "rwc"},
        "phone.blacklist": {SYSTEM: "rwcu", BRIDGE: "rwc"},
        "product.product": {USER: "r", SYSTEM: "rwcu"},
        "purchase.order": {BUYER: "rwcu", BUYERS: "rwcu", BILLING: "r", PORTAL: "r", BRIDGE: "rw"},
        "purchase.order.line": {BUYER: "rwcu", BILLING: "r", PORTAL: "r"},
        "sale.order": {SELLER: "rwc", SELLERS: "rwcu", BILLING: "rw", PORTAL: "r", BRIDGE: "rw"},
        "sale.order.line": {SELLER: "rwcu", BILLING: "rw", PORTAL: "r"},
        "crm.lead": {SELLER: "rwc", SELLERS: "rwcu", BRIDGE: "r"},
        "account.move": {BILLING: "rwcu", SELLER: "r", PORTAL: "r", BRIDGE: "r"},
        "account.move.line": {BILLING: "rwcu", SELLER: "r", PORTAL: "r"},
        "account.payment": {BILLING: "rwcu", BRIDGE: "r"},
        "account.bank.statement.line": {BILLING: "rwcu", BRIDGE: "r"},
        "account.payment.register": {BILLING: "rwc"},
        "account.move.send": {BILLING: "rwc"},
        "account.move.send.wizard": {BILLING: "rwc"},
        "payment.link.wizard": {BILLING: "rwc", SELLER: "rwc", BRIDGE: "rc"},
        "hr.employee": {"hr.group_hr_user": "rwcu"},
        "hr.employee.public": {USER: "r"},
        "hr.leave.type": {USER: "r", "hr_holidays.group_hr_holidays_manager": "rwcu"},
        "hr.leave": {USER: "rwcu", BRIDGE: "r"},
        "hr.expense": {USER: "rwcu", BRIDGE: "r"},
        "hr.expense.sheet": {USER: "rwcu", BRIDGE: "r"},
        "hr.expense.refuse.wizard": {"hr_expense.group_hr_expense_team_approver": "rwc"},
        "project.project": {USER: "r", "project.group_project_manager": "rwcu", BRIDGE: "r"},
        "project.task": {"project.group_project_user": "rwcu", USER: "r", BRIDGE: "rwc"},
        "project.task.type": {USER: "r", "project.group_project_manager": "rwcu"},
        "helpdesk.team": {"helpdesk.group_helpdesk_user": "r", BRIDGE: "r"},
        "helpdesk.stage": {"helpdesk.group_helpdesk_user": "r", BRIDGE: "r"},
        "helpdesk.ticket": {"helpdesk.group_helpdesk_user": "rwcu", BRIDGE: "rwc"},
        "postroom.command": {SYSTEM: "r"},
        "postroom.allowed.method": {SYSTEM: "rwcu"},
        "postroom.message": {SYSTEM: "r", "postroom_connector.group_bridge": "r"},
    }
)
"""By model and group: r(ead), w(rite), c(reate), u(nlink). The bridge's rows are what `postroom odoo setup` makes."""

COMPANY_RULE = "['|', ('company_id', '=', False), ('company_id', 'in', company_ids)]"
OF_A_COMPANY = (
    "res.partner",
    "purchase.order",
    "sale.order",
    "crm.lead",
    "account.move",
    "hr.employee",
    "project.project",
    "project.task",
)
NOTHING, EVERYTHING = "[(0, '=', 1)]", "[(1, '=', 1)]"

RULES: tuple[tuple[str, str, str, str], ...] = (
    ("sale.order", SELLER, "['|', ('user_id', '=', user.id), ('user_id', '=', False)]", "rwcu"),
    ("sale.order", "sales_team.group_sale_salesman_all_leads", EVERYTHING, "rwcu"),
    ("sale.order", BILLING, EVERYTHING, "rwcu"),
    ("sale.order", BRIDGE, NOTHING, "wcu"),
    ("purchase.order", BRIDGE, NOTHING, "wcu"),
    ("purchase.order", BUYER, EVERYTHING, "rwcu"),
    (
        "hr.leave",
        USER,
        "['|', ('employee_id.user_id', '=', user.id), ('employee_id.leave_manager_id', '=', user.id)]",
        "r",
    ),
    ("hr.leave", USER, "[('employee_id.user_id', '=', user.id)]", "wcu"),
    ("hr.leave", "hr_holidays.group_hr_holidays_user", EVERYTHING, "rwcu"),
    ("hr.leave", BRIDGE, EVERYTHING, "r"),
    (
        "hr.expense",
        USER,
        "['|', ('employee_id.user_id', '=', user.id), ('employee_id.expense_manager_id', '=', user.id)]",
        "rwcu",
    ),
    ("hr.expense", "hr_expense.group_hr_expense_user", EVERYTHING, "rwcu"),
    ("hr.expense", BRIDGE, EVERYTHING, "r"),
    (
        "hr.expense.sheet",
        USER,
        "['|', ('employee_id.user_id', '=', user.id), ('employee_id.expense_manager_id', '=', user.id)]",
        "rwcu",
    ),
    ("hr.expense.sheet", "hr_expense.group_hr_expense_user", EVERYTHING, "rwcu"),
    ("hr.expense.sheet", BRIDGE, EVERYTHING, "r"),
    ("account.move", PORTAL, "[('partner_id', '=', user.partner_id.parent_id.id)]", "r"),
    ("sale.order", PORTAL, "[('partner_id', '=', user.partner_id.parent_id.id)]", "r"),
    ("purchase.order", PORTAL, "[('partner_id', '=', user.partner_id.parent_id.id)]", "r"),
)
"""Model, group, condition, and for what."""
