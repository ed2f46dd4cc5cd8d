"""What a person sent, in words: nothing that reaches us is lost because it was no text."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from postroom.domain.channels import EventKind
from workers.channels.tokens import id_of, text_of

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Content:
    """One inbound message: what to show, and what was pressed."""

    text: str
    """For people; a picture is '[image] its caption'. Empty when the person took something back."""
    words: str = ""
    """What the person typed or pressed, bare: the part in which an opt-out is looked for."""
    kind: EventKind = EventKind.REPLIED
    payload: str | None = None
    about: str = ""
    """The message of ours that it is about, where the content itself names one."""
    facts: Mapping[str, str] = field(default_factory=dict)
    known: bool = True


def read_content(kind: str, message: Json) -> Content:
    """The content of a message of any type; a type that nobody foresaw still says that something came."""
    reader = READERS.get(kind)
    block = message.get(kind)
    # Contact cards are a list; everything else is an object under the type's own name.
    body: Json = block if isinstance(block, dict) else {"listed": block}
    if reader is None:
        return Content(_described(kind or "message", text_of(body.get("body"))), known=False)
    return reader(kind, body)


def _described(what: str, *words: str) -> str:
    return " ".join(part for part in (f"[{what}]", *words) if part)


def _text(_kind: str, body: Json) -> Content:
    words = text_of(body.get("body"))
    return Content(words or "[empty message]", words)


def _button(_kind: str, body: Json) -> Content:
    title, payload = text_of(body.get("text")), text_of(body.get("payload"))
    return Content(title or payload or "[button]", title, EventKind.PRESSED, payload or None)


def _media(kind: str, body: Json) -> Content:
    what = "voice message" if kind == "audio" and body.get("voice") is True else kind
    name, caption = text_of(body.get("filename")), text_of(body.get("caption"))
    facts = {key: id_of(body.get(source)) for key, source in (("media_id", "id"), ("mime_type", "mime_type"))}
    text = _described(f"{what} {name}" if name else what, caption)
    return Content(text, caption, facts={key: fact for key, fact in facts.items() if fact})


def _location(_kind: str, body: Json) -> Content:
    place = ", ".join(filter(None, (text_of(body.get("name")), text_of(body.get("address")))))
    return Content(_described("location", place, f"({_plain(body.get('latitude'))}, {_plain(body.get('longitude'))})"))


def _plain(raw: object) -> str:
    return str(raw) if isinstance(raw, int | float) else text_of(raw) or "?"


def _contacts(_kind: str, body: Json) -> Content:
    listed = body.get("listed")
    names = [card.get("name") for card in listed if isinstance(card, dict)] if isinstance(listed, list) else []
    shown = [text_of(name.get("formatted_name")) for name in names if isinstance(name, dict)]
    return Content(_described("contacts", ", ".join(filter(None, shown))))


def _order(_kind: str, body: Json) -> Content:
    listed = body.get("product_items")
    items = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    shown = [f"{_plain(item.get('quantity'))} x {text_of(item.get('product_retailer_id'))}" for item in items]
    return Content(_described("order", ", ".join(shown), text_of(body.get("text"))))


def _reaction(_kind: str, body: Json) -> Content:
    """An emoji under a message; without one the person took it back."""
    emoji = text_of(body.get("emoji"))
    return Content(_described("reaction", emoji) if emoji else "", about=id_of(body.get("message_id")))


def _unsupported(_kind: str, body: Json) -> Content:
    """A poll, a video note: Meta does not pass it on, but the person should still hear back from somebody."""
    return Content(_described("unsupported message", text_of(body.get("type"))))


def _edit(_kind: str, body: Json) -> Content:
    changed = body.get("message")
    inner: Json = changed if isinstance(changed, dict) else {}
    kind = text_of(inner.get("type"))
    if kind == "edit":
        return Content("[edited]")  # never nested; a hostile one must not recurse
    content = read_content(kind or "text", inner)
    return replace(
        content,
        text=_described("edited", content.text),
        about=id_of(body.get("original_message_id")),
        kind=EventKind.REPLIED,
    )


def _interactive(_kind: str, body: Json) -> Content:
    kind = text_of(body.get("type"))
    block = body.get(kind)
    answer: Json = block if isinstance(block, dict) else {}
    reader = INTERACTIVE.get(kind)
    return reader(answer) if reader else Content(_described("interactive", kind), known=False)


def _pressed(answer: Json) -> Content:
    title, payload = text_of(answer.get("title")), text_of(answer.get("id"))
    return Content(title or payload or "[button]", title, EventKind.PRESSED, payload or None)


def _form(answer: Json) -> Content:
    filled = text_of(answer.get("response_json")) or text_of(answer.get("body"))
    return Content(_described("form", filled), facts={"form": id_of(answer.get("name"))})


INTERACTIVE: Mapping[str, Callable[[Json], Content]] = MappingProxyType(
    {
        "button_reply": _pressed,
        "list_reply": _pressed,
        "nfm_reply": _form,
    }
)

READERS: Mapping[str, Callable[[str, Json], Content]] = MappingProxyType(
    {
        "text": _text,
        "button": _button,
        "interactive": _interactive,
        "image": _media,
        "video": _media,
        "audio": _media,
        "voice": _media,
        "document": _media,
        "sticker": _media,
        "location": _location,
        "contacts": _contacts,
        "order": _order,
        "reaction": _reaction,
        "unsupported": _unsupported,
        "edit": _edit,
    }
)
