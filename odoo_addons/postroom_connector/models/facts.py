"""What Postroom is told of a record: company, people and amounts, as its schemas want them."""

from odoo import fields


def company_of(company):
    """The company block of an event."""
    return _without_gaps(
        {
            "id": company.id,
            "name": company.name,
            "language": company.partner_id.lang,
            "country": company.country_id.code,
        }
    )


def company_id(record):
    """The id of the company whose record it is; False where it is nobody's, or there is none."""
    return record.company_id.id if record and "company_id" in record._fields else False


def recipient_of(partner, user=None):
    """The recipient block: who should hear of it, by the addresses that Odoo has."""
    mobile = partner.mobile if "mobile" in partner._fields else False
    return _without_gaps(
        {
            "partner_id": partner.id,
            "user_id": user.id if user else None,
            "name": partner.name or partner.display_name,
            "language": partner.lang,
            "timezone": partner.tz,
            "phone": mobile or partner.phone,
            "email": partner.email_normalized,
        }
    )


def reachable(recipient):
    """Whether there is any way to him."""
    return any(recipient.get(way) for way in ("phone", "email", "user_id"))


def contacts_of(partner):
    """The customer's own contacts for invoices and deliveries, where he has some."""
    found = {}
    for kind in ("invoice", "delivery"):
        contact = partner.browse(partner.address_get([kind])[kind])
        if contact and contact != partner:
            told = recipient_of(contact)
            if reachable(told):
                found[kind] = told
    return {"contacts": found} if found else {}


def amount(value, currency):
    """A decimal string: JSON numbers lose cents."""
    return f"{currency.round(value):.{currency.decimal_places}f}"


def day(value):
    """A date in ISO 8601."""
    return fields.Date.to_string(value)


def record_url(record):
    """Where a colleague opens the record."""
    return f"{record.get_base_url()}/mail/view?model={record._name}&res_id={record.id}"


def portal_link(record):
    """Where a customer opens it, without logging in; nothing where Odoo has no https address: Postroom takes none."""
    base = record.get_base_url()
    if not base.startswith("https://") or not hasattr(record, "get_portal_url"):
        return {}
    return {"portal_url": base + record.get_portal_url()}


def revision(record):
    """What a decision is held against: the record as it was when the question was asked."""
    return fields.Datetime.to_string(record.write_date)


def _without_gaps(values):
    return {name: value for name, value in values.items() if value}
