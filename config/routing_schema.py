"""The JSON Schema of routing.yaml, for editors; published as routing.schema.json."""

from pathlib import Path
from typing import Any

from config.rules import PLACES
from postroom.domain.event_types import PATTERNS
from postroom.domain.events import ContactRole
from postroom.domain.messages import Urgency

SCHEMA_FILE = Path(__file__).parent / "routing.schema.json"
DURATION = {"type": "string", "pattern": "^0*[1-9][0-9]{0,8}[smhd]$", "examples": ["45s", "90m", "24h", "3d"]}


def routing_schema() -> dict[str, Any]:
    """What one can say of the file without looking at two places at once; `config check` knows the rest."""
    channel = {"enum": list(PLACES)}
    channels = {"type": "array", "items": channel, "minItems": 1, "uniqueItems": True}
    one_stage = {"oneOf": [{"required": ["any_of"]}, {"required": ["all_of"]}]}
    stage_keys = {
        "any_of": {**channels, "description": "The first reachable of these; the others stand behind it."},
        "all_of": {**channels, "description": "Every one of these that is reachable."},
    }
    stage = {"type": "object", "properties": stage_keys, "additionalProperties": False, **one_stage}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Postroom routing",
        "description": "Who hears of what, on which channel.",
        "type": "object",
        "required": ["version", "rules"],
        "additionalProperties": False,
        "properties": {
            "version": {"const": 1},
            "sms_for": {
                "type": "array",
                "items": {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,62}$"},
                "description": "The message types that may use SMS, which costs by the piece.",
            },
            "rules": {
                "type": "object",
                "propertyNames": {"pattern": "^[a-z][a-z0-9_]{0,62}$"},
                "additionalProperties": _rule(stage_keys, {"anyOf": [channel, stage]}, one_stage),
            },
        },
    }


def _rule(stage_keys: dict[str, Any], fallback: dict[str, Any], one_stage: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["event", "urgency", "not_after", "mutable"],
        "additionalProperties": False,
        **one_stage,
        "properties": {
            "event": {"enum": list(PATTERNS), "description": "The event type that sets the rule off."},
            **stage_keys,
            "fallbacks": {
                "type": "array",
                "items": fallback,
                "description": "In order; each starts when everything before it has missed.",
            },
            "urgency": {"enum": [urgency.value for urgency in Urgency], "description": "The lane it goes by."},
            "not_after": {**DURATION, "description": "Stale, and not sent any more, after this long."},
            "mutable": {"type": "boolean", "description": "Whether the recipient may mute it."},
            "contact": {
                "enum": [role.value for role in ContactRole],
                "description": "The customer's contact of this role hears of it, else the customer.",
            },
            "quiet_hours": {"type": "boolean", "description": "Wait for the hours of config/companies.yaml."},
            "confirm_within": {**DURATION, "description": "Fall back, too, when nothing is confirmed by then."},
        },
    }
