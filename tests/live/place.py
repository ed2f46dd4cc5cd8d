"""Which Odoo is asked, in whose names: from the environment alone, so that no house need run."""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from postroom.odoo.access import Access
from postroom.odoo.client import Odoo
from postroom.odoo.connecting import connect
from tests.live.sheet import NotRun

URL, USERS = "ODOO_URL", "ODOO_LIVE_USERS"
NEEDED = ("ODOO_DB", "ODOO_LOGIN", "ODOO_API_KEY")


@dataclass(frozen=True, slots=True)
class Place:
    """One Odoo and those who have a key there."""

    access: Access
    users: dict[str, dict[str, str]] = field(repr=False)
    """By role (admin, buyer, manager, employee, approver): login and key."""

    def connect(self) -> Odoo:
        """In our own user's name."""
        return connect(self.access)

    def as_role(self, erp: Odoo, role: str) -> Odoo:
        """In somebody else's name. Raises NotRun where nobody gave his key."""
        if role not in self.users:
            raise NotRun(f"{USERS} names no {role}")
        user = self.users[role]
        return erp.as_person(user["login"], user["key"])


def place_from_environment() -> Place:
    """Raises NotRun with all that is not set."""
    missing = [name for name in NEEDED if not os.environ.get(name)]
    if missing:
        raise NotRun(f"not set: {', '.join(missing)}")
    told = os.environ
    access = Access(
        told[URL],
        told["ODOO_DB"],
        told["ODOO_LOGIN"],
        told["ODOO_API_KEY"],
        version=told.get("ODOO_VERSION", ""),
        protocol=told.get("ODOO_PROTOCOL", ""),
        answer_timeout=60,
    )
    return Place(access, _users(told.get(USERS, "")))


def _users(told: str) -> dict[str, dict[str, str]]:
    """JSON, or the name of a file that holds it."""
    if not told:
        return {}
    text = told if told.lstrip().startswith("{") else Path(told).read_text("utf-8")
    users: dict[str, dict[str, str]] = json.loads(text)
    return users


def needs(erp: Odoo, *models: str) -> None:
    """Raises NotRun where this Odoo has not all of these models, or hides them from our user."""
    absent = [model for model in models if not erp.has_model(model)]
    if absent:
        raise NotRun(f"no {', '.join(absent)} here")


def newest(erp: Odoo, model: str, domain: list[Any], fields: Iterable[str] = ("display_name",)) -> dict[str, Any]:
    """The newest record of a kind. Raises NotRun where there is none."""
    found = erp.search_read(model, domain, list(fields), limit=1, order="id desc")
    if not found:
        raise NotRun(f"no {model} with {domain}")
    return found[0]
