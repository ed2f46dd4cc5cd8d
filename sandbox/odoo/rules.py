"""The conditions of record rules: domains that are written as Python, and read without running it."""

import ast
from typing import TYPE_CHECKING, Any

from sandbox.odoo.raised import value_error

if TYPE_CHECKING:
    from sandbox.odoo.records import Env


def evaluated(env: "Env", written: str) -> list[Any]:
    """The domain behind words such as [('user_id', '=', user.id)]."""
    try:
        tree = ast.parse(written.strip(), mode="eval")
    except SyntaxError as error:
        raise value_error(f"Invalid domain: {written!r} ({error.msg})") from error
    found = _value(env, tree.body)
    return list(found)


def _value(env: "Env", node: ast.expr) -> Any:
    match node:
        case ast.List(elts=parts):
            return [_value(env, part) for part in parts]
        case ast.Tuple(elts=parts):
            return tuple(_value(env, part) for part in parts)
        case ast.Constant(value=value):
            return value
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _value(env, left) + _value(env, right)
        case ast.Name(id="company_ids"):
            return env.companies
        case ast.Name(id="company_id"):
            return env.company.id
        case ast.Name(id="user"):
            return env.user
        case ast.Attribute(value=inner, attr=name):
            found = _value(env, inner)
            return getattr(found, name) if name in {"id", "ids"} else found[name]
    raise value_error(f"Invalid domain: {ast.unparse(node)!r} is not understood here")
