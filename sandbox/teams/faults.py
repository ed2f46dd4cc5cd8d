"""What can go wrong at Microsoft, and the step at which each strikes."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from sandbox.scripts import Cut, Script


class Step(StrEnum):
    """What is asked of Microsoft, one after the other, for one message."""

    LOGIN = "login"
    LOOK_UP = "look_up"
    OPEN = "open"
    POST = "post"


KINDS: Mapping[str, Script] = MappingProxyType(
    {
        "secret_refused": Script("401 from Entra: the app's secret is wrong", error="invalid_client"),
        "nobody": Script("Graph: the directory has no such user", error="Request_ResourceNotFound"),
        "no_consent": Script("Graph: the app may not read the directory (403)", error="Authorization_RequestDenied"),
        "directory_down": Script("Graph: 503, with Retry-After", error="serviceNotAvailable", seconds=7, passes=True),
        "not_opened": Script("502 when the conversation is opened", error=0, passes=True),
        "not_installed": Script("the bot is not in the conversation", error="BotNotInConversationRoster"),
        "blocked": Script("the user blocked the bot", error="ConversationBlockedByUser"),
        "writes_blocked": Script("403 with a subCode: uninstalled", error="MessageWritesBlocked"),
        "disabled": Script("the tenant's admin disabled the bot", error="BotDisabledByAdmin"),
        "not_registered": Script("401: there is no such bot", error="BotNotRegistered"),
        "unknown_conversation": Script("404; well when it is opened anew", error="ConversationNotFound", passes=True),
        "token_refused": Script("401; well with a new token", error="Unauthorized", passes=True),
        "throttled": Script("429, too many requests, with Retry-After", error="Throttled", seconds=7, passes=True),
        "precondition": Script("412, try again", error="PreconditionFailed", passes=True),
        "too_big": Script("413, the message is too big", error="MessageSizeTooBig"),
        "unavailable": Script("503, service unavailable", error="ServiceUnavailable", passes=True),
        "something_wrong": Script("500, unknown error", error="ServiceError", passes=True),
        "server_error": Script("502 from a gateway, no code in it", error=0, passes=True),
        "unheard_of": Script("an error code that nobody knows", error="UnheardOf"),
        "slow": Script("accepted, but the answer is slow", seconds=3),
        "hang": Script("not accepted; hangs, then hangs up", seconds=60, cut=Cut.BEFORE, passes=True),
        "lost": Script("not accepted; the connection drops", cut=Cut.BEFORE, passes=True),
        "dropped": Script("accepted; the connection drops before the answer", cut=Cut.AFTER),
    }
)

STEPS: Mapping[str, Step] = MappingProxyType(
    {
        "secret_refused": Step.LOGIN,
        "nobody": Step.LOOK_UP,
        "no_consent": Step.LOOK_UP,
        "directory_down": Step.LOOK_UP,
        "not_opened": Step.OPEN,
    }
)
"""Where a kind strikes; all others when the card is posted."""
