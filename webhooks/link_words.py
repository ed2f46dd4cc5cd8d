"""The words of the preference page, in the languages that messages are written in."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from postroom.domain.channels import ChannelName
from postroom.domain.digest_words import TITLES as SECTIONS
from postroom.domain.digest_words import in_language
from postroom.domain.digests import Section
from postroom.domain.routing import TITLES


@dataclass(frozen=True, slots=True)
class Words:
    """Everything that the page says in one language."""

    tag: str
    title: str
    lead: str
    kinds: str
    sections: str
    necessary: str
    ways: str
    way: str
    """Takes {channel}."""
    without: str
    save: str
    none: str
    saved: str
    unchanged: str
    again: str
    """Takes {what} and {channel}."""
    no_longer: str
    way_again: str
    way_closed: str
    section_again: str
    """Takes {what}."""
    section_gone: str
    gone: str
    gone_lead: str
    later: str
    later_lead: str
    refused: str
    email: str
    titles: Mapping[str, str]

    def kind(self, message_type: str) -> str:
        """A message type as people call it."""
        return self.titles.get(message_type, message_type.replace("_", " ").capitalize())

    def section(self, section: Section) -> str:
        """A part of a digest, as its heading there."""
        return in_language(SECTIONS[section], self.tag)

    def channel(self, channel: ChannelName) -> str:
        """A channel as people call it."""
        return self.email if channel is ChannelName.EMAIL else TITLES[channel]


EN = Words(
    tag="en",
    title="What you hear from us",
    lead="Choose which messages reach you, and where. Nothing changes before you save.",
    kinds="Messages",
    sections="In your daily digest",
    necessary="Messages that are necessary between us, such as invoices, are not listed: they always reach you.",
    ways="Ways to reach you",
    way="You may write to me by {channel}",
    without="Without this, nothing at all comes that way; what is necessary takes another.",
    save="Save",
    none="Turn off all the messages above",
    saved="Saved",
    unchanged="Nothing was changed: this is what held already.",
    again="{what} by {channel}: you will receive them again.",
    no_longer="{what} by {channel}: you will not receive them any more.",
    way_again="{channel}: we may write to you there again.",
    way_closed="{channel}: nothing comes to you there any more.",
    section_again="“{what}” stands in your digest again.",
    section_gone="“{what}” is left out of your digest.",
    gone="This page does not exist",
    gone_lead="Open the link of a newer message.",
    later="Please try again in a minute",
    later_lead="Nothing was changed: our post room cannot look this up right now.",
    refused="Open the link from your message, and save there.",
    email="email",
    titles=MappingProxyType(
        {
            "payment_reminder": "Payment reminders",
            "approval_request": "Approval requests",
            "order_confirmation": "Order confirmations",
            "delivery_update": "Delivery updates",
            "daily_digest": "Daily digest",
            "critical_alert": "Critical alerts",
            "sales_follow_up": "Follow-ups on offers",
            "invoice_delivery": "Invoices",
        }
    ),
)
ES = Words(
    tag="es",
    title="Lo que recibe de nosotros",
    lead="Elija qué mensajes recibe y por dónde. Nada cambia hasta que guarde.",
    kinds="Mensajes",
    sections="En su resumen diario",
    necessary="Los mensajes necesarios entre nosotros, como las facturas, no figuran aquí: siempre le llegan.",
    ways="Vías de contacto",
    way="Pueden escribirme por {channel}",
    without="Sin esto no le llega nada por esa vía; lo necesario va por otra.",
    save="Guardar",
    none="Desactivar todos los mensajes de arriba",
    saved="Guardado",
    unchanged="No ha cambiado nada: ya estaba así.",
    again="{what} por {channel}: volverá a recibirlos.",
    no_longer="{what} por {channel}: ya no los recibirá.",
    way_again="{channel}: podemos volver a escribirle por ahí.",
    way_closed="{channel}: ya no le llegará nada por ahí.",
    section_again="«{what}» vuelve a estar en su resumen.",
    section_gone="«{what}» ya no está en su resumen.",
    gone="Esta página no existe",
    gone_lead="Abra el enlace de un mensaje más reciente.",
    later="Inténtelo de nuevo en un minuto",
    later_lead="No ha cambiado nada: ahora mismo no podemos consultarlo.",
    refused="Abra el enlace de su mensaje y guarde allí.",
    email="correo electrónico",
    titles=MappingProxyType(
        {
            "payment_reminder": "Recordatorios de pago",
            "approval_request": "Solicitudes de aprobación",
            "order_confirmation": "Confirmaciones de pedido",
            "delivery_update": "Avisos de entrega",
            "daily_digest": "Resumen diario",
            "critical_alert": "Alertas críticas",
            "sales_follow_up": "Seguimiento de ofertas",
            "invoice_delivery": "Facturas",
        }
    ),
)
FR = Words(
    tag="fr",
    title="Ce que vous recevez de nous",
    lead="Choisissez quels messages vous parviennent, et par où. Rien ne change avant l’enregistrement.",
    kinds="Messages",
    sections="Dans votre résumé quotidien",
    necessary="Les messages nécessaires entre nous, comme les factures, ne figurent pas ici : ils vous parviennent "
    "toujours.",
    ways="Moyens de vous joindre",
    way="Vous pouvez m’écrire par {channel}",
    without="Sans cela, rien ne vous parvient par ce moyen ; ce qui est nécessaire en prend un autre.",
    save="Enregistrer",
    none="Désactiver tous les messages ci-dessus",
    saved="Enregistré",
    unchanged="Rien n’a changé : c’était déjà ainsi.",
    again="{what} par {channel} : vous les recevrez de nouveau.",
    no_longer="{what} par {channel} : vous ne les recevrez plus.",
    way_again="{channel} : nous pouvons de nouveau vous y écrire.",
    way_closed="{channel} : plus rien ne vous y parviendra.",
    section_again="« {what} » figure de nouveau dans votre résumé.",
    section_gone="« {what} » ne figure plus dans votre résumé.",
    gone="Cette page n’existe pas",
    gone_lead="Ouvrez le lien d’un message plus récent.",
    later="Réessayez dans une minute",
    later_lead="Rien n’a changé : nous ne pouvons pas le consulter pour le moment.",
    refused="Ouvrez le lien de votre message et enregistrez là.",
    email="e-mail",
    titles=MappingProxyType(
        {
            "payment_reminder": "Rappels de paiement",
            "approval_request": "Demandes d’approbation",
            "order_confirmation": "Confirmations de commande",
            "delivery_update": "Suivis de livraison",
            "daily_digest": "Résumé quotidien",
            "critical_alert": "Alertes critiques",
            "sales_follow_up": "Relances d’offres",
            "invoice_delivery": "Factures",
        }
    ),
)
DE = Words(
    tag="de",
    title="Was Sie von uns hören",
    lead="Wählen Sie, welche Nachrichten Sie erreichen, und wo. Vor dem Speichern ändert sich nichts.",
    kinds="Nachrichten",
    sections="In Ihrer Tagesübersicht",
    necessary="Was zwischen uns nötig ist, etwa Rechnungen, steht hier nicht: Das erreicht Sie immer.",
    ways="Wege zu Ihnen",
    way="Sie dürfen mir per {channel} schreiben",
    without="Ohne dies kommt auf diesem Weg gar nichts; was nötig ist, nimmt einen anderen.",
    save="Speichern",
    none="Alle Nachrichten oben abschalten",
    saved="Gespeichert",
    unchanged="Nichts wurde geändert: So war es schon.",
    again="{what} per {channel}: Sie erhalten sie wieder.",
    no_longer="{what} per {channel}: Sie erhalten sie nicht mehr.",
    way_again="{channel}: Dort dürfen wir Ihnen wieder schreiben.",
    way_closed="{channel}: Dort erreicht Sie nichts mehr.",
    section_again="„{what}“ steht wieder in Ihrer Übersicht.",
    section_gone="„{what}“ steht nicht mehr in Ihrer Übersicht.",
    gone="Diese Seite gibt es nicht",
    gone_lead="Öffnen Sie den Link einer neueren Nachricht.",
    later="Bitte versuchen Sie es in einer Minute noch einmal",
    later_lead="Nichts wurde geändert: Wir können gerade nicht nachsehen.",
    refused="Öffnen Sie den Link aus Ihrer Nachricht und speichern Sie dort.",
    email="E-Mail",
    titles=MappingProxyType(
        {
            "payment_reminder": "Zahlungserinnerungen",
            "approval_request": "Freigaben",
            "order_confirmation": "Auftragsbestätigungen",
            "delivery_update": "Lieferungen",
            "daily_digest": "Tagesübersicht",
            "critical_alert": "Wichtige Warnungen",
            "sales_follow_up": "Nachfragen zu Angeboten",
            "invoice_delivery": "Rechnungen",
        }
    ),
)
WORDS: Mapping[str, Words] = MappingProxyType({words.tag: words for words in (EN, ES, FR, DE)})


def words_for(language: str) -> Words:
    """The page's words in the nearest language: es for es_MX, English for what we do not write."""
    return WORDS.get(language.replace("-", "_").partition("_")[0].lower(), EN)
