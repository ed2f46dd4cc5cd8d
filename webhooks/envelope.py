"""A CloudEvent 1.0 in JSON, as a schema: the attributes around the data, and what we ask of them."""

from typing import Any

JSON_TYPE = r"^application/(?:[A-Za-z0-9.+-]+\+)?json *(?:;.*)?$"
"""Content types whose body is JSON."""

_NO_CONTROLS = r"^[^\u0000-\u001f\u007f-\u009f]+$"  # CloudEvents 1.0, section 2.4: what a String may not hold

ATTRIBUTES: dict[str, Any] = {
    "specversion": {"const": "1.0", "description": "The version of CloudEvents: 1.0"},
    "id": {
        "type": "string",
        "minLength": 1,
        "maxLength": 255,
        "pattern": _NO_CONTROLS,
        "description": "The event's id; source and id name it for ever, and a repeat is the same event again",
    },
    "source": {
        "type": "string",
        "format": "uri-reference",
        "minLength": 1,
        "maxLength": 255,
        "pattern": _NO_CONTROLS,
        "description": "Where it happened: a URI reference whose first path segment is the signer, as in /odoo/acme",
    },
    "type": {"type": "string", "minLength": 1, "maxLength": 255, "description": "What happened; one of the types here"},
    "time": {
        "type": "string",
        "format": "date-time",
        "maxLength": 64,
        "description": "When it happened, in RFC 3339, as in 2026-11-22T09:00:00Z",
    },
    "subject": {
        "type": "string",
        "minLength": 1,
        "maxLength": 255,
        "pattern": _NO_CONTROLS,
        "description": "What it is about, as in account.move:88",
    },
    "datacontenttype": {
        "type": "string",
        "pattern": JSON_TYPE,
        "description": "The data's content type: application/json, or leave it out",
    },
    "dataschema": {
        "type": "string",
        "format": "uri",
        "maxLength": 2000,
        "description": "A URI of the data's schema; it is kept and not followed",
    },
    "data": {"type": "object", "description": "The event's data: an object that fits the schema of its type"},
}

_ENVELOPE: dict[str, Any] = {
    "type": "object",
    "description": "A CloudEvent: an object with its attributes and data",
    "required": ["specversion", "id", "source", "type", "data"],
    "properties": ATTRIBUTES,
    "additionalProperties": False,
}

EXTENSION: dict[str, Any] = {
    "type": ["string", "boolean", "integer"],
    "maxLength": 2000,
    "minimum": -(2**31),
    "maximum": 2**31 - 1,
    "description": "An extension attribute: a text of at most 2000 characters, a boolean or a whole number of 32 bits",
}


def envelope(types: list[str], data: dict[str, Any] | None = None) -> dict[str, Any]:
    """The schema of a CloudEvent whose type is one of these and whose data fits, where given."""
    extensions = rf"^(?!(?:{'|'.join(ATTRIBUTES)})$)[a-z0-9]{{1,20}}$"
    properties = {**ATTRIBUTES, "type": {**ATTRIBUTES["type"], "enum": types}}
    if data is not None:
        properties["data"] = data
    return {**_ENVELOPE, "properties": properties, "patternProperties": {extensions: EXTENSION}}
