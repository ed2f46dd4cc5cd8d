"""Twilio's error codes, as they stand in an answer and in a status callback."""

from datetime import timedelta

from postroom.domain.channels import ChannelName, Fault, Verdict
from postroom.outside.rulings import NO_REASON, code_fault, fault_of
from workers.channels.sms.verdicts import CANCELED, VERDICTS
from workers.channels.tokens import text_of


def code_of(raw: object) -> str:
    """A code in the one spelling that the tables use; an empty string where there is none (Twilio also writes 0)."""
    if isinstance(raw, bool):
        return ""
    if isinstance(raw, int):
        return str(raw) if 0 < raw < 10**9 else ""
    fits = isinstance(raw, str) and raw.isascii() and raw.isdecimal() and len(raw) <= 9
    return str(int(str(raw)) or "") if fits else ""


def refusal(code: str, words: object, retry_after: timedelta | None = None) -> Fault:
    """Our verdict on a code, with Twilio's words."""
    return code_fault(ChannelName.SMS, code, VERDICTS.get(code), text_of(words), retry_after=retry_after)


def failure(status: str, raw_code: object, words: object) -> Fault:
    """The fault of a message that a callback calls failed, undelivered or canceled."""
    code = code_of(raw_code)
    if status == "canceled":
        return fault_of(CANCELED, status, CANCELED.words)
    if not code:
        return NO_REASON
    ruling = VERDICTS.get(code)
    if ruling and ruling.verdict is Verdict.UNKNOWN:
        # In an answer these leave the outcome open; the callback has just closed it.
        return Fault(Verdict.FALLBACK, code, ruling.words)
    return refusal(code, words)
