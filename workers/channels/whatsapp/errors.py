"""Meta's error object, as it stands in an answer and in a failed status."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import structlog

from postroom.domain.channels import Fault
from workers.channels.rulings import Ruling, fault_of
from workers.channels.whatsapp.verdicts import NO_REASON, is_known, ruling_of

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class MetaError:
    """One error: the code that counts, and Meta's words in the order from general to particular."""

    code: str
    subcode: str
    words: str

    def fault(self, retry_after: timedelta | None = None) -> Fault:
        """Our verdict on it. A code that no row foresees is logged: it wants a row."""
        if not is_known(self.code):
            _log.warning("unknown_provider_code", channel="whatsapp", code=self.code)
            return fault_of(self._ruling(), self.code, f"unknown code: {self.words}", retry_after=retry_after)
        return fault_of(self._ruling(), self.code, self.words, retry_after=retry_after)

    def _ruling(self) -> Ruling:
        return ruling_of(self.code, self.subcode, self.words)


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
    return found.fault() if found else fault_of(NO_REASON, "no_reason", NO_REASON.words)


def _number(raw: object) -> str:
    """A code in the one spelling that the tables use; numbers in strings are read, anything else is none."""
    if isinstance(raw, bool):
        return ""
    if isinstance(raw, int):
        return str(raw) if abs(raw) < 10**12 else ""
    return raw if isinstance(raw, str) and raw.isascii() and raw.isdecimal() and len(raw) <= 12 else ""
