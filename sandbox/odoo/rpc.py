"""JSON-RPC as Odoo 19 speaks it: every answer is a 200, and what went wrong stands in `error.data.name`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.http1 import Response, json_response

PAGE = b"<!DOCTYPE html><html><head><title>Odoo</title></head><body>%s</body></html>"


@dataclass(eq=False)
class Raised(Exception):
    """An exception inside Odoo: the class that it has there, and its words."""

    name: str
    words: str


@dataclass(frozen=True, slots=True)
class Call:
    """One call: which method of which service, with what."""

    id: str
    service: str
    method: str
    args: tuple[Any, ...]


def read_call(raw: bytes) -> Call | None:
    """The call in a body; None where Odoo would answer 400."""
    try:
        body = json.loads(raw)
    except ValueError:
        return None
    params = body.get("params") if isinstance(body, dict) else None
    if not isinstance(params, dict):
        return None
    service, method, args = params.get("service"), params.get("method"), params.get("args")
    return Call(str(body.get("id") or ""), str(service), str(method), tuple(args) if isinstance(args, list) else ())


def returned(call: Call, result: Any) -> Response:
    """The answer that holds a result; None is left out, as Odoo does."""
    held: Mapping[str, Any] = {} if result is None else {"result": result}
    return json_response({"jsonrpc": "2.0", "id": call.id, **held})


def raised(call: Call, exception: Raised) -> Response:
    """The answer to a call that raised."""
    told = {
        "name": exception.name,
        "message": exception.words,
        "arguments": [exception.words],
        "context": {},
        "debug": f"Traceback (most recent call last):\n  (the sandbox)\n{exception.name}: {exception.words}\n",
    }
    error = {"code": 0, "message": "Odoo Server Error", "data": told}
    return json_response({"jsonrpc": "2.0", "id": call.id, "error": error})


def page(status: int, words: str) -> Response:
    """A page where JSON was expected: a proxy's, or Odoo's own for a body that it cannot read."""
    return Response(status, PAGE % words.encode(), "text/html; charset=utf-8")
