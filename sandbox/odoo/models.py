"""What a model is: its fields, its methods, and what happens when a record is made or removed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.odoo.editions import EVERY
from sandbox.odoo.fields import Field

if TYPE_CHECKING:
    from sandbox.odoo.records import Env, Records

Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Method:
    """One method that can be called from outside. Its first parameter are the records that it is called on."""

    call: Callable[..., Any]
    on_model: bool = False
    """Called without records."""
    makes: bool = False
    """What it returns was made by it: a number on 17."""
    acts: bool = True
    """Whether it may change something; a read does not."""
    editions: frozenset[int] = EVERY


@dataclass(frozen=True, slots=True)
class Model:
    """One model."""

    name: str
    title: str
    fields: Mapping[str, Field | tuple[Field, ...]]
    """By name; several where the versions differ. In a server's registry one each."""
    methods: Mapping[str, Method | tuple[Method, ...]] = field(default_factory=dict)
    """By name; several where the versions differ."""
    order: str = "id"
    shown: Callable[["Records"], str] | None = None
    """How one record is called; None: by its name."""
    thread: bool = False
    """Whether it has a chatter and activities."""
    marks_copies: bool = False
    """Whether a copy's name says that it is one."""
    guard: Callable[["Records", str], bool] | None = None
    """Whether a user may do something with one record that belongs to another document."""
    posts_by_reading: bool = False
    """Whether whoever may read a record may write in its chatter; else he must be able to change such records."""
    module: str = "base"
    editions: frozenset[int] = EVERY
    prepare: Callable[["Env", Values], Values] | None = None
    """Completes the values of a record to be made; may answer with {"id": …} for one that is there."""
    made: Callable[["Records"], None] | None = None
    changed: Callable[["Records", Values], None] | None = None
    """Told of each write, before it is done."""
    removed: Callable[["Records"], None] | None = None
    """Told before records are removed; may raise."""
    not_null: Mapping[str, str] = field(default_factory=dict)
    """Odoo's words where a record would break one of the database's own rules, by field."""
