"""postroom outbox, on the real database."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from postroom.cli import outbox
from postroom.cli.faults import Refused
from postroom.domain.safety import Wire
from postroom.domain.writings import Kind, Writing
from postroom.store.notices import open_notices, raise_notice
from postroom.store.outbox import add_writings
from tests.builders import SEALER, query
from workers.wiring import Rooms

ROOT = typer.Typer()
ROOT.add_typer(outbox.app, name="outbox")
Run = Callable[..., Result]


@pytest.fixture
def run(database_url: str) -> Run:
    environment = {
        "DATABASE_URL": database_url,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "EVENT_SECRETS": "odoo=whsec_AAAA",
        "SEALING_KEYS": "k1=" + base64.b64encode(bytes(32)).decode(),
        "BLIND_KEY": "blind",
        "COLUMNS": "240",
    }
    return lambda *words, **more: CliRunner().invoke(ROOT, ["outbox", *map(str, words)], env=environment, **more)


@pytest.fixture
def rooms(make_rooms: Callable[..., Rooms]) -> Rooms:
    return make_rooms()


def add(rooms: Rooms, state: str, code: str = "", kind: Kind = Kind.BLACKLIST) -> Any:
    payload = {"list": "phone", "address": "+34600111222", "listed": True, "words": "I paid"}
    writing = Writing("1", Wire.SANDBOX, kind, f"{kind}:{state}:{code}", "account.move:88", payload)
    with rooms.engine.begin() as connection:
        [made] = add_writings(connection, SEALER, [writing])
    query(
        rooms.engine, "update outbox set state = :state, code = :code where id = :id", state=state, code=code, id=made
    )
    return made


def test_what_waits_or_was_given_up_is_listed_and_what_is_done_on_demand(run: Run, rooms: Rooms) -> None:
    waiting, dead, done = add(rooms, "waiting"), add(rooms, "dead", "odoo.exceptions.AccessError"), add(rooms, "done")

    assert [each["id"] for each in json.loads(run("list", "--json").stdout)] == [str(dead), str(waiting)]
    assert str(done) in run("list", "--all").stdout
    assert json.loads(run("list", "--state", "dead", "--json").stdout)[0]["code"] == "odoo.exceptions.AccessError"


def test_one_is_shown_with_its_remedy_and_with_a_persons_own_only_to_who_asks(run: Run, rooms: Rooms) -> None:
    dead = add(rooms, "dead", "odoo.exceptions.AccessError")
    told = run("show", dead).stdout
    assert f"postroom outbox retry {dead}" in told
    assert "postroom odoo check" in told
    assert "+34600111222" not in told
    assert "I paid" not in told
    revealed = run("show", dead, "--reveal").stdout
    assert "+34600111222" in revealed
    assert "I paid" in revealed


def test_tried_again_it_is_due_and_its_notice_closes_once_none_is_left(run: Run, rooms: Rooms) -> None:
    dead = [add(rooms, "dead", "x"), add(rooms, "dead", "x", Kind.CHATTER)]
    with rooms.engine.begin() as connection:
        raise_notice(connection, key="outbox:blacklist:x", company="1", kind="dead", words="...")
        raise_notice(connection, key="outbox:chatter:x", company="1", kind="dead", words="...")

    assert json.loads(run("retry", dead[0], "--json").stdout) == {"ok": True, "done": [str(dead[0])], "left": []}

    assert [row.state for row in query(rooms.engine, "select state from outbox order by id")] == ["waiting", "dead"]
    with rooms.engine.connect() as connection:
        assert [notice.key for notice in open_notices(connection)] == ["outbox:chatter:x"]


def test_dropped_it_is_never_written_and_what_is_done_is_left_alone(run: Run, rooms: Rooms) -> None:
    dead, done = add(rooms, "dead", "x"), add(rooms, "done")

    refused = run("drop", dead, input="n\n")
    assert isinstance(refused.exception, Refused)
    answer = json.loads(run("drop", dead, done, "--yes", "--json").stdout)

    assert answer["done"] == [str(dead)]
    assert answer["left"] == [{"id": str(done), "state": "done"}]
    assert [row.state for row in query(rooms.engine, "select state from outbox order by id")] == ["void", "done"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("show", "zzz"), "No writing has an id that begins with 'zzz'."),
        (("retry",), "Name writings by their ids"),
        (("retry", "--dead"), "Nothing was given up."),
        (("list", "--state", "lost", "--kind", "letter"), "'lost' is none of"),
        (("list", "--state", "lost", "--kind", "letter"), "'letter' is none of"),
    ],
)
def test_what_cannot_be_done_says_why_and_what_to_type(words: tuple[str, ...], told: str, run: Run) -> None:
    answer = run(*words)
    assert isinstance(answer.exception, Refused)
    assert told in str(answer.exception)
