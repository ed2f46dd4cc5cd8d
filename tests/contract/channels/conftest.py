"""One bench per channel, before a real server that answers as the test says."""

import base64
import hashlib
import hmac
import os
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Protocol
from uuid import UUID

import pytest

from postroom.domain.channels import Button, ChannelName, ProviderTemplate, Rendered
from postroom.domain.safety import Wire
from tests.contract.channels.callback_bench import CallbackBench
from tests.contract.channels.odoo_bench import OdooBench, OdooServer
from tests.contract.channels.slack_bench import SlackBench
from tests.contract.channels.slack_bench import slack_server as slack_api
from tests.contract.channels.sms_bench import SmsBench, twilio_server
from tests.contract.channels.stands import IMPATIENT, MetaServer, RelayServer, Reply, Script, serving
from tests.contract.channels.teams_bench import TeamsBench, TeamsServer
from workers.channels.base import Channel, ChannelError
from workers.channels.email import EmailConfig, Security
from workers.channels.registry import CHANNELS, build
from workers.channels.whatsapp import WhatsAppConfig
from workers.wires import SOURCES

ROOT = Path(__file__).parents[3]
FIXTURES = ROOT / "tests" / "fixtures"
KEY = UUID("0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b")
SECRET = "a secret of sixteen or more"
WHSEC = "whsec_" + base64.b64encode(SECRET.encode()).decode()

MATERIAL = Rendered(
    channel=ChannelName.WHATSAPP,
    language="es_ES",
    text="Hola Marta, la factura INV/2026/00088 vence el 30 nov 2026.",
    template=ProviderTemplate("payment_reminder_v1", "es", (("customer_name", "Marta"), ("amount", "1.250,00 €"))),
    buttons=(Button("Pagar", url="https://erp.example.com/pay", url_suffix="88?t=a"), Button("Ayuda", payload="help")),
)
LETTER = Rendered(
    channel=ChannelName.EMAIL,
    language="es_ES",
    text="Hola Marta,\n.un punto al principio\nla factura vence.\n",
    subject="Factura INV/2026/00088 – vence el 30",
    html="<p>Hola Marta, <b>la factura</b> vence.</p>",
)


@pytest.fixture
def meta() -> Iterator[MetaServer]:
    with serving(server := MetaServer()):
        yield server


@pytest.fixture
def relay() -> Iterator[RelayServer]:
    with serving(server := RelayServer()):
        yield server


@pytest.fixture
def twilio() -> Iterator[MetaServer]:
    with serving(server := twilio_server()):
        yield server


@pytest.fixture
def slack_server() -> Iterator[MetaServer]:
    with serving(server := slack_api()):
        yield server


@pytest.fixture
def odoo_server() -> Iterator[OdooServer]:
    with serving(server := OdooServer()):
        yield server


@pytest.fixture
def teams_server() -> Iterator[TeamsServer]:
    with serving(server := TeamsServer()):
        yield server


# The benches: what the battery needs to know of each channel --------------------------------------------------------


class Bench(Protocol):
    """One channel on a real wire whose other end does as it is told."""

    channel: Channel
    built: list[Any]
    """Every channel that was made, to be closed at the end."""
    material: Rendered
    to: str
    scenarios: Mapping[str, Callable[[], None]]
    """For each row of TRANSPORT that a server can bring about: how."""

    def heal(self) -> None:
        """The other end is well again; the same channel goes on, unless a scenario had put another in its place."""

    def refuse(self, code: str) -> None:
        """The next attempt is refused with this code, in words that quote the recipient."""

    def signed(self, raw: bytes) -> dict[str, str]:
        """The headers with which the provider would post these bytes."""

    def seen(self) -> int:
        """How many messages the other end was asked to take."""

    def deaf(self) -> Channel:
        """The same channel without a secret to verify with."""


