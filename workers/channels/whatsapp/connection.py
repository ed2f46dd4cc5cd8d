"""Kept-alive HTTP that knows two things `requests` does not tell: whether a request left, and when time is up."""

import http.client
import io
import socket
import threading
import time
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from workers.channels.deadline import Deadline, DeadlineReader

IDLE_LIMIT = 20.0
"""Seconds after which a quiet connection is not trusted: a request into a closing one would count as *unknown*."""


class NothingLeft(Exception):
    """No connection was made, so that not a byte of the request can have arrived."""


class _Socket:
    """What `http.client` asks of a socket for one response: a file, here one with a deadline for the whole answer."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def makefile(self, _mode: str) -> io.BufferedReader:
        seconds = self._sock.gettimeout()
        return io.BufferedReader(DeadlineReader(self._sock, Deadline(seconds if seconds is not None else 3600)))


class _Response(http.client.HTTPResponse):
    """An answer that must end, not only begin, within the read timeout."""

    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(_Socket(sock), *args, **options)  # type: ignore[arg-type]


class _Http(HTTPConnection):
    response_class = _Response

    def connect(self) -> None:
        try:
            super().connect()
        except (OSError, HTTPError) as error:
            raise NothingLeft(_reason(error)) from error


class _Https(HTTPSConnection):
    response_class = _Response

    def connect(self) -> None:
        try:
            super().connect()
        except (OSError, HTTPError) as error:
            raise NothingLeft(_reason(error)) from error


def _reason(error: Exception) -> str:
    """The system's own words; urllib3's carry the object's address and the whole URL."""
    cause = error.__cause__ or error.__context__ or error
    return f"{type(error).__name__}: {cause}" if isinstance(cause, OSError) else type(error).__name__


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _Https


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}


class Sessions:
    """One session per thread, since a `requests.Session` is not made to be shared."""

    def __init__(self) -> None:
        self._local = threading.local()

    def current(self) -> requests.Session:
        """This thread's session, with no connection that was quiet for too long."""
        session: requests.Session | None = getattr(self._local, "session", None)
        now = time.monotonic()
        if session is None:
            session = self._local.session = _session()
        elif now - self._local.used > IDLE_LIMIT:
            session.close()
        self._local.used = now
        return session

    def close(self) -> None:
        """Let go of this thread's connection; the next request opens another."""
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is not None:
            session.close()


def _session() -> requests.Session:
    session = requests.Session()
    # No proxies and no ~/.netrc: a credential from the environment must not replace our token.
    session.trust_env = False
    adapter = _Adapter(pool_connections=1, pool_maxsize=1, max_retries=0)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session
