"""JSON-RPC on the wire: every answer is a 200, and what went wrong stands in `error.data.name`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.http1 import Response, json_response
from sandbox.odoo.editions import Edition
from sandbox.odoo.raised import Raised

PAGE = b"<!DOCTYPE html><html><head><title>Odoo</title></head><body>%s</body></html>"
PARAMETERS = ("service", "method", "args")


@dataclass(frozen=True, slots=True)
class Call:
    """One call: which method of which service, with what."""

    id: Any
    service: str
    method: str
    args: tuple[Any, ...]
    edition: Edition

    @property
    def key(self) -> str:
        """What the caller knows this call by."""
        return str(self.id or "")


def read_call(raw: bytes, edition: Edition) -> Call | str:
    """The call in a body, or the words with which Odoo answers 400. Raises TypeError as Odoo does."""
    try:
        body = json.loads(raw)
    except ValueError:
        return "Invalid JSON data"
    if not isinstance(body, dict):
        return "Invalid JSON-RPC data"
    params = body.get("params")
    given: Mapping[str, Any] = params if isinstance(params, dict) else {}
    args = given.get("args")
    told = str(given.get("service")), str(given.get("method")), tuple(args) if isinstance(args, list) else ()
    return Call(body.get("id"), *told, edition)


def check_parameters(raw: bytes, call: Call) -> None:
    """Raise TypeError where a call does not say what it wants."""
    params = json.loads(raw).get("params")
    missing = [name for name in PARAMETERS if not isinstance(params, dict) or name not in params]
    if missing:
        told = ", ".join(f"'{name}'" for name in missing[:-1]) + (", and " if len(missing) > 1 else "")
        many = "arguments" if len(missing) > 1 else "argument"
        words = f"missing {len(missing)} required positional {many}: {told}'{missing[-1]}'"
        raise Raised("builtins.TypeError", f"{call.edition.controller}.jsonrpc() {words}")


def returned(call: Call, result: Any) -> Response:
    """The answer that holds a result; None is left out, as Odoo does."""
    held: Mapping[str, Any] = {} if result is None else {"result": result}
    return json_response({"jsonrpc": "2.0", "id": call.id, **held})


def raised(call: Call, exception: Raised) -> Response:
    """The answer to a call that raised."""
    error = {"code": call.edition.error_code, "message": "Odoo Server Error", "data": described(exception)}
    return json_response({"jsonrpc": "2.0", "id": call.id, "error": error})


def described(exception: Raised) -> dict[str, Any]:
    """An exception as both protocols tell it."""
    return {
        "name": exception.name,
        "message": exception.words,
        "arguments": list(exception.arguments),
        "context": {},
        "debug": f"Traceback (most recent call last):\n  (the sandbox)\n{exception.name}: {exception.words}\n",
    }


def page(status: int, words: str) -> Response:
    """A page where JSON was expected: a proxy's, or Odoo's own for a body that it cannot read."""
    return Response(status, PAGE % words.encode(), "text/html; charset=utf-8")
