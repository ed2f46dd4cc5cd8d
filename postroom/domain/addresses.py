"""Addresses as they are kept and compared: a phone number in E.164, an email address in one spelling."""

import re

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult

from postroom.domain.channels import ChannelName

_ATOM = r"[\w!#$%&'*+/=?^`{|}~-]+"
_LOCAL = re.compile(rf"{_ATOM}(\.{_ATOM})*")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
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
    return phone(raw, country) if channel is ChannelName.WHATSAPP else email(raw)
