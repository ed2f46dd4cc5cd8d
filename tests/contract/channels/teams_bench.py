"""Teams before a stand-in for Entra, Graph and the Bot Connector that answers as a test says."""

import json
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from postroom.domain.channels import Button, ChannelName, Field, Rendered
from postroom.domain.safety import Wire
from tests.contract.channels.stands import MetaServer, Reply, _MetaHandler
from workers.channels.base import Channel
from workers.channels.registry import build
from workers.channels.teams import TeamsConfig

APP = "11111111-2222-4333-8444-555555555555"
TENANT = "99999999-8888-4777-8666-555555555555"
LAURA = "8ea0e38b-efb3-4757-924a-5f94061cf8c2"
CHAT = "a:1pL6i0oY3C0K8oAj8qLz-Laura"
ACTIVITY = "1732312345678"
PASSWORD = "a-password-nobody-should-see"
SERVICE = "https://smba.trafficmanager.net/emea/"
KID = "key-of-the-day"

PATIENCE = 1.2
"""Seconds for one answer: an attempt has up to four here, and a busy machine is late with one of them now and then."""

APPROVAL = Rendered(
    channel=ChannelName.TEAMS,
    language="es_ES",
    subject="Aprobar el pedido P00042",
    text="**Acme Iberia SL** pide su aprobación.\n\nImporte: 12 500,00 €",
    fields=(Field("Proveedor", "Cables SA"), Field("Pedido", "P00042")),
    buttons=(
        Button("Aprobar", payload="approve", style="primary"),
        Button("Rechazar", payload="reject", style="danger"),
        Button("Abrir en Odoo", url="https://erp.example.com/r/42?access_token=abc"),
    ),
)


class _Handler(_MetaHandler):
    """What is asked before the card is posted, and the cards themselves, each with answers of its own."""

    server: "TeamsServer"

    def do_GET(self) -> None:  # noqa: N802 - the server's names
        self._serve(b"")

    def do_POST(self) -> None:  # noqa: N802
        self._serve(self.rfile.read(int(self.headers["Content-Length"])))

    def _serve(self, raw: bytes) -> None:
        try:
            self._answer(self.server.reply_at(self.path, dict(self.headers), raw))
        except OSError:
            self.close_connection = True


class TeamsServer(MetaServer):
    """Gives the replies that a test queued for a step, then the usual ones; keeps every request by its step."""

    def __init__(self) -> None:
        super().__init__(accepted=Reply(201, {"id": ACTIVITY}))
        self.RequestHandlerClass = _Handler
        self.asked: dict[str, list[tuple[str, dict[str, str], Any]]] = {step: [] for step in STEPS}
        self.queued: dict[str, list[Reply]] = {step: [] for step in STEPS}
        self.users = [user(LAURA, "laura@example.com")]
        self.public = [jwk(KID)]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def reply_at(self, target: str, headers: dict[str, str], raw: bytes) -> Reply:
        """Note the request under its step, and answer it."""
        step = next(name for name, ending in STEPS.items() if urlsplit(target).path.endswith(ending))
        read = json.loads if step in ("open", "post") else _form
        self.asked[step].append((target, headers, read(raw) if raw else {}))
        return self.queued[step].pop(0) if self.queued[step] else self._usual(step)

    def _usual(self, step: str) -> Reply:
        metadata = {"issuer": "https://api.botframework.com", "jwks_uri": f"{self.url}/keys"}
        token = {"token_type": "Bearer", "expires_in": 3599, "access_token": f"token-{len(self.asked['login'])}"}
        return {
            "login": Reply(body=token),
            "look": Reply(body={"value": self.users}),
            "open": Reply(201, {"id": CHAT}),
            "post": self.accepted,
            "openid": Reply(body=metadata),
            "keys": Reply(body={"keys": self.public}),
        }[step]


