"""What a customer is told that he owes, and what his colleague is asked to do about it, in the four languages."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from postroom.domain.cadences import Tone
from postroom.domain.dunning import Decision, Line
from postroom.domain.facts import MAX_SECTION_LINES, Money
from postroom.domain.formats import day, money
from postroom.domain.languages import LAST_RESORT

STATEMENT, TASK = "postroom.collection.statement", "postroom.collection.task"
NAMED = 3
"""Invoices that are named where there is room for a line."""

_OPEN: Mapping[str, tuple[str, str]] = {
    "en": ("Open invoices", "{count} more"),
    "es": ("Facturas pendientes", "{count} más"),
    "fr": ("Factures ouvertes", "{count} de plus"),
    "de": ("Offene Rechnungen", "{count} weitere"),
}
"""The heading of the list, and what stands for those that it has no room for."""


def statement(decision: Decision, tone: Tone, language: str | None, url: str | None) -> dict[str, Any]:
    """The data's block about a statement: whole amounts, and lines as the reader's language writes them."""
    tag = language or LAST_RESORT
    title, more = _opening(tag)
    told = {
        "id": decision.oldest.invoice,
        "tone": tone.value,
        "numbers": _numbers(decision.lines, more),
        "amount_due": f"{decision.owed:f}",
        "currency": decision.lines[0].currency,
        "due_date": decision.oldest.due.isoformat(),
        "sections": [{"title": title, "lines": _listed(decision.lines, more, tag)}],
    }
    return {**told, "payment_url": url} if url else told


def _opening(tag: str) -> tuple[str, str]:
    return _OPEN.get(tag.partition("_")[0], _OPEN[LAST_RESORT])


def _numbers(lines: Sequence[Line], more: str) -> str:
    named = ", ".join(line.number for line in lines[:NAMED])
    left = len(lines) - NAMED
    return f"{named} (+ {more.format(count=left)})" if left > 0 else named


def _listed(lines: Sequence[Line], more: str, tag: str) -> list[dict[str, str]]:
    """As many as a section takes; the rest in one line, so that the sum is right."""
    room = MAX_SECTION_LINES if len(lines) <= MAX_SECTION_LINES else MAX_SECTION_LINES - 1
    shown, rest = lines[:room], lines[room:]
    listed = [(f"{line.number}, {day(line.due, tag)}", line.residual) for line in shown]
    if rest:
        listed.append((more.format(count=len(rest)), sum((line.residual for line in rest), Decimal())))
    return [{"label": label, "value": money(Money(owed, lines[0].currency), tag)} for label, owed in listed]


# Colleagues -----------------------------------------------------------------------------------------------------------


class Chore(StrEnum):
    """What a colleague is asked to do, and what came of his own word."""

    CALL = "call"
    APPROVE = "approve"
    HANDED_OVER = "handed_over"
    MATCH = "match"
    UNREACHABLE = "unreachable"
    PROMISED = "promised"
    BROKEN = "broken"
    DISPUTED = "disputed"
    REVIEW = "review"
    REPLIED = "replied"
    AGREED = "agreed"
    HELD = "held"
    SETTLED = "settled"


Words = tuple[str, str]
"""A title and a sentence; {customer}, {owed}, {numbers}, {since}, {on} and {command} may stand in them."""

_EN: Mapping[Chore, Words] = {
    Chore.CALL: (
        "Please call {customer}",
        "{owed} are open, the oldest of it since {since}. Agree on a day, or pause.",
    ),
    Chore.APPROVE: (
        "A formal notice to {customer} waits for you",
        "{owed} are open, the oldest of it since {since}. It goes out when you approve it, here or by: {command}",
    ),
    Chore.HANDED_OVER: ("{customer} is yours now", "{owed} are open since {since}. We write about it no more."),
    Chore.MATCH: (
        "A payment of {customer} is not matched",
        "{owed} are open, and as much came in. Match it in Odoo: until then he is not reminded.",
    ),
    Chore.UNREACHABLE: (
        "{customer} has no address",
        "{owed} are open since {since}, and Odoo knows no phone or email.",
    ),
    Chore.PROMISED: ("{customer} promises to pay by {on}", "{owed} are open. He is not reminded before."),
    Chore.BROKEN: ("{customer} promises once more", "{owed} are open, and he promised often enough. Please call."),
    Chore.DISPUTED: (
        "{customer} says that it is not correct",
        "{owed} are open. Nothing is sent about what he disputes until it is settled; "
        "if it is not by {on}, we remind you.",
    ),
    Chore.REVIEW: (
        "{customer} still disputes what he owes",
        "{numbers}: {owed} are open, disputed since {on}. Nothing is sent about it. Once it is settled: {command}",
    ),
    Chore.REPLIED: ("{customer} wrote back", "{owed} are open. Please answer him: nothing is sent until {on}."),
    Chore.AGREED: (
        "The notice to {customer} goes out",
        "As soon as his hours allow, with the amounts of that moment. If he pays before, nothing is sent.",
    ),
    Chore.HELD: (
        "The notice to {customer} is held",
        "Nothing is sent to him any more of itself, until somebody runs: {command}",
    ),
    Chore.SETTLED: (
        "No notice to {customer} waits any more",
        "Somebody has answered, or what he owes has changed. See: {command}",
    ),
}
_ES: Mapping[Chore, Words] = {
    Chore.CALL: ("Llame a {customer}", "Hay {owed} pendientes, lo más antiguo desde el {since}. Acuerde una fecha."),
    Chore.APPROVE: (
        "Un requerimiento formal a {customer} le espera",
        "Hay {owed} pendientes, lo más antiguo desde el {since}. Sale cuando usted lo aprueba, aquí o con: {command}",
    ),
    Chore.HANDED_OVER: ("{customer} queda en sus manos", "Hay {owed} desde el {since}. Ya no escribimos sobre ello."),
    Chore.MATCH: (
        "Un pago de {customer} está sin conciliar",
        "Hay {owed} pendientes y ha entrado lo mismo. Concílielo en Odoo: hasta entonces no se le recuerda nada.",
    ),
    Chore.UNREACHABLE: (
        "{customer} no tiene dirección",
        "Hay {owed} desde el {since}, y Odoo no tiene teléfono ni correo.",
    ),
    Chore.PROMISED: ("{customer} promete pagar hasta el {on}", "Hay {owed} pendientes. Antes no se le recuerda nada."),
    Chore.BROKEN: ("{customer} promete otra vez", "Hay {owed} pendientes y ya prometió bastante. Llámele."),
    Chore.DISPUTED: (
        "{customer} dice que no es correcto",
        "Hay {owed} pendientes. Sobre lo disputado no se envía nada hasta aclararlo; "
        "si el {on} sigue así, se lo recordamos.",
    ),
    Chore.REVIEW: (
        "{customer} sigue sin aceptar lo que debe",
        "{numbers}: {owed} pendientes, en disputa desde el {on}. No se envía nada sobre ello. "
        "Cuando se aclare: {command}",
    ),
    Chore.REPLIED: ("{customer} ha respondido", "Hay {owed} pendientes. Respóndale: no se envía nada hasta el {on}."),
    Chore.AGREED: (
        "El requerimiento a {customer} sale",
        "En cuanto lo permita su horario, con los importes de ese momento. Si paga antes, no sale nada.",
    ),
    Chore.HELD: (
        "El requerimiento a {customer} no sale",
        "Ya no se le envía nada por sí solo, hasta que alguien ejecute: {command}",
    ),
    Chore.SETTLED: (
        "Ya no espera ningún requerimiento a {customer}",
        "Alguien ha respondido, o lo que debe ha cambiado. Vea: {command}",
    ),
}
_FR: Mapping[Chore, Words] = {
    Chore.CALL: ("Appelez {customer}", "{owed} sont ouverts, le plus ancien depuis le {since}. Convenez d'une date."),
    Chore.APPROVE: (
        "Une mise en demeure à {customer} vous attend",
        "{owed} sont ouverts, le plus ancien depuis le {since}. "
        "Elle part quand vous l'approuvez, ici ou par : {command}",
    ),
    Chore.HANDED_OVER: ("{customer} est à vous", "{owed} sont ouverts depuis le {since}. Nous n'écrivons plus."),
    Chore.MATCH: (
        "Un paiement de {customer} n'est pas lettré",
        "{owed} sont ouverts, et autant est arrivé. Lettrez-le dans Odoo : d'ici là rien ne lui est rappelé.",
    ),
    Chore.UNREACHABLE: ("{customer} n'a pas d'adresse", "{owed} sont ouverts, et Odoo n'a ni téléphone ni e-mail."),
    Chore.PROMISED: ("{customer} promet de payer d'ici le {on}", "{owed} sont ouverts. Rien ne lui est rappelé avant."),
    Chore.BROKEN: ("{customer} promet encore", "{owed} sont ouverts, et il a assez promis. Appelez-le."),
    Chore.DISPUTED: (
        "{customer} dit que ce n'est pas correct",
        "{owed} sont ouverts. Rien n'est envoyé sur ce qu'il conteste jusqu'à ce que ce soit réglé ; "
        "si ce n'est pas fait le {on}, nous vous le rappelons.",
    ),
    Chore.REVIEW: (
        "{customer} conteste toujours ce qu'il doit",
        "{numbers} : {owed} sont ouverts, contestés depuis le {on}. Rien n'est envoyé à ce sujet. "
        "Une fois réglé : {command}",
    ),
    Chore.REPLIED: ("{customer} a répondu", "{owed} sont ouverts. Répondez-lui : rien n'est envoyé d'ici le {on}."),
    Chore.AGREED: (
        "La mise en demeure à {customer} part",
        "Dès que ses heures le permettent, avec les montants de ce moment. S'il paie avant, rien ne part.",
    ),
    Chore.HELD: (
        "La mise en demeure à {customer} est retenue",
        "Plus rien ne lui est envoyé de soi-même, jusqu'à ce que quelqu'un lance : {command}",
    ),
    Chore.SETTLED: (
        "Plus de mise en demeure à {customer} en attente",
        "Quelqu'un a répondu, ou ce qu'il doit a changé. Voyez : {command}",
    ),
}
_DE: Mapping[Chore, Words] = {
    Chore.CALL: (
        "Bitte {customer} anrufen",
        "{owed} sind offen, das Älteste seit dem {since}. Vereinbaren Sie einen Tag.",
    ),
    Chore.APPROVE: (
        "Eine Mahnung an {customer} wartet auf Sie",
        "{owed} sind offen, das Älteste seit dem {since}. "
        "Sie geht hinaus, wenn Sie sie genehmigen, hier oder mit: {command}",
    ),
    Chore.HANDED_OVER: (
        "{customer} gehört jetzt Ihnen",
        "{owed} sind seit dem {since} offen. Wir schreiben nicht mehr.",
    ),
    Chore.MATCH: (
        "Eine Zahlung von {customer} ist nicht zugeordnet",
        "{owed} sind offen, ebenso viel ist eingegangen. Ordnen Sie es in Odoo zu: bis dahin erinnern wir ihn nicht.",
    ),
    Chore.UNREACHABLE: ("{customer} hat keine Adresse", "{owed} sind offen, und Odoo kennt weder Telefon noch E-Mail."),
    Chore.PROMISED: ("{customer} verspricht Zahlung bis {on}", "{owed} sind offen. Vorher erinnern wir ihn nicht."),
    Chore.BROKEN: (
        "{customer} verspricht es noch einmal",
        "{owed} sind offen, und versprochen hat er genug. Rufen Sie an.",
    ),
    Chore.DISPUTED: (
        "{customer} sagt, es stimmt nicht",
        "{owed} sind offen. Zu dem, was er bestreitet, geht nichts hinaus, bis es geklärt ist; "
        "ist es das am {on} nicht, erinnern wir Sie.",
    ),
    Chore.REVIEW: (
        "{customer} bestreitet es weiterhin",
        "{numbers}: {owed} sind offen, bestritten seit dem {on}. Dazu geht nichts hinaus. "
        "Sobald es geklärt ist: {command}",
    ),
    Chore.REPLIED: ("{customer} hat geantwortet", "{owed} sind offen. Antworten Sie ihm: bis {on} geht nichts hinaus."),
    Chore.AGREED: (
        "Die Mahnung an {customer} geht hinaus",
        "Sobald seine Zeiten es erlauben, mit den Beträgen jenes Augenblicks. Zahlt er vorher, geht nichts hinaus.",
    ),
    Chore.HELD: (
        "Die Mahnung an {customer} wird gehalten",
        "Von selbst geht nichts mehr an ihn, bis jemand ausführt: {command}",
    ),
    Chore.SETTLED: (
        "Keine Mahnung an {customer} wartet mehr",
        "Jemand hat geantwortet, oder was er schuldet, hat sich geändert. Siehe: {command}",
    ),
}
WORDS: Mapping[str, Mapping[Chore, Words]] = {"en": _EN, "es": _ES, "fr": _FR, "de": _DE}


def chore(
    which: Chore,
    language: str | None,
    *,
    customer: str,
    decision: Decision,
    on: date | None = None,
    command: str = "",
) -> dict[str, Any]:
    """The data's block about what a colleague is asked to do."""
    tag = language or LAST_RESORT
    facts = {
        "customer": customer,
        "owed": money(Money(decision.owed, decision.lines[0].currency), tag),
        "numbers": _numbers(decision.lines, _opening(tag)[1]),
        "since": day(decision.oldest.due, tag),
        "on": day(on, tag) if on else "–",
        "command": command,
    }
    return _told(which, tag, decision.oldest.invoice, facts)


def afterword(which: Chore, language: str | None, *, invoice: int, customer: str, command: str) -> dict[str, Any]:
    """The same of what came of his word."""
    return _told(which, language or LAST_RESORT, invoice, {"customer": customer, "command": command})


def _told(which: Chore, tag: str, invoice: int, facts: Mapping[str, str]) -> dict[str, Any]:
    title, sentence = WORDS.get(tag.partition("_")[0], _EN)[which]
    return {"id": invoice, "title": title.format(**facts), "explanation": sentence.format(**facts)}
