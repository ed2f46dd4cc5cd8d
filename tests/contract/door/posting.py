"""Whoever posts webhooks to us, each signing as its provider does, and the whole return door behind them."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl

import structlog
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from postroom.domain.channels import ChannelName
from postroom.domain.safety import Wire
from postroom.store.inbox import MAX_FAILURES
from tests.builders import SEALER, query, rooms_with
from tests.contract.channels import conftest as benches
from tests.contract.channels.slack_bench import slack_server
from tests.contract.channels.sms_bench import TOKEN, signature, twilio_server
from tests.contract.channels.stands import MetaServer, RelayServer, serving
from tests.contract.channels.teams_bench import SERVICE, TeamsServer, bearer
from tests.contract.door.senders import Recorder, door_over
from webhooks.app import create_app
from webhooks.door import Providers
from webhooks.opening import StoreInbox
from workers.tasks import observe
from workers.wires import SOURCES
from workers.wiring import Rooms

PUBLIC = "https://post.example.com"
FORM, JSON, MAIL = "application/x-www-form-urlencoded", "application/json", "message/rfc822"
STANDS: Mapping[ChannelName, Callable[[], Any]] = {
    ChannelName.WHATSAPP: MetaServer,
    ChannelName.SLACK: slack_server,
    ChannelName.TEAMS: TeamsServer,
    ChannelName.SMS: twilio_server,
    ChannelName.EMAIL: RelayServer,
}
"""Those whose providers post to us. Only Microsoft is asked for anything: the keys that its tokens are held against."""

# Where a provider posts what, and as what -----------------------------------------------------------------------------


def _slack_path(raw: bytes) -> str:
    room = "actions" if raw.startswith(b"payload=") else "events" if raw[:1] in (b"{", b"[") else "commands"
    return f"/webhooks/slack/{room}"


def _twilio_path(raw: bytes) -> str:
    return "/webhooks/twilio/inbound" if b"Body=" in raw else f"/webhooks/twilio/status?attempt={benches.KEY}"


PATHS: Mapping[ChannelName, Callable[[bytes], str]] = {
    ChannelName.WHATSAPP: lambda raw: "/webhooks/meta",
    ChannelName.SLACK: _slack_path,
    ChannelName.TEAMS: lambda raw: "/webhooks/teams",
    ChannelName.SMS: _twilio_path,
    ChannelName.EMAIL: lambda raw: "/webhooks/email",
}


def media_of(channel: ChannelName, raw: bytes) -> str:
    """What the provider says that it posts."""
    if channel is ChannelName.EMAIL:
        return MAIL
    return JSON if raw[:1] in (b"{", b"[") else FORM


def _signed(bench: Any, path: str, raw: bytes) -> tuple[str, dict[str, str]]:
    """The address that is posted to, and the headers."""
    match bench.channel.name:
        case ChannelName.TEAMS:
            return path, {"Authorization": f"Bearer {bearer(serviceurl=_service(raw))}"}
        case ChannelName.SMS:
            return _signed_by_twilio(bench, path, raw)
        case ChannelName.EMAIL:
            return path, {**bench.signed(raw), "X-Envelope-To": _envelope_to(raw)}
        case _:
            return path, bench.signed(raw)


def _service(raw: bytes) -> str:
    """Microsoft's tokens are bound to the service that the activity names."""
    try:
        return str(json.loads(raw)["serviceUrl"])
    except (ValueError, LookupError, TypeError, RecursionError):
        return SERVICE


def _signed_by_twilio(bench: Any, path: str, raw: bytes) -> tuple[str, dict[str, str]]:
    """A form is signed by its fields; anything else by its hash, which stands in the address."""
    fields = parse_qsl(raw.decode("latin-1"), keep_blank_values=True)
    if fields and raw.isascii() and len(dict(fields)) == len(fields):
        return path, {"X-Twilio-Signature": signature(TOKEN, PUBLIC + path, dict(fields))}
    address = bench.signed(raw)["X-Postroom-Url"].removeprefix(PUBLIC)
    return address, {"X-Twilio-Signature": bench.signed(raw)["X-Twilio-Signature"]}


