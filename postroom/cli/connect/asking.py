"""Questions to a provider's API, over the same pooled client and with the same patience as its channel."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests

from postroom.cli.connect.checked import Unasked, bad
from workers.channels.http import Sessions, exchange, json_object

CONNECT_SECONDS, ANSWER_SECONDS = 5.0, 15.0


@dataclass(frozen=True, slots=True)
class Answered:
    """What a provider said."""

    status: int
    headers: Mapping[str, str]
    body: Mapping[str, Any]

    @property
    def good(self) -> bool:
        """It did not refuse."""
        return 200 <= self.status < 300


class Caller:
    """One provider's API, asked with one credential."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers
        self._sessions = Sessions()

    def get(self, url: str, **query: str) -> Answered:
        """GET; raises Lost where no answer comes, Unasked where the answer is no JSON."""
        return self._ask(requests.Request("GET", url, params=query, headers=dict(self._headers)))

    def post(self, url: str, json: Mapping[str, Any] | None = None) -> Answered:
        """POST, with JSON if any; raises as `get` does."""
        return self._ask(requests.Request("POST", url, json=json, headers=dict(self._headers)))

    def _ask(self, request: requests.Request) -> Answered:
        session = self._sessions.current()
        try:
            prepared = session.prepare_request(request)
        except ValueError as error:
            raise Unasked(bad(f"cannot be asked: {type(error).__name__}", "Correct the API's address.")) from error
        answer = exchange(session, prepared, connect=CONNECT_SECONDS, answer=ANSWER_SECONDS)
        body = json_object(answer)
        if body is None:
            words = f"status {answer.status_code} and no JSON: something else answers there"
            raise Unasked(bad(words, "See that no proxy stands between, and that the API's address is right."))
        return Answered(answer.status_code, answer.headers, body)
