"""From what is rendered to the form that Twilio's API takes."""

import re
from collections.abc import Iterator
from urllib.parse import urlencode
from uuid import UUID

from postroom.domain.channels import Rendered
from workers.channels.base import ChannelError
from workers.channels.carried import not_carried
from workers.channels.sms.capabilities import CAPABILITIES, MAX_BODY
from workers.channels.sms.config import SERVICE, SmsConfig
from workers.channels.sms.verdicts import transport_fault

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


def request_form(config: SmsConfig, rendered: Rendered, to: str, key: UUID) -> bytes:
    """The whole request. Raises ChannelError before a byte leaves when Twilio could only refuse it."""
    if not _E164.fullmatch(to):
        raise ChannelError(transport_fault("bad_address"))
    faults = "; ".join(_faults(rendered))
    if faults:
        raise ChannelError(transport_fault("unsendable", faults))
    form = {
        "To": to,
        ("MessagingServiceSid" if SERVICE.fullmatch(config.sender) else "From"): config.sender,
        "Body": rendered.text,
        # Comes back in every callback and is covered by its signature: settles an attempt whose answer was lost.
        "StatusCallback": status_callback(config.status_url, key),
        "ValidityPeriod": str(config.validity_seconds),
        # The text was spelled plainly when it was written (sms_text.plainer), so that what is kept is what is sent.
        "SmartEncoded": "false",
    }
    return urlencode(form).encode("ascii")


def status_callback(status_url: str, key: UUID) -> str:
    """Where Twilio tells what became of this attempt."""
    return f"{status_url.rstrip('/')}/status?attempt={key}"


def _faults(rendered: Rendered) -> Iterator[str]:
    text = rendered.text
    if not text.strip():
        yield "the text is empty; write the template for SMS"
    if len(text) > MAX_BODY:
        yield f"the text has {len(text)} characters, {MAX_BODY} are carried; shorten the template"
    if not text.isascii() and text.encode("utf-8", "ignore").decode("utf-8") != text:
        yield "the text holds half of a surrogate pair, which no alphabet can write; mend the fact that brought it"
    if in_vain := not_carried(rendered, CAPABILITIES, "fields"):
        yield f"an SMS carries text alone, and not {', '.join(in_vain)}; say it in the text"
