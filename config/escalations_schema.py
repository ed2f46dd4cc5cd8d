"""The JSON Schema of escalations.yaml, for editors; published as escalations.schema.json."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from config.approvals import MODEL
from config.escalations_words import (
    CHAIN,
    COMPANY,
    CONDITION,
    CURRENCY,
    EVENTS,
    LEVEL,
    MOST_ASKED,
    MOST_LEVELS,
    MOST_TIMES,
    NAME,
    ROLE,
    STEP,
)
from config.reading import Field
from postroom.domain.escalation import WRITES, Deed, Needs, OnLate, Waits, Whom

SCHEMA_FILE = Path(__file__).parent / "escalations.schema.json"
Words = dict[str, Any]

_SPAN: Words = {"type": "string", "pattern": "^[0-9]{1,18}[smhd]$"}
_NAMED = f"role:{ROLE[1:-1]}|user:[1-9][0-9]{{0,9}}"
_AUDIENCE: Words = {"type": "string", "pattern": f"^({Whom.ASKED}|{Whom.MANAGER}|{Whom.OWNER}|{_NAMED})$"}
_AUDIENCES: Words = {
    "anyOf": [_AUDIENCE, {"type": "array", "minItems": 1, "uniqueItems": True, "items": _AUDIENCE}],
}
_DEEDS: Mapping[str, str] = {
    Deed.NOTIFY: "Asks these people; the first step does.",
    Deed.REMIND: "Asks these people again.",
    Deed.ESCALATE: "Asks these people as well, in place of those who did not answer.",
    Deed.SWITCH: "Asks these people by another message, as SMS after 24 h.",
    Deed.OPERATORS: "Tells the operators that nobody answers.",
    Deed.GIVE_UP: "Ends the chain, and leaves the matter to its owner.",
}


def _ref(name: str) -> Words:
    return {"$ref": f"#/$defs/{name}"}


def _list(item: Words) -> Words:
    return {"type": "array", "minItems": 1, "items": item}


_CONDITION: Mapping[str, Words] = {
    "over": {"type": ["number", "string"], "minimum": 0, "description": "The document's amount is above this."},
    "currency": {
        "type": "string",
        "pattern": CURRENCY,
        "description": "Of `over`; an amount in another is above nothing.",
    },
    "companies": {**_list({"type": ["string", "integer"], "pattern": COMPANY}), "description": "By their ids in Odoo."},
    "models": {**_list({"type": "string", "pattern": MODEL}), "description": "Kinds of document, as purchase.order."},
}
_LEVEL: Mapping[str, Words] = {
    "to": {**_AUDIENCES, "description": "Who is asked."},
    "needs": {"enum": list(Needs), "description": "How many of them must agree; any where nothing is said."},
    "quorum": {"type": "integer", "minimum": 2, "maximum": MOST_ASKED, "description": "How many, for needs: quorum."},
    "when": {**_ref("condition"), "description": "Only then this level is asked."},
}
_STEP: Mapping[str, Words] = {
    **{
        deed.value: {**(_AUDIENCES if deed in WRITES else {"const": True}), "description": _DEEDS[deed]}
        for deed in Deed
    },
    "by": {"type": "string", "pattern": NAME, "description": "The rule of routing.yaml that carries it."},
    "after": {**_SPAN, "description": "Since the question was put: 90m, 24h, 3d."},
    "waits": {"enum": list(Waits), "description": "By which clock; elapsed where nothing is said."},
    "when": {**_ref("condition"), "description": "Only then it is done."},
    "times": {"type": "integer", "minimum": 1, "maximum": MOST_TIMES, "description": "How often it is done."},
    "every": {**_SPAN, "description": "Between two of several times."},
}
_CHAIN: Mapping[str, Words] = {
    "event": {"enum": list(EVENTS), "description": "What begins it."},
    "owner": {
        "type": "string",
        "pattern": f"^({Whom.MANAGER}|{_NAMED})$",
        "description": "Who answers for it when nobody else does.",
    },
    "steps": {
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": NAME},
        "additionalProperties": _ref("step"),
        "description": "What is done, in order; the first at once.",
    },
    "levels": {
        **_list(_ref("level")),
        "maxItems": MOST_LEVELS,
        "description": "Who must agree, one bench after the other; whoever the event names where nothing is said.",
    },
    "when": {**_ref("condition"), "description": "Only then this chain is followed; the first that fits is."},
    "on_late": {"enum": list(OnLate), "description": "Which of several overdue steps are done; the latest."},
    "min_interval": {**_SPAN, "description": "Between two steps, however late they are; 15m where nothing is said."},
}


def _object(fields: Mapping[str, Field], words: Mapping[str, Words], **more: Any) -> Words:
    required = [key for key, field in fields.items() if field.required]
    properties = {key: words[key] for key in fields}
    head: Words = {"type": "object", "additionalProperties": False, **({"required": required} if required else {})}
    return {**head, **more, "properties": properties}


def escalations_schema() -> Words:
    """What one can say of the file without looking at two places at once; `config check` knows the rest."""
    one_deed = [{"required": [deed.value, *(["by"] if deed in WRITES else [])]} for deed in Deed]
    chains = {"type": "object", "propertyNames": {"pattern": NAME}, "additionalProperties": _ref("chain")}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Postroom escalations",
        "description": "Who is asked, reminded and told, and when, until somebody decides.",
        "type": "object",
        "required": ["version", "chains"],
        "additionalProperties": False,
        "properties": {"version": {"const": 1}, "chains": chains},
        "$defs": {
            "chain": _object(CHAIN, _CHAIN),
            "level": _object(LEVEL, _LEVEL),
            "step": _object(STEP, _STEP, oneOf=one_deed),
            "condition": _object(CONDITION, _CONDITION, minProperties=1),
        },
    }
