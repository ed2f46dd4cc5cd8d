"""What Meta's error codes mean for a message. Words: Meta's error page and the Graph API's own texts.

Meta advises to go by `code`, not by title or HTTP status. Where its advice is to ask again, an error *with* a code is a
refusal (nothing was sent), so that asking again is safe; only an answer without a code leaves the outcome open.
"""

import re
from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from postroom.domain.channels import Pace
from postroom.outside.rulings import HTTP, RL, F, O, P, R, Ruling, S, Span, fault_in, find_ruling

VERDICTS: Mapping[str, Ruling] = MappingProxyType(
    {
        # Authorisation: our account, not the message
        "0": Ruling(S, "We were unable to authenticate the app user"),
        "3": Ruling(S, "Capability or permissions issue"),
        "10": Ruling(S, "Permission is either not granted or has been removed"),
        "33": Ruling(S, "The business phone number has been deleted"),
        "190": Ruling(S, "Your access token has expired"),
        "131005": Ruling(S, "Access denied: permission is either not granted or has been removed"),
        # The API itself
        "1": Ruling(R, "Invalid request or possible server error", Pace.ONCE),
        "2": Ruling(R, "Temporary due to downtime or due to being overloaded"),
        "131000": Ruling(R, "Message failed to send due to an unknown error", Pace.TWICE),
        "131016": Ruling(R, "A service is temporarily unavailable"),
        "131057": Ruling(R, "Business account is in maintenance mode", Pace.MAINTENANCE),
        "133004": Ruling(R, "Server is temporarily unavailable"),
        "135000": Ruling(R, "Message failed to send because of an unknown error with your request", Pace.ONCE),
        # Too fast
        "4": Ruling(RL, "The app has reached its API call rate limit", Pace.LATE),
        "613": Ruling(RL, "Calls to this API have exceeded the rate limit", Pace.LATE),
        "80007": Ruling(RL, "The WhatsApp Business Account has reached its rate limit", Pace.LATE),
        "130429": Ruling(R, "Cloud API message throughput has been reached", Pace.THROTTLED),
        "131056": Ruling(R, "Too many messages sent to the same recipient in a short time (pair limit)", Pace.PAIR),
        "132069": Ruling(RL, "Flow is throttled: 10 messages using it were sent in the last hour", Pace.LATE),
        # Our sender is stopped
        "368": Ruling(S, "Temporarily blocked for violating a platform policy"),
        "131031": Ruling(S, "Account has been locked, restricted or disabled, or the PIN does not match"),
        "131037": Ruling(S, "Display name of the business phone number is not approved"),
        "131042": Ruling(S, "Business eligibility: a problem with your payment method"),
        "131044": Ruling(S, "Business eligibility: a problem with your payment method (calls)"),
        "131045": Ruling(S, "Message failed to send due to a phone number registration error"),
        "131048": Ruling(S, "Spam rate limit: too many previous messages were blocked or flagged as spam"),
        "131064": Ruling(S, "Messaging limit reached due to template classification violations"),
        "133000": Ruling(S, "A previous deregistration attempt failed"),
        "133005": Ruling(S, "Two-step verification PIN is incorrect"),
        "133006": Ruling(S, "Phone number needs to be verified before registering"),
        "133008": Ruling(S, "Too many two-step verification PIN guesses"),
        "133009": Ruling(S, "Two-step verification PIN was entered too quickly"),
        "133010": Ruling(S, "Phone number is not registered on the WhatsApp Business Platform"),
        "133015": Ruling(S, "Wait a few minutes before registering this phone number"),
        "133016": Ruling(S, "Too many (de)registration attempts for this phone number"),
        # This recipient, not on this channel
        "130472": Ruling(F, "User's number is part of an experiment"),
        "130497": Ruling(F, "Business account is restricted from messaging users in this country"),
        "131026": Ruling(
            F, "Message undeliverable: not on WhatsApp, terms not accepted, or an old client", unreachable=True
        ),
        # Our messages that start a conversation are templates; a free-form one has to be written anew as a template.
        "131047": Ruling(F, "Re-engagement: more than 24 hours since the recipient last replied"),
        "131049": Ruling(F, "Not delivered to maintain healthy ecosystem engagement"),
        "131062": Ruling(F, "Business-scoped user ids are not supported for this message; it needs the phone number"),
        "137000": Ruling(F, "The recipient's identity key does not match: verify the person before any approval"),
        # The recipient does not want it
        "131050": Ruling(O, "User has stopped marketing messages from the business"),
        # The message itself
        "100": Ruling(P, "The request included one or more unsupported or misspelled parameters"),
        "131008": Ruling(P, "Required parameter is missing"),
        "131009": Ruling(P, "Parameter value is not valid"),
        "131020": Ruling(P, "Cannot send messages to single member groups"),
        "131021": Ruling(P, "Recipient cannot be sender"),
        "131030": Ruling(P, "Recipient phone number is not in the test number's allowed list"),
        "131041": Ruling(P, "The group was not found"),
        "131051": Ruling(P, "Unsupported message type"),
        "131052": Ruling(R, "Unable to download the media", Pace.TWICE),
        "131053": Ruling(R, "Unable to upload the media used in the message", Pace.TWICE),
        "131059": Ruling(P, "Groups: the cursor has expired or is corrupted"),
        "131063": Ruling(P, "Marketing templates are disabled for Cloud API"),
        # The template
        "132000": Ruling(P, "Number of parameters does not match the template"),
        "132001": Ruling(P, "Template does not exist in this language or has not been approved"),
        "132005": Ruling(P, "Template text is too long once its values are filled in"),
        "132007": Ruling(P, "Template content violates a WhatsApp policy"),
        "132008": Ruling(P, "Template parameter values are formatted incorrectly"),
        "132012": Ruling(P, "Template parameter values are formatted incorrectly"),
        "132015": Ruling(F, "Template is paused due to low quality"),
        "132016": Ruling(F, "Template was paused too many times and is permanently disabled"),
        "132068": Ruling(P, "Flow is in blocked state"),
    }
)

