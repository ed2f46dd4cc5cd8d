"""Twilio's errors: code, HTTP status, words."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sandbox.http1 import Response, json_response, retry_header

MORE = "https://www.twilio.com/docs/errors/"

ERRORS: Mapping[int, tuple[int, str]] = MappingProxyType(
    {
        20001: (400, "Invalid parameter"),
        20003: (401, "Authenticate"),
        20404: (404, "The requested resource was not found"),
        20429: (429, "Too Many Requests"),
        20500: (500, "An internal server error has occurred"),
        21211: (400, "Invalid 'To' Phone Number"),
        21212: (400, "Invalid From Number (caller ID)"),
        21408: (400, "Permission to send an SMS has not been enabled for the region indicated by the 'To' number"),
        21602: (400, "Message body is required."),
        21603: (400, "A 'From' phone number is required."),
        21604: (400, "A 'To' phone number is required."),
        21606: (400, "The 'From' phone number is not a valid, SMS-capable inbound phone number for your account."),
        21609: (400, "The 'StatusCallback' URL is not a valid URL."),
        21610: (400, "Attempt to send to unsubscribed recipient"),
        21611: (429, "This 'From' number has exceeded the maximum number of queued messages"),
        21614: (400, "'To' number is not a valid mobile number"),
        21617: (400, "The concatenated message body exceeds the 1600 character limit"),
        21619: (400, "A text message body or media urls must be specified."),
        21701: (400, "The Messaging Service does not exist"),
        30002: (403, "Account suspended"),
        30003: (400, "Unreachable destination handset"),
        30004: (400, "Message blocked"),
        30005: (400, "Unknown destination handset"),
        30006: (400, "Landline or unreachable carrier"),
        30007: (400, "Message filtered"),
        30008: (400, "Unknown error"),
        39999: (400, "A code that no table has"),
    }
)


@dataclass(eq=False)
class Refused(Exception):
    """Why Twilio would not take a request. Its answer names the first reason; the page and the witness name all."""

    code: int
    details: str = ""
    reasons: tuple[str, ...] = ()

    @property
    def status(self) -> int:
        """The HTTP status that goes with the code."""
        return ERRORS[self.code][0]


def answer(refused: Refused, retry_after: float | None = None) -> Response:
    """The error as Twilio writes it."""
    status, words = ERRORS[refused.code]
    body = {
        "code": refused.code,
        "message": f"{words}: {refused.details}" if refused.details else words,
        "more_info": f"{MORE}{refused.code}",
        "status": status,
    }
    return json_response(body, status, retry_header(retry_after))
