"""The internal users of an Odoo, as values."""

from collections.abc import Iterator
from typing import Any

from postroom.domain.addresses import NotAnAddress
from postroom.domain.addresses import email as normal_email
from postroom.domain.channels import Fault, Verdict
from postroom.domain.people import User
from postroom.odoo.client import BATCH, Odoo
from postroom.odoo.errors import OdooError
from postroom.odoo.staff import Post, Staff

FIELDS = ("name", "login", "email", "partner_id", "company_id", "company_ids", "lang", "tz", "active")
INTERNAL = ("share", "=", False)
"""Neither portal users nor the public."""


def users_of(erp: Odoo) -> Iterator[list[User]]:
    """Every internal user but our own, also those that were deactivated, in batches. Raises OdooError.

    A roll on which we ourselves do not stand is not whole, and whoever is missing on it has not left.
    """
    last, ourselves, staff = 0, False, Staff(erp)
    # By id and not by offset: whoever is made or deleted meanwhile makes us miss nobody else.
    while rows := _users(staff, [["id", ">", last], list(INTERNAL)], BATCH):
        last = rows[-1]["id"]
        ourselves = ourselves or any(row["id"] == erp.uid for row in rows)
        yield _placed(staff, [row for row in rows if row["id"] != erp.uid])
    if not ourselves:
        raise OdooError(Fault(Verdict.PERMANENT, "roll_incomplete", "our own user is no internal user that we may see"))


def user_at(erp: Odoo, user_id: int) -> User | None:
    """One internal user as he is now; None where there is none. Raises OdooError."""
    staff = Staff(erp)
    rows = _users(staff, [["id", "=", user_id], list(INTERNAL)], 1)
    return next(iter(_placed(staff, rows)), None)


def _users(staff: Staff, domain: list[Any], limit: int) -> list[dict[str, Any]]:
    fields = [*FIELDS, staff.groups]
    return staff.erp.search_read("res.users", domain, fields, limit=limit, context={"active_test": False})


def _placed(staff: Staff, rows: list[dict[str, Any]]) -> list[User]:
    posts = staff.posts(rows)
    return [user_in(row, posts[row["id"]]) for row in rows]


def user_in(row: dict[str, Any], post: Post) -> User:
    """A user from what Odoo answers, where False stands for nothing."""
    return User(
        user_id=row["id"],
        partner_id=_first(row["partner_id"]),
        company=_first(row["company_id"]),
        companies=tuple(sorted(row["company_ids"])),
        name=row["name"] or "",
        login=row["login"] or "",
        email=_email(row),
        language=row["lang"] or None,
        timezone=row["tz"] or None,
        active=bool(row["active"]),
        manager_id=post.manager_id,
        roles=post.roles,
        away=post.away,
        away_until=post.away_until,
    )


def _email(row: dict[str, Any]) -> str | None:
    """His address; where he has none, his login if it is one, as it mostly is."""
    for raw in (row["email"], row["login"]):
        if raw:
            try:
                return normal_email(raw)
            except NotAnAddress:
                continue
    return None


def _first(named: Any) -> int:
    """The id in [3, "Mitchell Admin"]."""
    return int(named[0]) if named else 0
