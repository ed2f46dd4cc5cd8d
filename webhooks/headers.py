"""The few headers that are kept with a request: what its body cannot be read or proven without."""

from collections.abc import Mapping

from werkzeug.datastructures import Headers

from workers.channels.headers import WIRE

URL_HEADER = "x-postroom-url"
"""Our own: the public address that a webhook was posted to, which some providers sign. One from outside is replaced."""

KEPT = frozenset(
    {
        URL_HEADER,
        WIRE,
        "content-type",
        "user-agent",
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
        "x-hub-signature-256",
        "x-envelope-to",
    }
)


def lowered(headers: Headers) -> dict[str, str]:
    """Every header by its name in lower case; HTTP/1 and HTTP/2 differ in how they are passed on."""
    return {name.lower(): value for name, value in headers.items()}


def kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """An authorization or a cookie that a proxy added is nobody's business and stays outside."""
    return {name: value for name, value in headers.items() if name in KEPT or name.startswith("ce-")}
