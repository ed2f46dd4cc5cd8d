"""JSON-RPC, as `odoorpc` carries it: Odoo 17 and 18, and 19 where it is asked for."""

import http.client
import ssl
from threading import Lock, local
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, build_opener

from odoorpc import ODOO
from odoorpc.error import RPCError

from postroom.odoo.access import Access
from postroom.odoo.answers import lost, raised, status_code
from postroom.odoo.calls import Call
from postroom.odoo.versions import Version

POSITIONAL = {"create": "vals_list", "write": "vals"}
"""Arguments that Odoo 17 looks for by their place: some of its models give them names of their own."""


class _Stay(HTTPRedirectHandler):
    """A redirect would carry our key elsewhere."""

    def redirect_request(self, *_args: Any) -> None:
        return None


class JsonRpc:
    """One user of one database; a connection to each call, none of them shared."""

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
                self._uid = self._log_in()
            return self._uid

    def send(self, call: Call) -> Any:
        """What the method returns; None where Odoo leaves it out."""
        access = self._access
        args, options = _places(call)
        params = [access.database, self.uid, access.api_key, call.model, call.method, args, options]
        return self._ask("object", "execute_kw", params)

    def as_person(self, login: str, api_key: str) -> "JsonRpc":
        """The same server and database in another's name."""
        return JsonRpc(self._access.of(login, api_key), self.version)

    def close(self) -> None:
        """Let go of this thread's client."""
        self._threads.__dict__.pop("odoo", None)

    def _log_in(self) -> int:
        access = self._access
        uid = self._ask("common", "authenticate", [access.database, access.login, access.api_key, {}])
        if not isinstance(uid, int) or isinstance(uid, bool):  # False: no such login, or not with this key
            raise lost("not_authenticated", access.login)
        return uid

    def _ask(self, service: str, method: str, args: list[Any]) -> Any:
        return ask(self._client(), self._access, service, method, args)

    def _client(self) -> ODOO:
        if not hasattr(self._threads, "odoo"):
            self._threads.odoo = client_of(self._access, str(int(self.version)))
        return self._threads.odoo


def client_of(access: Access, version: str) -> ODOO:
    """odoorpc's client; it asks nothing yet, since its version is said."""
    parts = urlsplit(access.url)
    secure = parts.scheme == "https"
    opener: OpenerDirector = build_opener(_Stay())
    return ODOO(
        parts.hostname or "localhost",
        protocol="jsonrpc+ssl" if secure else "jsonrpc",
        port=parts.port or (443 if secure else 80),
        timeout=access.answer_timeout,
        version=f"{version}.0",
        opener=opener,
    )


def ask(client: ODOO, access: Access, service: str, method: str, args: list[Any]) -> Any:
    """One call of one service. Raises OdooError."""
    url = f"{urlsplit(access.url).path.rstrip('/')}/jsonrpc"
    try:
        answer = client.json(url, {"service": service, "method": method, "args": args})
    except RPCError as error:
        told = error.info.get("data") if isinstance(error.info, dict) else None
        raise raised(told if isinstance(told, dict) else {"message": str(error)}) from None
    except HTTPError as error:
        raise lost(status_code(error.code)) from None
    except URLError as error:
        raise _unreached(error.reason) from None
    except TimeoutError:
        raise lost("read_timeout") from None
    except (http.client.HTTPException, ConnectionError, ssl.SSLError) as error:
        raise lost("dropped", type(error).__name__) from None
    except (ValueError, UnicodeError):
        raise lost("not_json") from None
    return answer.get("result") if isinstance(answer, dict) else None


def _unreached(reason: Any) -> Exception:
    """urllib wraps what fails before the answer's head: most of it before anything has left."""
    if isinstance(reason, ssl.SSLCertVerificationError):
        return lost("tls", reason.verify_message)
    if isinstance(reason, TimeoutError):
        return lost("read_timeout")
    if isinstance(reason, ConnectionResetError | BrokenPipeError):
        return lost("dropped", type(reason).__name__)
    return lost("connect", type(reason).__name__)


def _places(call: Call) -> tuple[list[Any], dict[str, Any]]:
    """A call as `execute_kw` takes it."""
    options = dict(call.arguments)
    args: list[Any] = [] if call.ids is None else [list(call.ids)]
    if call.method in POSITIONAL and POSITIONAL[call.method] in options:
        args.append(options.pop(POSITIONAL[call.method]))
    if call.context:
        options["context"] = dict(call.context)
    return args, options
