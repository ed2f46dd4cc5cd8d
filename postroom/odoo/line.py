"""The line to one server: kept-alive connections, one to each thread, whoever speaks over them."""

import socket
import ssl
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

import requests

from postroom.odoo.access import Access
from postroom.odoo.answers import lost, refused
from postroom.outside.http import Lost, Sessions, exchange


class Line:
    """Posts and gets below one address. Raises OdooError and nothing else; safe to share between threads."""

    def __init__(self, access: Access) -> None:
        self._root = access.url.rstrip("/")
        self._connect = access.connect_timeout
        self._answer = access.answer_timeout
        self._sessions = Sessions()

    @property
    def path(self) -> str:
        """Of the address itself: empty, or as in /odoo."""
        return urlsplit(self._root).path

    def get(self, path: str) -> requests.Response:
        """A successful answer, whole."""
        return self._exchange(requests.Request("GET", f"{self._root}{path}"))

    def post(self, path: str, body: bytes, headers: Mapping[str, str] | None = None) -> requests.Response:
        """A successful answer, whole."""
        stated = {"Content-Type": "application/json", **(headers or {})}
        return self._exchange(requests.Request("POST", f"{self._root}{path}", data=body, headers=stated))

    def close(self) -> None:
        """Let go of this thread's connection; the next call opens another."""
        self._sessions.close()

    def _exchange(self, request: requests.Request) -> requests.Response:
        session = self._sessions.current()
        session.cookies.clear()  # several users share a line: a session of Odoo's must not make one of them another
        try:
            prepared = session.prepare_request(request)
            answer = exchange(session, prepared, connect=self._connect, answer=self._answer)
        except Lost as error:
            raise lost(_code(error), error.detail) from error
        except ValueError as error:  # an address or a key that no request can carry
            raise lost("misconfigured", type(error).__name__) from error
        if not 200 <= answer.status_code < 300:
            raise refused(answer)
        return answer


def _code(error: Lost) -> str:
    """Why no connection was made: each has a remedy of its own."""
    if error.code == "connect":
        for cause in _causes(error):
            if isinstance(cause, ssl.SSLError):
                return "tls"
            if isinstance(cause, socket.gaierror):
                return "dns"
    return error.code


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause = error.__cause__ or error.__context__
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__
