"""postroom callbacks, on the real database and before a real receiver."""

import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest
import typer
from sqlalchemy import Engine
from standardwebhooks import Webhook
from typer.testing import CliRunner, Result

from postroom.cli import callbacks
from postroom.cli.faults import Refused
from postroom.domain.callbacks import StatusChange, body_of
from postroom.domain.channels import ChannelName
from postroom.domain.safety import Mode
from postroom.store.callbacks import Callback, Receiver, add_callbacks, first_number
from postroom.store.engine import connect
from postroom.store.ids import new_id
from postroom.store.safety import set_mode
from postroom.store.sealing import Sealer
from tests.builders import query

ROOT = typer.Typer()
ROOT.add_typer(callbacks.app, name="callbacks")
URL = "http://127.0.0.1:1/postroom?token=theirs"
KEYS = ("k1=" + "A" * 43 + "=", "blind")
ENVIRONMENT = {
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "EVENT_SECRETS": "odoo=whsec_AAAA",
    "SEALING_KEYS": KEYS[0],
    "BLIND_KEY": KEYS[1],
    "CALLBACK_SECRET": base64.b64encode(b"a master of thirty-two bytes ...").decode(),
    "SANDBOX_SECRET": "",
    "COLUMNS": "240",
}

Run = Callable[..., Result]


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = connect(database_url)
    yield made
    made.dispose()


@pytest.fixture
def run(database_url: str) -> Run:
    def invoke(*words: object, **changes: str) -> Result:
        environment = {**ENVIRONMENT, "DATABASE_URL": database_url, **changes}
        return CliRunner().invoke(ROOT, ["callbacks", *[str(word) for word in words]], env=environment)

    return invoke


def told(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def refused(result: Result) -> Refused:
    assert isinstance(result.exception, Refused), result.output
    return result.exception


def add(run: Run, url: str = URL, company: str = "1") -> dict[str, Any]:
    added: dict[str, Any] = told(run("add", company, url, "--json"))
    return added


def write(engine: Engine, added: dict[str, Any], number: int = 1, *, state: str = "queued") -> None:
    """Callbacks as the relay writes them, in some state."""
    sealer = Sealer(*KEYS)
    with engine.begin() as connection:
        receiver = Receiver(added["id"], added["company"], URL, 0)
        first = first_number(connection, receiver, number)
        for sequence in range(first, first + number):
            event = {"id": "e", "source": "/odoo/x", "type": "t"}
            change = StatusChange(
                sequence, "1", new_id(), new_id(), "m", ChannelName.SMS, "sent", None, "a:1", datetime.now(UTC), event
            )
            body = body_of(change, new_id(), sequence)
            callback = Callback(new_id(), receiver, f"{change.id}:{receiver.id}", change.message_id, "t", body)
            add_callbacks(connection, sealer, [callback], config_sha256=b"")
    query(
        engine,
        "update message_log set state = :state, reason = 'http_503' where channel = 'callback' and state = 'queued'",
        state=state,
    )


def test_adding_prints_a_secret_that_asking_again_prints_again(run: Run) -> None:
    first, again = add(run), add(run)
    assert first["secret"] == again["secret"]
    assert first["secret"].startswith("whsec_")
    assert (first["new"], again["new"], first["id"]) == (True, False, again["id"])
    assert add(run, URL + "2")["secret"] != first["secret"]


def test_adding_says_that_callbacks_stay_in_the_sandbox_until_the_company_is_live(run: Run) -> None:
    result = run("add", "1", URL)
    assert result.exit_code == 0
    assert "postroom mode 1 callback live" in result.stderr


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://erp.example.com/", "must look like https://"),
        ("https://user:secret@erp.example.com/", "without a password"),
        ("http://169.254.169.254/latest/meta-data", "link-local"),
        ("http://[fe80::1]/", "link-local"),
        ("http://0.0.0.0:8000/", "no machine in particular"),
    ],
)
def test_an_address_where_no_callback_may_go_is_refused_with_the_reason(
    run: Run, engine: Engine, url: str, words: str
) -> None:
    assert words in refused(run("add", "1", url)).words
    assert query(engine, "select * from callback_receiver") == []


