"""What the refusals of the Bot Connector, of Entra and of Graph mean for a message. Words: Microsoft's own pages.

Everything before the card itself is posted leaves nothing open: a token, a look-up and the opening of a conversation
can be asked for again, so their lost answers are transient. Only the post of the card can end as *unknown*.
"""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from postroom.domain.channels import Pace
from postroom.outside.rulings import HTTP, RL, A, F, P, R, Ruling, S, fault_in

VERDICTS: Mapping[str, Ruling] = MappingProxyType(
    {
        # Our bot
        "BotNotRegistered": Ruling(S, "No registration was found for this bot"),
        "BotDisabledByAdmin": Ruling(F, "The tenant's admin disabled this bot"),
        "InvalidBotApiHost": Ruling(S, "Wrong host for this tenant: TEAMS_SERVICE_URL names another cloud"),
        # This person or conversation, not on this channel
        "BotNotInConversationRoster": Ruling(F, "The bot is not part of the conversation"),
        "ConversationBlockedByUser": Ruling(F, "The user blocked the conversation with the bot"),
        "ForbiddenOperationException": Ruling(F, "The bot is not installed for this user"),
        "MessageWritesBlocked": Ruling(F, "The user uninstalled or blocked the bot"),
        "NotEnoughPermissions": Ruling(F, "The bot may not write in this conversation"),
        "ConversationNotFound": Ruling(F, "The conversation was not found, not even after it was opened anew"),
        # The message itself
        "ActivityNotFoundInConversation": Ruling(P, "The message that this one belongs to was not found"),
        "MessageSizeTooBig": Ruling(P, "The size of the incoming activity was too large"),
        # Too fast, or at the same time as another
        "Throttled": Ruling(R, "Too many requests", Pace.THROTTLED),
        "PreconditionFailed": Ruling(R, "A dependency refused several operations on one conversation at a time"),
    }
)

GENERIC = frozenset(
    {"BadArgument", "Bad Argument", "BadSyntax", "Forbidden", "NotFound", "ServiceError", "Unauthorized", "Unknown"}
)
"""Codes that say no more than the status they come with; the status decides."""

GONE = frozenset({"ActivityNotFoundInConversation", "ConversationNotFound", "http_404", "http_410"})
"""Answers to a changed card after which there is none left that anybody could change."""

TRANSPORT: Mapping[str, Ruling] = MappingProxyType(
    {
        **HTTP,
        "http_400": Ruling(P, "Invalid request payload"),
        "http_402": Ruling(S, "Payment required"),
        # Which of the many reasons it is, the answer often does not tell: this user is not reached here.
        "http_403": Ruling(F, "Forbidden: not installed, blocked or uninstalled by this user"),
        "http_404": Ruling(F, "Not found, not even after the conversation was opened anew"),
        "http_405": Ruling(P, "Method not allowed"),
        "http_409": Ruling(R, "Conflict with another request at the same time"),
        "http_410": Ruling(F, "Gone"),
        "http_411": Ruling(P, "Length required"),
        "http_412": Ruling(R, "Precondition failed; Microsoft says: try again"),
        "http_413": Ruling(P, "The message is too big"),
        "http_415": Ruling(P, "Unsupported media type"),
        "http_422": Ruling(P, "Cannot process the request"),
        "http_423": Ruling(RL, "Locked", Pace.LATE),
        "http_500": Ruling(A, "Server error: the message may have been taken"),
        "http_501": Ruling(P, "Not implemented"),
        # Microsoft says to try these two again. A gateway that gave up does not know whether the card was posted.
        "http_502": Ruling(A, "Bad gateway: the message may have been taken"),
        "http_503": Ruling(R, "Service unavailable"),
        "http_504": Ruling(A, "Gateway timeout: the message may have been taken"),
        "http_507": Ruling(S, "The tenant's storage is full"),
        "http_509": Ruling(R, "Bandwidth limit exceeded", Pace.THROTTLED),
        "bad_address": Ruling(F, "Neither an email address nor an id of a user or a conversation"),
        "login_refused": Ruling(S, "Entra refused our app: TEAMS_APP_ID, TEAMS_APP_PASSWORD or TEAMS_TENANT_ID"),
        "login_failed": Ruling(R, "Entra gave no token: nothing was posted"),
        "user_unknown": Ruling(F, "The directory has no active user with this email address", unreachable=True),
        "user_ambiguous": Ruling(F, "The directory has several users with this email address"),
        "lookup_refused": Ruling(S, "Graph refused the look-up: our app needs the permission User.Read.All"),
        "lookup_failed": Ruling(R, "Graph could not be asked who this is: nothing was posted", Pace.BESIDE),
        "conversation_failed": Ruling(R, "The conversation could not be opened: nothing was posted"),
    }
)
"""Outcomes that the Bot Connector gives no code to, and all of the steps before the card is posted."""

transport_fault = partial(fault_in, TRANSPORT)
