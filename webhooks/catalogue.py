"""The event types that the door takes: their published schemas, and the check of an event against both readers."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from jsonschema_rs import Draft202012Validator

from postroom.domain.events import Event, EventRefused, event_from
from postroom.store.inbox import NewEvent
from webhooks.cloudevents import Sent
from webhooks.envelope import envelope
from webhooks.event_schemas import Schema, read_schemas
from webhooks.problem import Fault, Problem, count
from webhooks.wording import faults_of


@dataclass(frozen=True, slots=True)
class Check:
    """One schema with its validator, built once."""

    schema: Schema
    validator: Draft202012Validator

    def faults(self, value: Any, at: str) -> list[Fault]:
        if self.validator.is_valid(value):
            return []
        return list(faults_of(list(self.validator.iter_errors(value)), self.schema, at))


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every event type by name, with the schema of its data."""

    schemas: Mapping[str, Schema]
    checks: Mapping[str, Check]
    unknown: Check
    """What is checked of an event whose type is none of ours: everything but its data."""

    def understood(self, sent: Sequence[Sent], signer: str) -> list[NewEvent]:
        """The events as they are kept. Raises Problem with every fault of every event."""
        read = [self._read(one, signer) for one in sent]
        faults = [fault for _, found in read for fault in found]
        if faults:
            what = "the event" if len(sent) == 1 else f"{len(sent)} events"
            raise Problem("invalid-event", count(faults, what), faults)
        return [event for event, _ in read if event]

    def _read(self, sent: Sent, signer: str) -> tuple[NewEvent | None, list[Fault]]:
        faults = [*sent.faults, *self._check(sent.event).faults(sent.event, sent.at)]
        faults += _foreign(sent, signer)
        if faults:
            return None, faults
        # The schema is what is published, and this is how routing will read it: what is answered with 202 fits both.
        try:
            return _kept_form(event_from(sent.event), sent.event), []
        except EventRefused as refused:
            return None, [Fault(sent.at + fault.pointer, fault.problem) for fault in refused.faults]

    def _check(self, event: Any) -> Check:
        name = event.get("type") if isinstance(event, dict) else None
        return self.checks.get(name, self.unknown) if isinstance(name, str) else self.unknown


def open_catalogue(directory: Path) -> Catalogue:
    """Read the schemas of a directory and build their validators."""
    schemas = read_schemas(directory)
    checks = {name: _build(envelope([name], _inner(schema)), schema["$defs"]) for name, schema in schemas.items()}
    return Catalogue(schemas, checks, _build(envelope(list(schemas)), {}))


def _inner(schema: Schema) -> Schema:
    """The schema without what belongs to a file's root: its references then mean the envelope's $defs."""
    return {name: value for name, value in schema.items() if name not in {"$schema", "$id", "$defs"}}


def _build(schema: Schema, parts: Schema) -> Check:
    whole = {**schema, "$defs": parts}
    return Check(whole, Draft202012Validator(whole, validate_formats=True))


def _foreign(sent: Sent, signer: str) -> list[Fault]:
    source = sent.event.get("source") if isinstance(sent.event, dict) else None
    if not isinstance(source, str) or not source or owner_of(source) == signer:
        return []
    remedy = f"A source of this signer begins with its name, as in /{signer}/production."
    return [Fault(f"{sent.at}/source", f"is not a source of '{signer}', whose secret signed this", remedy)]


def owner_of(source: str) -> str | None:
    """Who may speak for a CloudEvents source: the first segment of its path."""
    try:
        path = urlsplit(source).path
    except ValueError:
        return None
    return unquote(path.lstrip("/").partition("/")[0])


def _kept_form(event: Event, sent: Mapping[str, Any]) -> NewEvent:
    # The canonical form is what a repeat is compared by, so it must not depend on the mode that the event came in:
    # binary mode always says datacontenttype, the others usually leave JSON out.
    attributes = {name: value for name, value in sent.items() if name != "datacontenttype"}
    payload = json.dumps(attributes, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    return NewEvent(event.company.id, event.source, event.key, event.type, payload)