def _envelope_to(raw: bytes) -> str:
    """The address that a relay would name; a fixture carries it as its first header."""
    first = raw.split(b"\n", 1)[0].decode("ascii", "ignore")
    return first.removeprefix("X-Original-To:").strip() if first.startswith("X-Original-To:") else ""


# The door, and what stands behind it ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Benched:
    """The benches' channels, as rooms hold theirs."""

    benches: Mapping[ChannelName, Any]

    def at(self, name: ChannelName, wire: Wire) -> Any:
        return self.benches[name].channel

    def all(self, name: ChannelName) -> tuple[Any, ...]:
        return (self.benches[name].channel,)


@dataclass(frozen=True)
class Fate:
    """What became of everything that was posted since the world was last emptied."""

    requests: Sequence[str]
    read_as: frozenset[str]
    """The kinds of its events, and `ignored` or `unknown` where it holds such a part."""
    open: Sequence[str]
    """Whatever waits for ever, or has failed within."""


_AT_ONCE = "update request set next_at = clock_timestamp() where state = 'new' returning id"
"""What failed is to be read again without its pause."""


@dataclass(frozen=True)
class World:
    """Posts as providers do, and looks at what came of it."""

    client: FlaskClient
    rooms: Rooms
    benches: Mapping[ChannelName, Any]

    def post(self, channel: ChannelName, raw: bytes, *, signed: bool = True, path: str = "") -> TestResponse:
        """One webhook of this provider; `path` overrides where."""
        address, headers = _signed(self.benches[channel], path or PATHS[channel](raw), raw)
        media = media_of(channel, raw)
        return self.client.post(address, data=raw, headers=headers if signed else {}, content_type=media)

    def empty(self) -> None:
        """As if nothing had ever been posted."""
        query(self.rooms.engine, "truncate request, inbox, consent, contact_point, notice cascade")

    def observed(self) -> Fate:
        """Read everything, as often as a house that runs on would."""
        with structlog.testing.capture_logs() as lines:
            for _ in range(MAX_FAILURES):
                observe.drain(self.rooms)
                if not query(self.rooms.engine, _AT_ONCE):
                    break
        labels = {line["how"] for line in lines if line["event"] == "webhook_part_unread"}
        errors = [str(line) for line in lines if line["event"] in ("batch_failed", "event_failed")]
        events = query(self.rooms.engine, "select type, state, failures, error from inbox")
        requests = [row.state for row in query(self.rooms.engine, "select state from request")]
        waiting = [f"request {state}" for state in requests if state not in ("parsed", "dead")]
        waiting += [f"event {row}" for row in events if row.failures or row.state not in ("done", "parked")]
        return Fate(requests, frozenset({row.type for row in events} | labels), [*waiting, *errors])


@contextmanager
def opened(database_url: str, redis_url: str) -> Iterator[World]:
    """The real door with the real channels, over a real database, and the task that reads what it kept."""
    with ExitStack() as stack:
        made = {name: benches.BENCHES[name][1](stack.enter_context(serving(STANDS[name]()))) for name in STANDS}
        rooms = replace(rooms_with(database_url, redis_url), channels=Benched(made))
        stack.callback(rooms.engine.dispose)
        stack.callback(rooms.senders.shutdown)
        for bench in made.values():
            stack.callback(_close, bench)
        door = door_over(StoreInbox(rooms.engine, SEALER), Recorder(), lambda: None)
        verifiers = {source: (made[name].channel,) for source, name in SOURCES.items()}
        app = create_app(replace(door, providers=Providers(verifiers=verifiers), public_url=PUBLIC))
        app.testing = False  # an exception must become an answer, as it will in production
        yield World(app.test_client(), rooms, made)


def _close(bench: Any) -> None:
    for channel in bench.built:
        channel.close()