def test_without_a_master_nobody_is_added(run: Run) -> None:
    refusal = refused(run("add", "1", URL, CALLBACK_SECRET=""))
    assert "CALLBACK_SECRET" in refusal.words
    assert refusal.attempt == "python -m postroom.services.keyring CALLBACK_SECRET"


def test_the_list_shows_how_each_stands_and_no_token(run: Run, engine: Engine) -> None:
    added = add(run)
    write(engine, added, 2)
    write(engine, added, 1, state="failed")
    [row] = told(run("list", "--json"))
    assert (row["waiting"], row["dead"], row["sequence"], row["url"]) == (0, 3, 3, "http://127.0.0.1:1/postroom?•••")
    shown = run("list")
    assert "token" not in shown.stdout
    assert "theirs" in run("list", "--reveal").stdout


def test_the_list_of_dead_letters_names_each_and_the_way_back(run: Run, engine: Engine) -> None:
    added = add(run)
    write(engine, added, 2, state="failed")
    rows = told(run("list", "--dead", "--json"))
    assert [(row["sequence"], row["reason"], row["receiver"]) for row in rows] == [
        (1, "http_503", added["id"]),
        (2, "http_503", added["id"]),
    ]
    assert f"postroom callbacks replay {added['id']} --dead" in run("list", "--dead").stderr


def test_a_replay_of_the_dead_says_how_many_and_finds_none_the_second_time(run: Run, engine: Engine) -> None:
    added = add(run)
    write(engine, added, 2, state="failed")
    assert told(run("replay", added["id"][:18], "--dead", "--json"))["replayed"] == 2
    assert told(run("replay", URL, "--dead", "--json"))["replayed"] == 0
    assert told(run("list", "--json"))[0]["waiting"] == 2


@pytest.mark.parametrize("words", [(), ("--dead", "--since", "2h")])
def test_a_replay_must_say_of_what(run: Run, words: tuple[str, ...]) -> None:
    assert "--dead, --since or --message" in refused(run("replay", add(run)["id"], *words)).words


def test_removing_withdraws_what_waits(run: Run, engine: Engine) -> None:
    added = add(run)
    write(engine, added, 2)
    assert told(run("remove", added["id"], "--json"))["withdrawn"] == 2
    assert told(run("list", "--json")) == []
    assert "no receiver" in refused(run("remove", added["id"])).words


def test_a_beginning_that_fits_several_receivers_is_refused_with_all_of_them(run: Run) -> None:
    first, second = add(run), add(run, URL + "2")
    refusal = refused(run("remove", first["id"][:4]))
    assert first["id"] in refusal.words
    assert second["id"] in refusal.words


# Trying it ------------------------------------------------------------------------------------------------------------


class _Taking(BaseHTTPRequestHandler):
    status = 204
    posted: list[tuple[dict[str, str], str]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.posted.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Silent."""


@pytest.fixture
def receiver() -> Iterator[tuple[str, type[_Taking]]]:
    kind = type("Taking", (_Taking,), {"posted": []})
    server = HTTPServer(("127.0.0.1", 0), kind)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/postroom", kind
    server.shutdown()
    server.server_close()
    thread.join(5)


def go_live(engine: Engine) -> None:
    with engine.begin() as connection:
        set_mode(connection, "1", ChannelName.CALLBACK, Mode.LIVE)


def test_a_trial_arrives_and_is_believed_with_the_printed_secret(
    run: Run, engine: Engine, receiver: tuple[str, type[_Taking]]
) -> None:
    url, taking = receiver
    added = add(run, url)
    go_live(engine)
    assert told(run("test", added["id"], "--json"))["mode"] == "live"
    [(headers, body)] = taking.posted
    believed: Any = Webhook(added["secret"]).verify(body, headers)
    assert (believed["type"], believed["sequence"]) == ("postroom.test", 0)
    assert query(engine, "select * from message_log") == []


def test_a_trial_that_is_not_taken_tells_the_answer(
    run: Run, engine: Engine, receiver: tuple[str, type[_Taking]]
) -> None:
    url, taking = receiver
    taking.status = 403
    added = add(run, url)
    go_live(engine)
    assert "Not taken: http_403" in refused(run("test", added["id"])).words
