"""What a card says once nobody waits for its answer any more: the truth about its run, and no buttons to press."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from postroom.domain.alerts import ACKNOWLEDGED
from postroom.domain.approvals import Answer, Result
from postroom.domain.card_words import said
from postroom.domain.channels import ChannelName, Rendered
from postroom.domain.rendering.parts import cut
from postroom.domain.runs import OPEN, RunStatus
from postroom.domain.safe_text import CLEANERS

EDITED = frozenset({ChannelName.SLACK, ChannelName.TEAMS})
"""Channels whose cards are changed where they stand; elsewhere a late press is told that it is late."""
BOLD: Mapping[ChannelName, str] = MappingProxyType({ChannelName.SLACK: "*", ChannelName.TEAMS: "**"})
"""What stands around words that are to be seen first."""


@dataclass(frozen=True, slots=True)
class Course:
    """How a run stands, as far as its cards tell it."""

    status: RunStatus
    why: str | None = None
    """It ended, in a word."""
    answer: str | None = None
    """The one that counts; of a run that was opened again, the one that counted before."""
    actor: str | None = None
    """Who gave it: partner:<id>."""
    by: str = ""
    """His name."""
    at: datetime | None = None
    under_way: bool = False
    """It is still being carried into Odoo."""
    code: str | None = None
    """What became of it there."""
    owner: str = ""
    """Whose it is when nobody answers: manager, role:<group>, user:<id>."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose card it is."""

    recipient: str
    """partner:<id>"""
    language: str | None = None
    timezone: str | None = None


OBSOLETE: Mapping[str | None, str] = MappingProxyType(
    {
        "changed": "changed",
        "approved_in_odoo": "approved_in_odoo",
        "rejected_in_odoo": "rejected_in_odoo",
        "withdrawn_in_odoo": "withdrawn",
        "gone": "gone",
    }
)
CARRIED: Mapping[str | None, str] = MappingProxyType(
    {
        Result.APPROVED: "approved",
        Result.REJECTED: "rejected",
        Result.FIRST_OF_TWO: "first_of_two",
        Result.ALREADY_APPROVED: "approved_in_odoo",
        Result.ALREADY_REJECTED: "rejected_in_odoo",
        Result.NOT_OPEN: "withdrawn",
        Result.CHANGED: "changed_since",
        Result.GONE: "gone",
    }
)
"""What is said of a decision by what Odoo made of it; all others came to nothing there."""
UNDER_WAY: Mapping[str | None, str] = MappingProxyType({Answer.APPROVE: "approving", Answer.REJECT: "rejecting"})


def word_for(course: Course) -> str | None:
    """What is to be said, as `card_words` names it; None: nothing."""
    if course.status in OPEN:
        return _reopened(course) if course.answer else None
    if course.status is RunStatus.OBSOLETE:
        return OBSOLETE.get(course.why, "over")
    if course.status is not RunStatus.DECIDED:
        return course.status.value
    if course.answer == ACKNOWLEDGED:
        return "taken"
    return UNDER_WAY.get(course.answer, "over") if course.under_way else CARRIED.get(course.code, "not_carried")


def _reopened(course: Course) -> str:
    return "first_of_two" if course.code == Result.FIRST_OF_TWO else "still_open"


def changed(card: Rendered, course: Course, reader: Reader, *, longest: int) -> Rendered | None:
    """A card as it is to stand now, in at most so many characters; None: it asked nothing, and stays as it is.

    Where the run goes on, everybody but whoever has answered keeps his buttons.
    """
    if not any(button.payload for button in card.buttons):
        return None
    asked_still = course.status in OPEN and reader.recipient != course.actor
    buttons = card.buttons if asked_still else tuple(button for button in card.buttons if button.url)
    word = word_for(course)
    line = _line(card.channel, word, course, reader) if word else ""
    text = f"{cut(card.text, longest - len(line) - 2)}\n\n{line}" if line else card.text
    return replace(card, text=text, buttons=buttons)


def _line(channel: ChannelName, word: str, course: Course, reader: Reader) -> str:
    by = CLEANERS[channel](course.by) if course.by else "–"
    sentence = said(word, by=by, at=course.at, owner=course.owner, language=reader.language, zone=reader.timezone)
    return f"{BOLD[channel]}{sentence}{BOLD[channel]}"
