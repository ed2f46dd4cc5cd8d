"""Holds what is posted against our JSON Schemas, and says what is wrong in the Bot Connector's terms."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

from sandbox.http1 import Request
from sandbox.teams.errors import Refused

SCHEMAS = Path(__file__).parent / "schemas"
MOST_BYTES = 262_144


def read(request: Request, name: str) -> dict[str, Any]:
    """The body, if it keeps the schema of this name; raises Refused with every fault."""
    if len(request.body) > MOST_BYTES:
        raise Refused("MessageSizeTooBig", f"{len(request.body)} bytes; {MOST_BYTES} are taken")
    try:
        body = json.loads(request.body)
    except ValueError as error:
        raise Refused("BadArgument", f"The request body is not JSON: {error}") from error
    reasons = tuple(f"{_pointer(fault)}: {fault.message}" for fault in _validator(name).iter_errors(body))
    if reasons:
        raise Refused("BadArgument", "; ".join(reasons), reasons)
    checked: dict[str, Any] = body
    return checked


def _pointer(fault: jsonschema_rs.ValidationError) -> str:
    return "/" + "/".join(str(step) for step in fault.instance_path)


@cache
def _validator(name: str) -> jsonschema_rs.Draft202012Validator:
    card = json.loads((SCHEMAS / "card.json").read_text())
    schema = json.loads((SCHEMAS / f"{name}.json").read_text())
    return jsonschema_rs.Draft202012Validator(schema, registry=jsonschema_rs.Registry([(card["$id"], card)]))
