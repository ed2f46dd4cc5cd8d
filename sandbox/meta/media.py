"""Documents that a business uploads, to send them by their ids."""

import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sandbox.http1 import Request, Response, json_response
from sandbox.messages import Attachment
from sandbox.meta.access import authorise, check_number
from sandbox.meta.errors import Refused, answer
from sandbox.meta.templates import media_attachment
from sandbox.rooms import Rooms

BIGGEST = 16 * 1024 * 1024
TYPES = frozenset({"application/pdf", "image/jpeg", "image/png", "video/mp4", "text/plain"})

_BOUNDARY = re.compile(r'boundary="?([^";]+)"?')
_NAME = re.compile(rb'name="([^"]*)"')


@dataclass(slots=True)
class Media:
    """What was uploaded, by Meta's id for it."""

    _kept: dict[str, Attachment] = field(default_factory=dict)

    def keep(self, document: Attachment) -> str:
        """The id that it can be sent by."""
        media_id = str(10**15 + secrets.randbelow(9 * 10**15))
        self._kept[media_id] = document
        return media_id

    def get(self, media_id: str) -> Attachment:
        """What was uploaded; raises Refused for an id that nobody was given."""
        if media_id not in self._kept:
            raise Refused(131009, f"Media {media_id} does not exist: it was not uploaded here, or is kept no more.")
        return self._kept[media_id]


async def upload(rooms: Rooms, request: Request, phone_number_id: str) -> Response:
    """POST /{version}/{phone_number_id}/media."""
    try:
        authorise(rooms, request)
        check_number(rooms, phone_number_id)
        parts = dict(_parts(request))
        document = _checked(parts)
    except Refused as refused:
        return answer(refused)
    name = f"document.{document[0].rpartition('/')[2]}"
    return json_response({"id": rooms.shelf(Media).keep(rooms.files.keep(name, *document))})


def enclosed(rooms: Rooms, kind: str, media: Mapping[str, Any]) -> Attachment:
    """What the page shows of media in a message: what was uploaded, or where its link leads."""
    if "id" not in media:
        return media_attachment(kind, media)
    kept = rooms.shelf(Media).get(media["id"])
    return replace(kept, name=media.get("filename") or kept.name)


def _checked(parts: Mapping[str, bytes]) -> tuple[str, bytes]:
    """The type and the bytes; raises Refused with every fault."""
    kind = parts.get("type", b"").decode("utf-8", "replace")
    content = parts.get("file", b"")
    checks = (
        (parts.get("messaging_product") != b"whatsapp", "/messaging_product: must be whatsapp"),
        (kind not in TYPES, f"/type: {kind!r} is no type that can be sent. Known are {', '.join(sorted(TYPES))}."),
        (not content, "/file: is missing or empty"),
        (len(content) > BIGGEST, f"/file: has {len(content)} bytes; {BIGGEST} are taken"),
    )
    if reasons := tuple(reason for wrong, reason in checks if wrong):
        raise Refused(100, "; ".join(reasons), reasons=reasons)
    return kind, content


def _parts(request: Request) -> Iterator[tuple[str, bytes]]:
    """The fields of multipart/form-data, byte for byte; Python's mail parser would take it for a mail."""
    found = _BOUNDARY.search(request.header("content-type"))
    if not request.header("content-type").startswith("multipart/form-data") or found is None:
        raise Refused(100, "The body is not multipart/form-data.")
    delimiter = b"--" + found[1].encode()
    for part in (b"\r\n" + request.body).split(b"\r\n" + delimiter)[1:]:
        head, _, content = part.partition(b"\r\n\r\n")
        if name := _NAME.search(head):
            yield name[1].decode("utf-8", "replace"), content
