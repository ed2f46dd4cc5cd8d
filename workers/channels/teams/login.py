"""Our app's tokens: asked of Entra once, used until shortly before they run out."""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import requests

from workers.channels.base import ChannelError
from workers.channels.http import Lost, Sessions, exchange, json_object, retry_after
from workers.channels.teams.config import TeamsConfig
from workers.channels.teams.verdicts import transport_fault
from workers.channels.tokens import text_of

EARLY = 300.0
"""Seconds before its end at which a token is no longer used; Entra's live for an hour."""
SHORTEST = 30.0
LONGEST = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class _Token:
    value: str
    until: float


class Login:
    """One app at Entra. A token is asked for by one thread while the others wait for it."""

    def __init__(self, config: TeamsConfig, clock: Callable[[], float] = time.monotonic) -> None:
        self._config = config
        self._clock = clock
        self._sessions = Sessions()
        self._tokens: dict[str, _Token] = {}
        self._lock = threading.Lock()

    def token(self, scope: str, refused: str = "") -> str:
        """A token that holds, and another one than what was refused. Raises ChannelError; nothing was posted then."""
        with self._lock:
            kept = self._tokens.get(scope)
            # Another thread may have replaced the refused one already.
            if kept is None or kept.value == refused or self._clock() >= kept.until:
                kept = self._tokens[scope] = self._ask(scope)
            return kept.value

    def close(self) -> None:
        """Let go of this thread's connection."""
        self._sessions.close()

    def _ask(self, scope: str) -> _Token:
        answer = self._post(scope)
        body = json_object(answer) or {}
        if not 200 <= answer.status_code < 300:
            raise _refused(answer, text_of(body.get("error_description")) or text_of(body.get("error")))
        value = text_of(body.get("access_token"))
        if not value or not value.isascii() or not value.isprintable():
            raise ChannelError(transport_fault("login_failed", "the answer holds no token"))
        return _Token(value, self._clock() + _usable(body.get("expires_in")))

    def _post(self, scope: str) -> requests.Response:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._config.app_id,
            "client_secret": self._config.app_password,
            "scope": scope,
        }
        session = self._sessions.current()
        try:
            request = session.prepare_request(requests.Request("POST", self._config.token_url, data=form))
            return exchange(session, request, connect=self._config.connect_timeout, answer=self._config.answer_timeout)
        except Lost as error:
            raise ChannelError(transport_fault("login_failed", f"{error.code} {error.detail}".strip())) from error
        except ValueError as error:
            raise ChannelError(transport_fault("misconfigured", f"login_url: {type(error).__name__}")) from error


def _usable(raw: object) -> float:
    """How long a token is used; what Entra says in an odd way counts as short."""
    try:
        seconds = float(str(raw))
    except ValueError:
        return SHORTEST
    return min(max(seconds - EARLY, SHORTEST), LONGEST) if math.isfinite(seconds) else SHORTEST


def _refused(answer: requests.Response, words: str) -> ChannelError:
    """A 4xx is about our app and stays; a busy or broken Entra passes."""
    passing = answer.status_code >= 500 or answer.status_code in (408, 429)
    code = "login_failed" if passing else "login_refused"
    detail = f"HTTP {answer.status_code}: {words}"
    return ChannelError(transport_fault(code, detail, retry_after=retry_after(answer.headers)))
