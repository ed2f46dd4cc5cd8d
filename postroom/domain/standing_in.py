"""Who is asked in somebody's place, while he cannot be: his delegate, his manager, and so on up."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from postroom.domain.people import Person


class Missing(StrEnum):
    """Why somebody is not asked himself."""

    REQUESTER = "requester"
    DEACTIVATED = "deactivated"
    DELEGATED = "delegated"
    AWAY = "away"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Delegation:
    """Somebody else decides for him, for as long as it says."""

    user_id: int
    to_user_id: int
    from_at: datetime
    until_at: datetime | None = None


def missing(person: Person, now: datetime, *, requester: int | None, delegate: int | None) -> Missing | None:
    """Why somebody is not to be asked now; None: he is. Whose request it is matters most: he decides it by nobody."""
    if requester is not None and person.user_id == requester:
        return Missing.REQUESTER
    if not person.active:
        return Missing.DEACTIVATED
    if delegate is not None:
        return Missing.DELEGATED
    return Missing.AWAY if person.is_away(now) else None


def deputies(person: Person, why: Missing, delegate: int | None) -> tuple[int, ...]:
    """Who answers for somebody, the nearest first. Whom a requester has chosen himself does not decide for him."""
    chosen = None if why is Missing.REQUESTER else delegate
    return tuple(each for each in (chosen, person.manager_id) if each is not None)


def stand_in(user: int, deputies_of: Callable[[int], Iterable[int]], able: Callable[[int], bool]) -> int | None:
    """The nearest who can be asked in somebody's place; None where the way ends, or leads back in a circle."""
    seen, line = {user}, deque([user])
    while line:
        for each in deputies_of(line.popleft()):
            if each in seen:
                continue
            if able(each):
                return each
            seen.add(each)
            line.append(each)
    return None
