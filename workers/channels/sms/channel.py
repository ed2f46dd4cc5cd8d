"""SMS as a channel: one attempt over Twilio's API, and what Twilio tells us afterwards."""

import base64
from collections.abc import Mapping
from typing import ClassVar
from uuid import UUID

import requests

from postroom.domain.channels import Capabilities, ChannelName, Parsed, Receipt, Rendered
from workers.channels.http import Sessions, asking, exchange
from workers.channels.sms import webhook
from workers.channels.sms.answer import read_answer
from workers.channels.sms.capabilities import CAPABILITIES
from workers.channels.sms.config import SmsConfig
from workers.channels.sms.payload import request_form
from workers.channels.sms.signature import is_signed
from workers.channels.sms.verdicts import TRANSPORT

NO_REPLY = ("text/xml; charset=utf-8", b'<?xml version="1.0" encoding="UTF-8"?><Response />')
"""TwiML that says nothing. Other types are an error in the account's log (12300); plain text would go out as an SMS."""


class Sms:
    """One sender at Twilio. Safe to share between threads; each keeps a connection of its own."""

    name: ClassVar[ChannelName] = ChannelName.SMS
    capabilities: ClassVar[Capabilities] = CAPABILITIES

    def __init__(self, config: SmsConfig) -> None:
        self._config = config
        self._sessions = Sessions()
        self._blank: requests.PreparedRequest | None = None

    @property
    def account(self) -> str:
        """Our number or messaging service."""
        return self._config.sender

    def send(self, rendered: Rendered, to: str, key: UUID) -> Receipt:
        """Make one attempt; raises ChannelError and nothing else.

        Twilio has no idempotency key: what a lost answer leaves open, only the status callback settles.
        """
        return read_answer(self._post(request_form(self._config, rendered, to, key)))

    def _post(self, form: bytes) -> requests.Response:
        session = self._sessions.current()
        with asking(TRANSPORT):
            request = self._request(session, form)
            return exchange(session, request, connect=self._config.connect_timeout, answer=self._config.answer_timeout)

    def _request(self, session: requests.Session, form: bytes) -> requests.PreparedRequest:
        """All but the body is the same for every message."""
        if self._blank is None:
            credentials = f"{self._config.account_sid}:{self._config.auth_tokens[0]}".encode()
            headers = {
                "Authorization": "Basic " + base64.b64encode(credentials).decode(),
                "Content-Type": "application/x-www-form-urlencoded",
                "Accept": "application/json",
            }
            self._blank = session.prepare_request(requests.Request("POST", self._config.messages_url, headers=headers))
        request = self._blank.copy()
        request.prepare_body(data=form, files=None)
        return request

    def verify(self, headers: Mapping[str, str], raw: bytes) -> bool:
        """Whether Twilio signed these bytes for the address that they were posted to (X-Twilio-Signature)."""
        return is_signed(self._config.auth_tokens, headers, raw)

    def parse(self, headers: Mapping[str, str], raw: bytes) -> Parsed:
        """The one status or message of a webhook."""
        return webhook.parse(headers, raw)

    def answer(self, raw: bytes) -> tuple[str, bytes]:  # noqa: ARG002 - the contract's signature
        """Empty TwiML: nothing is said back at once."""
        return NO_REPLY

    def close(self) -> None:
        """Let go of this thread's connection; the next attempt opens another."""
        self._sessions.close()