class WhatsAppBench:
    """WhatsApp before a stand-in for Meta."""

    material = MATERIAL
    to = "+34600111222"

    def __init__(self, meta: MetaServer) -> None:
        self.meta = meta
        self.built: list[Any] = []
        self.config = WhatsAppConfig(
            api_url=f"http://127.0.0.1:{meta.server_port}",
            api_version="v23.0",
            phone_number_id="100000000000001",
            access_token="a-token-nobody-should-see",
            app_secret=SECRET,
            verify_token="verify-me",
            connect_timeout=2,
            answer_timeout=IMPATIENT,
        )
        self.channel = self._built(self.config)
        answers: dict[str, Reply] = {
            "read_timeout": Reply(hang=2 * IMPATIENT),
            "dropped": Reply(drop=True),
            "no_message_id": Reply(body={"messaging_product": "whatsapp", "messages": []}),
            "not_json": Reply(raw=b"<html>gateway</html>", headers={"Content-Type": "text/html"}),
            "http_408": Reply(408, raw=b""),
            "http_429": Reply(429, raw=b"slow down", headers={"Retry-After": "7"}),
            "http_401": Reply(401, raw=b""),
            "http_403": Reply(403, body={"error": "no"}),
            "http_404": Reply(404, raw=b"nothing here"),
            "http_3xx": Reply(302, raw=b"", headers={"Location": f"http://127.0.0.1:{meta.server_port}/elsewhere"}),
            "http_4xx": Reply(418, raw=b"teapot"),
            "http_5xx": Reply(502, raw=b"<html>bad gateway</html>"),
        }
        self.scenarios = {name: lambda reply=reply: self.meta.replies.append(reply) for name, reply in answers.items()}
        self.scenarios["connect"] = self._unplug
        self.scenarios["misconfigured"] = lambda: self.rebuild(api_url="http://.example.com")
        self.scenarios["bad_address"] = lambda: setattr(self, "to", "not a number")
        self.scenarios["unsendable"] = self._empty

    def _built(self, config: WhatsAppConfig) -> Any:
        self.built.append(build(ChannelName.WHATSAPP, {Wire.SANDBOX: config})[Wire.SANDBOX])
        return self.built[-1]

    def _unplug(self) -> None:
        self.point_at(_closed_port())

    def point_at(self, port: int) -> None:
        """Another server stands in for Meta from now on."""
        self.rebuild(api_url=f"http://127.0.0.1:{port}")

    def rebuild(self, **changes: Any) -> None:
        """The channel anew, configured otherwise."""
        self.channel = self._built(replace(self.config, **changes))

    def _empty(self) -> None:
        self.material = Rendered(ChannelName.WHATSAPP, "en", "  ")

    def heal(self) -> None:
        self.material, self.to = type(self).material, type(self).to
        self.channel = self.built[0]

    def refuse(self, code: str) -> None:
        details = f"not delivered to {self.to} (34600111222, marta@example.net)"
        error = {"message": f"(#{code}) said the provider", "type": "OAuthException", "code": int(code)}
        body = {"error": {**error, "error_data": {"messaging_product": "whatsapp", "details": details}}}
        self.meta.replies.append(Reply(400, body))

    def signed(self, raw: bytes) -> dict[str, str]:
        return {"X-Hub-Signature-256": "sha256=" + hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()}

    def seen(self) -> int:
        return len(self.meta.requests)

    def deaf(self) -> Channel:
        return self._built(replace(self.config, app_secret=""))


class EmailBench:
    """Email before a relay that goes by a script."""

    material = LETTER
    to = "marta@example.net"
    BASIC: ClassVar[Mapping[str, str]] = {"4": "455", "5": "550"}

    def __init__(self, relay: RelayServer) -> None:
        self.relay = relay
        self.built: list[Any] = []
        self.config = EmailConfig(
            host="127.0.0.1",
            port=relay.server_address[1],
            sender="Postroom <postroom@example.com>",
            bounce_domain="bounces.example.com",
            inbound_secrets=(WHSEC,),
            security=Security.NONE,
            connect_timeout=2,
            answer_timeout=IMPATIENT,
        )
        self.channel = self._built(self.config)
        self.scenarios = {
            "connect": self._unplug,
            "broken_before_end": lambda: self.say(data="drop"),
            "no_answer_to_data": lambda: self.say(dot="drop"),
            "starttls_missing": lambda: self.rebuild(security=Security.STARTTLS),
            "auth_missing": lambda: self.rebuild(user="u", password="p"),
            "smtputf8_missing": lambda: setattr(self, "to", "márta@example.net"),
            "bad_address": lambda: setattr(self, "to", "marta@example.net\r\nRCPT TO:<eve@example.net>"),
            "unsendable": lambda: setattr(self, "material", replace(LETTER, subject="a\r\nBcc: eve@example.net")),
        }

    def _built(self, config: EmailConfig) -> Any:
        self.built.append(build(ChannelName.EMAIL, {Wire.SANDBOX: config})[Wire.SANDBOX])
        return self.built[-1]

    def say(self, **words: Any) -> None:
        """The relay's words from now on, by step."""
        self.relay.script = replace(self.relay.script, **words)

    def rebuild(self, **changes: Any) -> None:
        """The channel anew, configured otherwise."""
        self.channel = self._built(replace(self.config, **changes))

    def _unplug(self) -> None:
        self.rebuild(port=_closed_port())

    def heal(self) -> None:
        self.material, self.to, self.relay.script = type(self).material, type(self).to, Script()
        self.channel = self.built[0]

    def refuse(self, code: str) -> None:
        enhanced = code.replace("x", "9") if "." in code else ""
        basic = self.BASIC[code[0]] if enhanced else code
        self.say(rcpt=f"{basic} {enhanced} <{self.to}>: said the provider, call 0034600111222".replace("  ", " "))

    def signed(self, raw: bytes) -> dict[str, str]:
        stamp = str(int(datetime.now(UTC).timestamp()))
        signature = hmac.new(SECRET.encode(), f"msg_1.{stamp}.".encode() + raw, hashlib.sha256).digest()
        value = "v1," + base64.b64encode(signature).decode()
        return {"webhook-id": "msg_1", "webhook-timestamp": stamp, "webhook-signature": value}

    def seen(self) -> int:
        return sum(line.upper().startswith("RCPT") for line in self.relay.lines)

    def deaf(self) -> Channel:
        return self._built(replace(self.config, inbound_secrets=()))


