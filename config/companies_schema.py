"""The JSON Schema of companies.yaml, for editors; published as companies.schema.json."""

from pathlib import Path
from typing import Any

from config.companies import FIELDS, MOST_SEGMENTS, ODOO_FIELDS, OPERATOR_FIELDS
from postroom.domain.channels import ChannelName
from postroom.domain.companies import DocumentLinks
from postroom.domain.into_odoo import Replies
from postroom.domain.quiet_hours import WEEKDAYS
from postroom.domain.routing import TEAM_CHATS

SCHEMA_FILE = Path(__file__).parent / "companies.schema.json"
_DAY = "|".join(WEEKDAYS)
_SPAN = r"\d\d:\d\d\s*-\s*\d\d:\d\d"
_PROPERTIES: dict[str, dict[str, Any]] = {
    "name": {"type": "string", "minLength": 1, "description": "As its people know it."},
    "domain": {
        "type": "string",
        "pattern": r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$",
        "maxLength": 253,
        "examples": ["pay.acme.example"],
        "description": "The host of its own that its links begin with; it leads to our door.",
    },
    "links": {
        "enum": [way.value for way in DocumentLinks],
        "description": "resolved: Odoo is asked when a document is opened; direct: to where the event says.",
    },
    "timezone": {
        "type": "string",
        "examples": ["Europe/Madrid"],
        "description": "The company's own, of the IANA list.",
    },
    "hours": {
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": f"^({_DAY})(-({_DAY}))?$"},
        "additionalProperties": {"type": "string", "pattern": rf"^\s*{_SPAN}(\s*,\s*{_SPAN})*\s*$"},
        "description": "When people may be written to, by their own clock; a day that is not named is quiet.",
    },
    "holidays": {
        "type": "array",
        "items": {"type": "string", "pattern": "^[A-Z]{2}(-.+)?$"},
        "description": "Whose public holidays are quiet: ES, or DE-BY.",
    },
    "hours_in_sandbox": {"type": "boolean", "description": "Whether messages to the stand-in keep the hours, too."},
    "team_chat": {"enum": sorted(TEAM_CHATS), "description": "Where the company's own people work."},
    "opt_in_required": {
        "type": "array",
        "items": {"enum": [channel.value for channel in ChannelName]},
        "uniqueItems": True,
        "description": "Channels on which nobody real is written to before he agreed.",
    },
    "sms_segments_per_day": {"type": "integer", "minimum": 0, "maximum": MOST_SEGMENTS},
}


def companies_schema() -> dict[str, Any]:
    """What one can say of the file without looking at two places at once; `config check` knows the rest."""
    properties = {key: _PROPERTIES[key] for key in FIELDS} | {"odoo": _odoo(), "operators": _operators()}
    practice = {"type": "object", "additionalProperties": False, "properties": properties}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Postroom companies",
        "description": "How each company writes to people.",
        "type": "object",
        "required": ["version", "default", "companies"],
        "additionalProperties": False,
        "properties": {
            "version": {"const": 1},
            "default": {**practice, "required": ["timezone", "hours"]},
            "companies": {"type": "object", "additionalProperties": practice},
        },
    }


_ODOO: dict[str, dict[str, Any]] = {
    "replies": {
        "enum": [way.value for way in Replies],
        "description": "How a reply is told on its document: a comment its followers hear of, a note, or not at all.",
    },
    "contact_requests": {"type": "boolean", "description": "Whether 'contact me' makes an activity."},
    "opt_outs": {"type": "boolean", "description": "Whether STOP and START change Odoo's own blacklists."},
    "project": {"type": "string", "minLength": 1, "description": "Whose tasks hold what answers no message."},
    "team": {"type": "string", "minLength": 1, "description": "The helpdesk team that does so where there is one."},
    "status": {"type": "boolean", "description": "Whether documents tell how their messages fare."},
}


def _odoo() -> dict[str, Any]:
    return {
        "type": "object",
        "description": "What is written into the company's Odoo (docs/into-odoo.md).",
        "additionalProperties": False,
        "properties": {key: _ODOO[key] for key in ODOO_FIELDS},
    }


def _operators() -> dict[str, Any]:
    return {
        "type": "array",
        "description": "Who hears when Postroom itself is in trouble.",
        "items": {
            "type": "object",
            "required": ["name"],
            "additionalProperties": False,
            "properties": {key: {"type": "string", "minLength": 1} for key in OPERATOR_FIELDS},
        },
    }
