"""Odoo as a channel: a notification in the inbox of one of its users, by JSON-RPC.

A notification and not an activity. An activity is a task: it is due on a day, hangs on a record, and nags until it is
marked as done, which is right for work and wrong for a digest or an alert. A notification is read and gone, needs no
record, and goes by the user's own preference in Odoo: to the inbox, or by mail to those who chose mail there.

What a lost answer leaves open stays open: `message_notify` refuses a `message_id` of ours (17 to 19 make their own) and
Odoo sends no receipts, so that nothing in the message could be looked up by the attempt.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

import requests

from postroom.domain.channels import Capabilities, ChannelName, Parsed, Receipt, Rendered
from workers.channels.base import ChannelError, Malformed, before_it_leaves
from workers.channels.http import Sessions, asking, exchange
from workers.channels.memory import Memory
from workers.channels.odoo.answer import read_answer
from workers.channels.odoo.capabilities import CAPABILITIES
from workers.channels.odoo.config import OdooConfig
from workers.channels.odoo.directory import LIFETIME, MOST, partner_in, user_domain
from workers.channels.odoo.verdicts import ACCESS_DENIED, TRANSPORT, transport_fault
from workers.channels.odoo.wording import notification


class Odoo:
    """One user of one database. Safe to share between threads; each keeps a connection of its own."""

    name: ClassVar[ChannelName] = ChannelName.ODOO
    capabilities: ClassVar[Capabilities] = CAPABILITIES

    def __init__(self, config: OdooConfig) -> None:
        self._config = config
        self._sessions = Sessions()
        self._partners = Memory[str, int](MOST, LIFETIME)
        self._uid: int | None = None

    @property
    def account(self) -> str:
        """Our user, and the database that it is in."""
        return f"{self._config.login}@{self._config.database}"

    def send(self, rendered: Rendered, to: str, key: UUID) -> Receipt:
        """Make one attempt; raises ChannelError and nothing else."""
        words, wanted = notification(rendered), user_domain(to)
        with before_it_leaves():
            uid = self._authenticated(key)
            partner = self._partners.get(to) or self._partners.put(to, self._look_up(uid, wanted, key))
        # Without ids: a notification that hangs on no record. `notify_author` lets our own user hear of himself, too.
        facts = {**words, "partner_ids": [partner], "notify_author": True}
        return _receipt(self._execute(uid, "mail.thread", "message_notify", [[]], facts, key))

    def _authenticated(self, key: UUID) -> int:
        """Our user's id; asked for once, and again after a refusal."""
        if self._uid is None:
            config = self._config
            uid = self._call("common", "authenticate", [config.database, config.login, config.api_key, {}], key)
            if not isinstance(uid, int) or isinstance(uid, bool):  # False: no such login, or not with this key
                raise ChannelError(transport_fault("not_authenticated"))
            self._uid = uid
        return self._uid

    def _look_up(self, uid: int, wanted: list[Any], key: UUID) -> int:
        options = {"fields": ["partner_id"], "limit": 1}
        return partner_in(self._execute(uid, "res.users", "search_read", [wanted], options, key))

    def _execute(self, uid: int, model: str, method: str, args: list[Any], options: dict[str, Any], key: UUID) -> Any:
        config = self._config
        try:
            return self._call(
                "object", "execute_kw", [config.database, uid, config.api_key, model, method, args, options], key
            )
        except ChannelError as error:
            if error.fault.code == ACCESS_DENIED:
                self._uid = None
            raise

    def _call(self, service: str, method: str, args: list[Any], key: UUID) -> Any:
        params = {"service": service, "method": method, "args": args}
        body = {"jsonrpc": "2.0", "method": "call", "params": params, "id": str(key)}
        return read_answer(self._post(body))

    def _post(self, body: Mapping[str, Any]) -> requests.Response:
        session, config = self._sessions.current(), self._config
        with asking(TRANSPORT):
            request = session.prepare_request(requests.Request("POST", config.rpc_url, json=body))
            return exchange(session, request, connect=config.connect_timeout, answer=config.answer_timeout)

    def verify(self, headers: Mapping[str, str], raw: bytes) -> bool:  # noqa: ARG002 - the contract's signature
        """Never: Odoo posts nothing about notifications."""
        return False

    def parse(self, headers: Mapping[str, str], raw: bytes) -> Parsed:  # noqa: ARG002 - the contract's signature
        """Raises Malformed, for the same reason."""
        raise Malformed("Odoo posts nothing about its notifications, so that there is nothing to read.")

    def close(self) -> None:
        """Let go of this thread's connection; the next attempt opens another."""
        self._sessions.close()


def _receipt(result: object) -> Receipt:
    """Odoo 17 answers with the message's id, 19 with a list of it."""
    message = result[0] if isinstance(result, list) and result else result
    if not isinstance(message, int) or isinstance(message, bool):
        raise ChannelError(transport_fault("no_message_id"))
    return Receipt(f"mail.message:{message}", datetime.now(UTC))
