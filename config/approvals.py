"""approvals.yaml as ways to decide: read whole or refused whole."""

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from config.faults import ConfigFault, ConfigRefused
from config.located import Located, read_yaml
from config.reading import Field, Reading, Unreadable
from postroom.domain.approvals import VERSIONS, WAYS, Step, Way, Ways

APPROVALS_FILE = Path(__file__).parent / "approvals.yaml"
VERSION = 1
MODEL = r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$"
METHOD = r"^[a-z][a-z0-9_]*$"
NAME = r"^[a-z][a-z0-9_]*$"
NEVER = frozenset({"copy", "create", "export_data", "load", "name_create", "unlink"})
"""Methods that decide nothing, and do what nobody was asked about."""


def load_ways(path: Path = APPROVALS_FILE) -> Ways:
    """How documents are decided: what we know, and what a file says besides. Raises ConfigRefused with every fault."""
    try:
        source = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fault = ConfigFault(str(path), 1, 1, "", f"cannot be read: {error}", "Give the path of a UTF-8 file.")
        raise ConfigRefused([fault]) from error
    return read_ways(source, file=str(path))


def read_ways(source: str, *, file: str) -> Ways:
    """The same, from a text."""
    document = read_yaml(source, file)
    reading = _ApprovalsReading(document.faults)
    found = reading.mapping(document.root, {"version": Field(_version), "models": Field(lambda here: here)})
    entries = reading.entries(found["models"], "Write {} where there are none.") if found["models"] else {}
    ours: dict[str, Mapping[int, Way]] = dict(WAYS)
    for model, here in entries.items():
        ours[model] = MappingProxyType({**ours.get(model, {}), **reading.model(model, here)})
    reading.refuse_faults()
    return MappingProxyType(ours)


class _ApprovalsReading(Reading):
    """Reads one model after the other."""

    def model(self, name: str, here: Located) -> Mapping[int, Way]:
        """The way to decide a model's documents, by version; nothing with faults noted."""
        if not re.fullmatch(MODEL, name):
            self.fault(here, f"{name!r} cannot be a model", "Use its name in Odoo, as in account.move.")
        before = len(self.faults)
        found = self.mapping(here, FIELDS)
        if len(self.faults) > before:
            return {}
        versions = found.pop("versions") or VERSIONS
        way = Way(**{key: value for key, value in found.items() if value is not None})
        self._check(here, way)
        return dict.fromkeys(versions, way)

    def _check(self, here: Located, way: Way) -> None:
        """What one sees only in all of it: no state is both open and decided, nor both approved and rejected."""
        for key, wanted, remedy in (
            ("approve", way.approved, "A document that is approved is not open: name it in one of the two."),
            ("reject", way.rejected, "A document that is rejected is not open: name it in one of the two."),
        ):
            for state in sorted(wanted & set(getattr(way, key))):
                self.fault(here.at(f"{key}.{state}"), f"{state!r} is also what it leads to", remedy)
        for state in sorted(way.approved & way.rejected):
            self.fault(here.at("rejected"), f"{state!r} is also in approved", "Keep one of the two.")


def _version(here: Located) -> int:
    if here.value != VERSION or isinstance(here.value, bool):
        raise Unreadable(f"{here.value!r} is not a version of this file that we know", f"Write version: {VERSION}.")
    return VERSION


def _steps(here: Located) -> Mapping[str, Step]:
    if not isinstance(here.value, dict) or not here.value:
        raise Unreadable("must say what is called in which state", "Write it as {draft: action_post}.")
    return MappingProxyType({state: _step(child) for state, child in here.value.items()})


def _step(here: Located) -> Step:
    if isinstance(here.value, str):
        return Step(_method(here))
    plain = here.plain()
    if not isinstance(plain, dict) or not {"method"} <= set(plain) <= {"method", "arguments"}:
        raise Unreadable("is no step", "Write a method, or {method: write, arguments: {vals: {state: done}}}.")
    arguments = plain.get("arguments", {})
    if not isinstance(arguments, dict):
        raise Unreadable("its arguments have no names", "Write them as {vals: {state: done}}.")
    return Step(_method(here.at("method")), MappingProxyType(arguments))


def _method(here: Located) -> str:
    if not isinstance(here.value, str) or not re.fullmatch(METHOD, here.value):
        raise Unreadable(f"{here.value!r} is not a public method", "Write its name, as in action_confirm.")
    if here.value in NEVER:
        raise Unreadable(f"{here.value!r} decides nothing", "Name the method behind the button in Odoo.")
    return here.value


def _states(here: Located) -> frozenset[str]:
    return frozenset(_texts(here, "Write it as [posted]."))


def _fields(here: Located) -> tuple[str, ...]:
    return tuple(_name(child) for child in _list(here, "Write it as [create_uid]."))


def _name(here: Located) -> str:
    if not isinstance(here.value, str) or not re.fullmatch(NAME, here.value):
        raise Unreadable(f"{here.value!r} is not a field", "Write its technical name, as in state.")
    return here.value


def _texts(here: Located, remedy: str) -> list[str]:
    words = [child.value for child in _list(here, remedy)]
    if not all(isinstance(word, str) and word for word in words):
        raise Unreadable("holds what is not a word", remedy)
    return words


def _list(here: Located, remedy: str) -> list[Located]:
    if not isinstance(here.value, list) or not here.value:
        raise Unreadable("must be a list with something in it", remedy)
    return here.value


def _versions(here: Located) -> tuple[int, ...]:
    remedy = f"Write some of {list(VERSIONS)}."
    numbers = [child.value for child in _list(here, remedy)]
    if not set(numbers) <= set(VERSIONS):
        raise Unreadable("holds a version that is not spoken", remedy)
    return tuple(numbers)


FIELDS: Mapping[str, Field] = {
    "approve": Field(_steps),
    "reject": Field(_steps),
    "approved": Field(_states),
    "rejected": Field(_states),
    "state": Field(_name, required=False),
    "requester": Field(_fields, required=False),
    "versions": Field(_versions, required=False),
}
