"""From Twilio's webhook to events: what became of a message of ours, or what a person wrote."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from postroom.domain.channels import ChannelEvent, ChannelName, EventKind, Parsed
from workers.channels.base import Malformed
from workers.channels.headers import find_header, received_at
from workers.channels.opt_out import consent_in
from workers.channels.sms.errors import failure
from workers.channels.sms.signature import URL, Form, form_of
from workers.channels.tokens import id_of, label, text_of

STATUSES: Mapping[str, EventKind] = MappingProxyType(
    {
        "sent": EventKind.SENT,
        "delivered": EventKind.DELIVERED,
        "read": EventKind.READ,
        "undelivered": EventKind.FAILED,
        "failed": EventKind.FAILED,
        "canceled": EventKind.FAILED,
    }
)
"""They come in any order, and one may be missing: the ledger lets the furthest one win."""

# Steps before a carrier has it: they change nothing for us.
IGNORED_STATUSES = frozenset({"accepted", "scheduled", "queued", "sending"})
INBOUND_STATUSES = frozenset({"", "received", "receiving"})

CONSENTS: Mapping[str, EventKind] = MappingProxyType({"STOP": EventKind.OPTED_OUT, "START": EventKind.OPTED_IN})
"""OptOutType: what Twilio itself made of the words (Advanced Opt-Out). HELP it has answered; to us it is a reply."""

MOST_FILES = 10


def parse(headers: Mapping[str, str], raw: bytes) -> Parsed:
    """The webhook as events and labels. Raises Malformed for a body that is no such webhook at all."""
    form = _form(raw)
    foreign = next((name for name in ("From", "To") if ":" in form.first(name)), "")
    if foreign:
        # whatsapp:+34…, rcs:…: another channel of the same account, which this sender does not speak.
        return Parsed(unknown=(label("channel", form.first(foreign).partition(":")[0]),))
    if "MessageStatus" in form:
        return _status(headers, form)
    if "Body" in form and form.first("SmsStatus") in INBOUND_STATUSES:
        return Parsed(events=tuple(_heard(headers, form)))
    return Parsed(unknown=(label("status", form.first("SmsStatus")),))


def _form(raw: bytes) -> Form:
    try:
        form = form_of(raw)
    except ValueError as error:
        raise Malformed(f"The body is no form ({error}). Twilio posts application/x-www-form-urlencoded.") from error
    clean = Form({name: [text_of(value) for value in values] for name, values in form.items()})
    if not _sid(clean):
        raise Malformed("'MessageSid' is missing. Twilio posts a form with MessageSid, AccountSid, From and To.")
    return clean


def _sid(form: Form) -> str:
    return id_of(form.first("MessageSid")) or id_of(form.first("SmsSid"))


# Statuses: what became of a message of ours -------------------------------------------------------------------------


def _status(headers: Mapping[str, str], form: Form) -> Parsed:
    status = form.first("MessageStatus").lower()
    if status in IGNORED_STATUSES:
        return Parsed(ignored=(label("status", status),))
    if status not in STATUSES:
        return Parsed(unknown=(label("status", status),))
    kind = STATUSES[status]
    failed = kind is EventKind.FAILED
    event = ChannelEvent(
        kind=kind,
        key=f"{_sid(form)}:{status}",
        channel=ChannelName.SMS,
        account=_account(form, "From"),
        occurred_at=received_at(headers),
        provider_id=_sid(form),
        attempt_id=_attempt(find_header(headers, URL)),
        address=id_of(form.first("To")) or None,
        fault=failure(status, form.first("ErrorCode"), form.first("ErrorMessage")) if failed else None,
        extra=_facts(form, ("segments", "NumSegments"), ("carrier_done", "RawDlrDoneDate")),
    )
    return Parsed(events=(event,))


def _account(form: Form, ours: str) -> str:
    """The sender as it is configured: the messaging service, or the number."""
    return id_of(form.first("MessagingServiceSid")) or id_of(form.first(ours))


def _attempt(url: str) -> UUID | None:
    """Our id, from the address that we asked to be told at; other software may share the account."""
    try:
        return UUID(parse_qs(urlsplit(url).query)["attempt"][0])
    except (KeyError, ValueError):
        return None


def _facts(form: Form, *names: tuple[str, str]) -> dict[str, str]:
    return {fact: id_of(form.first(name)) for fact, name in names if id_of(form.first(name))}


# Messages: what a person said ---------------------------------------------------------------------------------------


def _heard(headers: Mapping[str, str], form: Form) -> Iterator[ChannelEvent]:
    """The reply; or the consent that it gives or takes.

    Where Twilio takes for STOP or START what we hear as an answer ("CANCEL", "YES"), it is both: Twilio has blocked or
    unblocked the number, and the person may have cancelled an order or approved a purchase.
    """
    words = form.first("Body")
    ours, twilios = consent_in(words), CONSENTS.get(form.first("OptOutType").upper())
    if twilios is not None and ours is not twilios:
        yield _said(headers, form, twilios, f"{_sid(form)}:{twilios}")
        ours = None
    yield _said(headers, form, ours or EventKind.REPLIED, _sid(form))


def _said(headers: Mapping[str, str], form: Form, kind: EventKind, key: str) -> ChannelEvent:
    files, locations = _files(form)
    return ChannelEvent(
        kind=kind,
        key=key,
        channel=ChannelName.SMS,
        account=_account(form, "To"),
        occurred_at=received_at(headers),
        address=id_of(form.first("From")) or None,
        text=" ".join(filter(None, (*files, form.first("Body").strip()))) or "[empty message]",
        extra={**locations, **_facts(form, ("country", "FromCountry"), ("segments", "NumSegments"))},
    )


def _files(form: Form) -> tuple[list[str], dict[str, str]]:
    """What came along, by its kind ('[image/jpeg]'), and where it is kept for whoever has the account's credentials."""
    digits = form.first("NumMedia")
    count = min(int(digits), MOST_FILES) if digits.isascii() and digits.isdecimal() and len(digits) < 4 else 0
    kinds = [f"[{id_of(form.first(f'MediaContentType{number}')) or 'file'}]" for number in range(count)]
    return kinds, _facts(form, *((f"media_{number}", f"MediaUrl{number}") for number in range(count)))
