"""What Twilio tells the door: the status of a message, or what a person wrote; a signed form each."""

import base64
import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode, urlsplit

from sandbox.courier import Written
from sandbox.messages import Message
from sandbox.twilio.checks import ACCOUNT_SID, NUMBER
from sandbox.twilio.segments import count

INBOUND = "/webhooks/twilio/inbound"
"""Where the console of this account says that messages to its number go."""

VERSION = "2010-04-01"


def new_sid() -> str:
    """An id in the form of Twilio's."""
    return f"SM{secrets.token_hex(16)}"


def status_form(message: Message, status: str, now: datetime) -> dict[str, str]:
    """One status callback. There is no time in it but the carrier's, and that only in the last one."""
    form = {
        "SmsSid": message.id,
        "SmsStatus": status,
        "MessageStatus": status,
        "To": f"+{message.address}",
        "MessageSid": message.id,
        "AccountSid": ACCOUNT_SID,
        "From": NUMBER,
        "ApiVersion": VERSION,
    }
    if service := (message.raw or {}).get("MessagingServiceSid"):
        form["MessagingServiceSid"] = service
    if status in ("undelivered", "failed"):
        form["ErrorCode"] = str(message.failure or 30008)
    if status in ("delivered", "undelivered"):
        form["RawDlrDoneDate"] = now.strftime("%y%m%d%H%M")
    return form


def inbound_form(message: Message) -> dict[str, str]:
    """A text that a person sent to our number."""
    places = {f"{who}{what}": "" for who in ("From", "To") for what in ("City", "State", "Zip")}
    return {
        **places,
        "ToCountry": "US",
        "FromCountry": "",
        "SmsMessageSid": message.id,
        "NumMedia": "0",
        "SmsSid": message.id,
        "SmsStatus": "received",
        "Body": message.text,
        "To": NUMBER,
        "NumSegments": str(count(message.text)),
        "MessageSid": message.id,
        "AccountSid": ACCOUNT_SID,
        "From": f"+{message.address}",
        "ApiVersion": VERSION,
    }


def written(secret: str, url: str, form: Mapping[str, str]) -> Written:
    """The webhook for the courier. The whole address is signed; the courier goes to our own door in any case."""
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    headers = {
        "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        "X-Twilio-Signature": signature(secret, url, form),
        "I-Twilio-Idempotency-Token": secrets.token_hex(16),
        "User-Agent": "TwilioProxy/1.1",
    }
    return path, headers, urlencode(form).encode("ascii")


def signature(secret: str, url: str, form: Mapping[str, str]) -> str:
    """HMAC-SHA1 over the address, and each name with its value, sorted by name."""
    signed = url + "".join(name + value for name, value in sorted(form.items()))
    return base64.b64encode(hmac.digest(secret.encode(), signed.encode(), "sha1")).decode()
