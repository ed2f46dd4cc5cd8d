"""Domains: Odoo's conditions in Polish notation, as a test of one record."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sandbox.odoo.fields import RELATIONAL, X2MANY
from sandbox.odoo.raised import Raised, value_error

if TYPE_CHECKING:
    from sandbox.odoo.records import Env, Records

Test = Callable[["Records"], bool]
Compare = Callable[[Any, Any], bool]
AND, OR, NOT = "&", "|", "!"
ARITY: Mapping[str, int] = MappingProxyType({AND: 2, OR: 2, NOT: 1})


def compiled(env: "Env", model: str, domain: Sequence[Any]) -> Test:
    """The domain as a test of one record. Raises ValueError as Odoo does."""
    terms: list[Test] = []
    for token in reversed(_whole(env, domain)):
        if token in (AND, OR):
            terms.append(_both(token, terms.pop(), terms.pop()))
        elif token == NOT:
            terms.append(_not(terms.pop()))
        else:
            terms.append(_leaf(env, model, token))
    return terms[0] if terms else lambda _record: True


def names(domain: Sequence[Any]) -> set[str]:
    """The fields that a domain asks about."""
    return {str(token[0]) for token in domain if _is_leaf(token)}


def _whole(env: "Env", domain: object) -> list[Any]:
    """The domain with every & that may be left out."""
    if not isinstance(domain, Sequence) or isinstance(domain, str):
        raise value_error(f"Domain() invalid item in domain: {domain!r}")
    whole: list[Any] = []
    wanted = 1
    for token in domain:
        if wanted == 0:
            whole.insert(0, AND)
            wanted = 1
        if isinstance(token, str) and token in ARITY:
            wanted += ARITY[token] - 1
        elif _is_leaf(token):
            wanted -= 1
        else:
            raise value_error(env.edition.operator.format(leaf=tuple(token) if isinstance(token, list) else token))
        whole.append(token)
    if domain and wanted:
        raise value_error(f"Domain {list(domain)} is syntactically not correct.")
    return whole


def _is_leaf(token: object) -> bool:
    return isinstance(token, list | tuple) and len(token) == 3 and isinstance(token[1], str)


def _both(sign: str, first: Test, second: Test) -> Test:
    if sign == AND:
        return lambda record: first(record) and second(record)
    return lambda record: first(record) or second(record)


def _not(test: Test) -> Test:
    return lambda record: not test(record)


def _leaf(env: "Env", model: str, leaf: Sequence[Any]) -> Test:
    left, operator, right = leaf
    if left in (0, 1) and operator == "=":
        return lambda _record: left == right
    words = (left, operator, tuple(right) if isinstance(right, tuple) else right)
    _check_path(env, model, str(left), words)
    compare = OPERATORS.get(operator.lower())
    if compare is None:
        raise value_error(env.edition.operator.format(leaf=words))
    negated = operator.lower() in NEGATED
    positive = OPERATORS[NEGATED[operator.lower()]] if negated else compare
    steps = str(left).split(".")

    def test(record: "Records") -> bool:
        found = any(positive(value, right) for value in _values(record, steps, right))
        return not found if negated else found

    return test


def _check_path(env: "Env", model: str, path: str, leaf: tuple[Any, ...]) -> None:
    for step in path.split("."):
        if step not in env.fields(model):
            raise value_error(env.edition.leaf.format(model=model, field=step, leaf=leaf))
        model = env.fields(model)[step].relation


def _values(record: "Records", steps: Sequence[str], right: object) -> Iterator[Any]:
    """What stands at the end of a path: several values behind lists, False for none."""
    first, *rest = steps
    field = record.env.fields(record.model)[first]
    if field.type not in RELATIONAL:
        yield record[first]
        return
    linked: Records = record.sudo()[first]
    if rest:
        for each in linked:
            yield from _values(each, rest, right)
    elif isinstance(right, str) or (isinstance(right, list) and right and isinstance(right[0], str)):
        yield from [each["display_name"] for each in linked] or [False]
    elif linked or field.type not in X2MANY:
        yield from linked.ids or [False]
    else:
        yield False


def _equal(value: Any, right: Any) -> bool:
    if isinstance(right, list | tuple):
        return _within(value, right)
    return (not value and not right) if _empty(value) or _empty(right) else bool(value == right)


def _empty(value: object) -> bool:
    return value is None or value is False or value == ""


def _within(value: Any, right: Any) -> bool:
    if not isinstance(right, list | tuple):
        return _equal(value, right)
    return any(_equal(value, each) for each in right)


def _ordered(compare: Compare) -> Compare:
    def test(value: Any, right: Any) -> bool:
        if value is None or value is False or right is None or right is False:
            return False
        try:
            return compare(value, right)
        except TypeError as error:
            raise Raised("builtins.TypeError", str(error)) from error

    return test


def _like(*, case: bool, whole: bool) -> Compare:
    def test(value: Any, right: Any) -> bool:
        if _empty(value):
            return False
        wanted = str(right) if whole else f"%{right}%"
        parts = (".*" if c == "%" else "." if c == "_" else re.escape(c) for c in wanted)
        return re.fullmatch("".join(parts), str(value), re.DOTALL | (0 if case else re.IGNORECASE)) is not None

    return test


OPERATORS: Mapping[str, Compare] = MappingProxyType(
    {
        "=": _equal,
        "!=": _equal,
        "<>": _equal,
        "in": _within,
        "not in": _within,
        "<": _ordered(lambda value, right: value < right),
        ">": _ordered(lambda value, right: value > right),
        "<=": _ordered(lambda value, right: value <= right),
        ">=": _ordered(lambda value, right: value >= right),
        "like": _like(case=True, whole=False),
        "ilike": _like(case=False, whole=False),
        "not like": _like(case=True, whole=False),
        "not ilike": _like(case=False, whole=False),
        "=like": _like(case=True, whole=True),
        "=ilike": _like(case=False, whole=True),
    }
)
NEGATED: Mapping[str, str] = MappingProxyType(
    {"!=": "=", "<>": "=", "not in": "in", "not like": "like", "not ilike": "ilike"}
)
"""Operators that hold where the other one does not, also for a list of links and for no value at all."""
