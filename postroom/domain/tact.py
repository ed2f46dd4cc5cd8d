"""Words that no message to a customer may use by WhatsApp, whose rules forbid the collection of debts."""

import re

# "Debt collection" stands on Meta's list of prohibited businesses, licences or not; a statement of one's own account is
# allowed, and must read like one: https://www.whatsapp.com/legal/business-policy
_STEMS = (
    *("debt", "collection agenc", "collector", "legal action", "lawsuit", "in court", "to court", "bailiff", "lawyer"),
    *("deuda", "moroso", "recobro", "agencia de cobro", "acciones legales", "demanda judicial", "tribunal", "embargo"),
    *("recouvrement", "créanc", "poursuites", "huissier", "tribunaux", "mise en demeure", "avocat"),
    *("inkasso", "schuld", "mahnbescheid", "gerichtlich", "vollstreck", "rechtsanwalt", "rechtliche schritte"),
)
"""Beginnings of words, in the four languages."""
_HARSH = re.compile(rf"\b(?:{'|'.join(map(re.escape, _STEMS))})\w*", re.IGNORECASE)


def harsh_word(text: str) -> str | None:
    """The first such word; None: there is none."""
    found = _HARSH.search(text)
    return found[0] if found else None
