"""The words by which a person says: no more messages here."""

import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

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


def _folded(text: str) -> str:
    """Without case, accents, outer punctuation and doubled blanks, so that 'ARRET!' is 'arrêt'."""
    # Turkish writes two letters i, and casefold makes the capital of one the small of the other.
    decomposed = unicodedata.normalize("NFKD", text).casefold().replace("ı", "i")
    bare = "".join(c if c.isalnum() else " " for c in decomposed if not unicodedata.category(c).startswith(("M", "C")))
    return " ".join(bare.split())


_KNOWN = frozenset(_folded(word) for words in WORDS.values() for word in words)
_LONGEST = 4 * max(len(word) for words in WORDS.values() for word in words)


def is_opt_out(text: str) -> bool:
    """Whether the whole message is a word that ends the conversation."""
    return len(text) <= _LONGEST and _folded(text) in _KNOWN
