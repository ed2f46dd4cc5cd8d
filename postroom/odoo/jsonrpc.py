"""JSON-RPC, as `odoorpc` writes and reads it: Odoo 17 and 18, and 19 where it is asked for."""

import io
import logging
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request

from odoorpc.rpc import ConnectorJSONRPC, ConnectorJSONRPCSSL

from postroom.domain.channels import Verdict
from postroom.odoo.access import Access
from postroom.odoo.answers import lost, raised
from postroom.odoo.calls import Call
from postroom.odoo.errors import OdooError, nothing_done
from postroom.odoo.line import Line
from postroom.odoo.versions import Version

POSITIONAL: Mapping[str, str] = MappingProxyType({"create": "vals_list", "write": "vals"})
"""Arguments that Odoo 17 looks for by their place: some of its models give them names of their own."""

SECURE: Mapping[str, type[ConnectorJSONRPC]] = MappingProxyType(
    {"http": ConnectorJSONRPC, "https": ConnectorJSONRPCSSL}
)
PORTS: Mapping[str, int] = MappingProxyType({"http": 80, "https": 443})


class _Opener:
    """Carries odoorpc's requests over our line; its own opener connects anew for each and follows redirects."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def open(self, request: Request, timeout: float | None = None) -> io.BytesIO:  # noqa: ARG002 - the line has its own
        body = request.data
        assert isinstance(body, bytes)
        path = urlsplit(request.full_url).path.removeprefix(self._line.path)
        return io.BytesIO(self._line.post(path, body).content)


class Asking:
    """Calls of the services of one server, in nobody's name. Safe to share: odoorpc keeps nothing between calls."""

    def __init__(self, access: Access, line: Line) -> None:
        # At DEBUG it writes down whole calls, the key with them.
        logging.getLogger("odoorpc.rpc.jsonrpclib").setLevel(logging.INFO)
        parts = urlsplit(access.url)
        self._path = f"{line.path}/jsonrpc"
        self._connector = SECURE[parts.scheme](
            parts.netloc.rpartition(":")[0] if parts.port else parts.netloc,
            port=parts.port or PORTS[parts.scheme],
            timeout=access.answer_timeout,
            version="17.0",  # given, so that it does not ask; it makes no difference to what is used of it
            opener=_Opener(line),
        )

    def ask(self, service: str, method: str, args: list[Any]) -> Any:
        """What the service answers; None where Odoo leaves it out. Raises OdooError."""
        params = {"service": service, "method": method, "args": args}
        try:
            told = self._connector.proxy_json(self._path, params)
        except (ValueError, RecursionError) as error:
            raise lost("not_json") from error
        if not isinstance(told, dict):
            raise lost("not_json")
        if told.get("error"):
            raise raised(_data(told["error"]))
        return told.get("result")


def _data(error: Any) -> Mapping[str, Any]:
    data = error.get("data") if isinstance(error, dict) else None
    return data if isinstance(data, dict) else {}


class JsonRpc:
    """One user of one database."""

    def __init__(self, access: Access, version: Version, line: Line) -> None:
        self.version = version
        self._access = access
        self._line = line
        self._asking = Asking(access, line)
        self._uid: int | None = None

    @property
    def uid(self) -> int:
        """Our user's id; asked for once, and again after he was refused."""
        if self._uid is None:
            with nothing_done():
                self._uid = self._log_in()
        return self._uid

    def send(self, call: Call) -> Any:
        """What the method returns; None where Odoo leaves it out."""
        access = self._access
        args, options = _places(call)
        params = [access.database, self.uid, access.api_key, call.model, call.method, args, options]
        try:
            return self._asking.ask("object", "execute_kw", params)
        except OdooError as error:
            if error.fault.verdict is Verdict.SENDER_STOPPED:
                self._uid = None
            raise

    def as_person(self, login: str, api_key: str) -> "JsonRpc":
        """The same server and database in another's name."""
        return JsonRpc(self._access.of(login, api_key), self.version, self._line)

    def close(self) -> None:
        """Let go of this thread's connection."""
        self._line.close()

    def _log_in(self) -> int:
        access = self._access
        uid = self._asking.ask("common", "authenticate", [access.database, access.login, access.api_key, {}])
        if not isinstance(uid, int) or isinstance(uid, bool):  # False: no such login, or not with this key
            raise lost("access_denied")
        return uid


def _places(call: Call) -> tuple[list[Any], dict[str, Any]]:
    """A call as `execute_kw` takes it."""
    options = dict(call.arguments)
    args: list[Any] = [] if call.ids is None else [list(call.ids)]
    if call.method in POSITIONAL and POSITIONAL[call.method] in options:
        args.append(options.pop(POSITIONAL[call.method]))
    if call.context:
        options["context"] = dict(call.context)
    return args, options
