"""WhatsApp as a channel: one attempt over Meta's Cloud API, and what Meta tells us afterwards."""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from functools import partial
from typing import ClassVar
from uuid import UUID

import requests

from postroom.domain.channels import Attachment, Capabilities, ChannelName, Parsed, Receipt, Rendered
from workers.channels.base import ChannelError, before_it_leaves
from workers.channels.headers import find_header
from workers.channels.http import Sessions, asking, exchange
from workers.channels.memory import Memory
from workers.channels.whatsapp import webhook
from workers.channels.whatsapp.answer import read_answer, read_media_id
from workers.channels.whatsapp.capabilities import CAPABILITIES
from workers.channels.whatsapp.config import WhatsAppConfig
from workers.channels.whatsapp.media import LIFETIME, LOST_MEDIA, MOST, digest_of, upload_request
from workers.channels.whatsapp.payload import Body, request_body
from workers.channels.whatsapp.verdicts import TRANSPORT


class WhatsApp:
    """One business phone number at Meta. Safe to share between threads; each keeps a connection of its own."""

    name: ClassVar[ChannelName] = ChannelName.WHATSAPP
    capabilities: ClassVar[Capabilities] = CAPABILITIES

    def __init__(self, config: WhatsAppConfig) -> None:
        self._config = config
        self._sessions = Sessions()
        self._blank: requests.PreparedRequest | None = None
        self._uploaded = Memory[bytes, str](MOST, LIFETIME)

    @property
    def account(self) -> str:
        """Our phone number, by Meta's id for it."""
        return self._config.phone_number_id

    def send(self, rendered: Rendered, to: str, key: UUID) -> Receipt:
        """Make one attempt; raises ChannelError and nothing else."""
        body = request_body(rendered, to, key)
        if rendered.attachments:  # and the message is fit to be sent, so that its document is worth an upload
            return self._send_with(rendered.attachments[0], rendered, to, key)
        return read_answer(self._exchange(partial(self._request, body)), to)

    def _send_with(self, document: Attachment, rendered: Rendered, to: str, key: UUID) -> Receipt:
        body = request_body(rendered, to, key, self._media_id(document))
        try:
            return read_answer(self._exchange(partial(self._request, body)), to)
        except ChannelError as error:
            if error.fault.code in LOST_MEDIA:
                self._uploaded.forget(digest_of(document))
            raise

    def _media_id(self, document: Attachment) -> str:
        """Meta's id for what is in the document."""
        digest = digest_of(document)
        return self._uploaded.get(digest) or self._uploaded.put(digest, self._upload(document))

    def _upload(self, document: Attachment) -> str:
        """Until the document has an id, no message has left."""
        request = upload_request(self._config, document)
        with before_it_leaves():
            return read_media_id(self._exchange(lambda session: session.prepare_request(request)))

    def _exchange(self, prepare: Callable[[requests.Session], requests.PreparedRequest]) -> requests.Response:
        session = self._sessions.current()
        with asking(TRANSPORT):
            request = prepare(session)
            return exchange(session, request, connect=self._config.connect_timeout, answer=self._config.answer_timeout)

    def _request(self, body: Body, session: requests.Session) -> requests.PreparedRequest:
        """All but the body is the same for every message, and preparing it is a quarter of a request's cost."""
        if self._blank is None:
            headers = {"Authorization": f"Bearer {self._config.access_token}"}
            self._blank = session.prepare_request(requests.Request("POST", self._config.messages_url, headers=headers))
        request = self._blank.copy()
        request.prepare_body(data=None, files=None, json=body)
        return request

    def verify(self, headers: Mapping[str, str], raw: bytes) -> bool:
        """Whether Meta signed these bytes with our app's secret (X-Hub-Signature-256)."""
        secret = self._config.app_secret
        if not secret:
            return False
        expected = "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
        given = find_header(headers, "X-Hub-Signature-256")
        # As bytes: compare_digest refuses text that is not ASCII, and a header may hold anything.
        return hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))

    def handshake(self, query: Mapping[str, str]) -> str | None:
        """The challenge to answer a subscription's GET with, or None when it is not Meta who asks."""
        token = self._config.verify_token
        given = query.get("hub.verify_token", "")
        same = hmac.compare_digest(token.encode(), given.encode("utf-8", "replace"))
        return query.get("hub.challenge") if token and same and query.get("hub.mode") == "subscribe" else None

    def parse(self, headers: Mapping[str, str], raw: bytes) -> Parsed:  # noqa: ARG002 - the contract's signature
        """Every entry, change, status and message of one payload."""
        return webhook.parse(raw)

    def close(self) -> None:
        """Let go of this thread's connection; the next attempt opens another."""
        self._sessions.close()
