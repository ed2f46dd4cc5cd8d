"""The Bot Connector's errors: code, HTTP status, words."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from sandbox.http1 import Response, json_response, retry_header

ERRORS: Mapping[str, tuple[int, str]] = MappingProxyType(
    {
        "BadArgument": (400, "Invalid request payload"),
        "Unauthorized": (401, "Authorization has been denied for this request."),
        "BotNotRegistered": (401, "No registration found for this bot."),
        "BotDisabledByAdmin": (403, "The tenant admin disabled this bot"),
        "BotNotInConversationRoster": (403, "The bot is not part of the conversation roster."),
        "ConversationBlockedByUser": (403, "User blocked the conversation with the bot."),
        "MessageWritesBlocked": (403, "Message writes are blocked for this conversation."),
        "ActivityNotFoundInConversation": (404, "The message ID provided could not be found in the conversation."),
        "ConversationNotFound": (404, "Conversation not found."),
        "PreconditionFailed": (412, "Precondition failed, please try again."),
        "MessageSizeTooBig": (413, "Message size too large."),
        "UnheardOf": (418, "A code that no table has"),
        "Throttled": (429, "Too many requests."),
        "ServiceError": (500, "Unknown error."),
        "ServiceUnavailable": (503, "Service unavailable."),
    }
)

SUB_CODES = frozenset({"MessageWritesBlocked"})
"""Codes that stand in `subCode`, behind a code that says less."""


@dataclass(eq=False)
class Refused(Exception):
    """Why the Bot Connector would not take a request."""

    code: str
    details: str = ""
    reasons: tuple[str, ...] = ()
    """The same, one by one, for the strip on the page."""

    @property
    def status(self) -> int:
        """The HTTP status that goes with the code."""
        return ERRORS[self.code][0]


def answer(refused: Refused, retry_after: float | None = None) -> Response:
    """The error as the Bot Connector writes it."""
    error = {"code": refused.code, "message": refused.details or ERRORS[refused.code][1]}
    if refused.code in SUB_CODES:
        error |= {"code": "Forbidden", "subCode": refused.code}
    return json_response({"error": error}, refused.status, retry_header(retry_after))
