"""YAML whose every value knows its line and column."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from config.faults import ConfigFault, ConfigRefused

MAX_CHARACTERS = 256_000
_TRUTH = {"true": True, "false": False}  # YAML 1.2; `yes` and `on` are words
_TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True)
class Located:
    """A value and where it stands; a mapping's or list's values are located too."""

    value: Any
    file: str
    line: int
    column: int
    path: str

    def fault(self, problem: str, remedy: str) -> ConfigFault:
        """Something wrong right here."""
        return ConfigFault(self.file, self.line, self.column, self.path, problem, remedy)

    def at(self, path: str) -> "Located":
        """The value at a dotted path below, or the nearest above it that exists."""
        here = self
        for step in filter(None, path.split(".")):
            inner = here.value
            if isinstance(inner, Mapping) and step in inner:
                here = inner[step]
            elif isinstance(inner, list) and step.isdigit() and int(step) < len(inner):
                here = inner[int(step)]
            else:
                break
        return here

    def plain(self) -> Any:
        """The value without its places, as JSON has it."""
        if isinstance(self.value, Mapping):
            return {key: child.plain() for key, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.plain() for child in self.value]
        return self.value


@dataclass(frozen=True, slots=True)
class Document:
    """A file's values, and what its YAML alone has wrong: duplicate keys, aliases, odd numbers."""

    root: Located
    faults: tuple[ConfigFault, ...]


def read_yaml(text: str, file: str) -> Document:
    """The document. Raises ConfigRefused when it cannot be read as YAML at all."""
    if len(text) > MAX_CHARACTERS:
        raise ConfigRefused([_whole(file, f"is longer than {MAX_CHARACTERS} characters", "Split or shorten it")])
    try:
        root = YAML(typ="rt", pure=True).compose(text)
    except MarkedYAMLError as error:
        raise ConfigRefused([_broken(error, file)]) from error
    except YAMLError as error:
        raise ConfigRefused([_whole(file, f"is not YAML: {error}", "Save it as UTF-8 text")]) from error
    if root is None:
        raise ConfigRefused([_whole(file, "is empty", "Begin it as docs/routing.md and docs/templates.md show")])
    reader = _Nodes(file)
    located = reader.read(root, "")
    return Document(located, tuple(reader.faults))


def _whole(file: str, problem: str, remedy: str) -> ConfigFault:
    return ConfigFault(file, 1, 1, "", problem, f"{remedy}.")


def _broken(error: MarkedYAMLError, file: str) -> ConfigFault:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    problem = " ".join(str(error.problem or error.context or "broken").split())
    return ConfigFault(file, line, column, "", f"is not YAML: {problem}", "Mend the line, or put the text in quotes.")


class _Nodes:
    """Turns ruamel's nodes into located values, gathering faults."""

    def __init__(self, file: str) -> None:
        self.faults: list[ConfigFault] = []
        self._file = file

    def read(self, node: Node, path: str, key: Node | None = None) -> Located:
        # What is wrong with a whole block is said at its key, one line above it.
        below = key is not None and key.start_mark.line < node.start_mark.line
        here = self._place(key if key is not None and below else node, path)
        if node.anchor is not None:
            self.faults.append(here.fault("has an anchor or alias (& or *)", "Write the value out in each place."))
            return here
        return replace(here, value=self._value(node, here))

    def _place(self, node: Node, path: str) -> Located:
        return Located(None, self._file, node.start_mark.line + 1, node.start_mark.column + 1, path)

    def _value(self, node: Node, here: Located) -> Any:
        if isinstance(node, MappingNode):
            return self._mapping(node, here)
        if isinstance(node, SequenceNode):
            return [self.read(child, f"{here.path}[{at}]") for at, child in enumerate(node.value)]
        written = str(node.value)
        if isinstance(node, ScalarNode) and node.style == ">":
            written = written.replace("\a", "")  # where the text was folded, the reader leaves a bell for its writer
        return self._scalar(written, str(node.tag).removeprefix(_TAG), here)

    def _mapping(self, node: MappingNode, here: Located) -> dict[str, Located]:
        values: dict[str, Located] = {}
        for key, child in self._pairs(node, here):
            path = f"{here.path}.{key.value}".lstrip(".")
            if key.value in values:
                first = values[key.value].line
                fault = self._place(key, path).fault(f"stands twice (first on line {first})", "Keep one of the two.")
                self.faults.append(fault)
            else:
                values[key.value] = self.read(child, path, key)
        return values

    def _pairs(self, node: MappingNode, here: Located) -> Iterator[tuple[ScalarNode, Node]]:
        for key, child in node.value:
            if isinstance(key, ScalarNode) and key.value != "<<":
                yield key, child
            else:
                place = self._place(key, here.path)
                self.faults.append(place.fault("has a key that is not a plain word", "Write each key out as a word."))

    def _scalar(self, written: str, tag: str, here: Located) -> Any:
        if tag == "null":
            return None
        if tag == "bool":
            return _TRUTH.get(written.lower(), written)
        if tag in NUMBERS:
            return self._number(written, NUMBERS[tag], here)
        # A text; or a date, a binary, a tag of somebody's own: what was typed is what is meant.
        return written

    def _number(self, written: str, read: Callable[[str], int | float], here: Located) -> int | float | None:
        try:
            return read(written)
        except ValueError:
            self.faults.append(here.fault(f"{written!r} is not a number", "Put it in quotes, or correct it."))
            return None


NUMBERS: Mapping[str, Callable[[str], int | float]] = {"int": int, "float": float}
