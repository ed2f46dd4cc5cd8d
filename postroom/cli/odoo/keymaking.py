"""An API key for our user, made as a browser would: Odoo makes keys for whoever is signed in, and for nobody by RPC."""

import secrets
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

import requests

from postroom.odoo.client import Odoo

CONNECT_SECONDS, ANSWER_SECONDS = 5.0, 30.0
USERS, CHECKS, KEYS = "res.users", "res.users.identitycheck", "res.users.apikeys.description"

BY_HAND = (
    "Sign in to Odoo as an administrator: Settings > Users > the user > Action > Change Password.",
    "In a private window sign in as that user: Preferences > Account Security > New API Key, and copy it.",
    "Give it to Postroom: postroom connect odoo. Nobody needs that password again.",
)
"""How a person makes the key."""


class KeyNotMade(Exception):
    """Odoo did not make a key; the words are its own, where it said any."""


class Browser:
    """One user's signed-in session, as long as a `with` block."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._session = requests.Session()
        self._session.max_redirects = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()

    def sign_in(self, database: str, login: str, password: str) -> int:
        """The user's id. Raises KeyNotMade; a second factor is one we do not have."""
        told = self._post("/web/session/authenticate", {"db": database, "login": login, "password": password})
        uid = told.get("uid") if isinstance(told, dict) else None
        if not isinstance(uid, int) or isinstance(uid, bool):
            raise KeyNotMade("Odoo asks this user for a second factor")
        return uid

    def call(
        self,
        model: str,
        method: str,
        arguments: Sequence[Any],
        *,
        context: Mapping[str, Any] | None = None,
        **named: Any,
    ) -> Any:
        """A method, as Odoo's own pages call it. Raises KeyNotMade."""
        params = {
            "model": model,
            "method": method,
            "args": list(arguments),
            "kwargs": {**named, "context": dict(context or {})},
        }
        return self._post(f"/web/dataset/call_kw/{model}/{method}", params)

    def _post(self, path: str, params: Mapping[str, Any]) -> Any:
        try:
            answer = self._session.post(
                f"{self._url}{path}",
                json={"jsonrpc": "2.0", "method": "call", "id": 1, "params": params},
                timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
                allow_redirects=False,
            )
            body = answer.json()
        except requests.RequestException as error:  # what is no JSON, too
            raise KeyNotMade(f"{path} gave no answer that can be read ({type(error).__name__})") from error
        told = body.get("error") if isinstance(body, dict) else None
        if told:
            words = (told.get("data") or {}).get("message") or told.get("message") or "no words"
            raise KeyNotMade(str(words).partition("\n")[0])
        return body.get("result") if isinstance(body, dict) else None


def key_for(admin: Odoo, url: str, database: str, user: int, *, name: str, days: int) -> str:
    """His new API key. He has a password for as long as this takes, and one that nobody knows afterwards."""
    password = secrets.token_urlsafe(32)
    (row,) = admin.read(USERS, [user], ["login"])
    admin.write(USERS, [user], {"password": password})
    try:
        with Browser(url) as browser:
            return _made(browser, browser.sign_in(database, row["login"], password), password, name=name, days=days)
    finally:
        admin.write(USERS, [user], {"password": secrets.token_urlsafe(32)})


def _made(browser: Browser, user: int, password: str, *, name: str, days: int) -> str:
    """Odoo asks for the password once more before it makes a key."""
    asked = browser.call(USERS, "api_key_wizard", [[user]])
    if isinstance(asked, dict) and asked.get("res_model") == CHECKS:
        browser.call(CHECKS, "write", [[asked["res_id"]], {"password": password}])
        browser.call(CHECKS, "run_check", [[asked["res_id"]]], context={"password": password})
    fields = browser.call(KEYS, "fields_get", [], attributes=["type"])
    lifetime = _lifetime(fields, days)
    wizard = browser.call(KEYS, "create", [{"name": name, **lifetime}])
    told = browser.call(KEYS, "make_key", [wizard if isinstance(wizard, list) else [wizard]])
    key = (told.get("context") or {}).get("default_key") if isinstance(told, dict) else None
    if not isinstance(key, str) or not key:
        raise KeyNotMade("Odoo showed no key")
    return key


def _lifetime(fields: Mapping[str, Any], days: int) -> dict[str, str]:
    """Odoo 17 makes keys that live for ever; later ones want to know how many days."""
    return {"duration": str(days)} if "duration" in fields else {}
