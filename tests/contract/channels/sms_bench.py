"""SMS before a stand-in for Twilio that answers as a test says."""

import base64
import hmac
import socket
from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl

from postroom.domain.channels import Button, ChannelName, Rendered
from postroom.domain.safety import Wire
from tests.contract.channels.stands import IMPATIENT, MetaServer, Reply
from workers.channels.base import Channel
from workers.channels.registry import build
from workers.channels.sms import SmsConfig

ACCOUNT = "AC" + "0" * 31 + "1"
NUMBER = "+15550002222"
SERVICE = "MG" + "a" * 32
TOKEN = "a-token-nobody-should-see"
SID = "SM5b1f0c6e2a3d4798b0c1d2e3f4a5b6c7"
DOOR = "https://post.example.com/webhooks/twilio"

ACCEPTED = Reply(
    201,
    {
        "sid": SID,
        "account_sid": ACCOUNT,
        "status": "queued",
        "num_segments": "2",
        "error_code": None,
        "error_message": None,
    },
)
TEXT = Rendered(
    channel=ChannelName.SMS,
    language="es_ES",
    text="ALERTA: se agotó «Cable 3 m». Pedidos en espera: 4. https://erp.example.com/r/a1",
)


def twilio_server() -> MetaServer:
    """A server that reads forms and takes every message."""
    return MetaServer(ACCEPTED, lambda raw: dict(parse_qsl(raw.decode("ascii"), keep_blank_values=True)))


class SmsBench:
    """SMS before a stand-in for Twilio."""

    material = TEXT
    to = "+34600111222"

    def __init__(self, twilio: MetaServer) -> None:
        self.twilio = twilio
        self.built: list[Any] = []
        self.config = SmsConfig(
            api_url=f"http://127.0.0.1:{twilio.server_port}",
            account_sid=ACCOUNT,
            sender=NUMBER,
            status_url=DOOR,
            auth_tokens=(TOKEN,),
            connect_timeout=2,
            answer_timeout=IMPATIENT,
        )
        self.channel = self._built(self.config)
        answers: dict[str, Reply] = {
            "read_timeout": Reply(hang=2 * IMPATIENT),
            "dropped": Reply(drop=True),
            "no_message_id": Reply(201, {"status": "queued"}),
            "not_json": Reply(raw=b"<html>gateway</html>", headers={"Content-Type": "text/html"}),
            "http_408": Reply(408, raw=b""),
            "http_429": Reply(429, raw=b"slow down", headers={"Retry-After": "7"}),
            "http_401": Reply(401, raw=b""),
            "http_403": Reply(403, body={"message": "no"}),
            "http_404": Reply(404, raw=b"nothing here"),
            "http_3xx": Reply(302, raw=b"", headers={"Location": f"http://127.0.0.1:{twilio.server_port}/elsewhere"}),
            "http_4xx": Reply(418, raw=b"teapot"),
            "http_5xx": Reply(502, raw=b"<html>bad gateway</html>"),
        }
        self.scenarios: Mapping[str, Callable[[], None]] = {
            **{name: lambda reply=reply: self.twilio.replies.append(reply) for name, reply in answers.items()},
            "connect": self._unplug,
            "misconfigured": lambda: self.rebuild(api_url="http://.example.com"),
            "bad_address": lambda: setattr(self, "to", "600 111 222"),
            "unsendable": lambda: setattr(self, "material", replace(TEXT, buttons=(Button("Sí", payload="approve"),))),
        }

    def _built(self, config: SmsConfig) -> Any:
        self.built.append(build(ChannelName.SMS, {Wire.SANDBOX: config})[Wire.SANDBOX])
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
        words = f"said the provider of {self.to} (34600111222, marta@example.net)"
        body = {"code": int(code), "message": words, "more_info": f"https://twilio.com/docs/errors/{code}"}
        self.twilio.replies.append(Reply(429 if code == "20429" else 400, {**body, "status": 400}))

    def signed(self, raw: bytes) -> dict[str, str]:
        """As Twilio signs what is no form: the address, which bears the body's hash."""
        url = f"{DOOR}/status?bodySHA256={sha256(raw).hexdigest()}"
        return {"X-Twilio-Signature": signature(TOKEN, url), "X-Postroom-Url": url}

    def seen(self) -> int:
        return len(self.twilio.requests)

    def deaf(self) -> Channel:
        config = replace(self.config)
        # No configuration allows this; a token that was lost on the way must still believe nobody.
        object.__setattr__(config, "auth_tokens", ())
        return self._built(config)


def signature(token: str, url: str, form: Mapping[str, str] | None = None) -> str:
    """Twilio's signature, written down once more from its documentation."""
    signed = url + "".join(name + value for name, value in sorted((form or {}).items()))
    return base64.b64encode(hmac.digest(token.encode(), signed.encode(), "sha1")).decode()
