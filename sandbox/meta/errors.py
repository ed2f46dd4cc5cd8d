"""Meta's errors: code, HTTP status, words."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sandbox.http1 import Response, json_response, retry_header

HREF = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"

ERRORS: Mapping[int, tuple[int, str]] = MappingProxyType(
    {
        1: (500, "An unknown error occurred"),
        100: (400, "Invalid parameter"),
        190: (401, "Error validating access token: Session has expired"),
        130429: (429, "Rate limit hit"),
        130472: (400, "User's number is part of an experiment"),
        131000: (500, "Something went wrong"),
        131008: (400, "Required parameter is missing"),
        131009: (400, "Parameter value is not valid"),
        131016: (503, "Service unavailable"),
        131021: (400, "Recipient cannot be sender"),
        131026: (400, "Message undeliverable"),
        131031: (403, "Business Account locked"),
        131047: (400, "Re-engagement message"),
        131049: (400, "This message was not delivered to maintain healthy ecosystem engagement."),
        131050: (400, "User has stopped receiving marketing messages from your business"),
        131051: (400, "Unsupported message type"),
        131056: (400, "(Business Account, Consumer Account) pair rate limit hit"),
        132000: (400, "Number of parameters does not match the expected number of params"),
        132001: (404, "Template name does not exist in the translation"),
        132005: (400, "Translated text too long"),
        132012: (400, "Parameter format does not match format in the created template"),
        132015: (400, "Template is Paused"),
        132016: (400, "Template is Disabled"),
        139999: (400, "A code that no table has"),
    }
)

DETAILS: Mapping[int, str] = MappingProxyType(
    {
        131026: "Message Undeliverable.",
        131047: "Message failed to send because more than 24 hours have passed since the customer last replied to this "
        "number.",
        131049: "In order to maintain a healthy ecosystem engagement, the message failed to be delivered.",
        131050: "Unable to deliver the message. This recipient has chosen to stop receiving marketing messages on "
        "WhatsApp from your business.",
        131056: "Message failed to send because there were too many messages sent from this phone number to the same "
        "phone number in a short period of time.",
        130429: "Cloud API message throughput has been reached.",
        131031: "Business Account has been locked.",
    }
)


@dataclass(eq=False)
class Refused(Exception):
    """Why Meta would not take a request."""

    code: int
    details: str = ""
    subcode: int | None = None
    title: str = ""
    reasons: tuple[str, ...] = ()
    """The same, one by one, for the strip on the page."""

    @property
    def status(self) -> int:
        """The HTTP status that goes with the code."""
        return ERRORS[self.code][0]


def answer(refused: Refused, retry_after: float | None = None) -> Response:
    """The error as Meta writes it."""
    headers = {"WWW-Authenticate": f'OAuth "Facebook Platform" "{ERRORS[190][1]}"'} if refused.code == 190 else {}
    return json_response({"error": _error(refused)}, refused.status, headers | retry_header(retry_after))


def _error(refused: Refused) -> dict[str, Any]:
    error: dict[str, Any] = {
        "message": f"(#{refused.code}) {ERRORS[refused.code][1]}",
        "type": "OAuthException",
        "code": refused.code,
    }
    details = refused.details or DETAILS.get(refused.code)
    if refused.subcode is not None:
        error["error_subcode"] = refused.subcode
        error["is_transient"] = False
        error["error_user_title"] = refused.title
        error["error_user_msg"] = details
    elif details:
        error["error_data"] = {"messaging_product": "whatsapp", "details": details}
    error["fbtrace_id"] = secrets.token_urlsafe(17)
    return error


def receipt_error(code: int) -> dict[str, Any]:
    """The same inside a `failed` receipt."""
    title = ERRORS[code][1]
    return {
        "code": code,
        "title": title,
        "message": title,
        "error_data": {"details": DETAILS.get(code, title)},
        "href": HREF,
    }
