"""What Twilio's error codes mean for a message. Words: Twilio's own titles of its errors.

The codes below 30000 come in the answer to our request; those above come later, in a status callback, when the leg is
settled by it and the fallback starts: their pace is for the day when Twilio says the same at once.

A refusal that is bound to one country (21408, 21612, 30024, 30040, 30041) is a FALLBACK and never stops the sender: the
rest of the world goes on.
"""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from postroom.domain.channels import Pace
from postroom.outside.rulings import HTTP, RL, A, F, O, P, R, Ruling, S, fault_in

VERDICTS: Mapping[str, Ruling] = MappingProxyType(
    {
        # Our account
        "20003": Ruling(S, "Authentication error: the account's sid and token do not fit"),
        "20005": Ruling(S, "Account not active"),
        "20404": Ruling(S, "The requested resource was not found"),
        "21608": Ruling(S, "A trial account sends to verified numbers only"),
        "21219": Ruling(S, "'To' number not verified (trial account)"),
        "30002": Ruling(S, "Account suspended"),
        "30037": Ruling(S, "Outbound messaging disabled"),
        "30450": Ruling(S, "Message delivery blocked by fraud protection"),
        "30454": Ruling(S, "Account exceeded its messages limit"),
        "63038": Ruling(S, "Account exceeded the daily messages limit"),
        # The API itself
        "20429": Ruling(R, "Too many requests: never processed, always safe to retry", Pace.THROTTLED),
        "20500": Ruling(A, "Internal server error"),
        "20503": Ruling(A, "Service unavailable"),
        "21730": Ruling(R, "The service is unavailable for maintenance", Pace.MAINTENANCE),
        # Our sender
        "21212": Ruling(S, "Invalid 'From' number"),
        "21603": Ruling(S, "A 'From' number is required"),
        "21606": Ruling(S, "The 'From' number is not a valid, SMS-capable number of this account"),
        "21611": Ruling(R, "This 'From' number exceeds the maximum of queued messages", Pace.MAINTENANCE),
        "21703": Ruling(S, "The messaging service has no sender"),
        "21704": Ruling(S, "The messaging service has no sender for this recipient's region"),
        "30001": Ruling(R, "Queue overflow", Pace.MAINTENANCE),
        "30032": Ruling(S, "Toll-free number has not been verified"),
        "30034": Ruling(S, "Message from an unregistered number (A2P 10DLC)"),
        "30460": Ruling(S, "Registration refused: third-party debt collection"),
        "30863": Ruling(S, "Verification refused: third-party debt collection"),
        # One country that this sender does not serve
        "21408": Ruling(F, "Permission to send an SMS has not been enabled for the region of the 'To' number"),
        "21612": Ruling(F, "The 'To' number is not reachable from this 'From' number"),
        "30024": Ruling(F, "Sender ID is not provisioned on the carrier"),
        "30040": Ruling(F, "The destination carrier requires sender ID pre-registration"),
        "30041": Ruling(F, "Unregistered sender ID: message blocked (UK)"),
        # This recipient, not on this channel
        "21211": Ruling(F, "Invalid 'To' phone number", unreachable=True),
        "21217": Ruling(F, "The phone number does not appear to be valid", unreachable=True),
        "21614": Ruling(F, "The 'To' number is not a valid mobile number", unreachable=True),
        "21635": Ruling(F, "The 'To' number cannot be a landline", unreachable=True),
        "30003": Ruling(RL, "Unreachable destination handset: switched off or without service", Pace.LATE),
        "30004": Ruling(F, "Message blocked by the recipient or the carrier"),
        "30005": Ruling(F, "Unknown destination handset", unreachable=True),
        "30006": Ruling(F, "Landline or unreachable carrier: do not retry", unreachable=True),
        "30008": Ruling(R, "Unknown error: the carrier gave no reason", Pace.ONCE),
        "30485": Ruling(F, "The message could not be delivered"),
        # The recipient does not want it
        "21610": Ruling(O, "Attempt to send to an unsubscribed recipient (STOP)"),
        # The message. Without its callback a message would leave and nobody could tell what became of it (21609), and
        # an attempt is one request: an operator mends PUBLIC_URL instead.
        "21602": Ruling(P, "Message body is required"),
        "21604": Ruling(P, "A 'To' number is required"),
        "21605": Ruling(P, "The message body exceeds the maximum length"),
        "21609": Ruling(P, "The 'StatusCallback' URL is not a valid URL"),
        "21617": Ruling(P, "The concatenated message body exceeds the 1600 character limit"),
        "21619": Ruling(P, "A text message body or media URL must be specified"),
        "21654": Ruling(P, "ContentSid is required"),
        "21655": Ruling(P, "The ContentSid is invalid"),
        "30007": Ruling(P, "Message filtered as unwanted by Twilio or a carrier"),
        "30009": Ruling(P, "Missing inbound segment"),
        "30010": Ruling(P, "The message's price exceeds the maximum price"),
        "30011": Ruling(P, "MMS is not supported by the receiving number in this region"),
        "30019": Ruling(P, "The content's size exceeds the carrier's limit"),
        "30036": Ruling(P, "Validity period expired before the message could leave: decide anew"),
        "30038": Ruling(P, "One-time password in the body was filtered"),
        # Carriers
        "30017": Ruling(R, "Carrier network congestion"),
        "30020": Ruling(R, "Internal failure of message scheduling"),
        "30021": Ruling(R, "Internal failure of message orchestration"),
        "30022": Ruling(RL, "US A2P 10DLC: rate limits exceeded", Pace.LATE),
        "30027": Ruling(RL, "US A2P 10DLC: T-Mobile's daily message limit reached", Pace.NEXT_DAY),
        "30410": Ruling(R, "Provider timeout"),
        # Other channels behind the same API; a messaging service may hold a sender of one
        "63001": Ruling(S, "The channel could not authenticate the request"),
        "63003": Ruling(F, "The channel could not find the 'To' address"),
        "63005": Ruling(P, "The channel did not accept the content"),
        "63006": Ruling(P, "The channel could not format the content"),
        "63007": Ruling(S, "The channel could not find a sender with the 'From' address"),
        "63008": Ruling(S, "The channel's module is misconfigured"),
        "63009": Ruling(A, "The channel's provider returned a server error"),
        "63012": Ruling(A, "The channel's provider had an internal error"),
        "63016": Ruling(P, "A free-form message outside the allowed window: use a template"),
        "63018": Ruling(RL, "Rate limit exceeded for the channel", Pace.LATE),
        "63019": Ruling(R, "Media failed to download", Pace.TWICE),
        "63020": Ruling(S, "The business did not accept the Business Manager invitation"),
        "63021": Ruling(P, "The channel found the content invalid"),
        "63022": Ruling(S, "Invalid verified-name certificate"),
        "63023": Ruling(A, "The channel had a generic error"),
        "63024": Ruling(F, "Invalid message recipient"),
        "63027": Ruling(P, "The template does not exist for this language"),
        "63028": Ruling(P, "The number of parameters does not match the template"),
        "63029": Ruling(P, "The receiver failed to download the template"),
        "63030": Ruling(P, "Unsupported parameter for this type of channel"),
        "63032": Ruling(F, "The message cannot be sent: the user is part of an experiment"),
        "63049": Ruling(F, "Meta chose not to deliver the message"),
        "63119": Ruling(RL, "Meta's rate limit was reached", Pace.LATE),
    }
)

TRANSPORT: Mapping[str, Ruling] = MappingProxyType(
    {**HTTP, "bad_address": Ruling(F, "Not a phone number in international format (E.164)")}
)
"""Outcomes that Twilio gives no code to; the first part of each is what `Fault.code` holds."""

transport_fault = partial(fault_in, TRANSPORT)

CANCELED = Ruling(F, "Somebody canceled the message at Twilio before it left")
