"""JSON-2, which came with Odoo 19: a path for each method, named arguments, a bearer key, real statuses."""

import json
from datetime import timedelta
from threading import Lock, local
from typing import Any

import requests

from postroom.odoo.access import Access
from postroom.odoo.answers import lost, raised, status_code
from postroom.odoo.calls import Call
from postroom.odoo.errors import OdooError
from postroom.odoo.versions import Version


class Json2:
    """One user of one database; a pooled connection for each thread."""

    def __init__(self, access: Access, version: Version) -> None:
        self.version = version
        self._access = access
        self._threads = local()
        self._uid: int | None = None
        self._lock = Lock()

    @property
    def uid(self) -> int:
        """Our user's id; asked for once."""
        with self._lock:
            if self._uid is None:
                self._uid = self._who()
            return self._uid

    def send(self, call: Call) -> Any:
        """What the method returns."""
        body = dict(call.arguments)
        if call.ids is not None:
            body["ids"] = list(call.ids)
        if call.context:
            body["context"] = dict(call.context)
        return self._post(f"/json/2/{call.model}/{call.method}", body)

    def as_person(self, login: str, api_key: str) -> "Json2":
        """The same server and database in another's name."""
        return Json2(self._access.of(login, api_key), self.version)

    def close(self) -> None:
        """Let go of this thread's connection."""
        session = self._threads.__dict__.pop("session", None)
        if session is not None:
            session.close()

    def _who(self) -> int:
        told = self.send(Call("res.users", "context_get", repeatable=True))
        uid = told.get("uid") if isinstance(told, dict) else None
        if isinstance(uid, int) and not isinstance(uid, bool):
            return uid
        rows = self.send(
            Call("res.users", "search_read", None, {"domain": [["login", "=", self._access.login]], "fields": ["id"]})
        )
        if not rows:
            raise lost("not_authenticated", self._access.login)
        return int(rows[0]["id"])

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        access = self._access
        try:
            answer = self._session().post(
                f"{access.url.rstrip('/')}{path}",
                json=body,
                timeout=(access.connect_timeout, access.answer_timeout),
                allow_redirects=False,
            )
        except requests.exceptions.SSLError as error:
            raise lost("tls", type(error).__name__) from None
        except (requests.exceptions.ConnectTimeout, requests.exceptions.InvalidURL) as error:
            raise lost("connect", type(error).__name__) from None
        except requests.exceptions.Timeout:
            raise lost("read_timeout") from None
        except requests.exceptions.ConnectionError as error:
            raise lost("connect" if _never_left(error) else "dropped", type(error).__name__) from None
        except requests.exceptions.RequestException as error:
            raise lost("dropped", type(error).__name__) from None
        return _read(answer)

    def _session(self) -> requests.Session:
        if not hasattr(self._threads, "session"):
            session = requests.Session()
            session.trust_env = False
            session.headers.update(
                {"Authorization": f"bearer {self._access.api_key}", "X-Odoo-Database": self._access.database}
            )
            self._threads.session = session
        made: requests.Session = self._threads.session
        return made


def _never_left(error: requests.exceptions.ConnectionError) -> bool:
    words = str(error)
    return "NewConnectionError" in words or "NameResolutionError" in words or "ConnectTimeout" in words


def _read(answer: requests.Response) -> Any:
    try:
        body = answer.json()
    except (ValueError, json.JSONDecodeError):
        raise _silent(answer) if answer.status_code != requests.codes.ok else lost("not_json") from None
    if answer.status_code == requests.codes.ok:
        return body
    if isinstance(body, dict) and body.get("name"):
        raise raised(body)
    raise _silent(answer)


def _silent(answer: requests.Response) -> OdooError:
    wait = answer.headers.get("Retry-After", "")
    return lost(status_code(answer.status_code), "", timedelta(seconds=int(wait)) if wait.isdecimal() else None)
