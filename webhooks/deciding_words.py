"""What the page behind the link of an approval says, in the languages that messages are written in."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Words:
    """Everything that the page says in one language; a sentence may hold {channel}, {at}, {answer}, {by} and {left}."""

    tag: str
    title: str
    amount: str
    requester: str
    description: str
    deadline: str
    asked: str
    open: str
    answered: str
    passed: str
    expired: str
    decided: str
    changed: str
    over: str
    under_way: str
    in_odoo: str
    in_odoo_lead: str
    open_in_odoo: str
    here: str
    here_lead: str
    send: str
    send_again: str
    sent: str
    code: str
    reason: str
    stranger: str
    own_request: str
    other_company: str
    no_channel: str
    shape: str
    wrong: str
    worn: str
    old: str
    many: str
    reasonless: str
    late: str
    refused: str
    yours: str
    yours_lead: str
    look: str


EN = Words(
    tag="en",
    title="Approval: {document}",
    amount="Amount",
    requester="Requested by",
    description="About",
    deadline="Deadline",
    asked="Asked",
    open="Nobody has decided it yet.",
    answered="You answered “{answer}” on {at}. Others are still to answer.",
    passed="It has been approved on this level, and goes on without your answer.",
    expired="The question has expired. Decide in Odoo.",
    decided="{by} answered “{answer}” on {at}, and that decides it.",
    changed="The document has changed since, and this question is void. Look at it in Odoo, or wait for the new "
    "question.",
    over="Nobody waits for an answer any more. Odoo shows how the document stands.",
    under_way="It is on its way into Odoo.",
    in_odoo="In Odoo",
    in_odoo_lead="There you sign in, and decide on the document itself.",
    open_in_odoo="Open in Odoo",
    here="Here, with a code",
    here_lead="Whoever holds this link can read it. To decide, you prove who you are: a code of six digits goes to an "
    "account that we know to be yours.",
    send="Send me a code by {channel}",
    send_again="Send another code by {channel}",
    sent="A code went to you by {channel}. It lasts until {at}. If none has come after a minute, decide in Odoo.",
    code="Code of six digits",
    reason="Reason (needed to reject)",
    stranger="Here it can only be read: we do not know whoever was asked as a user of Odoo.",
    own_request="Here it can only be read: nobody decides his own request.",
    other_company="Here it can only be read: the document belongs to a company that you do not work for.",
    no_channel="Here it can only be read: we know no other account of yours that a code could go to.",
    shape="Type the six digits of the code.",
    wrong="That is not the code that we sent. Tries left: {left}.",
    worn="This code was tried too often, and counts no more. Ask for another.",
    old="This code counts no more. Ask for another.",
    many="Too many codes were sent. The next can be sent from {at}; until then decide in Odoo.",
    reasonless="Say why you reject it.",
    late="Your answer decided nothing: see how it stands.",
    refused="The form did not come from this page. Fill it in here.",
    yours="An approval",
    yours_lead="Open it to see what you are asked.",
    look="Open",
)
ES = Words(
    tag="es",
    title="Aprobación: {document}",
    amount="Importe",
    requester="Solicitado por",
    description="Asunto",
    deadline="Plazo",
    asked="Se preguntó a",
    open="Nadie lo ha decidido todavía.",
    answered="Usted respondió «{answer}» el {at}. Faltan otras respuestas.",
    passed="Ya se ha aprobado en este nivel, y sigue sin su respuesta.",
    expired="La pregunta ha caducado. Decida en Odoo.",
    decided="{by} respondió «{answer}» el {at}, y con eso está decidido.",
    changed="El documento ha cambiado desde entonces y esta pregunta no vale. Mírelo en Odoo, o espere la nueva.",
    over="Ya nadie espera una respuesta. En Odoo puede ver cómo está el documento.",
    under_way="Va de camino a Odoo.",
    in_odoo="En Odoo",
    in_odoo_lead="Allí inicia sesión y decide sobre el propio documento.",
    open_in_odoo="Abrir en Odoo",
    here="Aquí, con un código",
    here_lead="Quien tenga este enlace puede leerlo. Para decidir, demuestre quién es: un código de seis cifras va a "
    "una "
    "cuenta que sabemos que es suya.",
    send="Enviarme un código por {channel}",
    send_again="Enviar otro código por {channel}",
    sent="Le hemos enviado un código por {channel}. Vale hasta el {at}. Si no llega en un minuto, decida en Odoo.",
    code="Código de seis cifras",
    reason="Motivo (necesario para rechazar)",
    stranger="Aquí solo se puede leer: no conocemos como usuario de Odoo a quien se preguntó.",
    own_request="Aquí solo se puede leer: nadie decide su propia solicitud.",
    other_company="Aquí solo se puede leer: el documento es de una empresa para la que usted no trabaja.",
    no_channel="Aquí solo se puede leer: no conocemos otra cuenta suya a la que enviar un código.",
    shape="Escriba las seis cifras del código.",
    wrong="No es el código que enviamos. Intentos que quedan: {left}.",
    worn="Este código se ha probado demasiadas veces y ya no vale. Pida otro.",
    old="Este código ya no vale. Pida otro.",
    many="Se han enviado demasiados códigos. El próximo podrá enviarse desde el {at}; mientras tanto, decida en Odoo.",
    reasonless="Diga por qué lo rechaza.",
    late="Su respuesta no ha decidido nada: vea cómo está.",
    refused="El formulario no venía de esta página. Rellénelo aquí.",
    yours="Una aprobación",
    yours_lead="Ábrala para ver qué se le pregunta.",
    look="Abrir",
)
FR = Words(
    tag="fr",
    title="Approbation : {document}",
    amount="Montant",
    requester="Demandé par",
    description="Objet",
    deadline="Échéance",
    asked="Personnes sollicitées",
    open="Personne n’en a encore décidé.",
    answered="Vous avez répondu « {answer} » le {at}. D’autres doivent encore répondre.",
    passed="C’est approuvé à ce niveau, et la suite se fait sans votre réponse.",
    expired="La question a expiré. Décidez dans Odoo.",
    decided="{by} a répondu « {answer} » le {at}, ce qui en décide.",
    changed="Le document a changé depuis, et cette question ne vaut plus. Voyez-le dans Odoo, ou attendez la nouvelle.",
    over="Plus personne n’attend de réponse. Odoo montre où en est le document.",
    under_way="C’est en route vers Odoo.",
    in_odoo="Dans Odoo",
    in_odoo_lead="Vous vous y connectez et décidez sur le document lui-même.",
    open_in_odoo="Ouvrir dans Odoo",
    here="Ici, avec un code",
    here_lead="Quiconque a ce lien peut le lire. Pour décider, prouvez qui vous êtes : un code à six chiffres est "
    "envoyé à "
    "un compte que nous savons être le vôtre.",
    send="M’envoyer un code par {channel}",
    send_again="Envoyer un autre code par {channel}",
    sent="Un code vous a été envoyé par {channel}. Il vaut jusqu’au {at}. S’il n’arrive pas en une minute, décidez "
    "dans "
    "Odoo.",
    code="Code à six chiffres",
    reason="Motif (nécessaire pour refuser)",
    stranger="Ici on ne peut que lire : nous ne connaissons pas la personne sollicitée comme utilisateur d’Odoo.",
    own_request="Ici on ne peut que lire : personne ne décide de sa propre demande.",
    other_company="Ici on ne peut que lire : le document est d’une société pour laquelle vous ne travaillez pas.",
    no_channel="Ici on ne peut que lire : nous ne vous connaissons pas d’autre compte où envoyer un code.",
    shape="Saisissez les six chiffres du code.",
    wrong="Ce n’est pas le code envoyé. Essais restants : {left}.",
    worn="Ce code a été essayé trop souvent et ne vaut plus. Demandez-en un autre.",
    old="Ce code ne vaut plus. Demandez-en un autre.",
    many="Trop de codes ont été envoyés. Le prochain pourra l’être à partir du {at} ; d’ici là, décidez dans Odoo.",
    reasonless="Dites pourquoi vous refusez.",
    late="Votre réponse n’a rien décidé : voyez où cela en est.",
    refused="Le formulaire ne venait pas de cette page. Remplissez-le ici.",
    yours="Une approbation",
    yours_lead="Ouvrez-la pour voir ce qui vous est demandé.",
    look="Ouvrir",
)
DE = Words(
    tag="de",
    title="Freigabe: {document}",
    amount="Betrag",
    requester="Angefragt von",
    description="Worum es geht",
    deadline="Frist",
    asked="Gefragt",
    open="Noch hat niemand entschieden.",
    answered="Sie haben am {at} mit „{answer}“ geantwortet. Andere müssen noch antworten.",
    passed="Auf dieser Stufe ist es freigegeben; es geht ohne Ihre Antwort weiter.",
    expired="Die Frage ist abgelaufen. Entscheiden Sie in Odoo.",
    decided="{by} hat am {at} mit „{answer}“ geantwortet, und das entscheidet.",
    changed="Der Vorgang hat sich seitdem geändert, und diese Frage gilt nicht mehr. Sehen Sie ihn in Odoo an, oder "
    "warten "
    "Sie auf die neue.",
    over="Niemand wartet mehr auf eine Antwort. Odoo zeigt, wie der Vorgang steht.",
    under_way="Es ist auf dem Weg nach Odoo.",
    in_odoo="In Odoo",
    in_odoo_lead="Dort melden Sie sich an und entscheiden am Vorgang selbst.",
    open_in_odoo="In Odoo öffnen",
    here="Hier, mit einem Code",
    here_lead="Wer diesen Link hat, kann lesen. Um zu entscheiden, weisen Sie sich aus: Ein Code aus sechs Ziffern "
    "geht an "
    "ein Konto, von dem wir wissen, dass es Ihres ist.",
    send="Code per {channel} senden",
    send_again="Neuen Code per {channel} senden",
    sent="Ein Code ging per {channel} an Sie. Er gilt bis {at}. Kommt nach einer Minute keiner, entscheiden Sie in "
    "Odoo.",
    code="Code aus sechs Ziffern",
    reason="Grund (nötig, um abzulehnen)",
    stranger="Hier lässt sich nur lesen: Wer gefragt wurde, ist uns nicht als Odoo-Benutzer bekannt.",
    own_request="Hier lässt sich nur lesen: Niemand entscheidet über seine eigene Anfrage.",
    other_company="Hier lässt sich nur lesen: Der Vorgang gehört zu einer Firma, für die Sie nicht arbeiten.",
    no_channel="Hier lässt sich nur lesen: Wir kennen kein anderes Konto von Ihnen, an das ein Code gehen könnte.",
    shape="Tippen Sie die sechs Ziffern des Codes ein.",
    wrong="Das ist nicht der gesendete Code. Verbleibende Versuche: {left}.",
    worn="Dieser Code wurde zu oft versucht und gilt nicht mehr. Fordern Sie einen neuen an.",
    old="Dieser Code gilt nicht mehr. Fordern Sie einen neuen an.",
    many="Es wurden zu viele Codes gesendet. Der nächste kann ab {at} gesendet werden; entscheiden Sie bis dahin in "
    "Odoo.",
    reasonless="Sagen Sie, warum Sie ablehnen.",
    late="Ihre Antwort hat nichts entschieden: Sehen Sie, wie es steht.",
    refused="Das Formular kam nicht von dieser Seite. Füllen Sie es hier aus.",
    yours="Eine Freigabe",
    yours_lead="Öffnen Sie sie, um zu sehen, was Sie gefragt werden.",
    look="Öffnen",
)
WORDS: Mapping[str, Words] = MappingProxyType({words.tag: words for words in (EN, ES, FR, DE)})


def words_for(language: str) -> Words:
    """The page's words in the nearest language: es for es_MX, English for what we do not write."""
    return WORDS.get(language.replace("-", "_").partition("_")[0].lower(), EN)
