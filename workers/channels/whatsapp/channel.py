"""WhatsApp as a channel: one attempt over Meta's Cloud API, and what Meta tells us afterwards."""

import hashlib
import hmac
from collections.abc import Mapping
from typing import ClassVar
from uuid import UUID

import requests

from postroom.domain.channels import Capabilities, ChannelName, Parsed, Receipt, Rendered
from workers.channels.base import ChannelError
from workers.channels.headers import find_header
from workers.channels.http import Lost, Sessions, exchange
from workers.channels.whatsapp import webhook
from workers.channels.whatsapp.answer import read_answer
from workers.channels.whatsapp.capabilities import CAPABILITIES
from workers.channels.whatsapp.config import WhatsAppConfig
from workers.channels.whatsapp.payload import Body, request_body
from workers.channels.whatsapp.verdicts import transport_fault


class WhatsApp:
    """One business phone number at Meta. Safe to share between threads; each keeps a connection of its own."""

    name: ClassVar[ChannelName] = ChannelName.WHATSAPP
    capabilities: ClassVar[Capabilities] = CAPABILITIES

    def __init__(self, config: WhatsAppConfig) -> None:
        self._config = config
        self._sessions = Sessions()
        self._blank: requests.PreparedRequest | None = None

    @property
    def account(self) -> str:
        """Our phone number, by Meta's id for it."""
        return self._config.phone_number_id

    def send(self, rendered: Rendered, to: str, key: UUID) -> Receipt:
        """Make one attempt; raises ChannelError and nothing else."""
        return read_answer(self._post(request_body(rendered, to, key)), to)

    def _post(self, body: Body) -> requests.Response:
        session = self._sessions.current()
        try:
            request = self._request(session, body)
            return exchange(session, request, connect=self._config.connect_timeout, answer=self._config.answer_timeout)
        except Lost as error:
            raise ChannelError(transport_fault(error.code, error.detail)) from error
        except ValueError as error:
            # An address or header that `requests` cannot write down; InvalidURL and its kin are ValueErrors.
            raise ChannelError(transport_fault("misconfigured", type(error).__name__)) from error

    def _request(self, session: requests.Session, body: Body) -> requests.PreparedRequest:
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
