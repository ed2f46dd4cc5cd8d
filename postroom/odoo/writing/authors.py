"""Whose words they are in Odoo: a partner, by his id or by the one address that is his."""

from postroom.domain.channels import ChannelName
from postroom.domain.heard import Heard
from postroom.odoo.client import Odoo

PARTNERS = "res.partner"
_BY_PHONE = frozenset({ChannelName.SMS, ChannelName.WHATSAPP})


def author_of(erp: Odoo, heard: Heard) -> int | None:
    """The partner who said it; None where Odoo knows nobody, or several, by what we have of him."""
    if heard.partner.isdecimal() and erp.read(PARTNERS, [int(heard.partner)], ["id"]):
        return int(heard.partner)
    if not heard.address:
        return None
    found = erp.search(PARTNERS, _domain(erp, heard), limit=2)
    return found[0] if len(found) == 1 else None


def _domain(erp: Odoo, heard: Heard) -> list[object]:
    if heard.channel in _BY_PHONE:
        # Without the module phone_validation there is no normal form to compare by.
        fields = [name for name in ("phone_sanitized", "phone", "mobile") if name in erp.fields(PARTNERS)]
        return [*["|"] * (len(fields) - 1), *([name, "=", heard.address] for name in fields)]
    return [["email_normalized", "=", heard.address.lower()]]
