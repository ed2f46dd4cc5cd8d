"""Refusing with a reason: Odoo asks for it in a window that differs from model to model."""


def _by_wizard(opening, name, records_field):
    def refuse(record, reason):
        getattr(record, opening)()  # opens the window, and is where Odoo asks whether he may
        wizard = record.env[name].with_context(active_model=record._name, active_ids=record.ids, active_id=record.id)
        values = {"reason": reason}
        if records_field in wizard._fields:
            values[records_field] = [(6, 0, record.ids)]
        return wizard.create(values).action_refuse()

    return refuse


def _by_note(method):
    def refuse(record, reason):
        result = getattr(record, method)()
        record.message_post(body=reason, message_type="comment", subtype_xmlid="mail.mt_note")
        return result

    return refuse


REFUSALS = {
    ("hr.expense", "action_refuse"): _by_wizard("action_refuse", "hr.expense.refuse.wizard", "expense_ids"),
    ("hr.expense.sheet", "action_refuse"): _by_wizard(
        "action_refuse_expense_sheets", "hr.expense.refuse.wizard", "sheet_ids"
    ),
    ("hr.leave", "action_refuse"): _by_note("action_refuse"),
    ("purchase.order", "button_cancel"): _by_note("button_cancel"),
    ("sale.order", "action_cancel"): _by_note("action_cancel"),
}
"""(model, method): what is done instead where a reason comes with it. Odoo 17's sheets have no action_refuse: it is the
name by which Postroom refuses whatever it is."""
