"""A digest's figures in the words of its reader's language."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from postroom.domain.digests import Section
from postroom.domain.facts import Money
from postroom.domain.formats import money, number
from postroom.domain.languages import LAST_RESORT

Words = Mapping[str, str]
"""A text by language."""


@dataclass(frozen=True, slots=True)
class Figure:
    """Something that was counted, added up or measured; in no language yet."""

    code: str
    count: int | None = None
    sums: Mapping[str, Decimal] = field(default_factory=dict)
    """By currency."""
    hours: Decimal | None = None
    days: Decimal | None = None
    before: Decimal | None = None
    """Those of the week before."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell."""
        return not self.count and self.hours is None and self.days is None


Figures = Mapping[Section, tuple[Figure, ...]]
"""What was read; a section that is not there could not be."""

TITLES: Mapping[Section, Words] = {
    Section.APPROVALS: {
        "en": "Approvals",
        "es": "Aprobaciones",
        "fr": "Validations",
        "de": "Freigaben",
    },
    Section.INVOICES: {"en": "Receivables", "es": "Cobros", "fr": "Encaissements", "de": "Forderungen"},
    Section.PIPELINE: {"en": "Pipeline", "es": "Oportunidades", "fr": "Opportunités", "de": "Verkaufschancen"},
    Section.QUOTATIONS: {"en": "Quotations", "es": "Presupuestos", "fr": "Devis", "de": "Angebote"},
    Section.PURCHASES: {"en": "Purchasing", "es": "Compras", "fr": "Achats", "de": "Einkauf"},
    Section.DELIVERIES: {
        "en": "Deliveries",
        "es": "Entregas",
        "fr": "Livraisons",
        "de": "Lieferungen",
    },
    Section.FAILURES: {
        "en": "Yesterday's messages that arrived nowhere",
        "es": "Mensajes de ayer que no llegaron",
        "fr": "Messages d’hier non parvenus",
        "de": "Nachrichten von gestern, die nicht ankamen",
    },
    Section.ACHIEVED: {
        "en": "What Postroom did yesterday",
        "es": "Lo que hizo Postroom ayer",
        "fr": "Ce que Postroom a fait hier",
        "de": "Was Postroom gestern getan hat",
    },
}
LABELS: Mapping[str, Words] = {
    "arrivals_late": {
        "en": "Goods that should have arrived",
        "es": "Mercancía que debería haber llegado",
        "fr": "Marchandises qui auraient dû arriver",
        "de": "Überfällige Wareneingänge",
    },
    "deliveries_late": {
        "en": "Late deliveries",
        "es": "Entregas con retraso",
        "fr": "Livraisons en retard",
        "de": "Verspätete Lieferungen",
    },
    "deliveries_short": {
        "en": "Deliveries that wait for goods (out of stock)",
        "es": "Entregas a la espera de mercancía (sin existencias)",
        "fr": "Livraisons en attente de marchandises (rupture de stock)",
        "de": "Lieferungen, die auf Ware warten (nicht auf Lager)",
    },
    "approvals_open": {
        "en": "Waiting for a decision",
        "es": "A la espera de una decisión",
        "fr": "En attente d’une décision",
        "de": "Warten auf eine Entscheidung",
    },
    "approvals_old": {
        "en": "Of these for more than a day",
        "es": "De ellas, desde hace más de un día",
        "fr": "Dont depuis plus d’un jour",
        "de": "Davon seit mehr als einem Tag",
    },
    "invoices_overdue": {
        "en": "Overdue invoices",
        "es": "Facturas vencidas",
        "fr": "Factures en retard",
        "de": "Überfällige Rechnungen",
    },
    "invoices_due": {
        "en": "Invoices due within a week",
        "es": "Facturas que vencen en una semana",
        "fr": "Factures à échéance d’ici une semaine",
        "de": "Innerhalb einer Woche fällige Rechnungen",
    },
    "leads_open": {
        "en": "Open opportunities",
        "es": "Oportunidades abiertas",
        "fr": "Opportunités ouvertes",
        "de": "Offene Verkaufschancen",
    },
    "quotations_open": {
        "en": "Open quotations",
        "es": "Presupuestos abiertos",
        "fr": "Devis en cours",
        "de": "Offene Angebote",
    },
    "quotations_expiring": {
        "en": "Quotations that expire within a week",
        "es": "Presupuestos que caducan en una semana",
        "fr": "Devis qui expirent d’ici une semaine",
        "de": "Angebote, die innerhalb einer Woche ablaufen",
    },
    "purchases_to_approve": {
        "en": "Purchase orders to approve",
        "es": "Pedidos de compra por aprobar",
        "fr": "Commandes d’achat à valider",
        "de": "Zu genehmigende Bestellungen",
    },
    "messages_failed": {
        "en": "Failed on every channel",
        "es": "Fallaron en todos los canales",
        "fr": "En échec sur tous les canaux",
        "de": "Auf allen Kanälen gescheitert",
    },
    "messages_unknown": {
        "en": "Nobody knows whether they arrived",
        "es": "No se sabe si llegaron",
        "fr": "Réception inconnue",
        "de": "Unbekannt, ob angekommen",
    },
    "messages_delivered": {
        "en": "Messages that reached people",
        "es": "Mensajes que llegaron",
        "fr": "Messages parvenus",
        "de": "Angekommene Nachrichten",
    },
    "messages_fell_back": {
        "en": "Of these by a second channel",
        "es": "De ellos, por un segundo canal",
        "fr": "Dont par un second canal",
        "de": "Davon über einen zweiten Kanal",
    },
    "decisions_made": {
        "en": "Decisions made",
        "es": "Decisiones tomadas",
        "fr": "Décisions prises",
        "de": "Getroffene Entscheidungen",
    },
    "hours_to_decide": {
        "en": "From the question to the decision (median)",
        "es": "De la pregunta a la decisión (mediana)",
        "fr": "De la question à la décision (médiane)",
        "de": "Von der Frage bis zur Entscheidung (Median)",
    },
    "days_to_paid": {
        "en": "From the first reminder to the payment (median of a week)",
        "es": "Del primer aviso al pago (mediana de una semana)",
        "fr": "Du premier rappel au paiement (médiane d’une semaine)",
        "de": "Von der ersten Erinnerung bis zur Zahlung (Median einer Woche)",
    },
}
HOURS: Words = {"en": "{} h", "es": "{} h", "fr": "{} h", "de": "{} Std."}
DAYS: Words = {"en": "{} days", "es": "{} días", "fr": "{} jours", "de": "{} Tage"}
DAY: Words = {"en": "{} day", "es": "{} día", "fr": "{} jour", "de": "{} Tag"}
BEFORE: Words = {
    "en": "{} (the week before: {})",
    "es": "{} (la semana anterior: {})",
    "fr": "{} (la semaine précédente : {})",
    "de": "{} (in der Woche davor: {})",
}


