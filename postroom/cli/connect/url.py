"""The proof that PUBLIC_URL leads to this house: a word goes out by the world's way, and comes back signed."""

import json
import secrets
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from types import MappingProxyType
from urllib.parse import SplitResult, urlsplit

import requests

from postroom.cli.connect.checked import Checked, Told, bad, doubtful, good, look
from postroom.cli.findings import Health
from postroom.domain.proof import HOUSE, PATH, proves
from workers.channels.http import Lost, Sessions, exchange

CONNECT_SECONDS, ANSWER_SECONDS = 5.0, 10.0
LONGEST_ANSWER = 4096
Resolve = Callable[[str], tuple[str, ...]]
"""The addresses that a name leads to. Raises OSError."""


class Reach(StrEnum):
    """What is behind an address."""

    PROVEN = "proven"
    TLS = "tls"
    REFUSED = "refused"
    SILENT = "silent"
    DROPPED = "dropped"
    GATEWAY = "gateway"
    REDIRECTED = "redirected"
    PREFIX_LOST = "prefix_lost"
    PREFIX_KEPT = "prefix_kept"
    UNARMED = "unarmed"
    OTHER_HOUSE = "other_house"
    STRANGER = "stranger"


OUTCOMES: Mapping[Reach, tuple[str, str]] = MappingProxyType(
    {
        Reach.TLS: (
            "its certificate is not believed ({detail})",
            "Give the proxy a certificate for this very name, with its whole chain; Let's Encrypt's will do.",
        ),
        Reach.REFUSED: (
            "nothing listens there",
            "Start the house (postroom up) and the proxy before it; open the port in the firewall.",
        ),
        Reach.SILENT: (
            "no answer came in time",
            "A firewall may swallow the request, or the way back from inside the network (hairpin) is closed.",
        ),
        Reach.DROPPED: ("the line broke ({detail})", "See the proxy's log: it hung up without an answer."),
        Reach.GATEWAY: (
            "the proxy is there, and the door behind it is not (status {detail})",
            "Start the house: postroom up. Then see which port the proxy hands requests to (WEB_PORT).",
        ),
        Reach.REDIRECTED: (
            "it leads on to {detail}, and providers follow nobody",
            "Set PUBLIC_URL to where it leads, or end the redirect.",
        ),
        Reach.PREFIX_LOST: (
            "the door answers at the root, and not below the path of PUBLIC_URL",
            "Take the path away from PUBLIC_URL, or let the proxy serve the door below it.",
        ),
        Reach.PREFIX_KEPT: (
            "a door of Postroom is there, but the proxy hands it the path of PUBLIC_URL, too",
            "Let the proxy strip the path before it hands requests on.",
        ),
        Reach.UNARMED: (
            "a door of Postroom is there that cannot prove itself",
            "Set its LINK_SECRET and start it again, with the version that runs here.",
        ),
        Reach.OTHER_HOUSE: (
            "a Postroom answers there, but another house: it has another LINK_SECRET",
            "Point the name at this house, or give both the same LINK_SECRET if they are one.",
        ),
        Reach.STRANGER: (
            "somebody else answers there ({detail})",
            "See where the name leads, and that the proxy hands everything to the door.",
        ),
    }
)
"""In words, and what to do."""

_FAULTS: tuple[tuple[type[BaseException], Reach], ...] = (
    (ssl.SSLError, Reach.TLS),
    (ConnectionRefusedError, Reach.REFUSED),
    (TimeoutError, Reach.SILENT),
)


@dataclass(frozen=True, slots=True)
class Met:
    """What answered, or did not."""

    reach: Reach
    detail: str = ""


def check_url(public_url: str, secret: str, *, resolve: Resolve | None = None) -> Iterator[Checked]:
    """Whether PUBLIC_URL is one that providers can post to, and leads to the house with this secret."""
    parts = _parts(public_url)
    if parts is None:
        remedy = "Set PUBLIC_URL as in https://postroom.example.com"
        yield Checked(Health.FAIL, "address", public_url, "is no http(s) address of a host", remedy)
        return
    host = parts.hostname or ""
    named = look("name", f"the addresses of {host}", lambda: _name(host, resolve or _resolve))
    yield named
    yield look("https", public_url, lambda: _private_line(parts))
    if named.health is not Health.FAIL:
        yield look("door", f"GET {public_url.rstrip('/')}{PATH}/…", lambda: _door(public_url, secret))


