"""Addresses as they are kept and compared: a phone number in E.164, an email address in one spelling."""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult

from postroom.domain.channels import ChannelName

_ATOM = r"[\w!#$%&'*+/=?^`{|}~-]+"
_LOCAL = re.compile(rf"{_ATOM}(\.{_ATOM})*")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_SLACK_ID = re.compile(r"[UWCDG][A-Z0-9]{5,20}")
_TEAMS_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|(19|a):[\w.:@;=\-]{3,250}", re.IGNORECASE | re.ASCII)
_ODOO_ID = re.compile(r"(user|partner):[1-9]\d{0,9}")
_LENGTHS = {
    ValidationResult.TOO_SHORT: "it has too few digits",
    ValidationResult.TOO_LONG: "it has too many digits",
    ValidationResult.INVALID_COUNTRY_CODE: "no country has this code",
    ValidationResult.INVALID_LENGTH: "no number of its country has this length",
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "it lacks its area code",
}


class NotAnAddress(ValueError):
    """The text cannot be an address; says why without repeating it, since addresses are never logged."""


def phone(raw: str, country: str | None) -> str:
    """The number in E.164; one without a country code belongs to the company's country.

    Only its length is judged: number ranges open faster than tables of them are published.
    """
    try:
        number = phonenumbers.parse(raw, country.upper() if country else None)
    except NumberParseException as error:
        raise NotAnAddress(_unreadable(error, raw)) from None
    verdict = phonenumbers.is_possible_number_with_reason(number)
    if verdict != ValidationResult.IS_POSSIBLE:
        raise NotAnAddress(f"the phone number cannot exist: {_LENGTHS[verdict]}")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def _unreadable(error: NumberParseException, raw: str) -> str:
    if error.error_type != NumberParseException.INVALID_COUNTRY_CODE:
        return "the phone number cannot be read as one"
    if raw.lstrip().startswith(("+", "\uff0b")):
        return "the phone number begins with a code that no country has"
    return "the phone number has no country code, and its company has no country"


def email(raw: str) -> str:
    """The address with its domain in lower-case ASCII; the local part is the receiver's own business and stays."""
    local, at, domain = raw.strip().rpartition("@")
    if not at or len(local.encode("utf-8", "replace")) > 64 or not _LOCAL.fullmatch(local):
        raise NotAnAddress("the email address must look like name@domain")
    ascii_domain = _ascii_domain(domain)
    labels = ascii_domain.split(".")
    if len(ascii_domain) > 253 or len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):
        raise NotAnAddress("the email address must end in a domain such as example.com")
    return f"{local}@{ascii_domain}"


def _ascii_domain(domain: str) -> str:
    try:
        return domain.lower().encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise NotAnAddress("the domain of the email address cannot be written in DNS") from None


def normal(channel: ChannelName, raw: str, country: str | None) -> str:
    """An address in the one spelling that its channel compares by. Raises NotAnAddress."""
    return NORMALISERS[channel](raw, country)


def slack(raw: str) -> str:
    """A member or conversation id as Slack writes it, or the email address that its member is looked up by."""
    return raw.strip() if _SLACK_ID.fullmatch(raw.strip()) else email(raw)


def teams(raw: str) -> str:
    """A user's object id in Entra, a conversation's id, or the email address that the user is looked up by."""
    bare = raw.strip()
    if not _TEAMS_ID.fullmatch(bare):
        return email(raw)
    return bare if bare.startswith(("19:", "a:")) else bare.lower()


def odoo(raw: str) -> str:
    """A user or partner of Odoo, as in user:7."""
    if not _ODOO_ID.fullmatch(raw.strip()):
        raise NotAnAddress("an address in Odoo looks like user:7 or partner:42")
    return raw.strip()


def callback(raw: str) -> str:
    """The http(s) address of a machine, without user, password and fragment."""
    try:
        url = urlsplit(raw.strip())
        host, port = (url.hostname or "").lower(), f":{url.port}" if url.port else ""
    except ValueError:
        raise NotAnAddress("the callback's address cannot be read as a URL") from None
    if url.scheme not in ("http", "https") or not host or url.username or url.fragment:
        raise NotAnAddress("a callback's address must look like https://erp.example.com/postroom, without a password")
    bare = f"[{host}]" if ":" in host else host
    return f"{url.scheme}://{bare}{port}{url.path or '/'}{'?' + url.query if url.query else ''}"


NORMALISERS: Mapping[ChannelName, Callable[[str, str | None], str]] = MappingProxyType(
    {
        ChannelName.WHATSAPP: phone,
        ChannelName.SLACK: lambda raw, _country: slack(raw),
        ChannelName.TEAMS: lambda raw, _country: teams(raw),
        ChannelName.SMS: phone,
        ChannelName.EMAIL: lambda raw, _country: email(raw),
        ChannelName.ODOO: lambda raw, _country: odoo(raw),
        ChannelName.CALLBACK: lambda raw, _country: callback(raw),
    }
)
