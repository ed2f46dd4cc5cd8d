"""Status callbacks as a channel: one attempt to tell one receiver, signed as Standard Webhooks says."""

import contextlib
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import ClassVar
from urllib.parse import quote, urlsplit
from uuid import UUID

import requests
from urllib3.exceptions import HTTPError

from postroom.domain.callbacks import refusal_of
from postroom.domain.channels import Capabilities, ChannelName, Fault, Parsed, Receipt, Rendered
from workers.channels.base import ChannelError, Malformed
from workers.channels.callback.capabilities import CAPABILITIES
from workers.channels.callback.config import CallbackConfig
from workers.channels.callback.signing import signed_headers
from workers.channels.callback.verdicts import TRANSPORT, transport_fault
from workers.channels.carried import not_carried
from workers.channels.http import Lost, Sessions, asking, exchange, status_fault

MEDIA_TYPE = "application/cloudevents+json"
READ_AT_MOST = 16 * 1024
"""Bytes of an answer: its status has said what counts, and a receiver may be anybody's server."""
SOONEST = timedelta(seconds=5)
"""A `Retry-After: 0` from a receiver that is down would be a loop."""


class Callback:
    """Our side of every receiver. Safe to share between threads; each keeps a connection of its own."""

    name: ClassVar[ChannelName] = ChannelName.CALLBACK
    capabilities: ClassVar[Capabilities] = CAPABILITIES

    def __init__(self, config: CallbackConfig) -> None:
        self._config = config
        self._sessions = Sessions(refuse=refusal_of)

    @property
    def account(self) -> str:
        """One for all receivers: what fails is never it."""
        return "callbacks"

    def send(self, rendered: Rendered, to: str, key: UUID) -> Receipt:
        """Make one attempt to tell the receiver at this URL; raises ChannelError and nothing else."""
        return _receipt(self._post(_body(rendered), _id_in(rendered.text), to, key), key)

    def _post(self, body: str, callback_id: str, to: str, key: UUID) -> requests.Response:
        config, session = self._config, self._sessions.current()
        with asking(TRANSPORT):
            _refuse_literal(to)
            headers = {
                **signed_headers(config.masters, to, callback_id, datetime.now(UTC), body),
                "Content-Type": MEDIA_TYPE,
                "User-Agent": "Postroom",
                "X-Postroom-Attempt": str(key),
            }
            url = f"{config.relay_url}?to={quote(to, safe='')}" if config.relay_url else to
            request = session.prepare_request(requests.Request("POST", url, data=body.encode(), headers=headers))
            return exchange(
                session, request, connect=config.connect_timeout, answer=config.answer_timeout, only_head=True
            )

    def verify(self, headers: Mapping[str, str], raw: bytes) -> bool:  # noqa: ARG002 - the contract's signature
        """Never: receivers answer, and post nothing."""
        return False

    def parse(self, headers: Mapping[str, str], raw: bytes) -> Parsed:  # noqa: ARG002 - the contract's signature
        """Nothing can be read, since nothing comes; raises Malformed."""
        raise Malformed("receivers of status callbacks post nothing to us; whoever sent this meant another address")

    def close(self) -> None:
        """Let go of this thread's connection; the next attempt opens another."""
        self._sessions.close()


def _body(rendered: Rendered) -> str:
    """The text, which is all that a callback has. Raises ChannelError for what would be lost or is too long."""
    in_vain = not_carried(rendered, CAPABILITIES, "fields")
    if in_vain:
        raise ChannelError(transport_fault("unsendable", f"no place for {', '.join(in_vain)}"))
    if len(rendered.text) > CAPABILITIES.max_text:
        raise ChannelError(transport_fault("unsendable", f"more than {CAPABILITIES.max_text} characters"))
    return rendered.text


def _id_in(body: str) -> str:
    """The callback's own id. Raises ChannelError for what is no callback of ours."""
    try:
        callback_id = json.loads(body)["id"]
    except (ValueError, LookupError, TypeError):
        callback_id = None
    if not isinstance(callback_id, str) or not callback_id:
        raise ChannelError(transport_fault("unsendable", "no id"))
    return callback_id


def _refuse_literal(to: str) -> None:
    """An address in digits is judged before we connect; a name is judged by where it led, before a byte leaves."""
    host = urlsplit(to).hostname or ""
    with contextlib.suppress(ValueError):
        refusal = refusal_of(str(ip_address(host)))
        if refusal:
            raise Lost("refused_address", f"it {refusal}")


def _receipt(answer: requests.Response, key: UUID) -> Receipt:
    words = _read(answer)
    if 200 <= answer.status_code < 300:
        return Receipt(str(key), datetime.now(UTC))
    raise ChannelError(_refusal(answer, words))


def _refusal(answer: requests.Response, words: str) -> Fault:
    fault = status_fault(answer, TRANSPORT, words)
    return fault if fault.retry_after is None else replace(fault, retry_after=max(fault.retry_after, SOONEST))


def _read(answer: requests.Response) -> str:
    """The beginning of the body; the line is kept only when that was all of it."""
    try:
        raw: bytes = answer.raw.read(READ_AT_MOST)
        whole = not answer.raw.read(1)
    except (HTTPError, OSError):
        raw, whole = b"", False
    if not whole:
        answer.close()
    return raw[:300].decode("utf-8", "replace").strip()
