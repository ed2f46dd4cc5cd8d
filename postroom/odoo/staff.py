"""Where users of an Odoo stand in their company: whom they answer to, whether they are on leave, what roles they have.

What our user may not read, or this Odoo does not have, is left out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from postroom.domain.channels import Verdict
from postroom.odoo.calls import Call
from postroom.odoo.client import Odoo
from postroom.odoo.errors import OdooError
from postroom.odoo.versions import BACK_AFTER, HELD_GROUPS

EMPLOYEE = "hr.employee.public"
"""What every colleague may see of an employee: no contract, no private address."""
FIELDS = ("user_id", "parent_id", "company_id", "is_absent", "leave_date_to")
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Post:
    """Somebody's place."""

    manager_id: int | None = None
    roles: tuple[str, ...] = ()
    away: bool = False
    away_until: datetime | None = None


@dataclass(slots=True)
class Staff:
    """The places of one Odoo's users; the names of groups are asked for once."""

    erp: Odoo
    _names: dict[int, str] = field(default_factory=dict)

    @property
    def groups(self) -> str:
        """The field of a user's groups with all that they imply."""
        return HELD_GROUPS[self.erp.version]

    def posts(self, users: Sequence[Row]) -> dict[int, Post]:
        """The places of these users, each as res.users has him with his groups. Raises OdooError."""
        employees = self._employees([user["id"] for user in users])
        bosses = self._users_of({_first(each.get("parent_id")) for each in employees} - {0})
        self._learn({group for user in users for group in user.get(self.groups) or ()})
        return {user["id"]: self._post(user, employees, bosses) for user in users}

    def _post(self, user: Row, employees: Iterable[Row], bosses: Mapping[int, int]) -> Post:
        roles = sorted({self._names[group] for group in user.get(self.groups) or () if group in self._names})
        his = [each for each in employees if _first(each["user_id"]) == user["id"]]
        if not his:
            return Post(roles=tuple(roles))
        # He may be employed by several companies: his own counts.
        employee = next((each for each in his if _first(each["company_id"]) == _first(user["company_id"])), his[0])
        away = bool(employee.get("is_absent"))
        back = self._back(employee.get("leave_date_to"), user["tz"]) if away else None
        return Post(bosses.get(_first(employee.get("parent_id"))), tuple(roles), away, back)

    def _back(self, told: Any, zone: str | None) -> datetime | None:
        """When he is back, from the last day of his leave, or the first day after it, as this version tells."""
        if not told:
            return None
        day = date.fromisoformat(told) + BACK_AFTER[self.erp.version]
        return datetime.combine(day, time(), ZoneInfo(zone) if zone else UTC).astimezone(UTC)

    def _employees(self, users: Sequence[int]) -> list[Row]:
        return self._read_of([["user_id", "in", list(users)]], FIELDS) if users else []

    def _users_of(self, employees: Iterable[int]) -> dict[int, int]:
        """The users that employees are."""
        rows = self._read_of([["id", "in", sorted(employees)]], ("user_id",)) if employees else []
        return {row["id"]: user for row in rows if (user := _first(row["user_id"]))}

    def _read_of(self, domain: list[Any], fields: Sequence[str]) -> list[Row]:
        try:
            if not self.erp.has_model(EMPLOYEE):
                return []
            known = self.erp.fields(EMPLOYEE)
            return list(self.erp.search_read(EMPLOYEE, domain, [each for each in fields if each in known]))
        except OdooError as error:
            return _nothing_if_refused(error)

    def _learn(self, groups: set[int]) -> None:
        """What groups are called for ever: by their external ids."""
        unknown = tuple(sorted(groups - self._names.keys()))
        if not unknown:
            return
        try:
            rows = self.erp.call(Call("res.groups", "get_metadata", unknown, repeatable=True))
        except OdooError as error:
            rows = _nothing_if_refused(error)
        self._names |= {row["id"]: row["xmlid"] for row in rows if row.get("xmlid")}


def _nothing_if_refused(error: OdooError) -> list[Row]:
    if error.fault.verdict is Verdict.PERMANENT:
        return []
    raise error


def _first(named: Any) -> int:
    """The id in [3, "Mitchell Admin"]; 0 for nobody."""
    return int(named[0]) if named else 0