def told(figures: Figures, wanted: Iterable[Section], language: str | None) -> list[dict[str, Any]]:
    """The sections of a digest's event: what has nothing to tell vanishes, and so does a section without lines."""
    tag = language or LAST_RESORT
    sections = []
    for section in wanted:
        lines = [_line(each, tag) for each in figures.get(section, ()) if not each.is_empty]
        if lines:
            sections.append({"title": in_language(TITLES[section], tag), "lines": lines})
    return sections


def in_language(words: Words, tag: str) -> str:
    """The words of a language; English where nobody wrote them."""
    return words.get(tag.partition("_")[0].lower(), words[LAST_RESORT])


def _line(figure: Figure, tag: str) -> dict[str, str]:
    return {"label": in_language(LABELS[figure.code], tag), "value": _value(figure, tag)}


def _value(figure: Figure, tag: str) -> str:
    if figure.hours is not None:
        return in_language(HOURS, tag).format(number(figure.hours, tag))
    if figure.days is not None:
        days = in_language(DAY if figure.days == 1 else DAYS, tag).format(number(figure.days, tag))
        before = None if figure.before is None else number(figure.before, tag)
        return in_language(BEFORE, tag).format(days, before) if before else days
    count = number(Decimal(figure.count or 0), tag)
    sums = ", ".join(money(Money(amount, currency), tag) for currency, amount in sorted(figure.sums.items()) if amount)
    return f"{count} ({sums})" if sums else count
