"""Codes that prove who decides by a link: how long one lasts, how often it may be tried, and how often one is sent."""

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from postroom.domain.channels import ChannelName

DIGITS = 6
LASTS = timedelta(minutes=10)
TRIES = 5
AGAIN = timedelta(hours=1)
MOST_OF_RUN = 3
"""Codes for one question within an hour, each tried five times: 15 of a million guesses."""
MOST_OF_PERSON = 12
"""Codes for all questions of one person within an hour, so that nobody's chat is filled by a link that went astray."""
_BETWEEN = re.compile(r"[\s.-]+")
_TYPED = re.compile(rf"[0-9]{{{DIGITS}}}")


class Proof(StrEnum):
    """What a code proves."""

    GOOD = "good"
    WRONG = "wrong"
    WORN = "worn"  # it was tried too often
    OLD = "old"  # its time is over, or there was none


@dataclass(frozen=True, slots=True)
class Code:
    """A code that was sent; of the code itself we keep what recognises it."""

    id: UUID
    channel: ChannelName
    digest: bytes = field(repr=False)
    tries: int
    made_at: datetime

    @property
    def until(self) -> datetime:
        """When it is too old."""
        return self.made_at + LASTS

    @property
    def left(self) -> int:
        """How often it may be tried yet."""
        return max(0, TRIES - self.tries)

    def holds(self, now: datetime) -> bool:
        """Whether it may still be typed in. `now` is real time: a code lasts by the clock on the wall."""
        return self.left > 0 and now < self.until


def proven(code: Code | None, digest: bytes | None, now: datetime) -> Proof:
    """What somebody has proven who typed a code with this digest; None: what he typed could be no code."""
    if code is None or now >= code.until:
        return Proof.OLD
    if not code.left:
        return Proof.WORN
    return Proof.GOOD if digest is not None and hmac.compare_digest(digest, code.digest) else Proof.WRONG


def typed(words: str) -> str | None:
    """The code in what somebody typed, who may have copied it with a space or a dash; None: it cannot be one."""
    plain = _BETWEEN.sub("", words[:40])
    return plain if _TYPED.fullmatch(plain) else None


def spoken(number: int) -> str:
    """A code as it is sent."""
    return f"{number:0{DIGITS}}"


def bound(person: UUID, run: UUID, code: str) -> str:
    """What is hashed of a code: another person's, or another question's, is another code."""
    return f"decide:{person}:{run}:{code}"


def next_at(of_run: Sequence[datetime], of_person: Sequence[datetime], now: datetime) -> datetime | None:
    """When another code may be sent, by when the last ones were, the oldest first; None: at once."""
    limits = ((of_run, MOST_OF_RUN), (of_person, MOST_OF_PERSON))
    waits = [made[-most] + AGAIN for made, most in limits if len(made) >= most]
    return max((at for at in waits if at > now), default=None)
