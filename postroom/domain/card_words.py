"""The line that a card ends in once its answer is no longer waited for, in the four languages."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from postroom.domain.alert_words import by_his_clock
from postroom.domain.escalation import Audience, Whom
from postroom.domain.languages import LAST_RESORT

_EN: Mapping[str, str] = {
    "approving": "Approved by {by} on {at}. It is being carried into Odoo.",
    "rejecting": "Rejected by {by} on {at}. It is being carried into Odoo.",
    "approved": "Approved by {by} on {at}. Done in Odoo.",
    "rejected": "Rejected by {by} on {at}. Done in Odoo.",
    "first_of_two": "Approved by {by} on {at}. A second approval is still needed.",
    "still_open": "{by} answered on {at}, but Odoo did not carry it out. It is still open.",
    "not_carried": "{by} answered on {at}, but it did not reach Odoo. Nothing was decided: decide there.",
    "changed_since": "{by} answered on {at}, but the document had changed. Nothing was decided: look at it in Odoo.",
    "approved_in_odoo": "No longer needed: approved in Odoo.",
    "rejected_in_odoo": "No longer needed: rejected in Odoo.",
    "withdrawn": "No longer needed: it is not open for a decision in Odoo.",
    "changed": "No longer needed: it has changed since, and is asked about anew.",
    "gone": "No longer needed: it is gone from Odoo.",
    "cancelled": "No longer needed: cancelled.",
    "over": "No longer needed.",
    "given_up": "Nobody answered in time. It is now with {owner}.",
    "taken": "{by} takes care of it, since {at}.",
}
_ES: Mapping[str, str] = {
    "approving": "Aprobado por {by} el {at}. Se está llevando a Odoo.",
    "rejecting": "Rechazado por {by} el {at}. Se está llevando a Odoo.",
    "approved": "Aprobado por {by} el {at}. Hecho en Odoo.",
    "rejected": "Rechazado por {by} el {at}. Hecho en Odoo.",
    "first_of_two": "Aprobado por {by} el {at}. Falta todavía una segunda aprobación.",
    "still_open": "{by} respondió el {at}, pero Odoo no lo realizó. Sigue pendiente.",
    "not_carried": "{by} respondió el {at}, pero no llegó a Odoo. No se ha decidido nada: decida allí.",
    "changed_since": "{by} respondió el {at}, pero el documento había cambiado. No hay nada decidido: mírelo en Odoo.",
    "approved_in_odoo": "Ya no hace falta: aprobado en Odoo.",
    "rejected_in_odoo": "Ya no hace falta: rechazado en Odoo.",
    "withdrawn": "Ya no hace falta: en Odoo no está pendiente de decisión.",
    "changed": "Ya no hace falta: ha cambiado desde entonces y se pregunta de nuevo.",
    "gone": "Ya no hace falta: ya no está en Odoo.",
    "cancelled": "Ya no hace falta: cancelado.",
    "over": "Ya no hace falta.",
    "given_up": "Nadie respondió a tiempo. Ahora lo tiene {owner}.",
    "taken": "{by} se ocupa de ello desde el {at}.",
}
_FR: Mapping[str, str] = {
    "approving": "Approuvé par {by} le {at}. Transmission à Odoo en cours.",
    "rejecting": "Refusé par {by} le {at}. Transmission à Odoo en cours.",
    "approved": "Approuvé par {by} le {at}. C’est fait dans Odoo.",
    "rejected": "Refusé par {by} le {at}. C’est fait dans Odoo.",
    "first_of_two": "Approuvé par {by} le {at}. Il faut encore une deuxième approbation.",
    "still_open": "{by} a répondu le {at}, mais Odoo ne l’a pas effectué. La question reste ouverte.",
    "not_carried": "{by} a répondu le {at}, mais rien n’est arrivé dans Odoo. Rien n’est décidé : décidez là-bas.",
    "changed_since": "{by} a répondu le {at}, mais le document avait changé. Rien n’est décidé : voyez dans Odoo.",
    "approved_in_odoo": "Ce n’est plus nécessaire : approuvé dans Odoo.",
    "rejected_in_odoo": "Ce n’est plus nécessaire : refusé dans Odoo.",
    "withdrawn": "Ce n’est plus nécessaire : aucune décision n’est attendue dans Odoo.",
    "changed": "Ce n’est plus nécessaire : le contenu a changé et la question est posée à nouveau.",
    "gone": "Ce n’est plus nécessaire : supprimé d’Odoo.",
    "cancelled": "Ce n’est plus nécessaire : annulé.",
    "over": "Ce n’est plus nécessaire.",
    "given_up": "Personne n’a répondu à temps. C’est maintenant l’affaire de {owner}.",
    "taken": "{by} s’en charge depuis le {at}.",
}
_DE: Mapping[str, str] = {
    "approving": "Genehmigt von {by} am {at}. Es wird nach Odoo übertragen.",
    "rejecting": "Abgelehnt von {by} am {at}. Es wird nach Odoo übertragen.",
    "approved": "Genehmigt von {by} am {at}. In Odoo erledigt.",
    "rejected": "Abgelehnt von {by} am {at}. In Odoo erledigt.",
    "first_of_two": "Genehmigt von {by} am {at}. Eine zweite Genehmigung fehlt noch.",
    "still_open": "{by} hat am {at} geantwortet, aber Odoo führte es nicht aus. Es ist noch offen.",
    "not_carried": "{by} hat am {at} geantwortet, aber es kam in Odoo nicht an. Nichts ist entschieden: Bitte dort.",
    "changed_since": "{by} hat am {at} geantwortet, aber der Beleg war geändert. Nichts ist entschieden: Siehe Odoo.",
    "approved_in_odoo": "Nicht mehr nötig: in Odoo genehmigt.",
    "rejected_in_odoo": "Nicht mehr nötig: in Odoo abgelehnt.",
    "withdrawn": "Nicht mehr nötig: In Odoo steht keine Entscheidung aus.",
    "changed": "Nicht mehr nötig: Es wurde geändert, und es wird neu gefragt.",
    "gone": "Nicht mehr nötig: in Odoo gelöscht.",
    "cancelled": "Nicht mehr nötig: abgebrochen.",
    "over": "Nicht mehr nötig.",
    "given_up": "Niemand hat rechtzeitig geantwortet. Es liegt jetzt bei {owner}.",
    "taken": "{by} kümmert sich darum, seit {at}.",
}
LINES: Mapping[str, Mapping[str, str]] = MappingProxyType({"en": _EN, "es": _ES, "fr": _FR, "de": _DE})
OWNERS: Mapping[str, Mapping[Whom, str]] = MappingProxyType(
    {
        "en": {Whom.ROLE: "the group {name}", Whom.USER: "a colleague", Whom.MANAGER: "the manager"},
        "es": {Whom.ROLE: "el grupo {name}", Whom.USER: "otra persona", Whom.MANAGER: "la persona responsable"},
        "fr": {Whom.ROLE: "groupe {name}", Whom.USER: "quelqu’un d’autre", Whom.MANAGER: "la hiérarchie"},
        "de": {Whom.ROLE: "der Gruppe {name}", Whom.USER: "jemand anderem", Whom.MANAGER: "der Leitung"},
    }
)
"""Whose it is when nobody answers; everybody else is the manager's business."""


def said(word: str, *, by: str, at: datetime | None, owner: str, language: str | None, zone: str | None) -> str:
    """The line, in the reader's language where it is one of the four, and by his clock."""
    base = (language or LAST_RESORT)[:2].lower()
    four = base if base in LINES else LAST_RESORT
    when = by_his_clock(at, language, zone) if at else "–"
    return LINES[four][word].format_map({"by": by, "at": when, "owner": _owner(owner, four)})


def _owner(owner: str, language: str) -> str:
    audience = Audience.parse(owner) if owner else Audience(Whom.MANAGER)
    words = OWNERS[language]
    return words.get(audience.whom, words[Whom.MANAGER]).format_map({"name": audience.name})