BENCHES: Mapping[ChannelName, tuple[str, Callable[[Any], Bench]]] = {
    ChannelName.WHATSAPP: ("meta", WhatsAppBench),
    ChannelName.EMAIL: ("relay", EmailBench),
    ChannelName.SLACK: ("slack_server", SlackBench),
    ChannelName.SMS: ("twilio", SmsBench),
    ChannelName.CALLBACK: ("meta", CallbackBench),
    ChannelName.ODOO: ("odoo_server", OdooBench),
    ChannelName.TEAMS: ("teams_server", TeamsBench),
}


@pytest.fixture
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """The bench of the channel that the test is parametrised with."""
    stand, make = BENCHES[request.param]
    yield from _closing(make(request.getfixturevalue(stand)))


SILENT = frozenset(ChannelName) - set(SOURCES.values())
"""Channels whose other end posts nothing to us."""


@pytest.fixture
def hearing(bench: Bench) -> Bench:
    """The bench, of those channels only whose providers post webhooks."""
    return bench


@pytest.fixture
def carrier(bench: Bench) -> Bench:
    """The bench, of those channels only that rules may use."""
    return bench


@pytest.fixture
def silent(bench: Bench) -> Bench:
    """The bench, of those channels only that nobody posts webhooks of."""
    return bench


@pytest.fixture
def callback(meta: MetaServer) -> Iterator[CallbackBench]:
    yield from _closing(CallbackBench(meta))


@pytest.fixture
def whatsapp(meta: MetaServer) -> Iterator[Bench]:
    yield from _closing(WhatsAppBench(meta))


@pytest.fixture
def email(relay: RelayServer) -> Iterator[Bench]:
    yield from _closing(EmailBench(relay))


@pytest.fixture
def sms(twilio: MetaServer) -> Iterator[SmsBench]:
    yield from _closing(SmsBench(twilio))


@pytest.fixture
def slack(slack_server: MetaServer) -> Iterator[SlackBench]:
    yield from _closing(SlackBench(slack_server))


@pytest.fixture
def odoo(odoo_server: OdooServer) -> Iterator[OdooBench]:
    yield from _closing(OdooBench(odoo_server))


def _closing(bench: Bench) -> Iterator[Bench]:
    yield bench
    for channel in bench.built:
        channel.close()


@pytest.fixture
def teams(teams_server: TeamsServer) -> Iterator[TeamsBench]:
    yield from _closing(TeamsBench(teams_server))


@pytest.fixture
def reply() -> type[Reply]:
    return Reply


def _closed_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def refusal(bench: Bench) -> ChannelError:
    """The error of one attempt that must fail."""
    with pytest.raises(ChannelError) as caught:
        bench.channel.send(bench.material, bench.to, KEY)
    return caught.value


@pytest.fixture
def fail() -> Callable[[Bench], ChannelError]:
    return refusal


@pytest.fixture
def key() -> UUID:
    return KEY


@pytest.fixture
def shared() -> Path:
    """Contracts and real payloads that are kept beside the repository."""
    found = Path(os.environ.get("POSTROOM_SHARED", ROOT.parent / "shared"))
    if not found.is_dir():
        message = "no contracts beside the repository; set POSTROOM_SHARED to their folder"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    return found


def fixture_files(name: ChannelName) -> list[Path]:
    """A channel's payloads, by name; that every channel has some is what `test_house` sees to."""
    return sorted((FIXTURES / name).glob("*__*"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """The battery asks for `bench`, and perhaps for each row, span end, scenario or payload of its channel."""
    if "bench" not in metafunc.fixturenames:
        return
    kinds: Mapping[str, Callable[[ChannelName], list[Any]]] = {
        "code": _codes,
        "scenario": _scenarios,
        "payload": fixture_files,
    }
    names = _names(metafunc.fixturenames)
    asked = next((kind for kind in kinds if kind in metafunc.fixturenames), None)
    if asked is None:
        metafunc.parametrize("bench", names, indirect=True, ids=str)
        return
    rows = [(name, value) for name in names for value in kinds[asked](name)]
    ids = [f"{name}-{value.stem if isinstance(value, Path) else value}" for name, value in rows]
    metafunc.parametrize(("bench", asked), rows, indirect=["bench"], ids=ids)


def _names(fixtures: Sequence[str]) -> list[ChannelName]:
    left_out = SILENT if "hearing" in fixtures else set(CHANNELS) - SILENT if "silent" in fixtures else set()
    if "carrier" in fixtures:
        left_out = {ChannelName.CALLBACK}
    return [name for name in CHANNELS if name not in left_out]


def _codes(name: ChannelName) -> list[str]:
    from workers.channels.reference import verdict_tables

    tables = verdict_tables(name)
    ends = [str(end) for span in getattr(tables, "SPANS", ()) for end in (span.first, span.last)]
    return [*tables.VERDICTS, *ends]


def _scenarios(name: ChannelName) -> list[str]:
    from workers.channels.reference import verdict_tables

    # A bounce comes by webhook; it has its own fixtures.
    return [row for row in verdict_tables(name).TRANSPORT if row != "bounce"]
