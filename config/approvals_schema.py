"""The JSON Schema of approvals.yaml, for editors; published as approvals.schema.json."""

from pathlib import Path
from typing import Any

from config.approvals import FIELDS, METHOD, MODEL, NAME, NEVER
from postroom.domain.approvals import VERSIONS

SCHEMA_FILE = Path(__file__).parent / "approvals.schema.json"
_METHOD: dict[str, Any] = {"type": "string", "pattern": METHOD, "not": {"enum": sorted(NEVER)}}
_STEP: dict[str, Any] = {
    "anyOf": [
        _METHOD,
        {
            "type": "object",
            "required": ["method"],
            "additionalProperties": False,
            "properties": {"method": _METHOD, "arguments": {"type": "object"}},
        },
    ]
}
_STEPS: dict[str, Any] = {"type": "object", "minProperties": 1, "additionalProperties": _STEP}
_STATES: dict[str, Any] = {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}}
_PROPERTIES: dict[str, dict[str, Any]] = {
    "approve": {**_STEPS, "description": "By the state that a document is in: what approves it."},
    "reject": {**_STEPS, "description": "By the state that a document is in: what rejects it."},
    "approved": {**_STATES, "description": "The states of what is approved."},
    "rejected": {**_STATES, "description": "The states of what is rejected."},
    "state": {"type": "string", "pattern": NAME, "description": "The field that tells; state where nothing is said."},
    "requester": {
        "type": "array",
        "minItems": 1,
        "items": {"type": "string", "pattern": NAME},
        "description": "Fields that name the user who asks, and never decides; create_uid where nothing is said.",
    },
    "versions": {
        "type": "array",
        "minItems": 1,
        "items": {"enum": list(VERSIONS)},
        "description": "Of Odoo; all where nothing is said.",
    },
}


def approvals_schema() -> dict[str, Any]:
    """What one can say of the file without looking at two places at once; `config check` knows the rest."""
    required = [key for key, field in FIELDS.items() if field.required]
    model = {
        "type": "object",
        "required": required,
        "additionalProperties": False,
        "properties": {key: _PROPERTIES[key] for key in FIELDS},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Postroom approvals",
        "description": "How documents are decided in Odoo, besides those that Postroom knows.",
        "type": "object",
        "required": ["version", "models"],
        "additionalProperties": False,
        "properties": {
            "version": {"const": 1},
            "models": {"type": "object", "propertyNames": {"pattern": MODEL}, "additionalProperties": model},
        },
    }
