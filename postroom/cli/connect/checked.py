"""What was asked of somebody out there, and what came of it."""

from collections.abc import Callable
from dataclasses import dataclass

from postroom.cli.findings import Health
from workers.channels.base import ChannelError
from workers.channels.http import Lost


@dataclass(frozen=True, slots=True)
class Checked:
    """One check: what was asked, how it is, and what to do."""

    health: Health
    what: str
    asked: str
    words: str
    remedy: str = ""
    pending: bool = False
    """Somebody at the provider has still to decide; asking again later is all that can be done."""


@dataclass(frozen=True, slots=True)
class Told:
    """The outcome of one question."""

    health: Health
    words: str
    remedy: str = ""
    pending: bool = False


def good(words: str) -> Told:
    """It is as it should be."""
    return Told(Health.OK, words)


def doubtful(words: str, remedy: str) -> Told:
    """It may go, but somebody should look."""
    return Told(Health.WARN, words, remedy)


def awaited(words: str, remedy: str) -> Told:
    """The provider has still to decide."""
    return Told(Health.WARN, words, remedy, pending=True)


def bad(words: str, remedy: str) -> Told:
    """It will not go."""
    return Told(Health.FAIL, words, remedy)


class Unasked(Exception):
    """The question could not be put, or was refused; carries what to say of it."""

    def __init__(self, told: Told) -> None:
        super().__init__(told.words)
        self.told = told


def look(what: str, asked: str, question: Callable[[], Told]) -> Checked:
    """Put one question; whatever goes wrong becomes its answer, so that all checks are always made."""
    try:
        told = question()
    except Unasked as error:
        told = error.told
    except Lost as error:
        told = bad(f"no answer ({error})", "See that this machine may reach it: firewall, proxy, name servers.")
    except ChannelError as error:
        told = bad(f"refused: {error.fault.code}, {error.fault.detail}", "Correct the credentials and run this again.")
    return Checked(told.health, what, asked, told.words, told.remedy, told.pending)