def _parts(raw: str) -> SplitResult | None:
    try:
        parts = urlsplit(raw)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if usable else None


def _resolve(host: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(row[4][0]) for row in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)))


def _name(host: str, resolve: Resolve) -> Told:
    try:
        found = resolve(host)
    except (OSError, UnicodeError) as error:
        remedy = "Make the name's A or AAAA record, and wait until it is known everywhere."
        return bad(f"the name leads nowhere ({error})", remedy)
    if not any(ip_address(each.partition("%")[0]).is_global for each in found):
        words = f"{', '.join(found)}: a private address, which no provider can reach"
        return doubtful(words, "Set PUBLIC_URL to a public name; for a trial, a tunnel's.")
    return good(", ".join(found))


def _private_line(parts: SplitResult) -> Told:
    if parts.scheme == "https":
        return good("private by TLS")
    return doubtful("works without TLS, and providers demand it", "Put a proxy with a certificate before the door.")


def _door(public_url: str, secret: str) -> Told:
    if not secret:
        return bad(
            "there is nothing to prove it with", "Set LINK_SECRET: python -m postroom.services.keyring LINK_SECRET"
        )
    met = meet(public_url, secret)
    if met.reach is Reach.PROVEN:
        return good("this house is behind it")
    words, remedy = OUTCOMES[met.reach]
    return bad(words.format(detail=met.detail), remedy)


def meet(public_url: str, secret: str) -> Met:
    """Go to an address and see who is there; below a path, also who is at the root."""
    met = _visit(public_url, secret)
    parts = urlsplit(public_url)
    below = bool(parts.path.strip("/"))
    if below and met.reach is Reach.UNARMED:
        return Met(Reach.PREFIX_KEPT)
    if below and met.reach in {Reach.STRANGER, Reach.GATEWAY}:
        root = _visit(f"{parts.scheme}://{parts.netloc}", secret)
        return Met(Reach.PREFIX_LOST) if root.reach is Reach.PROVEN else met
    return met


def _visit(base: str, secret: str) -> Met:
    nonce = secrets.token_urlsafe(24)
    sessions = Sessions()
    try:
        request = sessions.current().prepare_request(requests.Request("GET", f"{base.rstrip('/')}{PATH}/{nonce}"))
        answer = exchange(sessions.current(), request, connect=CONNECT_SECONDS, answer=ANSWER_SECONDS, only_head=True)
        return _judged(answer, secret, nonce)
    except Lost as error:
        return _lost(error)
    finally:
        sessions.close()


def _judged(answer: requests.Response, secret: str, nonce: str) -> Met:
    if 300 <= answer.status_code < 400:
        return Met(Reach.REDIRECTED, _shown(answer.headers.get("Location", "nowhere")))
    if answer.status_code in {502, 503, 504}:
        return Met(Reach.GATEWAY, str(answer.status_code))
    told = _told(answer)
    if told.get("house") == HOUSE:
        return Met(Reach.PROVEN if proves(secret, nonce, str(told.get("proof", ""))) else Reach.OTHER_HOUSE)
    if "/problems/not-found" in str(told.get("type", "")):
        return Met(Reach.UNARMED)
    return Met(Reach.STRANGER, _shown(f"status {answer.status_code}, {answer.headers.get('Server', 'unnamed')}"))


def _told(answer: requests.Response) -> Mapping[str, object]:
    try:
        body = json.loads(answer.raw.read(LONGEST_ANSWER, decode_content=True))
    except (ValueError, OSError, RecursionError, requests.RequestException):
        return {}
    return body if isinstance(body, dict) else {}


def _shown(words: str) -> str:
    """What a stranger wrote, short and printable."""
    return "".join(each for each in words[:120] if each.isprintable())


def _lost(error: Lost) -> Met:
    cause: BaseException | None = error
    while cause is not None:
        for kind, reach in _FAULTS:
            if isinstance(cause, kind):
                return Met(reach, str(cause))
        cause = cause.__cause__ or cause.__context__
    return Met(Reach.SILENT if error.code == "read_timeout" else Reach.DROPPED, _shown(str(error)))
