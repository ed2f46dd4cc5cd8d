"""The JSON Schema of cadences.yaml, for editors; published as cadences.schema.json."""

from pathlib import Path
from typing import Any

from config.cadences import CADENCE, LEVEL, MOST, NAME, VERSION, WHOLE
from postroom.domain.cadences import Tone

SCHEMA_FILE = Path(__file__).parent / "cadences.schema.json"
Words = dict[str, Any]
_DAYS: Words = {"type": "string", "pattern": "^[0-9]{1,3}d$"}
_COUNT: Words = {"type": "integer", "minimum": 0, "maximum": MOST}
_CUSTOMERS: Words = {"type": "array", "items": {"type": "integer", "minimum": 1}, "description": "Their ids in Odoo."}
_WORD: Words = {"type": "string", "minLength": 1}
_LEVEL: dict[str, Words] = {
    "after": {
        "type": "string",
        "pattern": "^-?[0-9]{1,3}d$",
        "description": "Days after the due date, or before it: -3d.",
    },
    "tone": {"enum": list(Tone)},
    "by": {**_WORD, "description": "A message type of routing.yaml."},
    "nudge": {"type": "boolean", "description": "Whoever looks after the customer is asked to call him."},
    "approval": {"type": "boolean", "description": "A person agrees before it is sent."},
    "hand_over": {"type": "boolean", "description": "It is a person's from here on."},
}
_CADENCE: dict[str, Words] = {
    "levels": {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": {
            "type": "object",
            "required": [key for key, field in LEVEL.items() if field.required],
            "additionalProperties": False,
            "properties": _LEVEL,
        },
    },
    "windows": {
        "type": "object",
        "required": ["default"],
        "propertyNames": {"pattern": "^([A-Z]{2}|default)$"},
        "additionalProperties": {"type": "object", "additionalProperties": _WORD},
        "description": "When one may write about money, by the customer's country and clock.",
    },
    "min_interval": {**_DAYS, "description": "Between two statements about the same invoices."},
    "tolerance": {"type": "number", "minimum": 0, "description": "What is not worth asking for."},
    "stale_after": {**_DAYS, "description": "A bank feed that is older hides payments."},
    "stale_from": {**_WORD, "description": "From this level on nothing is sent upon an old bank feed."},
    "promise_within": {**_DAYS, "description": "When a promise is to be kept that names no day."},
    "most_promises": _COUNT,
    "reply_pause": {**_COUNT, "description": "Business days for a person to answer."},
    "dispute_review": _DAYS,
    "strategic": {**_CUSTOMERS, "description": "Customers of whom only colleagues hear before strategic_from."},
    "strategic_from": _WORD,
    "one_by_one": {**_CUSTOMERS, "description": "Customers who get a statement for each invoice."},
}


def cadences_schema() -> Words:
    """The schema, draft 2020-12."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Postroom cadences",
        "type": "object",
        "required": list(WHOLE),
        "additionalProperties": False,
        "properties": {
            "version": {"const": VERSION},
            "companies": {
                "type": "object",
                "additionalProperties": _WORD,
                "description": "By a company's id in Odoo, the cadence that it goes by.",
            },
            "cadences": {
                "type": "object",
                "propertyNames": {"pattern": f"^{NAME.pattern}$"},
                "additionalProperties": {
                    "type": "object",
                    "required": [key for key, field in CADENCE.items() if field.required],
                    "additionalProperties": False,
                    "properties": {key: _CADENCE[key] for key in CADENCE},
                },
            },
        },
    }
