"""What people read about alerts that somebody took and about storms of them, in the four languages."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from postroom.domain.alerts import NotTaken
from postroom.domain.formats import moment
from postroom.domain.languages import LAST_RESORT

YOURS = "yours"
"""He took it himself."""
TAKEN = "taken"
"""Another one of those who were asked took it."""
BEFORE = "before"
"""Somebody had taken it before he did."""
OVER = "over"
"""Nobody waits for it any more, and nobody took it."""
STORM = "storm"
"""Several that are told together."""

Words = tuple[str, str]
"""A title and a sentence, with the facts of the alert in braces."""

_EN: Mapping[str, Words] = {
    YOURS: (
        "It is yours: {title}",
        "Nobody is reminded of it any more. Whoever else was asked is told that you took it.",
    ),
    TAKEN: ("{by} takes care of it: {title}", "You need not do anything, and nobody is reminded of it any more."),
    BEFORE: ("Taken already: {title}", "{by} took it on {at}."),
    OVER: ("It is over: {title}", "Nobody waits for an answer any more. Ask your operators what became of it."),
    NotTaken.STRANGER: ("Your press took nothing", "This account was not asked, and we do not know whose it is."),
    NotTaken.NOT_ASKED: ("Your press took nothing", "Others were asked about this: {title}"),
    STORM: ("{number} more of “{kind}” since {at}", "{titles}"),
}
_ES: Mapping[str, Words] = {
    YOURS: ("Es suya: {title}", "No se recordará a nadie más. A los demás avisados se les dice que la atiende usted."),
    TAKEN: ("{by} se ocupa: {title}", "No tiene que hacer nada, y ya no se recordará a nadie."),
    BEFORE: ("Ya está atendida: {title}", "{by} la atendió el {at}."),
    OVER: ("Ha terminado: {title}", "Ya nadie espera respuesta. Pregunte a sus operadores en qué quedó."),
    NotTaken.STRANGER: ("Su respuesta no ha contado", "A esta cuenta no se le avisó, y no sabemos de quién es."),
    NotTaken.NOT_ASKED: ("Su respuesta no ha contado", "Sobre esto se avisó a otras personas: {title}"),
    STORM: ("{number} más de «{kind}» desde el {at}", "{titles}"),
}
_FR: Mapping[str, Words] = {
    YOURS: (
        "Elle est à vous : {title}",
        "Plus personne n’est relancé. Les autres apprennent que vous vous en occupez.",
    ),
    TAKEN: ("{by} s’en occupe : {title}", "Vous n’avez rien à faire, et plus personne n’est relancé."),
    BEFORE: ("Déjà prise en charge : {title}", "{by} s’en est chargé le {at}."),
    OVER: ("C’est terminé : {title}", "Plus personne n’attend de réponse. Demandez à vos opérateurs ce qu’il en est."),
    NotTaken.STRANGER: ("Votre réponse n’a pas compté", "Ce compte n’a pas été alerté, et nous ignorons à qui il est."),
    NotTaken.NOT_ASKED: ("Votre réponse n’a pas compté", "D’autres personnes ont été alertées : {title}"),
    STORM: ("{number} de plus : « {kind} », depuis le {at}", "{titles}"),
}
_DE: Mapping[str, Words] = {
    YOURS: ("Sie kümmern sich: {title}", "Niemand wird mehr erinnert. Wer sonst gefragt war, erfährt es."),
    TAKEN: ("{by} kümmert sich: {title}", "Sie müssen nichts tun, und niemand wird mehr erinnert."),
    BEFORE: ("Schon übernommen: {title}", "{by} hat sie am {at} übernommen."),
    OVER: ("Es ist vorbei: {title}", "Niemand wartet mehr auf Antwort. Fragen Sie Ihre Betreiber, was daraus wurde."),
    NotTaken.STRANGER: ("Ihre Antwort zählt nicht", "Dieses Konto war nicht gefragt; wir wissen nicht, wessen es ist."),
    NotTaken.NOT_ASKED: ("Ihre Antwort zählt nicht", "Gefragt waren andere: {title}"),
    STORM: ("{number} weitere vom Typ „{kind}“ seit {at}", "{titles}"),
}
TABLES: Mapping[str, Mapping[str, Words]] = MappingProxyType({"en": _EN, "es": _ES, "fr": _FR, "de": _DE})

KINDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "en": {
            "alert.stock_out": "out of stock",
            "alert.fraud": "suspicion of fraud",
            "alert.risk": "risk",
            "alert.anomaly": "anomaly",
            "alert.system": "system",
        },
        "es": {
            "alert.stock_out": "sin existencias",
            "alert.fraud": "sospecha de fraude",
            "alert.risk": "riesgo",
            "alert.anomaly": "anomalía",
            "alert.system": "sistema",
        },
        "fr": {
            "alert.stock_out": "rupture de stock",
            "alert.fraud": "soupçon de fraude",
            "alert.risk": "risque",
            "alert.anomaly": "anomalie",
            "alert.system": "système",
        },
        "de": {
            "alert.stock_out": "nicht vorrätig",
            "alert.fraud": "Betrugsverdacht",
            "alert.risk": "Risiko",
            "alert.anomaly": "Auffälligkeit",
            "alert.system": "System",
        },
    }
)
"""What the types of the family are called."""


def told(code: str, language: str | None, facts: Mapping[str, str]) -> Words:
    """The title and the sentence, in the reader's language where it is one of the four."""
    title, sentence = TABLES[_of_the_four(language)][code]
    return title.format_map(facts), sentence.format_map(facts)


def kind_in(event_type: str, language: str | None) -> str:
    """What a type of alert is called."""
    return KINDS[_of_the_four(language)].get(event_type, event_type.partition(".")[2])


def by_his_clock(at: datetime, language: str | None, zone: str | None) -> str:
    """A moment as the reader's language and clock have it; a zone that nobody knows is UTC."""
    try:
        local = at.astimezone(ZoneInfo(zone)) if zone else at
    except (ValueError, KeyError):
        local = at
    return moment(local, language or LAST_RESORT)


def _of_the_four(language: str | None) -> str:
    base = (language or LAST_RESORT)[:2].lower()
    return base if base in TABLES else LAST_RESORT
