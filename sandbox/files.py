"""The documents that came with messages, as long as they are remembered."""

import secrets
from dataclasses import dataclass, field
from urllib.parse import quote

from sandbox.messages import Attachment

MOST_BYTES = 128 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class File:
    """One document, whole."""

    name: str
    media_type: str
    content: bytes


@dataclass(slots=True)
class FileBook:
    """The newest documents by a token that cannot be guessed; they do not live through a restart."""

    _files: dict[str, File] = field(default_factory=dict)
    _bytes: int = 0

    def keep(self, name: str, media_type: str, content: bytes) -> Attachment:
        """Keep a document; what a message shows of it. The oldest make room."""
        token = secrets.token_hex(16)
        self._files[token] = File(name, media_type, content)
        self._bytes += len(content)
        while self._bytes > MOST_BYTES and len(self._files) > 1:
            self._bytes -= len(self._files.pop(next(iter(self._files))).content)
        return Attachment(name, media_type, f"/files/{token}/{quote(name, safe='')}", len(content))

    def get(self, token: str) -> File | None:
        """The document, while it is remembered."""
        return self._files.get(token)

    def clear(self) -> None:
        """Forget all."""
        self._files.clear()
        self._bytes = 0
