"""What a schema's refusal says to people: the place, the fault, and what the schema wants there."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from jsonschema_rs import ValidationError

from webhooks.problem import Fault
from webhooks.strict_json import escaped

LONGEST = 200

Words = Callable[[Any], str]

WORDS: Mapping[str, Words] = {
    "type": lambda kind: f"is not {_either(kind.types)}",
    "const": lambda kind: f"is not {kind.expected_value!r}",
    "enum": lambda kind: f"is none of: {', '.join(map(str, kind.options))}",
    "pattern": lambda _: "does not look right",
    "format": lambda kind: f"is not a {kind.format}",
    "minLength": lambda _: "is empty",
    "maxLength": lambda kind: f"is longer than {kind.limit} characters",
    "minimum": lambda kind: f"is less than {kind.limit}",
    "maximum": lambda kind: f"is more than {kind.limit}",
    "minItems": lambda kind: f"holds fewer than {kind.limit}",
    "maxItems": lambda kind: f"holds more than {kind.limit}",
    "anyOf": lambda _: "lacks all of what it could have",
}
"""By keyword; no words repeat the value, so that none reaches a log by way of an answer."""


def faults_of(errors: Sequence[ValidationError], schema: Mapping[str, Any], at: str) -> Iterator[Fault]:
    """Every fault that a validator found, told for people; `at` is where the value stands."""
    for error in errors:
        place = at + "".join(f"/{escaped(str(step))}" for step in error.instance_path)
        yield from _BY_MEMBER.get(error.kind.name, _whole)(error, schema, place)


def _whole(error: ValidationError, schema: Mapping[str, Any], place: str) -> Iterator[Fault]:
    words = WORDS.get(error.kind.name)
    yield Fault(place, words(error.kind) if words else error.message[:LONGEST], _wanted(error, schema))


def _missing(error: ValidationError, schema: Mapping[str, Any], place: str) -> Iterator[Fault]:
    name = str(error.kind.value)
    yield Fault(f"{place}/{escaped(name)}", "is missing", _member(error, schema, name))


def _strange(error: ValidationError, schema: Mapping[str, Any], place: str) -> Iterator[Fault]:
    known = ", ".join(_owner(error, schema).get("properties", ()))
    for name in error.kind.value:
        yield Fault(f"{place}/{escaped(name)}", "is not known here", f"Leave it out, or correct its name: {known}.")


_BY_MEMBER = {"required": _missing, "additionalProperties": _strange}
"""Refusals of an object that are about one of its members."""


def _owner(error: ValidationError, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The subschema whose keyword refused."""
    found: Any = schema
    for step in error.schema_path[:-1]:
        found = found[step]
    return found if isinstance(found, Mapping) else {}


def _wanted(error: ValidationError, schema: Mapping[str, Any]) -> str | None:
    return _sentence(_owner(error, schema).get("description"))


def _member(error: ValidationError, schema: Mapping[str, Any], name: str) -> str | None:
    member = _owner(error, schema).get("properties", {}).get(name, {})
    if "$ref" in member:
        member = schema.get("$defs", {}).get(member["$ref"].rpartition("/")[2], {})
    return _sentence(member.get("description"))


def _sentence(description: str | None) -> str | None:
    return f"{description}." if description else None


def _either(types: Sequence[str]) -> str:
    articles = {"object": "an object", "array": "an array", "integer": "a whole number", "string": "a text"}
    return " or ".join(articles.get(name, f"a {name}") for name in types)
