"""What several channels ask of the addresses and credentials that they are given."""

from collections.abc import Iterable
from urllib.parse import urlsplit

Check = tuple[bool, str]
"""Whether something is wrong, and the fault to tell then."""


def refuse(title: str, checks: Iterable[Check]) -> None:
    """Raises ValueError with every fault at once, where there is one."""
    faults = "; ".join(fault for wrong, fault in checks if wrong)
    if faults:
        raise ValueError(f"{title}: {faults}")


def is_url(raw: str) -> bool:
    """Whether the text is an http(s) address that can be asked."""
    try:
        url = urlsplit(raw)
        return url.scheme in ("http", "https") and bool(url.hostname) and (url.port or 1) > 0
    except ValueError:
        return False


def is_plain(token: str) -> bool:
    """Whether a header can carry the token."""
    return token.isascii() and token.isprintable() and " " not in token


def url_check(name: str, raw: str) -> Check:
    """A field that holds an http(s) address."""
    return not is_url(raw), f"{name} {raw!r} is no http(s) URL"


def token_checks(name: str, token: str) -> tuple[Check, Check]:
    """A field that holds a token; its value is never told."""
    return (not token, f"{name} is empty"), (not is_plain(token), f"{name} holds a blank or odd sign")


def wait_check(connect: float, answer: float) -> Check:
    """The two timeouts, in seconds."""
    return connect <= 0 or answer <= 0, "timeouts must be above zero"
