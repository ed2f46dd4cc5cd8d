"""Following events until each of their messages has come to rest."""

import time
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from uuid import UUID

from postroom.domain.messages import FINAL, State
from postroom.store.engine import Engine
from postroom.store.sealing import Sealer
from postroom.store.story import Leg, Story, tell
from workers.channels.registry import capabilities

EVERY = 0.15
"""Seconds between two looks."""

Stories = Mapping[UUID, Story]


def at_rest(story: Story) -> bool:
    """Whether nothing more is to come of an event, unless somebody answers."""
    if story.state == "dead":
        return True
    return story.state == "done" and all(map(_rests, story.legs))


def _rests(leg: Leg) -> bool:
    if leg.state is State.SENT:
        return not capabilities(leg.channel).delivered_receipts
    return leg.state in FINAL


def reached(story: Story) -> bool:
    """Whether any message of it got to somebody."""
    return any(leg.state in {State.SENT, State.DELIVERED, State.READ} for leg in story.legs)


def follow(
    engine: Engine,
    sealer: Sealer,
    event_ids: Iterable[UUID],
    *,
    within: timedelta,
    look: Callable[[Stories], object] = lambda _: None,
    until: Callable[[Stories], bool] = lambda stories: all(map(at_rest, stories.values())),
) -> Stories:
    """Look at these events until all rest or the time is over; `look` is shown each state of things."""
    ids = list(event_ids)
    deadline = time.monotonic() + within.total_seconds()
    while True:
        with engine.connect() as connection:
            stories = tell(connection, sealer, ids)
        look(stories)
        if until(stories) or time.monotonic() > deadline:
            return stories
        time.sleep(EVERY)
