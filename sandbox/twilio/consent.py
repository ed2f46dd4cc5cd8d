"""STOP and START, which Twilio hears before its customer does: it blocks the number, and answers the person itself."""

from dataclasses import dataclass, field

STOP_WORDS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
START_WORDS = frozenset({"START", "YES", "UNSTOP"})
HELP_WORDS = frozenset({"HELP", "INFO"})

STOPPED = (
    "You have successfully been unsubscribed. You will not receive any more messages from this number. "
    "Reply START to resubscribe."
)
STARTED = (
    "You have successfully been re-subscribed to messages from this number. Reply HELP for help. Reply STOP to "
    "unsubscribe. Msg&Data Rates May Apply."
)
HELP = "Reply STOP to unsubscribe. Msg&Data Rates May Apply."


@dataclass(slots=True)
class Stopped:
    """The numbers that nothing may be sent to."""

    _numbers: set[str] = field(default_factory=set)

    def has(self, number: str) -> bool:
        """Whether this number's owner said STOP."""
        return number in self._numbers

    def hear(self, number: str, text: str) -> str:
        """Block or unblock by the whole message; Twilio's own words to the person, or the empty string."""
        word = text.strip().upper()
        if word in STOP_WORDS:
            said_before = number in self._numbers
            self._numbers.add(number)
            return "" if said_before else STOPPED
        if word in START_WORDS and number in self._numbers:
            self._numbers.remove(number)
            return STARTED
        return HELP if word in HELP_WORDS else ""
