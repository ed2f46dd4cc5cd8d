"""Who is asked in somebody's place, and that the way to him always ends."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.domain.people import Person
from postroom.domain.safety import Wire
from postroom.domain.standing_in import Missing, deputies, missing, stand_in

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
DAY = timedelta(days=1)
ANA = Person(UUID(int=7), Wire.LIVE, "erp", 7, 107, "1", (1,), "Ana", "ana", manager_id=9)


@pytest.mark.parametrize(
    ("person", "requester", "delegate", "why"),
    [
        (ANA, None, None, None),
        (ANA, 8, None, None),
        (ANA, 7, 8, Missing.REQUESTER),
        (replace(ANA, active=False), None, 8, Missing.DEACTIVATED),
        (ANA, None, 8, Missing.DELEGATED),
        (replace(ANA, away_from=NOW - DAY, away_until=NOW + DAY), None, None, Missing.AWAY),
        (replace(ANA, away_from=NOW), None, None, Missing.AWAY),  # nobody knows until when
        (replace(ANA, away_from=NOW - DAY, away_until=NOW), None, None, None),
        (replace(ANA, away_from=NOW + DAY), None, None, None),
    ],
)
def test_who_cannot_be_asked_and_why(person: Person, requester: int | None, delegate: int | None, why: Missing | None):
    assert missing(person, NOW, requester=requester, delegate=delegate) is why


def test_a_delegate_answers_before_the_manager_and_never_for_a_request_of_whoever_chose_him():
    assert deputies(ANA, Missing.AWAY, 8) == (8, 9)
    assert deputies(ANA, Missing.REQUESTER, 8) == (9,)
    assert deputies(replace(ANA, manager_id=None), Missing.AWAY, None) == ()


@pytest.mark.parametrize(
    ("ways", "able", "found"),
    [
        ({1: (2, 3)}, {2, 3}, 2),  # his delegate
        ({1: (2, 3)}, {3}, 3),  # his manager
        ({1: (2, 3), 2: (4,), 3: (5,)}, {4, 5}, 4),  # the delegate's, before the manager's manager
        ({1: (2, 3), 2: (4,)}, {3, 4}, 3),  # his own manager, before the delegate's delegate
        ({1: (2,), 2: (1,)}, set(), None),  # a circle
        ({1: (1,)}, {1}, None),  # his own manager
        ({1: ()}, {2}, None),  # no manager
    ],
)
def test_the_nearest_who_can_is_asked_instead(ways: Mapping[int, tuple[int, ...]], able: set[int], found: int | None):
    assert stand_in(1, lambda user: ways.get(user, ()), able.__contains__) == found


USERS = st.integers(0, 6)


@given(st.dictionaries(USERS, st.lists(USERS, max_size=2)), st.sets(USERS), USERS)
def test_whatever_the_ways_are_whoever_is_found_can_be_asked_and_is_somebody_else(
    ways: dict[int, list[int]], able: set[int], user: int
):
    found = stand_in(user, lambda each: ways.get(each, ()), able.__contains__)
    assert found is None or (found in able and found != user)
