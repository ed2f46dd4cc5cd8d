"""Who signed an event: Standard Webhooks, one or two secrets per source."""

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from standardwebhooks import Webhook

from webhooks.problem import Problem

MIN_BYTES, MAX_BYTES = 24, 64  # Standard Webhooks, "Signature scheme"
HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")

REMEDIES = {
    "Message timestamp too old": "webhook-timestamp is over five minutes old; sign when sending, and check the clock",
    "Message timestamp too new": "webhook-timestamp is over five minutes ahead; check the sender's clock",
    "Invalid Signature Headers": "webhook-timestamp is not a number of seconds since 1970",
}
"""What the package says, and what the sender can do about it."""

NO_MATCH = "No secret that is configured here makes this signature over these bytes"


class BadSecrets(Exception):
    """EVENT_SECRETS cannot be used; names every fault and the command that makes a secret."""


@dataclass(frozen=True, slots=True, repr=False)
class Senders:
    """The secrets of every event source; two while one is being replaced."""

    secrets: Mapping[str, tuple[Webhook, ...]]

    def signer(self, headers: Mapping[str, str], text: str) -> str:
        """The source whose secret signed this. Raises Problem: not-signed."""
        named = {name: headers.get(name, "") for name in HEADERS}
        missing = [name for name in HEADERS if not named[name]]
        if missing:
            raise Problem("not-signed", f"Missing headers: {', '.join(missing)}.")
        refusals = []
        for source, secrets in self.secrets.items():
            for secret in secrets:
                refusal = _refusal(secret, named, text)
                if refusal is None:
                    return source
                refusals.append(refusal)
        raise Problem("not-signed", f"{next(filter(None, map(REMEDIES.get, refusals)), NO_MATCH)}.")


def _refusal(secret: Webhook, headers: dict[str, str], text: str) -> str | None:
    try:
        secret.verify(text, headers, json_parse=False)
    except Exception as error:  # noqa: BLE001  the package raises whatever garbage makes base64 or split raise
        return str(error) or type(error).__name__
    return None


def open_senders(setting: str) -> Senders:
    """Read 'odoo=whsec_new whsec_old;ai=whsec_other'. Raises BadSecrets with every fault."""
    entries = [entry.strip() for entry in setting.split(";") if entry.strip()]
    named = [(name.strip(), secrets.split()) for name, _, secrets in (entry.partition("=") for entry in entries)]
    faults = [*_faults(named), *_shared(named)]
    if faults:
        raise BadSecrets(
            f"EVENT_SECRETS: {'; '.join(faults)}. It reads 'odoo=whsec_new whsec_old;ai=whsec_other'. Make a secret: "
            "python -c \"import base64, os; print('whsec_' + base64.b64encode(os.urandom(32)).decode())\""
        )
    return Senders({name: tuple(Webhook(secret) for secret in secrets) for name, secrets in named})


def _faults(named: list[tuple[str, list[str]]]) -> Iterator[str]:
    if not named:
        yield "no source has a secret, so no event could ever come in"
    names = [name for name, _ in named]
    for index, (name, secrets) in enumerate(named, start=1):
        if not name.replace("-", "").replace("_", "").isalnum():
            yield f"entry {index} has no name of letters, digits, - and _"
        if names.index(name) != index - 1:
            yield f"source '{name}' is named twice"
        if not 1 <= len(secrets) <= 2:
            yield f"source '{name}' has {len(secrets)} secrets; it takes one, or two while rotating"
        if not all(map(_is_secret, secrets)):
            yield f"source '{name}' has a secret that is not whsec_ and the base64 of {MIN_BYTES} to {MAX_BYTES} bytes"


def _shared(named: list[tuple[str, list[str]]]) -> Iterator[str]:
    owners: dict[str, str] = {}
    for name, secrets in named:
        for secret in secrets:
            if owners.setdefault(secret, name) != name:
                yield f"sources '{owners[secret]}' and '{name}' share a secret, so neither proves who speaks"


def _is_secret(secret: str) -> bool:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_") + "==")
    except binascii.Error:
        return False
    return secret.startswith("whsec_") and MIN_BYTES <= len(key) <= MAX_BYTES
