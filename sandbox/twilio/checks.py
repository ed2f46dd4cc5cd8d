"""Holds a send request against what Twilio's API asks for."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from sandbox.twilio.errors import ERRORS, Refused

Form = Mapping[str, str]

NUMBER = "+15550002222"
ACCOUNT_SID = "AC" + "0" * 31 + "1"
SERVICE_SID = "MG" + "0" * 31 + "1"
"""The one account here, its one number, and its one messaging service (which sends by that number)."""

LONGEST = 1600
KNOWN = frozenset(
    {
        "To",
        "From",
        "MessagingServiceSid",
        "Body",
        "StatusCallback",
        "ValidityPeriod",
        "SmartEncoded",
        "ProvideFeedback",
        "Attempt",
        "ForceDelivery",
        "ContentRetention",
        "AddressRetention",
        "RiskCheck",
        "ShortenUrls",
    }
)
"""What this stand-in speaks of the API: text alone, at once."""

_E164 = re.compile(r"\+[1-9]\d{6,14}")
# No country has this code: a number that looks right and reaches nobody.
_NOBODY = re.compile(r"\+999")


def check(form: Form) -> None:
    """Raise Refused with every fault of a send request."""
    found = [fault for look in CHECKS for fault in look(form)]
    if found:
        reasons = tuple(f"{code}: {ERRORS[code][1]} ({detail})" for code, detail in found)
        raise Refused(found[0][0], found[0][1], reasons)


Fault = tuple[int, str]


def _recipient(form: Form) -> Iterator[Fault]:
    to = form.get("To", "")
    if not to:
        yield 21604, "To is missing"
    elif not _E164.fullmatch(to) or _NOBODY.match(to):
        yield 21211, f"{to} is no number in E.164"


def _sender(form: Form) -> Iterator[Fault]:
    sender, service = form.get("From", ""), form.get("MessagingServiceSid", "")
    if not sender and not service:
        yield 21603, "neither From nor MessagingServiceSid is there"
    if service and service != SERVICE_SID:
        yield 21701, f"this sandbox has the service {SERVICE_SID}"
    if sender and sender != NUMBER:
        yield (21606 if _E164.fullmatch(sender) else 21212), f"this sandbox has the number {NUMBER}"


def _body(form: Form) -> Iterator[Fault]:
    if "Body" not in form:
        yield 21619, "Body is missing"
    elif not form["Body"].strip():
        yield 21602, "Body is empty"
    elif len(form["Body"]) > LONGEST:
        yield 21617, f"Body has {len(form['Body'])} characters"


def _callback(form: Form) -> Iterator[Fault]:
    if (raw := form.get("StatusCallback")) is None:
        return
    try:
        url = urlsplit(raw)
        host, usable = url.hostname or "", url.scheme in ("http", "https") and (url.port or 1) > 0
    except ValueError:
        host, usable = "", False
    if not usable or not host or "_" in host:
        yield 21609, f"{raw} is no http(s) URL with a host name without underscores"


def _rest(form: Form) -> Iterator[Fault]:
    """Twilio passes over what it does not know; here a typing error should be seen at once."""
    validity = form.get("ValidityPeriod", "1")
    if not validity.isdecimal() or not 1 <= int(validity[:9]) <= 36_000:
        yield 20001, f"ValidityPeriod is {validity!r}, which is not between 1 and 36000"
    if form.get("SmartEncoded", "true") not in ("true", "false"):
        yield 20001, f"SmartEncoded is {form['SmartEncoded']!r}, which is neither true nor false"
    unknown = sorted(set(form) - KNOWN)
    if unknown:
        yield 20001, f"the sandbox does not speak {', '.join(unknown)}"


CHECKS: Sequence[Callable[[Form], Iterator[Fault]]] = (_recipient, _sender, _body, _callback, _rest)
