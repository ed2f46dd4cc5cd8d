"""Posting events through the door, signed as Odoo signs them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import requests
from standardwebhooks import Webhook

from config.settings import Settings
from postroom.cli.faults import REFUSED, TEMPORARY, Refused
from postroom.cli.nearby import nearby
from webhooks.origins import ATTRIBUTE

CONTENT_TYPES = {dict: "application/cloudevents+json", list: "application/cloudevents-batch+json"}
PATIENCE = 30
"""Seconds for one answer; the door answers in milliseconds, unless PostgreSQL is slow."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the door said."""

    status: int
    body: Mapping[str, Any]

    @property
    def taken(self) -> bool:
        """Whether the events are kept."""
        return self.status == 202

    @property
    def ids(self) -> tuple[UUID, ...]:
        """Our ids of the events, in their order."""
        return tuple(UUID(event["id"]) for event in self.body.get("events", ()))

    @property
    def faults(self) -> tuple[str, ...]:
        """What was wrong, each with its place."""
        listed: Sequence[Mapping[str, str]] = self.body.get("errors", ())
        found = tuple(f"{each['pointer'] or '/'}: {_words(each)}" for each in listed)
        return found or (() if self.taken else (str(self.body.get("detail", f"answered {self.status}")),))


def _words(fault: Mapping[str, str]) -> str:
    return ". ".join(filter(None, (fault["detail"].rstrip("."), fault.get("remedy", ""))))


class Mailbox:
    """The door, as one source of events knows it."""

    def __init__(self, url: str, secret: str, database: str = "") -> None:
        """`database`: whose events these are, where the door asks for it."""
        self.url = f"{url.rstrip('/')}/v1/events"
        self._secret = secret
        self._origin = {ATTRIBUTE: database} if database else {}
        self._session = nearby()

    def post(self, event: Mapping[str, Any] | Sequence[Mapping[str, Any]], *, secret: str | None = None) -> Answer:
        """Post one event, or a batch. Raises requests.RequestException when nothing answers."""
        content_type = CONTENT_TYPES[list if isinstance(event, Sequence) else dict]
        first = event[0] if isinstance(event, Sequence) else event
        whole = [{**self._origin, **one} for one in event] if isinstance(event, Sequence) else {**self._origin, **event}
        return self.post_raw(json.dumps(whole, ensure_ascii=False), str(first["id"]), content_type, secret=secret)

    def post_raw(self, text: str, message_id: str, content_type: str, *, secret: str | None = None) -> Answer:
        """Post these very bytes."""
        now = datetime.now(UTC)
        signed = {
            "webhook-id": message_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(secret or self._secret).sign(msg_id=message_id, timestamp=now, data=text),
            "content-type": content_type,
        }
        answer = self._session.post(self.url, data=text.encode(), headers=signed, timeout=PATIENCE)
        return Answer(answer.status_code, _body(answer))


def mailbox(settings: Settings, url: str | None = None, source: str | None = None) -> Mailbox:
    """The door of this house, as the named source (else the first one) knows it. Raises Refused without a secret."""
    secrets = secrets_by_source(settings.event_secrets.get_secret_value())
    name = source or next(iter(secrets), "")
    if name not in secrets:
        known = ", ".join(secrets) or "none"
        raise Refused(f"EVENT_SECRETS holds no secret for the source '{name}'. It knows {known}.", "postroom doctor")
    database = settings.odoo_database_uuids.replace(",", " ").partition(" ")[0]
    return Mailbox(url or settings.public_url, secrets[name], database)


def source_of(event: Mapping[str, Any]) -> str | None:
    """The source's name: the first segment of the event's `source`, whose secret signs it."""
    return str(event.get("source", "")).strip("/").partition("/")[0] or None


def secrets_by_source(setting: str) -> dict[str, str]:
    """The first secret of each source in EVENT_SECRETS: the one to sign with."""
    entries = (entry.partition("=") for entry in setting.split(";") if entry.strip())
    return {name.strip(): secrets.split()[0] for name, _, secrets in entries if secrets.split()}


def _body(answer: requests.Response) -> Mapping[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        return {"detail": f"the door answered {answer.status_code} with {answer.headers.get('content-type')}"}
    return found if isinstance(found, Mapping) else {"detail": f"the door answered {answer.status_code}"}


def refusal(answer: Answer, attempt: str) -> Refused:
    """What the door refused, every fault in a line."""
    title = str(answer.body.get("title", f"The door answered {answer.status}"))
    words = "\n".join((f"{title} ({answer.status}).", *(f"  {fault}" for fault in answer.faults)))
    return Refused(words, attempt, code=TEMPORARY if answer.status == 503 else REFUSED)
