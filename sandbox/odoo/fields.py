"""The fields of a model: their types, defaults and where their values come from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from sandbox.odoo.editions import EVERY

Selection = Mapping[str, str]
X2MANY = frozenset({"one2many", "many2many"})
RELATIONAL = X2MANY | {"many2one"}
NUMBERS = frozenset({"integer", "float", "monetary"})


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a model."""

    type: str
    string: str
    relation: str = ""
    inverse: str = ""
    """The field on the other side; of a many2many both sides show one list."""
    by: str = ""
    """Of a one2many by number alone (messages, activities): the field that names our model."""
    selection: Selection = field(default_factory=dict)
    required: bool = False
    default: Any = None
    """A value, or a function of the environment."""
    compute: Callable[[Any], Any] | None = None
    """The value, from a record; nothing is kept then."""
    related: str = ""
    """The path of the field that this one shows and writes."""
    readonly: bool = False
    tracked: bool = False
    """A change is noted in the chatter."""
    groups: str = ""
    """The external id of the group that may see it."""
    editions: frozenset[int] = EVERY
    copied: bool = True

    @property
    def kept(self) -> bool:
        """Whether a row holds its value."""
        mirrored = self.type == "one2many" or (self.type == "many2many" and bool(self.inverse))
        return not (self.compute or self.related or mirrored)


def char(string: str, **more: Any) -> Field:
    """A line of text."""
    return Field("char", string, **more)


def text(string: str, **more: Any) -> Field:
    """Several lines of text."""
    return Field("text", string, **more)


def html(string: str, **more: Any) -> Field:
    """Text with marks."""
    return Field("html", string, **more)


def integer(string: str, **more: Any) -> Field:
    """A whole number."""
    return Field("integer", string, **more)


def number(string: str, **more: Any) -> Field:
    """A number with a point."""
    return Field("float", string, **more)


def money(string: str, **more: Any) -> Field:
    """An amount."""
    return Field("monetary", string, **more)


def boolean(string: str, **more: Any) -> Field:
    """Yes or no."""
    return Field("boolean", string, **more)


def date(string: str, **more: Any) -> Field:
    """A day."""
    return Field("date", string, **more)


def moment(string: str, **more: Any) -> Field:
    """A second, in UTC."""
    return Field("datetime", string, **more)


def choice(string: str, selection: Selection, **more: Any) -> Field:
    """One of some words."""
    return Field("selection", string, selection=MappingProxyType(dict(selection)), **more)


def one(relation: str, string: str, **more: Any) -> Field:
    """A link to one record."""
    return Field("many2one", string, relation, **more)


def children(relation: str, inverse: str, string: str, **more: Any) -> Field:
    """The records that link to this one."""
    return Field("one2many", string, relation, inverse, copied=more.pop("copied", False), **more)


def many(relation: str, string: str, **more: Any) -> Field:
    """Links to many records."""
    return Field("many2many", string, relation, **more)


def binary(string: str, **more: Any) -> Field:
    """Bytes, in base64."""
    return Field("binary", string, **more)


def active() -> Field:
    """The switch that hides a record from searches."""
    return boolean("Active", default=True)
