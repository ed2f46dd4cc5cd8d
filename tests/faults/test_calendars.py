"""Nights in which clocks change, and readers who travel: a digest comes once for each of their days."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.boardroom import account
from tests.faults import papers
from tests.faults.crowd import ask, employed, rounds_pass
from tests.faults.patience import eventually
from tests.faults.scene import Scene

FILES = papers.FILES

SOON = timedelta(minutes=20)
TRAVELLER = 7


def at(scene: Scene, moment: datetime) -> None:
    """The clock of all processes jumps there, and beat plans as it does each hour."""
    scene.go_to(moment)
    scene.call("plan_digests", queue="outbox")


def edition(scene: Scene, digest: str, day: date) -> str | None:
    """What became of one reader's digest for one date of his; None: it is not planned."""
    rows = scene.ask("select state from digest where name = :digest and day = :day", digest=digest, day=day)
    states: list[str] = [row.state for row in rows]
    assert len(states) < 2, states
    return states[0] if states else None


def test_a_wait_of_forty_days_is_as_long_whatever_clocks_change_meanwhile(scene: Scene):
    """Morocco's change on 7 February and on 14 March 2027, New York's on the latter."""
    at(scene, datetime(2027, 2, 5, 8, 0, tzinfo=UTC))
    (user,) = ask(scene, 1)
    assert scene.witness.count(account(user)) == 1
    (asked,) = scene.ask("select max(asked_at) as at from run where subject = :it", it=f"purchase.order:{user}")

    at(scene, asked.at + timedelta(days=40) - timedelta(seconds=20))
    rounds_pass(scene)
    assert scene.witness.count(account(user)) == 1
    at(scene, asked.at + timedelta(days=40) + timedelta(seconds=20))
    eventually(lambda: scene.witness.count(account(user)) == 2, what="he is reminded after forty times 24 hours")


NIGHTS = {
    "Paris has no 02:30": ("paris", "Europe/Paris", "2027-03-28", "2027-03-28T01:00Z"),
    "Cairo has no 00:30": ("cairo", "Africa/Cairo", "2027-04-30", "2027-04-29T22:00Z"),
    "Lord Howe has no 02:15": ("lord_howe", "Australia/Lord_Howe", "2027-10-03", "2027-10-02T15:30Z"),
    "New York has 01:30 twice": ("new_york", "America/New_York", "2027-11-07", "2027-11-07T05:30Z"),
}
"""Whose digest, his zone, his date, and when it is due."""
BY_HIS_CLOCK = {"paris": time(2, 30), "cairo": time(0, 30), "lord_howe": time(2, 15), "new_york": time(1, 30)}


@pytest.mark.parametrize(("place", "zone", "date_", "moment"), NIGHTS.values(), ids=NIGHTS)
def test_in_the_night_in_which_clocks_change_a_digest_comes_once(
    scene: Scene, place: str, zone: str, date_: str, moment: str
):
    """A time that is left out is the first instant after the gap; one that comes twice is the first of the two."""
    reader, day, due = f"{place}@example.com", date.fromisoformat(date_), datetime.fromisoformat(moment)
    before = scene.witness.count(reader)

    at(scene, due - SOON)
    eventually(lambda: edition(scene, place, day) == "planned", what="it is planned")
    rounds_pass(scene)
    assert scene.witness.count(reader) == before

    at(scene, due)
    eventually(lambda: scene.witness.count(reader) == before + 1, what="it has come")

    at(scene, due + timedelta(hours=1))  # the same time by the clock on the wall, where an hour comes twice
    rounds_pass(scene)
    assert (scene.witness.count(reader), edition(scene, place, day)) == (before + 1, "sent")

    at(scene, due + timedelta(hours=26))
    eventually(lambda: scene.witness.count(reader) == before + 2, what="the next one has come on the next day")
    (next_one,) = scene.ask("select max(due_at) as at from digest where name = :place", place=place)
    assert next_one.at.astimezone(ZoneInfo(zone)).time() == BY_HIS_CLOCK[place]


def test_who_moves_to_another_zone_at_night_reads_one_digest_for_each_date(scene: Scene):
    """From Tokyo, where it is 23:50, to Los Angeles, where it is 06:50 of the same date: he has read it."""
    employed(scene, TRAVELLER)
    lives_in(scene, "Asia/Tokyo")
    before = scene.witness.count(account(TRAVELLER))
    at(scene, datetime(2027, 12, 1, 22, 30, tzinfo=UTC))  # 07:30 on the second in Tokyo
    eventually(lambda: scene.witness.count(account(TRAVELLER)) == before + 1, what="he reads it in Tokyo")

    lives_in(scene, "America/Los_Angeles")
    at(scene, datetime(2027, 12, 2, 14, 50, tzinfo=UTC))
    rounds_pass(scene)
    at(scene, datetime(2027, 12, 2, 15, 30, tzinfo=UTC))  # 07:30 on the second in Los Angeles
    rounds_pass(scene)
    assert scene.witness.count(account(TRAVELLER)) == before + 1

    at(scene, datetime(2027, 12, 3, 15, 30, tzinfo=UTC))
    eventually(lambda: scene.witness.count(account(TRAVELLER)) == before + 2, what="the next one comes on the third")


def lives_in(scene: Scene, zone: str) -> None:
    scene.ask("update person set timezone = :zone where user_id = :user", zone=zone, user=TRAVELLER)
