"""Whether Twilio signed a webhook: by the address that it posted to, and all that it posted there."""

import hmac
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from urllib.parse import SplitResult, parse_qs, parse_qsl, urlsplit

from twilio.request_validator import RequestValidator, get_signature_algorithm

from workers.channels.headers import find_header

URL = "X-Postroom-Url"
"""The door's word for the address that was posted to; a proxy may have changed what the request says of it."""
MOST_FIELDS = 500

# Twilio's own class computes the signature. Its `validate` is not used: it raises on an address with an odd port, and
# its comparison runs in Python. What `import twilio.rest` would cost (measured, 9.13, over `requests`): 8 MiB and 40 ms
# per process, and a transport that does not tell whether a request left. `twilio.request_validator` costs 0.1 MiB.


def is_signed(tokens: Sequence[str], headers: Mapping[str, str], raw: bytes) -> bool:
    """Whether one of the tokens signed these bytes, each compared in constant time."""
    given = find_header(headers, "X-Twilio-Signature").encode("utf-8", "replace")
    algorithm = get_signature_algorithm(find_header(headers, "X-Twilio-Webhooks-Signature-Settings"))
    try:
        url = urlsplit(find_header(headers, URL))
        expected = [
            RequestValidator(token).compute_signature(spelled, signed, algorithm).encode()
            for token in tokens
            for spelled, signed in _signed(url, raw)
        ]
    except ValueError:
        # An address that is none, more fields than any webhook has, bytes that are no UTF-8, a new algorithm.
        return False
    return any(hmac.compare_digest(one, given) for one in expected)


def _signed(url: SplitResult, raw: bytes) -> Iterator[tuple[str, "Form"]]:
    """What Twilio may have signed. It is not consistent in naming the port, so both spellings count."""
    if not url.hostname:
        return
    claimed = parse_qs(url.query).get("bodySHA256")
    if claimed and not hmac.compare_digest(sha256(raw).hexdigest().encode(), claimed[0].encode("utf-8", "replace")):
        return
    # A body that is no form is signed by its hash, which stands in the address.
    form = Form() if claimed else form_of(raw)
    for netloc in dict.fromkeys((url.netloc, *_other_netlocs(url))):
        yield url._replace(netloc=netloc).geturl(), form


def _other_netlocs(url: SplitResult) -> Iterator[str]:
    user, at, host = url.netloc.rpartition("@")
    bare = host.removesuffix(f":{url.port}") if url.port else host.removesuffix(":")
    yield f"{user}{at}{bare}"
    yield f"{user}{at}{bare}:{url.port or (443 if url.scheme == 'https' else 80)}"


class Form(dict[str, list[str]]):
    """A posted form: every value of every name."""

    def getlist(self, name: str) -> list[str]:
        """All values of a name; the question that Twilio's validator asks."""
        return self.get(name, [])

    def first(self, name: str) -> str:
        """The first value of a name, or an empty string."""
        return next(iter(self.get(name, ())), "")


def form_of(raw: bytes) -> Form:
    """The form in these bytes. Raises ValueError for what is none."""
    form = Form()
    text = raw.decode("ascii")
    for name, value in parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS):
        form.setdefault(name, []).append(value)
    return form
