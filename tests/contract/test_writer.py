"""The endpoint that writes about digests, over a real socket: what it is told, and what is made of each answer."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from postroom.outside.writer import NoWords, Writer

SECTIONS = [{"title": "Sales", "lines": [{"label": "Orders", "value": "14 (€8,250.00)"}]}]


class Endpoint(ThreadingHTTPServer):
    """Answers every question with the same words."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.status, self.body = 200, b""
        self.asked: list[tuple[str, str, dict[str, Any]]] = []

    def say(self, words: str) -> None:
        self.body = json.dumps({"choices": [{"message": {"role": "assistant", "content": words}}]}).encode()


class Answers(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, self.headers.get("Authorization", ""), told))
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.body)))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_: Any) -> None:
        """Nothing: the test says what matters."""


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    server = Endpoint()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def writer(endpoint: Endpoint) -> Writer:
    return Writer(f"http://127.0.0.1:{endpoint.server_port}/v1/", "some-model", "key")


def test_it_is_told_the_lines_and_nobodys_name_and_its_words_are_taken(endpoint: Endpoint, writer: Writer) -> None:
    endpoint.say("Yesterday brought\n 14 orders (€8,250.00).")

    assert writer.words("Sales", "2026-11-23", SECTIONS, "es_ES") == "Yesterday brought 14 orders (€8,250.00)."
    ((path, authorization, told),) = endpoint.asked
    assert (path, authorization, told["model"]) == ("/v1/chat/completions", "Bearer key", "some-model")
    assert json.loads(told["messages"][1]["content"]) == {"role": "Sales", "date": "2026-11-23", "sections": SECTIONS}
    assert "es_ES" in told["messages"][0]["content"]


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (200, None, "unfaithful"),
        (200, b"<html>", "not_understood"),
        (200, b"{}", "not_understood"),
        (200, b'{"choices": []}', "not_understood"),
        (302, b"", "http_302"),
        (429, b"slow down", "http_429"),
        (500, b"", "http_500"),
    ],
)
def test_whatever_else_it_answers_gives_no_words(
    endpoint: Endpoint, writer: Writer, status: int, body: bytes | None, code: str
) -> None:
    endpoint.say("15 orders came in.")
    endpoint.status, endpoint.body = status, endpoint.body if body is None else body

    with pytest.raises(NoWords) as none:
        writer.words("Sales", "2026-11-23", SECTIONS, "en")

    assert none.value.code == code


def test_one_that_is_away_gives_no_words() -> None:
    with pytest.raises(NoWords) as none:
        Writer("http://127.0.0.1:9/v1", "some-model").words("Sales", "2026-11-23", SECTIONS, "en")

    assert none.value.code == "ConnectionError"
