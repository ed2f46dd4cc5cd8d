"""Slack as a channel: one attempt over its Web API, and what it tells us afterwards."""

import json
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlencode
from uuid import UUID

import requests
from slack_sdk.signature import SignatureVerifier

from postroom.domain.channels import Capabilities, ChannelName, Parsed, Receipt, Rendered
from postroom.domain.people import Member, Standing
from postroom.outside.rulings import fault_in
from workers.channels.base import ChannelError, before_it_leaves
from workers.channels.headers import find_header
from workers.channels.http import Sessions, asking, exchange
from workers.channels.slack import webhook
from workers.channels.slack.answer import read_answer, read_receipt
from workers.channels.slack.capabilities import CAPABILITIES
from workers.channels.slack.config import SlackConfig
from workers.channels.slack.directory import NOBODY, Directory, member_in
from workers.channels.slack.payload import Body, edited_body, is_id, message_body
from workers.channels.slack.verdicts import GONE, TRANSPORT, VERDICTS, transport_fault
from workers.channels.tokens import id_of

JSON = "application/json; charset=utf-8"
FORM = "application/x-www-form-urlencoded"


def _raw(body: Body) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


class Slack:
    """One bot in one workspace. Safe to share between threads; each keeps a connection of its own.

    slack-sdk gives the blocks and the verifier; its own WebClient opens a connection for every call, and does not tell
    whether a request left before it failed.
    """

    name: ClassVar[ChannelName] = ChannelName.SLACK
    capabilities: ClassVar[Capabilities] = CAPABILITIES
    gone: ClassVar[frozenset[str]] = GONE

    def __init__(self, config: SlackConfig) -> None:
        self._config = config
        self._sessions = Sessions()
        self._directory = Directory(self._look_up)

    @property
    def account(self) -> str:
        """Our workspace, by its id."""
        return self._config.team_id

    def send(self, rendered: Rendered, to: str, key: UUID) -> Receipt:
        """Make one attempt; raises ChannelError and nothing else. A member is written to in his own conversation."""
        message = message_body(rendered, key)
        body = {"channel": self._conversation(to), **message}
        return read_receipt(self._call("chat.postMessage", _raw(body), JSON))

    def edit(self, rendered: Rendered, provider_id: str, key: UUID) -> Receipt:
        """Put this in place of a message of ours; raises ChannelError and nothing else."""
        conversation, _, moment = provider_id.partition(":")
        body = {"channel": conversation, "ts": moment, **edited_body(rendered, key)}
        return read_receipt(self._call("chat.update", _raw(body), JSON))

    def _conversation(self, to: str) -> str:
        if is_id(to):
            return to
        if "@" not in to:
            raise ChannelError(transport_fault("bad_address"))
        return self._directory.member(to)

    def member_with(self, email: str) -> Member:
        """Whoever has this address in our workspace. Raises ChannelError where Slack does not say."""
        try:
            with before_it_leaves():
                return member_in(self._asked_for(email), email, self._config.team_id)
        except ChannelError as error:
            if error.fault.code in NOBODY:
                return Member(Standing.NOBODY)
            raise

    def _look_up(self, email: str) -> str:
        with before_it_leaves():
            user = self._asked_for(email)
            found = id_of(user.get("id")) if isinstance(user, Mapping) else ""
            if not found:
                raise ChannelError(transport_fault("not_json", "the look-up names no member"))
            if user and user.get("deleted"):
                raise ChannelError(fault_in(VERDICTS, "user_disabled"))
        return found

    def _asked_for(self, email: str) -> Any:
        return read_answer(self._call("users.lookupByEmail", urlencode({"email": email}).encode(), FORM)).get("user")

    def _call(self, method: str, body: bytes, content_type: str) -> requests.Response:
        session = self._sessions.current()
        headers = {"Authorization": f"Bearer {self._config.bot_token}", "Content-Type": content_type}
        with asking(TRANSPORT):
            request = session.prepare_request(
                requests.Request("POST", self._config.method_url(method), headers=headers, data=body)
            )
            return exchange(session, request, connect=self._config.connect_timeout, answer=self._config.answer_timeout)

    def verify(self, headers: Mapping[str, str], raw: bytes) -> bool:
        """Whether Slack signed these bytes within the last five minutes (X-Slack-Signature)."""
        if not self._config.signing_secret:
            return False
        stamp, given = find_header(headers, "X-Slack-Request-Timestamp"), find_header(headers, "X-Slack-Signature")
        try:
            return SignatureVerifier(self._config.signing_secret).is_valid(raw, stamp, given)
        except (ValueError, TypeError):
            # No number, no UTF-8, no ASCII: nothing that Slack ever signed.
            return False

    def parse(self, headers: Mapping[str, str], raw: bytes) -> Parsed:  # noqa: ARG002 - the contract's signature
        """Everything that one event, action or command tells."""
        return webhook.parse(raw)

    def answer(self, raw: bytes) -> tuple[str, bytes]:
        """The challenge of a handshake, a word to whoever typed a command; to everything else nothing."""
        return webhook.answer(raw)

    def close(self) -> None:
        """Let go of this thread's connection; the next attempt opens another."""
        self._sessions.close()
