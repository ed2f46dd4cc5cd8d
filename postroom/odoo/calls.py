"""What is asked of Odoo: one method, by named arguments, so that every protocol can carry it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True)
class Call:
    """One call of one method."""

    model: str
    method: str
    ids: tuple[int, ...] | None = None
    """The records that it is called on; None: the model itself."""
    arguments: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    """By name: JSON-2 takes no others."""
    context: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    """Over the client's own: lang, tz, allowed_company_ids."""
    repeatable: bool = False
    """Made twice it is as if made once: a read. Only such a call is made again when its answer is lost."""