STEPS: Mapping[str, str] = {
    "login": "/oauth2/v2.0/token",
    "look": "/users",
    "open": "/v3/conversations",
    "post": "/activities",
    "openid": "/openidconfiguration",
    "keys": "/keys",
}


def _form(raw: bytes) -> dict[str, str]:
    return dict(parse_qsl(raw.decode()))


def user(user_id: str, mail: str, **more: Any) -> dict[str, Any]:
    """A user as Graph writes one."""
    return {"id": user_id, "mail": mail, "userPrincipalName": mail, "accountEnabled": True, **more}


def refusal(code: str, message: str = "said the provider") -> dict[str, Any]:
    """An error as the Bot Connector writes it; why a write is blocked stands in the subCode."""
    if code == "MessageWritesBlocked":
        return {"error": {"code": "Forbidden", "subCode": code, "message": message}}
    return {"error": {"code": code, "message": message}}


@cache
def private_key(kid: str) -> RSAPrivateKey:
    """A key pair for the length of the tests; `kid` tells several apart."""
    return generate_private_key(65537, 2048)


def jwk(kid: str, endorsements: tuple[str, ...] = ("msteams",)) -> dict[str, Any]:
    """Its public half, as it is published."""
    public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(private_key(kid).public_key()))
    return {**public, "kid": kid, "use": "sig", "endorsements": list(endorsements)}


def bearer(kid: str = KID, algorithm: str = "RS256", **claims: Any) -> str:
    """A token of the Bot Framework for our bot; a claim of None is left out."""
    now = int(time.time())
    usual = {"iss": "https://api.botframework.com", "aud": APP, "serviceurl": SERVICE, "nbf": now, "exp": now + 3600}
    whole = {name: value for name, value in {**usual, **claims}.items() if value is not None}
    key: Any = private_key(kid) if algorithm == "RS256" else "x" * 64
    return jwt.encode(whole, key, algorithm, headers={"kid": kid})


def posted(**fields: Any) -> bytes:
    """An activity as Teams posts one, as far as its token is held against it."""
    usual = {
        "type": "message",
        "id": "1732312400000",
        "channelId": "msteams",
        "serviceUrl": SERVICE,
        "conversation": {"id": CHAT, "tenantId": TENANT},
        "channelData": {"tenant": {"id": TENANT}},
    }
    whole = {name: value for name, value in {**usual, **fields}.items() if value is not None}
    return json.dumps(whole).encode()


