"""Whom an email address belongs to in a workspace; what was found is remembered for an hour."""

import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from postroom.domain.people import Member, Standing
from workers.channels.memory import Memory
from workers.channels.tokens import id_of

REMEMBERED_SECONDS = 3600.0
MOST_MEMBERS = 10_000

NOBODY = frozenset({"users_not_found", "user_not_found", "user_not_visible"})
"""Errors of a look-up that say something of the address, and nothing of us."""

_SET_ASIDE: Mapping[str, Standing] = MappingProxyType(
    {
        "deleted": Standing.DEACTIVATED,
        "is_bot": Standing.MACHINE,
        "is_app_user": Standing.MACHINE,
        "is_stranger": Standing.ELSEWHERE,  # of another organisation, by Slack Connect
        "is_restricted": Standing.GUEST,
        "is_ultra_restricted": Standing.GUEST,  # of a single channel
        "is_invited_user": Standing.UNCONFIRMED,  # has not come yet
    }
)
"""What may be true of a member who decides nothing."""


def member_in(user: Any, email: str, team: str) -> Member:
    """Whoever `users.lookupByEmail` found; he is known only if Slack itself says that the address is confirmed."""
    told = user if isinstance(user, Mapping) else {}
    account = id_of(told.get("id"))
    if not account:
        return Member(Standing.NOBODY)
    if (aside := next((why for mark, why in _SET_ASIDE.items() if told.get(mark)), None)) is not None:
        return Member(aside)
    if team not in _teams(told):
        return Member(Standing.ELSEWHERE)
    profile = told.get("profile")
    kept = profile.get("email") if isinstance(profile, Mapping) else None
    same = isinstance(kept, str) and kept.casefold() == email.casefold()
    if not same or told.get("is_email_confirmed") is not True:
        return Member(Standing.UNCONFIRMED)
    return Member(Standing.FOUND, account)


def _teams(told: Mapping[str, Any]) -> set[str]:
    """The workspaces that a member is of: in an Enterprise Grid, more than his own."""
    grid = told.get("enterprise_user")
    more = grid.get("teams") if isinstance(grid, Mapping) else None
    return {id_of(told.get("team_id")), *(map(id_of, more) if isinstance(more, list) else ())}


class Directory:
    """Members by email address. Whoever was not found is asked for again: he may have joined since."""

    def __init__(self, look_up: Callable[[str], str], clock: Callable[[], float] = time.monotonic) -> None:
        """`look_up` asks Slack; what it raises is raised."""
        self._look_up = look_up
        self._members = Memory[str, str](MOST_MEMBERS, timedelta(seconds=REMEMBERED_SECONDS), clock)

    def member(self, email: str) -> str:
        """The member's id."""
        return self._members.get(email) or self._members.put(email, self._look_up(email))
