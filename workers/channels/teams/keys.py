"""The keys that sign what the Bot Framework posts to us: fetched when first needed, kept for a day at most."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jwt
import requests
import structlog

from workers.channels.http import Lost, Sessions, exchange, json_object
from workers.channels.tokens import text_of

OLD = 12 * 3600.0
"""Seconds after which new keys are asked for; the old ones serve while that fails."""
EXPIRED = 24 * 3600.0
"""Seconds after which keys are no longer believed: Microsoft's own rule."""
PAUSE = 60.0
"""Seconds between two fetches at least, whatever the reason: an unknown key id must not make us a hammer.

Not longer: whoever signs with a new key (a stand-in that was restarted) would be turned away all that time.
"""
CONNECT_TIMEOUT, ANSWER_TIMEOUT = 2.0, 4.0
"""Seconds; the door waits for this, and whoever pressed a button waits for the door."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Key:
    """One public key, and the channels that it may speak for."""

    public: Any
    endorsements: frozenset[str]


class Keys:
    """The keys of one issuer. One thread fetches; the others go on with the key that they have."""

    def __init__(self, openid_url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._url = openid_url
        self._clock = clock
        self._sessions = Sessions()
        self._keys: Mapping[str, Key] = {}
        self._fetched = self._tried = float("-inf")
        self._lock = threading.Lock()

    def find(self, kid: str) -> Key | None:
        """The key of this id; None where there is none that can be believed."""
        # Only whoever has no key to go on with waits for another's fetch.
        if self._is_wanted(kid) and self._lock.acquire(blocking=kid not in self._keys):
            try:
                if self._is_wanted(kid):
                    self._fetch()
            finally:
                self._lock.release()
        return self._keys.get(kid) if self._age() < EXPIRED else None

    def close(self) -> None:
        """Let go of this thread's connection."""
        self._sessions.close()

    def _is_wanted(self, kid: str) -> bool:
        worth = kid not in self._keys or self._age() > OLD
        return worth and self._clock() - self._tried >= PAUSE

    def _age(self) -> float:
        return self._clock() - self._fetched

    def _fetch(self) -> None:
        try:
            listed = self._get(text_of(self._get(self._url).get("jwks_uri"))).get("keys")
        except _NoKeys as error:
            _log.warning("signing_keys_not_fetched", channel="teams", reason=str(error))
        else:
            self._keys = dict(filter(None, map(_key, listed if isinstance(listed, list) else [])))
            self._fetched = self._clock()
        # Last: until then whoever needs a key waits for this fetch instead of going away without.
        self._tried = self._clock()

    def _get(self, url: str) -> Mapping[str, Any]:
        session = self._sessions.current()
        try:
            request = session.prepare_request(requests.Request("GET", url))
            answer = exchange(session, request, connect=CONNECT_TIMEOUT, answer=ANSWER_TIMEOUT)
        except Lost as error:
            raise _NoKeys(str(error)) from error
        except ValueError as error:
            raise _NoKeys(f"{type(error).__name__}: no address to fetch from") from error
        body = json_object(answer)
        if answer.status_code != 200 or body is None:
            raise _NoKeys(f"HTTP {answer.status_code}, {'JSON' if body is not None else 'no JSON object'}")
        return body


class _NoKeys(Exception):
    """The issuer could not be asked; says why."""


def _key(raw: object) -> tuple[str, Key] | None:
    """A key that signs by RSA; others are none of ours."""
    if not isinstance(raw, dict) or raw.get("kty") != "RSA" or not text_of(raw.get("kid")):
        return None
    try:
        public = jwt.PyJWK(raw, algorithm="RS256").key
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    listed = raw.get("endorsements")
    return text_of(raw["kid"]), Key(public, frozenset(map(text_of, listed if isinstance(listed, list) else [])))
