"""Meta's error object, as it stands in an answer and in a failed status."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from postroom.domain.channels import ChannelName, Fault
from postroom.outside.rulings import NO_REASON, code_fault
from workers.channels.whatsapp.verdicts import ruling_of


@dataclass(frozen=True, slots=True)
class MetaError:
    """One error: the code that counts, and Meta's words in the order from general to particular."""

    code: str
    subcode: str
    words: str

    def fault(self, retry_after: timedelta | None = None) -> Fault:
        """Our verdict on it."""
        ruling = ruling_of(self.code, self.subcode, self.words)
        return code_fault(ChannelName.WHATSAPP, self.code, ruling, self.words, retry_after=retry_after)


def read_error(raw: object) -> MetaError | None:
    """The error object, or None when it has no code to go by."""
    if not isinstance(raw, Mapping):
        return None
    code = _number(raw.get("code"))
    if not code:
        return None
    detail = raw.get("error_data")
    particular = detail.get("details") if isinstance(detail, Mapping) else None
    words = (raw.get("title"), raw.get("message"), particular)
    said = dict.fromkeys(word for word in words if isinstance(word, str) and word)
    return MetaError(code, _number(raw.get("error_subcode")), ": ".join(said))


def fault_of_errors(raw: object) -> Fault:
    """The fault of a failed status: its first error with a code speaks."""
    listed = raw if isinstance(raw, list) else []
    found = next((error for error in map(read_error, listed) if error), None)
    return found.fault() if found else NO_REASON


def _number(raw: object) -> str:
    """A code in the one spelling that the tables use; numbers in strings are read, anything else is none."""
    if isinstance(raw, bool):
        return ""
    if isinstance(raw, int):
        return str(raw) if abs(raw) < 10**12 else ""
    return raw if isinstance(raw, str) and raw.isascii() and raw.isdecimal() and len(raw) <= 12 else ""
