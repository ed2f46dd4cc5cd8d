"""When enough people have answered, and what they have decided together."""

from collections.abc import Mapping, Set

from postroom.domain.approvals import Answer
from postroom.domain.escalation import Level, Needs


def tally(level: Level, votes: Mapping[str, Answer], asked: Set[str]) -> Answer | None:
    """What a level has decided; None while it has not. `votes` by person, as `asked` names them, each one's first.

    Whoever was asked in somebody's place, later than the level itself, decides it alone.
    """
    instead = [answer for person, answer in votes.items() if person not in asked]
    if instead:
        return instead[0]
    if level.needs is Needs.ANY:
        return next(iter(votes.values()), None)
    needed = len(asked) if level.needs is Needs.ALL else min(level.quorum, len(asked))
    approvals = sum(answer is Answer.APPROVE for answer in votes.values())
    if approvals >= needed:
        return Answer.APPROVE
    rejections = len(votes) - approvals
    return Answer.REJECT if rejections > len(asked) - needed else None
