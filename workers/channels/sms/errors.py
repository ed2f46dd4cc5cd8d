"""Twilio's error codes, as they stand in an answer and in a status callback."""

from datetime import timedelta

import structlog

from postroom.domain.channels import Fault, Verdict
from workers.channels.rulings import Ruling, fault_of
from workers.channels.sms.verdicts import CANCELED, NO_REASON, is_known, ruling_of

_log = structlog.get_logger(__name__)


def code_of(raw: object) -> str:
    """A code in the one spelling that the tables use; an empty string where there is none (Twilio also writes 0)."""
    if isinstance(raw, bool):
        return ""
    if isinstance(raw, int):
        return str(raw) if 0 < raw < 10**9 else ""
    fits = isinstance(raw, str) and raw.isascii() and raw.isdecimal() and len(raw) <= 9
    return str(int(str(raw)) or "") if fits else ""


def refusal(code: str, words: object, retry_after: timedelta | None = None) -> Fault:
    """Our verdict on a code, with Twilio's words. A code that no row foresees is logged: it wants a row."""
    said = words if isinstance(words, str) and words else ruling_of(code).words
    if not is_known(code):
        _log.warning("unknown_provider_code", channel="sms", code=code)
        said = f"unknown code: {said}"
    return fault_of(ruling_of(code), code, said, retry_after=retry_after)


def failure(status: str, raw_code: object, words: object) -> Fault:
    """The fault of a message that a callback calls failed, undelivered or canceled."""
    code = code_of(raw_code)
    if status == "canceled":
        return fault_of(CANCELED, status, CANCELED.words)
    if not code:
        return fault_of(NO_REASON, "no_reason", NO_REASON.words)
    if ruling_of(code).verdict is Verdict.UNKNOWN:
        # In an answer these leave the outcome open; the callback has just closed it.
        return fault_of(Ruling(Verdict.FALLBACK, ruling_of(code).words), code, ruling_of(code).words)
    return refusal(code, words)
