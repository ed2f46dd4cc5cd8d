"""JSON read strictly (RFC 7493): what two readers could understand differently is refused, with its place."""

import json
import math
from collections.abc import Iterator
from typing import Any

from webhooks.problem import Fault, Problem, count

MAX_DEPTH = 32


class _Unfit:
    """Stands where a number was that JSON does not have."""

    def __init__(self, literal: str) -> None:
        self.literal = literal[:40]


class _Hooks:
    """What the parser meets and a parsed value no longer shows."""

    def __init__(self) -> None:
        self.repeated: dict[int, list[str]] = {}
        self.unfit = False

    def members(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(pairs)
        if len(value) < len(pairs):
            names = [name for name, _ in pairs]
            self.repeated[id(value)] = [name for name in value if names.count(name) > 1]
        return value

    def number(self, literal: str) -> Any:
        value = float(literal)
        if not math.isfinite(value):
            return self.constant(literal)
        # 1.0 and 1 are the same number (RFC 8785 writes both as 1), and an id must not depend on the spelling.
        return int(value) if value.is_integer() else value

    def constant(self, literal: str) -> Any:
        self.unfit = True
        return _Unfit(literal)


def text_of(raw: bytes) -> str:
    """The body as text. Raises Problem when it is not UTF-8."""
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        words = f"The body is not UTF-8: byte {error.start} does not fit. Encode it as UTF-8."
        raise Problem("malformed", words) from None


def decode(text: str) -> Any:
    """The value. Raises Problem with every fault that was found, each with its pointer."""
    hooks = _Hooks()
    value = _parsed(text, hooks)
    if _worth_a_look(text, hooks):
        faults = list(_faults(value, hooks.repeated))
        if faults:
            raise Problem("malformed", count(faults, "the JSON"), faults)
    return value


def escaped(step: str) -> str:
    """One step of a JSON pointer (RFC 6901)."""
    return step.replace("~", "~0").replace("/", "~1").encode("utf-8", "replace").decode()


def _parsed(text: str, hooks: _Hooks) -> Any:
    try:
        return json.loads(
            text, object_pairs_hook=hooks.members, parse_float=hooks.number, parse_constant=hooks.constant
        )
    except RecursionError:
        raise Problem("malformed", f"The JSON is nested deeper than {MAX_DEPTH} levels.") from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Problem("malformed", f"The body is not JSON: {error.msg} at {where}.") from None
    except ValueError:  # int() refuses what has more than 4 300 digits
        raise Problem("malformed", "The JSON holds a number with thousands of digits.") from None


def _worth_a_look(text: str, hooks: _Hooks) -> bool:
    """Whether anything could be wrong; nearly every event is spared the walk."""
    deep = text.count("{") + text.count("[") > MAX_DEPTH
    return bool(deep or hooks.repeated or hooks.unfit or any(mark in text for mark in ("\\u0000", "\\ud", "\\uD")))


def _faults(root: Any, repeated: dict[int, list[str]]) -> Iterator[Fault]:
    waiting: list[tuple[str, Any, int]] = [("", root, 1)]
    while waiting:
        at, value, depth = waiting.pop()
        yield from _here(at, value, depth, repeated)
        if isinstance(value, dict) and depth <= MAX_DEPTH:
            waiting.extend((f"{at}/{escaped(name)}", item, depth + 1) for name, item in reversed(value.items()))
        elif isinstance(value, list) and depth <= MAX_DEPTH:
            waiting.extend((f"{at}/{index}", item, depth + 1) for index, item in reversed(list(enumerate(value))))


def _here(at: str, value: Any, depth: int, repeated: dict[int, list[str]]) -> Iterator[Fault]:
    if isinstance(value, dict | list) and depth > MAX_DEPTH:
        yield Fault(at, f"is nested deeper than {MAX_DEPTH} levels")
    if isinstance(value, _Unfit):
        yield Fault(at, f"{value.literal} is not a number of JSON")
    if isinstance(value, str):
        yield from _unfit_text(at, value)
    if isinstance(value, dict):
        for name in value:
            yield from _unfit_text(f"{at}/{escaped(name)}", name)
        for name in repeated.get(id(value), ()):
            yield Fault(f"{at}/{escaped(name)}", "stands twice in the same object", "Send each member once.")


def _unfit_text(at: str, value: str) -> Iterator[Fault]:
    if "\0" in value:
        yield Fault(at, "holds the character U+0000", "Leave it out; no message can carry it.")
    if not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
        yield Fault(at, "holds half of a surrogate pair", "Write the whole character.")
