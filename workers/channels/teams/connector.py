"""The Bot Connector over HTTP: one request, with a token that holds."""

from collections.abc import Mapping
from typing import Any

import requests

from workers.channels.http import Sessions, asking, exchange
from workers.channels.teams.config import BOT_SCOPE, TeamsConfig
from workers.channels.teams.errors import code_of
from workers.channels.teams.login import Login
from workers.channels.teams.verdicts import TRANSPORT


class Connector:
    """Posts as our bot. Safe to share between threads; each keeps a connection of its own."""

    def __init__(self, config: TeamsConfig, login: Login) -> None:
        self._config = config
        self._login = login
        self._sessions = Sessions()

    def post(self, url: str, body: Mapping[str, Any], trace: str = "") -> requests.Response:
        """Something new: the answer, whatever it says. Raises ChannelError without one, or without a token.

        A 401 is asked again, once, with a new token: Entra may take a token back before its time. Nothing was taken
        then. `trace` is our id in Microsoft's own logs.
        """
        return self._ask("POST", url, body, trace)

    def put(self, url: str, body: Mapping[str, Any], trace: str = "") -> requests.Response:
        """Something in place of what is there; otherwise as `post`."""
        return self._ask("PUT", url, body, trace)

    def close(self) -> None:
        """Let go of this thread's connection."""
        self._sessions.close()

    def _ask(self, method: str, url: str, body: Mapping[str, Any], trace: str) -> requests.Response:
        token = self._login.token(BOT_SCOPE)
        answer = self._exchange(method, url, body, token, trace)
        # A code of its own says that another token would not help.
        if answer.status_code == 401 and not code_of(answer):
            answer = self._exchange(method, url, body, self._login.token(BOT_SCOPE, refused=token), trace)
        return answer

    def _exchange(self, method: str, url: str, body: Mapping[str, Any], token: str, trace: str) -> requests.Response:
        session = self._sessions.current()
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        if trace:
            headers["x-ms-client-request-id"] = trace
        with asking(TRANSPORT):
            request = session.prepare_request(requests.Request(method, url, json=body, headers=headers))
            return exchange(session, request, connect=self._config.connect_timeout, answer=self._config.answer_timeout)
