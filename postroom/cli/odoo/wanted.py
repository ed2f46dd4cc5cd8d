"""What must stand in Odoo so that our user can do his work, and no more: records as values, each with its name."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from postroom.odoo.rights import RIGHTS, Right

MODULE = "__postroom__"
"""The module of our external ids: no add-on is called so, so that no update of one takes them away."""
GROUP, USER = "group_bridge", "user_bridge"
GROUP_NAME = "Postroom bridge"
EMPLOYEE = "base.group_user"
INBOX = "mail.group_mail_notification_type_inbox"
"""Notified inside Odoo: by mail his own words would come back to us as replies."""
SEVERAL_COMPANIES = "base.group_multi_company"
"""Odoo gives it to whoever has more than one, and takes it from who has not."""
ADD_ON_GROUP = "postroom_connector.group_bridge"
KEY_LIFETIME_DAYS = 365
"""How long an API key may live (19 asks for an end); until then `postroom odoo check` counts the days."""

NOTHING, EVERYTHING, HIS_OWN = "[(0, '=', 1)]", "[(1, '=', 1)]", "[('create_uid', '=', user.id)]"


@dataclass(frozen=True, slots=True)
class Ref:
    """Another record, by its external id; one of ours has no module."""

    name: str


@dataclass(frozen=True, slots=True)
class Exactly:
    """These records and no others; None for a module that is not installed."""

    refs: tuple[Ref | int, ...]


@dataclass(frozen=True, slots=True)
class Groups:
    """These groups and what they imply, and no others."""

    refs: tuple[Ref, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One record that must stand in Odoo."""

    name: str
    """Its external id in our module."""
    model: str
    words: str
    values: Mapping[str, Any]
    """What it must hold; a change by hand is put right again."""
    unique: tuple[str, ...] = ()
    """Fields whose values find one that was made by hand."""
    at_birth: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    """What it begins with, and anybody may change."""
    archived: bool = False
    """Whether one that was switched off is looked for, too."""


@dataclass(frozen=True, slots=True)
class Bridge:
    """Our user, as he shall be."""

    login: str
    email: str
    companies: tuple[int, ...]
    groups_field: str
    """groups_id, or group_ids from 19 on."""
    add_on: bool


def the_group(fields: Iterable[str]) -> Wanted:
    """The group that all rights hang on."""
    lifetime = {"api_key_duration": float(KEY_LIFETIME_DAYS)} if "api_key_duration" in fields else {}
    return Wanted(
        GROUP, "res.groups", f"group «{GROUP_NAME}»", values={"name": GROUP_NAME, **lifetime}, unique=("name",)
    )


def the_rights(models: Mapping[str, int]) -> Iterator[Wanted]:
    """Access and rules for each model that there is; `models`: its id in ir.model."""
    for right in RIGHTS:
        if right.model in models:
            yield _access(right, models[right.model])
            yield from _rules(right, models[right.model])


def _access(right: Right, model: int) -> Wanted:
    name = right.model.replace(".", "_")
    return Wanted(
        f"access_{name}",
        "ir.model.access",
        f"access {right.model}: {spelled(right)}",
        values={
            "name": f"postroom {right.model}",
            "model_id": model,
            "group_id": Ref(GROUP),
            "active": True,
            "perm_read": True,
            "perm_write": right.write or right.posts,
            "perm_create": right.create,
            "perm_unlink": False,
        },
        unique=("name", "model_id"),
        archived=True,
    )


def spelled(right: Right) -> str:
    """What is granted, in words."""
    granted = ["read", *(["post"] if right.posts else []), *(["write"] if right.write else [])]
    return ", ".join([*granted, *(["create"] if right.create else [])])


def _rules(right: Right, model: int) -> Iterator[Wanted]:
    if right.posts:
        yield _rule(right, model, "shut", "changes none", NOTHING, read=False)
    if right.own:
        yield _rule(right, model, "own", "writes what he made", HIS_OWN, read=False)
    if right.everyones:
        yield _rule(right, model, "see", "reads everybody's", EVERYTHING, read=True)


def _rule(right: Right, model: int, kind: str, words: str, domain: str, *, read: bool) -> Wanted:
    """A rule for reading, or for all else; Odoo's own global rules keep companies apart beside it."""
    return Wanted(
        f"rule_{kind}_{right.model.replace('.', '_')}",
        "ir.rule",
        f"rule {right.model}: {words}",
        values={
            "name": f"postroom {right.model}: {words}",
            "model_id": model,
            "groups": Exactly((Ref(GROUP),)),
            "active": True,
            "domain_force": domain,
            "perm_read": read,
            "perm_write": not read,
            "perm_create": not read,
            "perm_unlink": not read,
        },
        unique=("name", "model_id"),
        archived=True,
    )


def the_user(bridge: Bridge) -> Wanted:
    """Our user: internal, without a password, with no rights but these."""
    groups = [Ref(EMPLOYEE), Ref(GROUP), Ref(INBOX)]
    groups += [Ref(SEVERAL_COMPANIES)] if len(bridge.companies) > 1 else []
    groups += [Ref(ADD_ON_GROUP)] if bridge.add_on else []
    return Wanted(
        USER,
        "res.users",
        f"user «{bridge.login}»",
        values={
            "login": bridge.login,
            "active": True,
            "notification_type": "inbox",
            bridge.groups_field: Groups(tuple(groups)),
            "company_ids": Exactly(bridge.companies),
        },
        unique=("login",),
        at_birth={"name": "Postroom", "email": bridge.email, "company_id": bridge.companies[0]},
        archived=True,
    )
