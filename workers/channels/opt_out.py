"""The words by which a person says: no more messages here, or: messages again, please."""

import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

from postroom.domain.channels import EventKind

# Only whole messages count: "please stop by on Monday" is an answer, "STOP" is not. Words that are also an answer to an
# order or a reminder (cancel, end, quit, annuler, cancelar) are left out on purpose: taking "cancel" for an opt-out
# would lose a customer's cancellation.
WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "en": (
            "stop",
            "stop all",
            "stopall",
            "stop promotions",
            "stop messages",
            "unsubscribe",
            "unsubscribe me",
            "opt out",
            "opt-out",
            "optout",
            "remove me",
        ),
        "es": ("baja", "dar de baja", "darme de baja", "dame de baja", "alto", "no más mensajes"),
        "fr": ("arrêt", "arrêter", "arrêtez", "désabonner", "se désabonner", "me désabonner", "désinscription"),
        "de": ("stopp", "abmelden", "abbestellen", "austragen", "keine nachrichten mehr"),
        "pt": ("parar", "pare", "sair", "descadastrar", "remover", "cancelar inscrição", "cancelar subscrição"),
        "it": ("ferma", "cancellami", "disiscrivimi", "disiscriviti", "annulla iscrizione"),
        "nl": ("afmelden", "uitschrijven", "stoppen"),
        "sv": ("avsluta", "avregistrera"),
        "da": ("afmeld", "frameld"),
        "nb": ("avmeld", "meld av"),
        "fi": ("lopeta", "peruuta tilaus"),
        "pl": ("wypisz", "rezygnuję", "wypisz mnie"),
        "cs": ("odhlásit", "odhlásit se"),
        "ro": ("dezabonare", "dezabonează"),
        "el": ("διακοπή", "διαγραφή"),
        "tr": ("dur", "abonelikten çık"),
        "ru": ("стоп", "отписаться", "отпишите меня"),
        "uk": ("відписатися", "відписатись"),
        "ar": ("إيقاف", "توقف", "الغاء الاشتراك", "إلغاء الاشتراك"),
        "he": ("הסר", "הסירו", "הסר אותי"),
        "hi": ("रोकें", "बंद करें"),
        "zh": ("退订", "退訂", "停止"),
        "ja": ("停止", "配信停止", "解除"),
        "ko": ("수신거부", "중지"),
    }
)


# Fewer than the words that stop: heard wrongly, they send messages to a person who had said no. YES is left out though
# American carriers take it for START: here it is the answer to an approval or a reminder ("Sí", "oui", "yes"). So are
# "continue", "resume" and "activate", which may speak of an order or a contract.
START_WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "en": (
            "start",
            "start all",
            "startall",
            "start messages",
            "unstop",
            "subscribe",
            "subscribe me",
            "resubscribe",
            "opt in",
            "opt-in",
            "optin",
        ),
        "es": ("alta", "dar de alta", "darme de alta", "dame de alta", "suscribirme", "quiero recibir mensajes"),
        "fr": ("réabonner", "se réabonner", "me réabonner", "s'abonner", "m'abonner", "réinscription"),
        "de": ("wieder anmelden", "abonnieren", "nachrichten wieder erhalten"),
        "pt": ("inscrever", "inscrever-me", "subscrever", "voltar a receber", "quero receber mensagens"),
        "it": ("iscrivimi", "riscrivimi", "riattiva iscrizione"),
        "nl": ("aanmelden", "weer aanmelden", "inschrijven"),
        "sv": ("starta", "prenumerera"),
        "da": ("tilmeld", "abonner"),
        "nb": ("meld på", "abonner"),
        "fi": ("aloita", "tilaa uudelleen"),
        "pl": ("zapisz mnie", "subskrybuj"),
        "cs": ("přihlásit odběr", "odebírat"),
        "ro": ("abonare", "abonează-mă"),
        "el": ("έναρξη", "εγγραφή"),
        "tr": ("başlat", "abone ol"),
        "ru": ("старт", "подписаться", "подпишите меня"),
        "uk": ("старт", "підписатися", "підписатись"),
        "ar": ("ابدأ", "اشتراك", "الاشتراك"),
        "he": ("הצטרף", "הרשמה"),
        "hi": ("शुरू", "शुरू करें"),
        "zh": ("订阅", "訂閱", "恢复订阅", "恢復訂閱"),
        "ja": ("配信再開", "配信開始", "再開"),
        "ko": ("수신동의", "수신재개"),
    }
)


def _folded(text: str) -> str:
    """Without case, accents, outer punctuation and doubled blanks, so that 'ARRET!' is 'arrêt'."""
    # Turkish writes two letters i, and casefold makes the capital of one the small of the other.
    decomposed = unicodedata.normalize("NFKD", text).casefold().replace("ı", "i")
    bare = "".join(c if c.isalnum() else " " for c in decomposed if not unicodedata.category(c).startswith(("M", "C")))
    return " ".join(bare.split())


def _all(table: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    return frozenset(_folded(word) for words in table.values() for word in words)


_STOP, _START = _all(WORDS), _all(START_WORDS)
_LONGEST = 4 * max(len(word) for table in (WORDS, START_WORDS) for words in table.values() for word in words)


def is_opt_out(text: str) -> bool:
    """Whether the whole message is a word that ends the conversation."""
    return len(text) <= _LONGEST and _folded(text) in _STOP


def is_opt_in(text: str) -> bool:
    """Whether the whole message is a word that takes such an end back."""
    return len(text) <= _LONGEST and _folded(text) in _START


def consent_in(text: str) -> EventKind | None:
    """OPTED_OUT or OPTED_IN where the whole message is such a word; None where it says something else."""
    if is_opt_out(text):
        return EventKind.OPTED_OUT
    return EventKind.OPTED_IN if is_opt_in(text) else None