class TeamsBench:
    """Teams before a stand-in for Microsoft."""

    material = APPROVAL
    to = CHAT
    tells_failures = False
    """A card that was taken is shown; Teams has no receipt, and so none that says failed."""

    def __init__(self, teams: TeamsServer) -> None:
        self.teams = teams
        self.built: list[Any] = []
        self.config = TeamsConfig(
            app_id=APP,
            tenant_id=TENANT,
            service_url=teams.url,
            login_url=f"{teams.url}/login",
            openid_url=f"{teams.url}/openidconfiguration",
            graph_url=f"{teams.url}/v1.0",
            app_password=PASSWORD,
            connect_timeout=2,
            answer_timeout=PATIENCE,
        )
        self.channel = self._built(self.config)
        self.scenarios: Mapping[str, Callable[[], None]] = {
            **{name: lambda reply=reply: self.queue("post", reply) for name, reply in _answers(teams.url).items()},
            "http_401": lambda: self.queue("post", Reply(401, raw=b""), Reply(401, raw=b"")),
            "connect": self._unplug,
            "misconfigured": lambda: self.rebuild(service_url="http://.example.com"),
            "bad_address": lambda: setattr(self, "to", "Laura"),
            "unsendable": lambda: setattr(self, "material", replace(APPROVAL, text=" ")),
            "login_refused": lambda: self.queue("login", Reply(401, {"error": "invalid_client"})),
            "login_failed": lambda: self.queue("login", Reply(503, raw=b"")),
            "user_unknown": lambda: self._look(Reply(body={"value": []})),
            "user_ambiguous": lambda: self._look(Reply(body={"value": _namesakes()})),
            "lookup_refused": lambda: self._look(Reply(403, {"error": {"code": "Forbidden", "message": "no"}})),
            "lookup_failed": lambda: self._look(Reply(503, {"error": {"code": "ServiceUnavailable"}})),
            "conversation_failed": self._open_in_vain,
        }

    def queue(self, step: str, *replies: Reply) -> None:
        """The next answers to one step."""
        self.teams.queued[step] += replies

    def _look(self, reply: Reply) -> None:
        # An attempt's patience is for answers on a healthy wire; Graph's client is slow the first time.
        self.rebuild(answer_timeout=20)
        self.to = "laura@example.com"
        self.queue("look", reply)

    def _open_in_vain(self) -> None:
        self.to = LAURA
        self.queue("open", Reply(502, raw=b""))

    def _built(self, config: TeamsConfig) -> Any:
        self.built.append(build(ChannelName.TEAMS, {Wire.SANDBOX: config})[Wire.SANDBOX])
        return self.built[-1]

    def rebuild(self, **changes: Any) -> None:
        """The channel anew, configured otherwise."""
        self.channel = self._built(replace(self.config, **changes))

    def _unplug(self) -> None:
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            port = sock.getsockname()[1]
        self.rebuild(service_url=f"http://127.0.0.1:{port}")

    def heal(self) -> None:
        self.material, self.to = type(self).material, type(self).to
        self.channel = self.built[0]

    def refuse(self, code: str) -> None:
        words = f"said the provider of {self.to} (+34600111222, marta@example.net)"
        self.queue("post", Reply(STATUSES.get(code, 403), refusal(code, words)))

    def posted(self, raw: bytes) -> bytes:
        """The bytes inside an activity: the token is bound to what an activity says of itself."""
        return posted()[:-1] + b", " + raw[1:] if raw != b"{}" else posted()

    def altered(self, raw: bytes) -> bytes:
        """One other byte in what the token is bound to."""
        return raw.replace(b"smba.", b"smbb.")

    def signed(self, _raw: bytes) -> dict[str, str]:
        return {"Authorization": f"Bearer {bearer()}"}

    def seen(self) -> int:
        return len(self.teams.asked["post"])

    def deaf(self) -> Channel:
        config = replace(self.config)
        # No configuration allows this; an id that was lost on the way must still believe nobody.
        object.__setattr__(config, "app_id", "")
        return self._built(config)


STATUSES: Mapping[str, int] = {
    "BotNotRegistered": 401,
    "ConversationNotFound": 404,
    "ActivityNotFoundInConversation": 404,
    "PreconditionFailed": 412,
    "MessageSizeTooBig": 413,
    "Throttled": 429,
}


def _answers(url: str) -> dict[str, Reply]:
    plain = (400, 402, 403, 404, 405, 408, 409, 410, 411, 412, 413, 415, 422, 423, 500, 501, 502, 503, 504, 507, 509)
    return {
        **{f"http_{status}": Reply(status, raw=b"") for status in plain},
        "http_429": Reply(429, raw=b"slow down", headers={"Retry-After": "7"}),
        "http_3xx": Reply(302, raw=b"", headers={"Location": f"{url}/elsewhere"}),
        "http_4xx": Reply(418, raw=b"teapot"),
        "http_5xx": Reply(599, raw=b"<html>gateway</html>"),
        "read_timeout": Reply(hang=2 * PATIENCE),
        "dropped": Reply(drop=True),
        "no_message_id": Reply(201, {}),
        "not_json": Reply(raw=b"<html>gateway</html>", headers={"Content-Type": "text/html"}),
    }


def _namesakes() -> list[dict[str, Any]]:
    return [user(LAURA, "laura@example.com", userPrincipalName=name) for name in ("l1@example.com", "l2@example.com")]
