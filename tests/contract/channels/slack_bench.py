"""Slack before a stand-in for its Web API that answers as a test says."""

import hmac
import json
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from postroom.domain.channels import Button, ChannelName, Field, Rendered
from postroom.domain.safety import Wire
from tests.contract.channels.stands import IMPATIENT, MetaServer, Reply
from workers.channels.base import Channel
from workers.channels.registry import build
from workers.channels.slack import SlackConfig

TEAM = "T0SANDBOX1"
MEMBER = "U0MARTA001"
SECRET = "a secret of sixteen or more"
TOKEN = "xoxb-a-token-nobody-should-see"

POSTED = Reply(body={"ok": True, "channel": "D0MARTA001", "ts": "1795360000.000100", "message": {"text": "…"}})
REQUEST = Rendered(
    channel=ChannelName.SLACK,
    language="es_ES",
    subject="Aprobación: P00042",
    text="*Pablo Soler* pide su aprobación: 200 m de cable para Valencia.",
    fields=(Field("Importe", "8.400,00 €"), Field("Plazo", "27 nov 2026")),
    buttons=(
        Button("Aprobar", payload="approve", style="primary"),
        Button("Rechazar", payload="reject", style="danger"),
        Button("Ver detalles", url="https://erp.example.com/odoo/purchase/42"),
    ),
)


def slack_server() -> MetaServer:
    """A server that reads JSON and forms alike, and takes every message."""
    return MetaServer(POSTED, _read)


def _read(raw: bytes) -> Any:
    return json.loads(raw) if raw[:1] == b"{" else dict(parse_qsl(raw.decode("ascii")))


class SlackBench:
    """Slack before a stand-in for its Web API."""

    material = REQUEST
    to = MEMBER
    tells_failures = False

    def __init__(self, slack: MetaServer) -> None:
        self.slack = slack
        self.built: list[Any] = []
        self.config = SlackConfig(
            api_url=f"http://127.0.0.1:{slack.server_port}",
            team_id=TEAM,
            bot_token=TOKEN,
            signing_secret=SECRET,
            connect_timeout=2,
            answer_timeout=IMPATIENT,
        )
        self.channel = self._built(self.config)
        answers: dict[str, Reply] = {
            "read_timeout": Reply(hang=2 * IMPATIENT),
            "dropped": Reply(drop=True),
            "no_message_id": Reply(body={"ok": True}),
            "not_json": Reply(raw=b"<html>gateway</html>", headers={"Content-Type": "text/html"}),
            "http_408": Reply(408, raw=b""),
            "http_429": Reply(429, raw=b"slow down", headers={"Retry-After": "7"}),
            "http_401": Reply(401, raw=b""),
            "http_403": Reply(403, body={"message": "no"}),
            "http_404": Reply(404, raw=b"nothing here"),
            "http_3xx": Reply(302, raw=b"", headers={"Location": f"http://127.0.0.1:{slack.server_port}/elsewhere"}),
            "http_4xx": Reply(418, raw=b"teapot"),
            "http_5xx": Reply(502, raw=b"<html>bad gateway</html>"),
        }
        self.scenarios: Mapping[str, Callable[[], None]] = {
            **{name: lambda reply=reply: self.slack.replies.append(reply) for name, reply in answers.items()},
            "connect": self._unplug,
            "misconfigured": lambda: self.rebuild(api_url="http://.example.com"),
            "bad_address": lambda: setattr(self, "to", "Marta"),
            "unsendable": lambda: setattr(self, "material", replace(REQUEST, text=" ")),
        }

    def _built(self, config: SlackConfig) -> Any:
        self.built.append(build(ChannelName.SLACK, {Wire.SANDBOX: config})[Wire.SANDBOX])
        return self.built[-1]

    def rebuild(self, **changes: Any) -> None:
        """The channel anew, configured otherwise."""
        self.channel = self._built(replace(self.config, **changes))

    def _unplug(self) -> None:
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            port = sock.getsockname()[1]
        self.rebuild(api_url=f"http://127.0.0.1:{port}")

    def heal(self) -> None:
        self.material, self.to = type(self).material, type(self).to
        self.channel = self.built[0]

    def refuse(self, code: str) -> None:
        words = "said the provider of +34600111222, marta@example.net"
        body = {"ok": False, "error": code, "response_metadata": {"messages": [words]}}
        self.slack.replies.append(Reply(429 if code == "ratelimited" else 200, body))

    def posted(self, raw: bytes) -> bytes:
        """Slack posts UTF-8 and nothing else."""
        return raw.decode("latin-1").encode("utf-8")

    def signed(self, raw: bytes) -> dict[str, str]:
        stamp = str(int(time.time()))
        signed = b"v0:" + stamp.encode() + b":" + raw
        signature = "v0=" + hmac.new(SECRET.encode(), signed, "sha256").hexdigest()
        return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature}

    def seen(self) -> int:
        return len(self.slack.requests)

    def deaf(self) -> Channel:
        return self._built(replace(self.config, signing_secret=""))
