"""From what an operator typed to the thing that is meant."""

import re
from datetime import UTC, datetime, timedelta

from postroom.cli.faults import Refused, usage
from postroom.cli.telling import Moment
from postroom.store.engine import Connection
from postroom.store.lookup import Ambiguous, Found, Kind, NotFound, find
from postroom.store.safety import database_now, pauses
from postroom.store.sealing import Sealer
from postroom.store.story import IntentStory, Leg, Story, tell_one

UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_SPAN = re.compile(r"(\d{1,5})\s*([mhd])")


def found(connection: Connection, wanted: str, *, command: str) -> Found:
    """The thing of this id; refused with the command to try when it is none or several."""
    try:
        return find(connection, wanted)
    except NotFound as error:
        raise Refused(f"{error}.".capitalize(), f"postroom {command} list") from None
    except Ambiguous as error:
        listed = ", ".join(f"{each.kind} {each.id}" for each in error.found)
        raise Refused(f"{error}: {listed}.", f"postroom {command} show {error.found[0].id}") from None


def story_of(connection: Connection, sealer: Sealer, thing: Found) -> Story:
    """The story that it belongs to."""
    return tell_one(connection, sealer, thing.event_id)


def moment(connection: Connection) -> Moment:
    """What must be known to tell what comes next."""
    return Moment(database_now(connection), pauses(connection))


def leg_of(story: Story, thing: Found) -> tuple[IntentStory, Leg]:
    """The one message that is meant: itself, or the newest of its event. Refused when there is none."""
    pairs = [(intent, leg) for intent in story.intents for leg in intent.legs]
    if thing.kind is Kind.MESSAGE:
        pairs = [(intent, leg) for intent, leg in pairs if leg.id == thing.id]
    if thing.kind is Kind.INTENT:
        pairs = [(intent, leg) for intent, leg in pairs if intent.id == thing.id]
    if not pairs:
        raise Refused("That event has led to no message.", f"postroom events show {thing.event_id}")
    return pairs[-1]


def moment_since(typed: str | None) -> datetime | None:
    """2h, 3d, 30m ago, or a date, or a time of RFC 3339."""
    if typed is None:
        return None
    if match := _SPAN.fullmatch(typed.strip()):
        return datetime.now(UTC) - int(match[1]) * UNITS[match[2]]
    try:
        at = datetime.fromisoformat(typed)
    except ValueError:
        raise usage(
            f"'{typed}' is no time. Give 30m, 2h, 3d or 2026-11-22.", "postroom messages list --since 2h"
        ) from None
    return at if at.tzinfo else at.astimezone()
