"""What an approver reads about what became of his press, in the four languages."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from postroom.domain.approvals import Answer, Refusal, Result
from postroom.domain.formats import moment
from postroom.domain.languages import LAST_RESORT

SECOND = "second"
"""He, or somebody else, had answered before."""
COUNTED = "counted"
"""His answer counts, and others are still to answer."""
BY_OTHER: Mapping[Answer, str] = MappingProxyType({Answer.APPROVE: "approved_by", Answer.REJECT: "rejected_by"})
"""Somebody else of those who were asked has decided it."""
STANDS = "stands"
"""How Odoo's people call the state of the document: said after everything that Odoo was asked about."""

Words = tuple[str, str]
"""A title and a sentence; {document} may stand in them, and what `told` is given besides."""

_EN: Mapping[str, Words] = {
    Result.APPROVED: ("{document} is approved", "Your approval was carried out in Odoo in your name."),
    Result.REJECTED: ("{document} is rejected", "Your rejection was carried out in Odoo in your name."),
    Result.FIRST_OF_TWO: ("{document}: your approval is given", "A second approval is still needed."),
    Result.NOT_MOVED: (
        "{document} was not moved",
        "Odoo changed nothing and said nothing: you probably lack the right to decide this document.",
    ),
    Result.ALREADY_APPROVED: ("{document} was approved already", "Nothing was left to decide in Odoo."),
    Result.ALREADY_REJECTED: ("{document} was rejected already", "Nothing was left to decide in Odoo."),
    Result.NOT_OPEN: ("{document} is not open for a decision", "Odoo has it in another state. Open it to see why."),
    Result.CHANGED: (
        "{document} changed since you were asked",
        "It was about {amount}, and nothing was decided. Open it in Odoo, look at what changed, and decide there.",
    ),
    Result.GONE: ("{document} is gone", "It was deleted in Odoo, or is hidden. Nothing was decided."),
    Result.OWN_REQUEST: ("{document} is your own request", "Nobody decides his own. Somebody else has to."),
    Result.REFUSED: ("Odoo refused it: {document}", "Nothing was decided. Odoo says: {words}"),
    Result.IN_ODOO_ONLY: ("Decide {document} in Odoo", "It cannot be decided from here in your name. Open it in Odoo."),
    Refusal.STRANGER: (
        "Your press decided nothing",
        "We do not know this account as a user of Odoo. Ask your administrator to link it, or decide in Odoo.",
    ),
    Refusal.NOT_ASKED: ("Your press decided nothing", "Somebody else was asked about {document}."),
    Refusal.TOO_LATE: ("Too late for {document}", "The question has expired. Decide in Odoo."),
    Refusal.OTHER_COMPANY: ("Your press decided nothing", "{document} belongs to a company that you do not work for."),
    Refusal.NO_DOCUMENT: ("Your press decided nothing", "The message named no document that could be decided."),
    COUNTED: ("{document}: your answer counts", "Others are still to answer. Nothing is decided in Odoo yet."),
    SECOND: ("{document} was answered before", "The first answer counts: “{answer}”, by {by} on {at}."),
    BY_OTHER[Answer.APPROVE]: ("{document} was approved by {by}", "Approved on {at}. You need not answer any more."),
    BY_OTHER[Answer.REJECT]: ("{document} was rejected by {by}", "Rejected on {at}. You need not answer any more."),
    Result.GIVEN_UP: (
        "{document} did not reach Odoo",
        "Odoo took no answer, and nothing was decided. Decide there; our operators know of it.",
    ),
    STANDS: ("", "In Odoo it now stands at “{state}”."),
}
_ES: Mapping[str, Words] = {
    Result.APPROVED: ("{document} está aprobado", "Su aprobación se ha realizado en Odoo en su nombre."),
    Result.REJECTED: ("{document} está rechazado", "Su rechazo se ha realizado en Odoo en su nombre."),
    Result.FIRST_OF_TWO: ("{document}: su aprobación consta", "Falta todavía una segunda aprobación."),
    Result.NOT_MOVED: (
        "{document} no ha cambiado",
        "Odoo no ha cambiado nada ni ha dicho nada: probablemente le falta el permiso para decidir este documento.",
    ),
    Result.ALREADY_APPROVED: ("{document} ya estaba aprobado", "No quedaba nada que decidir en Odoo."),
    Result.ALREADY_REJECTED: ("{document} ya estaba rechazado", "No quedaba nada que decidir en Odoo."),
    Result.NOT_OPEN: (
        "{document} no está pendiente de decisión",
        "En Odoo está en otro estado. Ábralo para ver por qué.",
    ),
    Result.CHANGED: (
        "{document} ha cambiado desde que se le preguntó",
        "Era de {amount}, y no se ha decidido nada. Ábralo en Odoo, mire qué ha cambiado y decida allí.",
    ),
    Result.GONE: ("{document} ya no existe", "Se ha borrado en Odoo, o está oculto. No se ha decidido nada."),
    Result.OWN_REQUEST: ("{document} es su propia solicitud", "Nadie decide lo suyo. Tiene que hacerlo otra persona."),
    Result.REFUSED: ("Odoo lo ha rechazado: {document}", "No se ha decidido nada. Odoo dice: {words}"),
    Result.IN_ODOO_ONLY: ("Decida {document} en Odoo", "Desde aquí no se puede decidir en su nombre. Ábralo en Odoo."),
    Refusal.STRANGER: (
        "Su respuesta no ha decidido nada",
        "No conocemos esta cuenta como usuario de Odoo. Pida a su administrador que la vincule, o decida en Odoo.",
    ),
    Refusal.NOT_ASKED: ("Su respuesta no ha decidido nada", "Sobre {document} se preguntó a otra persona."),
    Refusal.TOO_LATE: ("Demasiado tarde para {document}", "La pregunta ha caducado. Decida en Odoo."),
    Refusal.OTHER_COMPANY: ("Su respuesta no ha decidido nada", "{document} es de una empresa para la que no trabaja."),
    Refusal.NO_DOCUMENT: ("Su respuesta no ha decidido nada", "El mensaje no nombraba ningún documento que decidir."),
    COUNTED: (
        "{document}: su respuesta cuenta",
        "Faltan otras respuestas. En Odoo aún no se ha decidido nada.",
    ),
    SECOND: ("{document} ya tenía respuesta", "Vale la primera respuesta: «{answer}», de {by}, el {at}."),
    BY_OTHER[Answer.APPROVE]: ("{by} ha aprobado {document}", "Aprobado el {at}. Ya no hace falta que responda."),
    BY_OTHER[Answer.REJECT]: ("{by} ha rechazado {document}", "Rechazado el {at}. Ya no hace falta que responda."),
    Result.GIVEN_UP: (
        "{document} no ha llegado a Odoo",
        "Odoo no ha aceptado su respuesta. No se ha decidido nada: decida en Odoo.",
    ),
    STANDS: ("", "En Odoo su estado es ahora «{state}»."),
}
_FR: Mapping[str, Words] = {
    Result.APPROVED: ("{document} est approuvé", "Votre approbation a été effectuée dans Odoo en votre nom."),
    Result.REJECTED: ("{document} est refusé", "Votre refus a été effectué dans Odoo en votre nom."),
    Result.FIRST_OF_TWO: ("{document} : votre approbation est donnée", "Il faut encore une deuxième approbation."),
    Result.NOT_MOVED: (
        "{document} n’a pas changé",
        "Odoo n’a rien changé et n’a rien dit : il vous manque sans doute le droit de décider de ce document.",
    ),
    Result.ALREADY_APPROVED: ("{document} était déjà approuvé", "Il n’y avait plus rien à décider dans Odoo."),
    Result.ALREADY_REJECTED: ("{document} était déjà refusé", "Il n’y avait plus rien à décider dans Odoo."),
    Result.NOT_OPEN: ("{document} n’attend pas de décision", "Dans Odoo, il est dans un autre état. Ouvrez-le."),
    Result.CHANGED: (
        "{document} a changé depuis la question",
        "Le montant était de {amount}, et rien n’a été décidé. Ouvrez-le dans Odoo et décidez là-bas.",
    ),
    Result.GONE: ("{document} n’existe plus", "Il a été supprimé dans Odoo, ou il est caché. Rien n’a été décidé."),
    Result.OWN_REQUEST: (
        "{document} est votre propre demande",
        "Personne ne décide de la sienne. À un autre de le faire.",
    ),
    Result.REFUSED: ("Odoo l’a refusé : {document}", "Rien n’a été décidé. Odoo dit : {words}"),
    Result.IN_ODOO_ONLY: ("Décidez de {document} dans Odoo", "On ne peut pas décider d’ici en votre nom. Ouvrez-le."),
    Refusal.STRANGER: (
        "Votre réponse n’a rien décidé",
        "Nous ne connaissons pas ce compte dans Odoo. Faites-le lier, ou décidez dans Odoo.",
    ),
    Refusal.NOT_ASKED: ("Votre réponse n’a rien décidé", "Pour {document}, une autre personne a été interrogée."),
    Refusal.TOO_LATE: ("Trop tard pour {document}", "La question a expiré. Décidez dans Odoo."),
    Refusal.OTHER_COMPANY: ("Votre réponse n’a rien décidé", "{document} est d’une société où vous ne travaillez pas."),
    Refusal.NO_DOCUMENT: ("Votre réponse n’a rien décidé", "Le message ne nommait aucun document à décider."),
    COUNTED: (
        "{document} : votre réponse compte",
        "D’autres doivent encore répondre. Rien n’est décidé dans Odoo.",
    ),
    SECOND: ("{document} avait déjà une réponse", "La première compte : « {answer} », de {by}, le {at}."),
    BY_OTHER[Answer.APPROVE]: ("{by} a approuvé {document}", "Approuvé le {at}. Vous n’avez plus à répondre."),
    BY_OTHER[Answer.REJECT]: ("{by} a refusé {document}", "Refusé le {at}. Vous n’avez plus à répondre."),
    Result.GIVEN_UP: (
        "{document} n’est pas arrivé dans Odoo",
        "Odoo n’a pas pris votre réponse. Rien n’a été décidé : décidez dans Odoo.",
    ),
    STANDS: ("", "Dans Odoo, son état est maintenant « {state} »."),
}
_DE: Mapping[str, Words] = {
    Result.APPROVED: ("{document} ist genehmigt", "Ihre Genehmigung wurde in Odoo in Ihrem Namen ausgeführt."),
    Result.REJECTED: ("{document} ist abgelehnt", "Ihre Ablehnung wurde in Odoo in Ihrem Namen ausgeführt."),
    Result.FIRST_OF_TWO: ("{document}: Ihre Genehmigung ist erteilt", "Eine zweite Genehmigung fehlt noch."),
    Result.NOT_MOVED: (
        "{document} hat sich nicht bewegt",
        "Odoo hat nichts geändert und nichts gesagt: Vermutlich dürfen Sie über diesen Beleg nicht entscheiden.",
    ),
    Result.ALREADY_APPROVED: ("{document} war schon genehmigt", "In Odoo war nichts mehr zu entscheiden."),
    Result.ALREADY_REJECTED: ("{document} war schon abgelehnt", "In Odoo war nichts mehr zu entscheiden."),
    Result.NOT_OPEN: (
        "{document} steht nicht zur Entscheidung",
        "In Odoo ist der Stand ein anderer. Öffnen Sie es dort.",
    ),
    Result.CHANGED: (
        "{document} hat sich seit der Frage geändert",
        "Es ging um {amount}, und nichts wurde entschieden. Sehen Sie in Odoo nach, was sich geändert hat.",
    ),
    Result.GONE: (
        "{document} gibt es nicht mehr",
        "Es wurde in Odoo gelöscht oder ist verborgen. Nichts wurde entschieden.",
    ),
    Result.OWN_REQUEST: (
        "{document} ist Ihr eigener Antrag",
        "Niemand entscheidet über den eigenen. Das muss jemand anders.",
    ),
    Result.REFUSED: ("Odoo hat abgelehnt: {document}", "Es wurde nichts entschieden. Odoo sagt: {words}"),
    Result.IN_ODOO_ONLY: (
        "Entscheiden Sie {document} in Odoo",
        "Von hier aus geht es nicht in Ihrem Namen. Öffnen Sie es.",
    ),
    Refusal.STRANGER: (
        "Ihre Antwort hat nichts entschieden",
        "Wir kennen dieses Konto nicht aus Odoo. Bitten Sie um die Verknüpfung, oder entscheiden Sie dort.",
    ),
    Refusal.NOT_ASKED: ("Ihre Antwort hat nichts entschieden", "Zu {document} wurde jemand anders gefragt."),
    Refusal.TOO_LATE: ("Zu spät für {document}", "Die Frage ist abgelaufen. Entscheiden Sie in Odoo."),
    Refusal.OTHER_COMPANY: (
        "Ihre Antwort hat nichts entschieden",
        "{document} gehört zu einer Firma, für die Sie nicht arbeiten.",
    ),
    Refusal.NO_DOCUMENT: ("Ihre Antwort hat nichts entschieden", "Die Nachricht nannte keinen Beleg zur Entscheidung."),
    COUNTED: ("{document}: Ihre Antwort zählt", "Andere müssen noch antworten. In Odoo ist noch nichts entschieden."),
    SECOND: ("{document} war schon beantwortet", "Es zählt die erste Antwort: „{answer}“ von {by} am {at}."),
    BY_OTHER[Answer.APPROVE]: ("{by} hat {document} genehmigt", "Genehmigt am {at}. Sie müssen nicht mehr antworten."),
    BY_OTHER[Answer.REJECT]: ("{by} hat {document} abgelehnt", "Abgelehnt am {at}. Sie müssen nicht mehr antworten."),
    Result.GIVEN_UP: (
        "{document} kam in Odoo nicht an",
        "Odoo nahm Ihre Antwort nicht an. Nichts wurde entschieden: Entscheiden Sie dort.",
    ),
    STANDS: ("", "In Odoo steht es jetzt auf „{state}“."),
}
TABLES: Mapping[str, Mapping[str, Words]] = MappingProxyType({"en": _EN, "es": _ES, "fr": _FR, "de": _DE})
BUTTONS: Mapping[str, Mapping[Answer, str]] = MappingProxyType(
    {
        "en": {Answer.APPROVE: "Approve", Answer.REJECT: "Reject"},
        "es": {Answer.APPROVE: "Aprobar", Answer.REJECT: "Rechazar"},
        "fr": {Answer.APPROVE: "Approuver", Answer.REJECT: "Refuser"},
        "de": {Answer.APPROVE: "Genehmigen", Answer.REJECT: "Ablehnen"},
    }
)
"""What stands on the two buttons."""


def told(code: str, language: str | None, facts: Mapping[str, str]) -> Words:
    """The title and the sentences for a result or a refusal, in the reader's language where it is one of the four."""
    table = TABLES[_of_the_four(language)]
    title, sentence = table[code]
    stands = f" {table[STANDS][1]}" if facts.get("state") else ""
    return title.format_map(facts), (sentence + stands).format_map(facts)


def first_answer(answer: Answer, by: str, at: datetime, language: str | None, zone: str | None) -> dict[str, str]:
    """What is told of an answer that came before: which, whose, and when by the reader's clock."""
    return {"answer": BUTTONS[_of_the_four(language)][answer], **decided_by(by, at, language, zone)}


def decided_by(by: str, at: datetime, language: str | None, zone: str | None) -> dict[str, str]:
    """What is told of a decision: whose, and when by the reader's clock."""
    when = moment(at.astimezone(ZoneInfo(zone)) if zone else at, language or LAST_RESORT)
    return {"by": by, "at": when}


def _of_the_four(language: str | None) -> str:
    base = (language or LAST_RESORT)[:2].lower()
    return base if base in TABLES else LAST_RESORT
