"""Odoo before a stand-in that knows one user and takes every notification, unless a test says otherwise."""

import socket
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from postroom.domain.channels import Button, ChannelName, Rendered
from postroom.domain.safety import Wire
from tests.contract.channels.stands import IMPATIENT, MetaServer, Reply
from workers.channels.base import Channel
from workers.channels.odoo import OdooConfig
from workers.channels.registry import build

UID, PARTNER, MESSAGE = 7, 42, 1249
KEY = "a-key-nobody-should-see"
DIGEST = Rendered(
    channel=ChannelName.ODOO,
    language="es_ES",
    subject="Resumen diario, 22 nov 2026 (Ventas)",
    text="Ventas\n- Pedidos: 12\n- Ingresos: 3.310,00 €\n\nAlmacén\n- Artículos por agotarse: 4",
    buttons=(Button("Abrir en Odoo", url="https://erp.example.com/web#menu_id=1"),),
)


def result(value: object) -> Reply:
    """The answer of JSON-RPC that holds a call's result."""
    return Reply(body={"jsonrpc": "2.0", "id": None, "result": value})


def raised(name: str, message: str, *, code: int = 200) -> Reply:
    """The answer of JSON-RPC to a call that raised, as `serialize_exception` writes it."""
    debug = f'Traceback (most recent call last):\n  File "/odoo/http.py", line 1\n{name}: {message} marta@example.net\n'
    told = {"name": name, "debug": debug, "message": message, "arguments": [message], "context": {}}
    return Reply(
        body={"jsonrpc": "2.0", "id": None, "error": {"code": code, "message": "Odoo Server Error", "data": told}}
    )


def usual_answers() -> dict[str, Reply]:
    """What is asked before a message, and answered so that it may leave."""
    rows = [{"id": UID, "partner_id": [PARTNER, "Marta Ruiz"]}]
    return {"authenticate": result(UID), "search_read": result(rows)}


class OdooServer(MetaServer):
    """Answers what is asked before a message, then gives the replies that a test queued to the messages themselves."""

    def __init__(self) -> None:
        super().__init__(accepted=result([MESSAGE]))
        self.before = usual_answers()
        self.asked: list[Any] = []
        self.messages: list[Any] = []

    def reply_to(self, body: Any) -> Reply:
        """What to answer to one request."""
        method = method_of(body)
        if method in self.before:
            self.asked.append(body)
            return self.before[method]
        self.messages.append(body)
        return super().reply_to(body)


def method_of(body: Any) -> str:
    """The method that a call is for: the service's own, or the model's inside execute_kw."""
    params = body["params"]
    return str(params["args"][4] if params["method"] == "execute_kw" else params["method"])


class OdooBench:
    """Notifications before a stand-in for Odoo."""

    material = DIGEST
    to = "user:7"

    def __init__(self, odoo: OdooServer) -> None:
        self.odoo = odoo
        self.built: list[Any] = []
        self.config = OdooConfig(
            url=f"http://127.0.0.1:{odoo.server_port}",
            database="acme-prod",
            login="postroom",
            api_key=KEY,
            connect_timeout=2,
            answer_timeout=IMPATIENT,
        )
        self.channel = self._built(self.config)
        answers: dict[str, Reply] = {
            "read_timeout": Reply(hang=2 * IMPATIENT),
            "dropped": Reply(drop=True),
            "no_message_id": result([]),
            "not_json": Reply(raw=b"<html>gateway</html>", headers={"Content-Type": "text/html"}),
            "http_408": Reply(408, raw=b""),
            "http_429": Reply(429, raw=b"slow down", headers={"Retry-After": "7"}),
            "http_401": Reply(401, raw=b""),
            "http_403": Reply(403, body={"error": ""}),
            "http_404": Reply(404, raw=b"<h1>Not Found</h1>"),
            "http_3xx": Reply(303, raw=b"", headers={"Location": f"http://127.0.0.1:{odoo.server_port}/web/login"}),
            "http_4xx": Reply(418, raw=b"teapot"),
            "http_5xx": Reply(502, raw=b"<html>bad gateway</html>"),
        }
        self.scenarios: Mapping[str, Callable[[], None]] = {
            **{name: lambda reply=reply: self.odoo.replies.append(reply) for name, reply in answers.items()},
            "connect": self._unplug,
            "misconfigured": lambda: self.rebuild(url="http://.example.com"),
            "bad_address": lambda: setattr(self, "to", "marta@example.net"),
            "unsendable": lambda: setattr(self, "material", replace(DIGEST, text=" ")),
            "not_authenticated": lambda: self.odoo.before.update(authenticate=result(False)),
            "no_user": lambda: self.odoo.before.update(search_read=result([])),
        }

    def _built(self, config: OdooConfig) -> Any:
        self.built.append(build(ChannelName.ODOO, {Wire.SANDBOX: config})[Wire.SANDBOX])
        return self.built[-1]

    def rebuild(self, **changes: Any) -> None:
        """The channel anew, configured otherwise."""
        self.channel = self._built(replace(self.config, **changes))

    def _unplug(self) -> None:
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            port = sock.getsockname()[1]
        self.rebuild(url=f"http://127.0.0.1:{port}")

    def heal(self) -> None:
        self.material, self.to = type(self).material, type(self).to
        self.channel = self.built[0]
        self.odoo.before = usual_answers()

    def refuse(self, code: str) -> None:
        words = f"said the provider of {self.to} (34600111222, marta@example.net)"
        self.odoo.replies.append(raised(code, words))

    def signed(self, raw: bytes) -> dict[str, str]:
        return {"X-Odoo-Signature": str(len(raw))}

    def seen(self) -> int:
        return len(self.odoo.messages)

    def deaf(self) -> Channel:
        return self.channel
