"""Kept-alive HTTP that knows two things `requests` does not tell: whether a request left, and when time is up."""

import http.client
import io
import socket
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from postroom.domain.channels import Fault
from postroom.outside.deadline import Deadline, DeadlineReader
from postroom.outside.rulings import Ruling, fault_of

IDLE_LIMIT = 20.0
"""Seconds after which a quiet connection is not trusted: a request into a closing one would count as *unknown*."""


Refusal = Callable[[str], str | None]
"""Why nothing may go to an IP address; None where it may."""


class NothingLeft(Exception):
    """No connection was made, so that not a byte of the request can have arrived."""

    code = "connect"


class WrongPlace(NothingLeft):
    """The name led to an address where nothing may go; we hung up before a byte of the request left."""

    code = "refused_address"


class Lost(Exception):
    """No answer came. `code` is a row of `rulings.HTTP`: connect, misconfigured, read_timeout or dropped."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


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
    refuse: Refusal | None = None

    def connect(self) -> None:
        try:
            super().connect()
        except (OSError, HTTPError) as error:
            raise NothingLeft(_reason(error)) from error
        _check_place(self.sock, self.refuse)


class _Https(HTTPSConnection):
    response_class = _Response
    refuse: Refusal | None = None

    def connect(self) -> None:
        try:
            super().connect()
        except (OSError, HTTPError) as error:
            raise NothingLeft(_reason(error)) from error
        _check_place(self.sock, self.refuse)


def _check_place(sock: socket.socket | None, refuse: Refusal | None) -> None:
    """Judge the address that was reached and not the name: a name may lead elsewhere a moment later."""
    if sock is None or refuse is None:
        return
    refusal = refuse(sock.getpeername()[0])
    if refusal:
        raise WrongPlace(f"it {refusal}")


def _reason(error: Exception) -> str:
    """The system's own words; urllib3's carry the object's address and the whole URL."""
    cause = error.__cause__ or error.__context__ or error
    return f"{type(error).__name__}: {cause}" if isinstance(cause, OSError) else type(error).__name__


def _pools(refused: Refusal | None) -> dict[str, type[HTTPConnectionPool]]:
    """Pools whose connections know where they may lead."""

    class Http(_Http):
        refuse = None if refused is None else staticmethod(refused)

    class Https(_Https):
        refuse = None if refused is None else staticmethod(refused)

    class HttpPool(HTTPConnectionPool):
        ConnectionCls = Http

    class HttpsPool(HTTPSConnectionPool):
        ConnectionCls = Https

    return {"http": HttpPool, "https": HttpsPool}


class _Adapter(HTTPAdapter):
    def __init__(self, refuse: Refusal | None, **options: Any) -> None:
        self._refuse = refuse
        super().__init__(**options)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = _pools(self._refuse)


class Sessions:
    """One session per thread, since a `requests.Session` is not made to be shared."""

    def __init__(self, refuse: Refusal | None = None) -> None:
        """`refuse` judges each address that a connection was made to, for receivers that others named."""
        self._refuse = refuse
        self._local = threading.local()

    def current(self) -> requests.Session:
        """This thread's session, with no connection that was quiet for too long."""
        session: requests.Session | None = getattr(self._local, "session", None)
        now = time.monotonic()
        if session is None:
            session = self._local.session = _session(self._refuse)
        elif now - self._local.used > IDLE_LIMIT:
            session.close()
        self._local.used = now
        return session

    def close(self) -> None:
        """Let go of this thread's connection; the next request opens another."""
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is not None:
            session.close()


def exchange(
    session: requests.Session,
    request: requests.PreparedRequest,
    *,
    connect: float,
    answer: float,
    only_head: bool = False,
) -> requests.Response:
    """One request and its whole answer, no redirect followed; `connect` and `answer` are seconds. Raises Lost.

    With `only_head` the body is left to the caller, who reads as much of a stranger's as he wants to.
    """
    try:
        return session.send(request, timeout=(connect, answer), allow_redirects=False, stream=only_head)
    except NothingLeft as error:
        raise Lost(error.code, str(error)) from error
    except ValueError as error:
        # An address or header that `requests` cannot write down; InvalidURL and its kin are ValueErrors.
        raise Lost("misconfigured", type(error).__name__) from error
    except (requests.Timeout, TimeoutError) as error:
        raise Lost("read_timeout") from error
    except (requests.RequestException, HTTPError, http.client.HTTPException, OSError) as error:
        raise Lost(_lost(error)) from error


def _lost(error: Exception) -> str:
    """Both leave the outcome open; the story tells a silent provider from a broken line."""
    return "read_timeout" if "timed out" in str(error) or "no time was left" in str(error) else "dropped"


def status_row(status: int, table: Mapping[str, Ruling]) -> tuple[str, Ruling]:
    """The code and the row for a status that came without a code of the provider's."""
    code = f"http_{status}"
    return code, table.get(code) or table.get(f"http_{status // 100}xx") or table["http_5xx"]


def status_fault(answer: requests.Response, table: Mapping[str, Ruling], words: str = "") -> Fault:
    """The fault of a status alone; a provider's own servers send a code, a proxy before them may not."""
    code, ruling = status_row(answer.status_code, table)
    detail = f"{ruling.words} (HTTP {answer.status_code})"
    return fault_of(ruling, code, f"{detail}: {words}" if words else detail, retry_after=retry_after(answer.headers))


LONGEST_WAIT = timedelta(days=1)


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """Retry-After in seconds or as a date, at most a day; None where it cannot be read."""
    raw = headers.get("Retry-After", "").strip()
    if raw.isascii() and raw.isdecimal() and len(raw) < 9:
        return min(timedelta(seconds=int(raw)), LONGEST_WAIT)
    try:
        at = parsedate_to_datetime(raw)
        left = (at if at.tzinfo else at.replace(tzinfo=UTC)) - datetime.now(UTC)
    except (ValueError, OverflowError):
        return None
    return max(timedelta(), min(left, LONGEST_WAIT))


def json_object(answer: requests.Response) -> Mapping[str, Any] | None:
    """The answer as a JSON object; None where it is something else."""
    try:
        body = answer.json()
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _session(refuse: Refusal | None) -> requests.Session:
    session = requests.Session()
    # No proxies and no ~/.netrc: a credential from the environment must not replace our token.
    session.trust_env = False
    adapter = _Adapter(refuse, pool_connections=1, pool_maxsize=1, max_retries=0)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session
