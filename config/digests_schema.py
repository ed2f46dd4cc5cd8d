"""The JSON Schema of digests.yaml, for editors; published as digests.schema.json."""

from pathlib import Path
from typing import Any

from config.digests import AT, COMPANY, DIGEST, NAME, OUTSIDER, WHOLE
from postroom.domain.digests import Days, Section

SCHEMA_FILE = Path(__file__).parent / "digests.schema.json"
Words = dict[str, Any]
_TEXT: Words = {"type": "string", "minLength": 1}
_OUTSIDER: dict[str, Words] = {
    "address": {**_TEXT, "format": "email"},
    "name": _TEXT,
    "language": {**_TEXT, "description": "As in en, or es_ES."},
    "timezone": {**_TEXT, "description": "A name of the IANA database."},
}
_DIGEST: dict[str, Words] = {
    "title": {
        "type": "object",
        "required": ["en"],
        "additionalProperties": _TEXT,
        "description": "For which role it is, by language.",
    },
    "at": {"type": "string", "pattern": f"^{AT.pattern}$", "description": "By the clock of each reader."},
    "days": {"enum": list(Days), "description": "business where nothing is said."},
    "to": {
        "type": "array",
        "minItems": 1,
        "uniqueItems": True,
        "items": {"type": "string", "pattern": "^(user:[1-9][0-9]*|role:.+)$"},
        "description": "Users of Odoo, by number or by group.",
    },
    "email": {
        "type": "array",
        "items": {
            "type": "object",
            "required": [key for key, field in OUTSIDER.items() if field.required],
            "additionalProperties": False,
            "properties": _OUTSIDER,
        },
        "description": "Readers who are no users of Odoo.",
    },
    "sections": {"type": "array", "minItems": 1, "uniqueItems": True, "items": {"enum": list(Section)}},
}


def digests_schema() -> Words:
    """The schema, draft 2020-12."""
    digest = {
        "type": "object",
        "required": [key for key, field in DIGEST.items() if field.required],
        "anyOf": [{"required": ["to"]}, {"required": ["email"]}],
        "additionalProperties": False,
        "properties": {key: _DIGEST[key] for key in DIGEST},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Postroom digests",
        "type": "object",
        "required": list(WHOLE),
        "additionalProperties": False,
        "properties": {
            "version": {"const": 1},
            "companies": {
                "type": "array",
                "items": {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": COMPANY.pattern}]},
            },
            "digests": {
                "type": "object",
                "propertyNames": {"pattern": f"^{NAME.pattern}$"},
                "additionalProperties": digest,
            },
        },
    }
