"""Holds a request body against our JSON Schemas, and says what is wrong in Meta's terms."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

from sandbox.meta.errors import Refused

SCHEMAS = Path(__file__).parent.parent / "schemas"
MESSAGE_SCHEMAS: Mapping[str, str] = {
    "text": "text",
    "reaction": "reaction",
    "template": "template",
    "document": "document",
}
INTERACTIVE_SCHEMAS: Mapping[str, str] = {"button": "interactive_button", "cta_url": "interactive_cta_url"}

CODES: Mapping[str, int] = {
    "required": 131008,
    "additionalProperties": 100,  # Meta: (#100) Unexpected key
    "falseSchema": 100,
}
"""Which code a broken schema keyword stands for; all others are 131009, a wrong value."""


def read_json(raw: bytes) -> dict[str, Any]:
    """The body as an object; raises Refused."""
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise Refused(100, f"The request body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise Refused(100, "The request body is not a JSON object.")
    return body


def check_message(body: Mapping[str, Any]) -> None:
    """Raise Refused with every fault of a send request."""
    check(schema_name(body), body)


def check(name: str, body: Mapping[str, Any]) -> None:
    """Raise Refused with every fault that the schema of this name finds."""
    faults = list(_validator(name).iter_errors(body))
    if not faults:
        return
    reasons = tuple(f"{_pointer(fault)}: {fault.message}" for fault in faults)
    codes = [CODES.get(fault.kind.name, 131009) for fault in faults]
    raise Refused(next((c for c in codes if c != 131009), 131009), "; ".join(reasons), reasons=reasons)


def schema_name(body: Mapping[str, Any]) -> str:
    """Which schema a body is meant to keep; raises Refused for a type that this stand-in does not speak."""
    if "status" in body:
        return "mark_read"
    kind = body.get("type", "text")
    if kind != "interactive":
        return _choose(MESSAGE_SCHEMAS, kind, "/type")
    inner = body.get("interactive")
    if not isinstance(inner, dict) or "type" not in inner:
        raise Refused(131008, "/interactive/type: a required property is missing")
    return _choose(INTERACTIVE_SCHEMAS, inner["type"], "/interactive/type")


def _choose(schemas: Mapping[str, str], kind: object, pointer: str) -> str:
    if isinstance(kind, str) and kind in schemas:
        return schemas[kind]
    known = ", ".join(sorted({*MESSAGE_SCHEMAS, "interactive"} if pointer == "/type" else INTERACTIVE_SCHEMAS))
    reason = f"{pointer}: the sandbox does not speak {kind!r}. It speaks {known}."
    raise Refused(131051, reason, reasons=(reason,))


def _pointer(fault: jsonschema_rs.ValidationError) -> str:
    return "/" + "/".join(str(step) for step in fault.instance_path)


@cache
def _registry() -> jsonschema_rs.Registry:
    common = json.loads((SCHEMAS / "common.json").read_text())
    return jsonschema_rs.Registry([(common["$id"], common)])


@cache
def _validator(name: str) -> jsonschema_rs.Draft202012Validator:
    schema = json.loads((SCHEMAS / f"{name}.json").read_text())
    return jsonschema_rs.Draft202012Validator(schema, registry=_registry())
