"""What the pages behind the links to documents say, in the languages that messages are written in."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Words:
    """Everything that these pages say in one language; a lead may hold {number}, {amount} and {day}."""

    tag: str
    paid: str
    paid_lead: str
    paid_on: str
    cancelled: str
    cancelled_lead: str
    credited: str
    credited_lead: str
    revised: str
    revised_lead: str
    gone: str
    gone_lead: str
    old: str
    old_lead: str
    unknown: str
    unknown_lead: str
    later: str
    later_lead: str
    moment: str
    moment_lead: str
    yours: str
    yours_lead: str
    open: str
    again: str
    pdf: str
    portal: str


EN = Words(
    tag="en",
    paid="Paid, thank you",
    paid_lead="{number} is paid: {amount}. There is nothing left to pay.",
    paid_on="Your payment was recorded on {day}.",
    cancelled="Cancelled",
    cancelled_lead="{number} was cancelled. There is nothing for you to do.",
    credited="Credited",
    credited_lead="{number} was credited in full: {amount}. There is nothing left to pay.",
    revised="Being corrected",
    revised_lead="{number} was taken back to be corrected. Please wait for our next message.",
    gone="This document no longer exists",
    gone_lead="It was removed since we wrote to you. Please ask us if you expected to find it here.",
    old="This link is too old",
    old_lead="Please open the link of a newer message.",
    unknown="This page does not exist",
    unknown_lead="Please open the link as it stands in your message.",
    later="Please try again in a minute",
    later_lead="We cannot look your document up right now. Nothing was changed.",
    moment="One moment, please",
    moment_lead="Your document is being looked up. This page goes on by itself.",
    yours="Your document",
    yours_lead="It is looked up when you open it, so that you see how it stands now.",
    open="Open",
    again="Try again",
    pdf="Download the PDF",
    portal="Open it in the portal",
)
ES = Words(
    tag="es",
    paid="Pagado, gracias",
    paid_lead="{number} está pagado: {amount}. No queda nada por pagar.",
    paid_on="Su pago se registró el {day}.",
    cancelled="Cancelado",
    cancelled_lead="{number} se ha cancelado. No tiene que hacer nada.",
    credited="Abonado",
    credited_lead="{number} se ha abonado por completo: {amount}. No queda nada por pagar.",
    revised="En corrección",
    revised_lead="{number} se ha retirado para corregirlo. Espere nuestro próximo mensaje.",
    gone="Este documento ya no existe",
    gone_lead="Se ha eliminado desde que le escribimos. Consúltenos si esperaba encontrarlo aquí.",
    old="Este enlace es demasiado antiguo",
    old_lead="Abra el enlace de un mensaje más reciente.",
    unknown="Esta página no existe",
    unknown_lead="Abra el enlace tal como figura en su mensaje.",
    later="Inténtelo de nuevo en un minuto",
    later_lead="Ahora mismo no podemos consultar su documento. No ha cambiado nada.",
    moment="Un momento, por favor",
    moment_lead="Estamos buscando su documento. Esta página continúa sola.",
    yours="Su documento",
    yours_lead="Se consulta al abrirlo, para que vea cómo está ahora.",
    open="Abrir",
    again="Volver a intentarlo",
    pdf="Descargar el PDF",
    portal="Abrirlo en el portal",
)
FR = Words(
    tag="fr",
    paid="Payé, merci",
    paid_lead="{number} est payé : {amount}. Il ne reste rien à payer.",
    paid_on="Votre paiement a été enregistré le {day}.",
    cancelled="Annulé",
    cancelled_lead="{number} a été annulé. Vous n’avez rien à faire.",
    credited="Crédité",
    credited_lead="{number} a été entièrement crédité : {amount}. Il ne reste rien à payer.",
    revised="En cours de correction",
    revised_lead="{number} a été repris pour correction. Veuillez attendre notre prochain message.",
    gone="Ce document n’existe plus",
    gone_lead="Il a été supprimé depuis notre message. Contactez-nous si vous pensiez le trouver ici.",
    old="Ce lien est trop ancien",
    old_lead="Ouvrez le lien d’un message plus récent.",
    unknown="Cette page n’existe pas",
    unknown_lead="Ouvrez le lien tel qu’il figure dans votre message.",
    later="Réessayez dans une minute",
    later_lead="Nous ne pouvons pas consulter votre document pour le moment. Rien n’a changé.",
    moment="Un instant, s’il vous plaît",
    moment_lead="Nous cherchons votre document. Cette page continue d’elle-même.",
    yours="Votre document",
    yours_lead="Il est consulté quand vous l’ouvrez, pour que vous voyiez où il en est.",
    open="Ouvrir",
    again="Réessayer",
    pdf="Télécharger le PDF",
    portal="L’ouvrir dans le portail",
)
DE = Words(
    tag="de",
    paid="Bezahlt, danke",
    paid_lead="{number} ist bezahlt: {amount}. Es ist nichts mehr offen.",
    paid_on="Ihre Zahlung wurde am {day} verbucht.",
    cancelled="Storniert",
    cancelled_lead="{number} wurde storniert. Sie müssen nichts tun.",
    credited="Gutgeschrieben",
    credited_lead="{number} wurde ganz gutgeschrieben: {amount}. Es ist nichts mehr offen.",
    revised="In Korrektur",
    revised_lead="{number} wurde zur Korrektur zurückgenommen. Bitte warten Sie auf unsere nächste Nachricht.",
    gone="Dieses Dokument gibt es nicht mehr",
    gone_lead="Es wurde seit unserer Nachricht entfernt. Fragen Sie uns, wenn Sie es hier erwartet haben.",
    old="Dieser Link ist zu alt",
    old_lead="Öffnen Sie den Link einer neueren Nachricht.",
    unknown="Diese Seite gibt es nicht",
    unknown_lead="Öffnen Sie den Link so, wie er in Ihrer Nachricht steht.",
    later="Bitte versuchen Sie es in einer Minute noch einmal",
    later_lead="Wir können Ihr Dokument gerade nicht nachsehen. Nichts wurde geändert.",
    moment="Einen Moment, bitte",
    moment_lead="Ihr Dokument wird nachgesehen. Diese Seite geht von selbst weiter.",
    yours="Ihr Dokument",
    yours_lead="Es wird beim Öffnen nachgesehen, damit Sie den heutigen Stand sehen.",
    open="Öffnen",
    again="Noch einmal versuchen",
    pdf="PDF herunterladen",
    portal="Im Portal öffnen",
)
WORDS: Mapping[str, Words] = MappingProxyType({words.tag: words for words in (EN, ES, FR, DE)})


def words_for(language: str) -> Words:
    """The pages' words in the nearest language: es for es_MX, English for what we do not write."""
    return WORDS.get(language.replace("-", "_").partition("_")[0].lower(), EN)