SPANS: tuple[Span, ...] = (
    Span(200, 299, Ruling(S, "API permission is either not granted or has been removed")),
    Span(131200, 131299, Ruling(P, "Groups API; we send to persons only")),
    Span(138000, 138099, Ruling(P, "Calling API; we place no calls")),
    Span(139000, 139199, Ruling(P, "Flows or block-list API; not used to send")),
    Span(147000, 147099, Ruling(P, "Usernames API; not used to send")),
    Span(2388000, 2388999, Ruling(P, "Template or phone number management; not used to send")),
    Span(2494000, 2494999, Ruling(P, "Phone number management; not used to send")),
)

TRANSPORT: Mapping[str, Ruling] = MappingProxyType(
    {**HTTP, "bad_address": Ruling(F, "Neither a phone number in international format nor a business-scoped user id")}
)
"""Outcomes that Meta gives no code to; the first part of each is what `Fault.code` holds."""

transport_fault = partial(fault_in, TRANSPORT)


# Code 100 says 'invalid parameter' of our request, of the recipient and of a phone number that is no longer ours.
_RECIPIENT = re.compile(r"recipient|param(?:eter)? to\b|not a valid whatsapp|phone number.*(?:invalid|not valid)", re.I)
WRONG_RECIPIENT = Ruling(F, "Invalid parameter: the recipient")
WRONG_OBJECT = Ruling(S, "The phone number id does not exist, or our token may not use it")


def ruling_of(code: str, subcode: str = "", detail: str = "") -> Ruling | None:
    """The ruling for an error; None where no row foresees its code."""
    if code == "100" and subcode == "33":
        return WRONG_OBJECT
    if code == "100" and _RECIPIENT.search(detail):
        return WRONG_RECIPIENT
    return find_ruling(code, VERDICTS, SPANS)
