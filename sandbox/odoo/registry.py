"""Which models, fields and methods a server has: those of its version and of what is installed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any

from sandbox.odoo import chatter, common
from sandbox.odoo.catalogue import (
    accounting,
    attachments,
    base,
    bridge,
    mail,
    permissions,
    projects,
    purchases,
    sales,
    staff,
)
from sandbox.odoo.fields import Field
from sandbox.odoo.models import Method, Model

CATALOGUE: tuple[Model, ...] = (
    *base.MODELS,
    *permissions.MODELS,
    *attachments.MODELS,
    *mail.MODELS,
    *purchases.MODELS,
    *sales.MODELS,
    *accounting.MODELS,
    *staff.MODELS,
    *projects.MODELS,
    *bridge.MODELS,
)
SWITCHED = frozenset({projects.HELPDESK, bridge.ADD_ON})
"""Modules that may be there or not; everything else always is."""
MODULES = frozenset(model.module for model in CATALOGUE)


@dataclass(frozen=True, slots=True)
class Registry:
    """What can be asked for."""

    models: Mapping[str, Model]
    fields: Mapping[str, Mapping[str, Field]]
    methods: Mapping[str, Mapping[str, Method]]


@cache
def registry(edition: int, modules: frozenset[str]) -> Registry:
    """The registry of a version with these modules."""
    models = {each.name: each for each in CATALOGUE if edition in each.editions and each.module in modules}
    return Registry(
        models,
        {name: _fields(edition, model, models) for name, model in models.items()},
        {name: _methods(edition, model) for name, model in models.items()},
    )


def _fields(edition: int, model: Model, models: Mapping[str, Model]) -> dict[str, Field]:
    own = chain(common.FIELDS.items(), chatter.FIELDS.items() if model.thread else (), _single(model.fields))
    there = ((name, field) for name, field in own if edition in field.editions)
    return {name: field for name, field in there if not field.relation or field.relation in models}


def _methods(edition: int, model: Model) -> dict[str, Method]:
    own = chain(
        common.METHODS[edition].items(), chatter.METHODS.items() if model.thread else (), _single(model.methods)
    )
    return {name: method for name, method in own if edition in method.editions}


def _single(table: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Each name with each of its versions."""
    for name, described in table.items():
        yield from ((name, each) for each in (described if isinstance(described, tuple) else (described,)))
