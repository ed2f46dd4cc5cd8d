"""The files that came with a mail: each with a safe name, and within bounds."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.errors import MessageError
from email.message import EmailMessage, Message

MOST = 20
LARGEST = 10 * 1024 * 1024
LONGEST_NAME = 120

# The standard library's parser raises these upon hostile mail; no one else's fault is hidden.
UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, RecursionError, AssertionError, MessageError)


@dataclass(frozen=True, slots=True)
class Document:
    """One file."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Enclosed:
    """The files of one message, and in words what had to be left out."""

    documents: tuple[Document, ...] = ()
    left_out: tuple[str, ...] = ()


def enclosed_in(raw: bytes) -> Enclosed:
    """The files of a mail as it came in."""
    try:
        message = message_from_bytes(raw, policy=policy.default)
        return _bounded([_document(part, number) for number, part in enumerate(_parts(message), start=1)])
    except UNREADABLE:
        return Enclosed(left_out=("attachments that cannot be read",))


def _parts(message: Message) -> Iterator[Message]:
    """Those that a person attached: a signature's logo is shown inside the text by its Content-ID, and is none."""
    if message.get_content_type() == "message/rfc822":
        yield message
    elif message.is_multipart():
        for part in message.get_payload():
            if isinstance(part, Message):
                yield from _parts(part)
    elif _is_attached(message):
        yield message


def _is_attached(part: Message) -> bool:
    if part.get_content_disposition() == "attachment":
        return True
    shown_inside = part.get_content_maintype() == "image" and "Content-ID" in part
    return part.get_filename() is not None and not shown_inside


def _document(part: Message, number: int) -> Document:
    media_type = part.get_content_type()
    if media_type == "message/rfc822":
        inner = part.get_payload(0) if part.is_multipart() else None
        content = inner.as_bytes() if isinstance(inner, EmailMessage | Message) else b""
        return Document(safe_name(part.get_filename() or f"mail-{number}.eml"), media_type, content)
    payload = part.get_payload(decode=True)
    content = payload if isinstance(payload, bytes) else b""
    return Document(safe_name(part.get_filename() or f"attachment-{number}"), media_type, content)


def safe_name(given: str) -> str:
    """A file's name without a path and without characters that one cannot see."""
    bare = given.replace("\\", "/").rpartition("/")[2]
    seen = "".join(each for each in bare if each.isprintable()).strip(" .")
    stem, dot, ending = seen.rpartition(".")
    if len(seen) > LONGEST_NAME and dot and len(ending) <= 10:
        seen = f"{stem[: LONGEST_NAME - len(ending) - 1]}.{ending}"
    return seen[:LONGEST_NAME] or "attachment"


def _bounded(found: Iterable[Document]) -> Enclosed:
    kept: list[Document] = []
    left_out: list[str] = []
    for document in found:
        if len(kept) < MOST and 0 < len(document.content) <= LARGEST:
            kept.append(document)
        else:
            left_out.append(_why_not(document, kept))
    return Enclosed(tuple(kept), tuple(left_out))


def _why_not(document: Document, kept: Sequence[Document]) -> str:
    if not document.content:
        return f"{document.name} (it is empty)"
    if len(document.content) > LARGEST:
        return f"{document.name} (it has more than {LARGEST // 1024 // 1024} MB)"
    return f"{document.name} (there are more than {len(kept)} files)"
