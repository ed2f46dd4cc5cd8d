"""One call of one method: found, its arguments put in place, run as one transaction, its result as JSON."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.odoo.models import Method
from sandbox.odoo.raised import access_error, attribute_error, shown, type_error, user_error
from sandbox.odoo.records import Env, Records

READS = frozenset({"read", "exists"})
"""Methods that pass over records that are gone."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody wants to have called."""

    model: str
    method: str
    ids: Sequence[int]
    """Empty: the model itself, or no record in particular."""
    places: Sequence[Any]
    """Arguments by place."""
    names: Mapping[str, Any]
    """Arguments by name."""


def find(env: Env, model: str, name: str) -> Method:
    """The method. Raises what Odoo raises where there is none that may be called."""
    if model not in env.server.models:
        raise user_error(f"Object {model} doesn't exist")
    edition = env.edition
    if edition.private_told and (name.startswith("_") or name in edition.private):
        raise access_error(f"Private methods (such as '{model}.{name}') cannot be called remotely.")
    if name not in env.server.methods[model]:
        raise attribute_error(f"The method '{model}.{name}' does not exist")
    return env.server.methods[model][name]


def run(env: Env, wanted: Wanted) -> Any:
    """Call it, and undo all of it where it raises. What it returns is JSON."""
    _check_companies(env)
    method = find(env, wanted.model, wanted.method)
    records = env.records(wanted.model, () if method.on_model else wanted.ids)
    if wanted.method not in READS:
        records.need()
    if records and wanted.method in records.kind.methods:
        records.read(["id"])  # a rule of an application looks at the record first, in the user's rights
    with env.database.transaction():
        return told(env, method, method.call(records, *wanted.places, **wanted.names))


def check(method: Method, name: str, places: Sequence[Any], names: Mapping[str, Any]) -> None:
    """Raise TypeError, in Python's own words for a call, where the arguments do not fit."""
    try:
        inspect.signature(method.call).bind(None, *places, **names)
    except TypeError as error:
        raise type_error(f"BaseModel.{name}() {_spelled(method, str(error), places)}") from error


def _spelled(method: Method, words: str, places: Sequence[Any]) -> str:
    """From the words of a signature to those of a call that failed."""
    if words.startswith("missing a required"):
        return "missing 1 required positional argument: " + words.rpartition(": ")[2]
    if words == "too many positional arguments":
        kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        most = sum(each.kind in kinds for each in inspect.signature(method.call).parameters.values())
        return f"takes {most} positional arguments but {len(places) + 1} were given"
    return words


def _check_companies(env: Env) -> None:
    asked = env.context.get("allowed_company_ids")
    if asked and not env.su and set(asked) - set(env.user["company_ids"].ids):
        raise access_error("Access to unauthorized or invalid companies.")


def told(env: Env, method: Method, result: Any) -> Any:
    """Records as each version tells them over the wire."""
    if not isinstance(result, Records):
        return result
    if method.makes and env.edition.one_as_number and len(result) == 1:
        return result.id
    if env.edition.text_of_records and not method.makes:
        return shown(result.model, result.ids)
    return result.ids
