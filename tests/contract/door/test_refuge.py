"""While PostgreSQL is away, what its sender would not send again waits in Redis, sealed, and is kept later."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
import redis
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from postroom.store.inbox import Unavailable, keep_request
from tests.builders import SEALER
from webhooks.app import create_app
from webhooks.door import Door, Providers
from workers.refuge import STREAM, Refuge

BODY = b"payload=%7B%22type%22%3A%22block_actions%22%7D"
ACTIONS = "/webhooks/slack/actions"


class Signed:
    """A provider whose signature holds on everything."""

    def verify(self, headers: Mapping[str, str], raw: bytes) -> bool:
        return True


class AwayInbox:
    """A store that cannot be reached."""

    def keep_request(self, *, source: str, headers: Mapping[str, str], body: bytes) -> bool:
        raise Unavailable("PostgreSQL cannot be reached")

    def keep_events(self, **_: object) -> None:
        raise Unavailable("PostgreSQL cannot be reached")


@pytest.fixture
def server(redis_url: str) -> redis.Redis:
    return redis.Redis.from_url(redis_url)


@pytest.fixture
def stranded(door: Door, server: redis.Redis) -> FlaskClient:
    """A door whose PostgreSQL is away."""
    return _door(door, Refuge(server, SEALER))


def _door(door: Door, refuge: Refuge) -> FlaskClient:
    known = Providers(verifiers={"slack": (Signed(),), "meta": (Signed(),)})
    return create_app(replace(door, inbox=AwayInbox(), providers=known, refuge=refuge)).test_client()  # type: ignore[arg-type]


def _emptied(server: redis.Redis, engine: Engine) -> int:
    return Refuge(server, SEALER).empty(
        lambda source, headers, body: keep_request(engine, SEALER, source=source, headers=headers, body=body)
    )


def test_a_pressed_button_is_taken_while_postgresql_is_away_and_kept_once_it_is_back(
    stranded: FlaskClient, server: redis.Redis, engine: Engine
) -> None:
    assert stranded.post(ACTIONS, data=BODY, headers={"X-Slack-Signature": "v0=1"}).status_code == 200

    moved = _emptied(server, engine)

    with engine.connect() as connection:
        row = connection.execute(text("select source, headers, body from request")).one()
    assert moved == 1
    assert (row.source, SEALER.open(row.body, "request.body")) == ("slack", BODY)
    assert SEALER.open_json(row.headers, "request.headers")["x-postroom-url"].endswith(ACTIONS)
    assert server.xlen(STREAM) == 0


def test_what_waits_in_redis_is_sealed(stranded: FlaskClient, server: redis.Redis) -> None:
    stranded.post(ACTIONS, data=BODY)

    [(_, fields)] = server.xrange(STREAM)
    assert BODY not in b"".join(fields.values())


def test_a_webhook_that_was_moved_but_not_acknowledged_is_kept_once(
    stranded: FlaskClient, server: redis.Redis, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranded.post(ACTIONS, data=BODY)
    refuge = Refuge(server, SEALER)
    monkeypatch.setattr("workers.refuge.IDLE_MS", 0)

    def keep_and_die(source: str, headers: Mapping[str, str], body: bytes) -> bool:
        keep_request(engine, SEALER, source=source, headers=headers, body=body)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        refuge.empty(keep_and_die)

    assert _emptied(server, engine) == 1
    with engine.connect() as connection:
        assert connection.scalar(text("select count(*) from request")) == 1


def test_while_the_store_stays_away_nothing_leaves_the_refuge(stranded: FlaskClient, server: redis.Redis) -> None:
    stranded.post(ACTIONS, data=BODY)

    def keep(source: str, headers: Mapping[str, str], body: bytes) -> bool:
        return AwayInbox().keep_request(source=source, headers=headers, body=body)

    with pytest.raises(Unavailable):
        Refuge(server, SEALER).empty(keep)

    assert server.xlen(STREAM) == 1


def test_who_sends_again_is_asked_to(stranded: FlaskClient, server: redis.Redis) -> None:
    answer = stranded.post("/webhooks/meta", data=b"{}")

    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert not server.exists(STREAM)


def test_with_redis_away_too_the_sender_is_told(door: Door) -> None:
    nowhere = Refuge(redis.Redis(port=9, socket_connect_timeout=0.2), SEALER)

    assert _door(door, nowhere).post(ACTIONS, data=BODY).status_code == 503


def test_a_full_refuge_refuses(stranded: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.refuge.MOST", 1)
    assert stranded.post(ACTIONS, data=BODY).status_code == 200

    assert stranded.post(ACTIONS, data=BODY + b"&again=1").status_code == 503
