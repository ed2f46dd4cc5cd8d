"""The door keeps what /openapi.json says of it: schemathesis asks over WSGI, and a proxy signs what it sends."""

import io
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import jsonschema_rs
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, settings
from schemathesis.checks import CHECKS, load_all_checks

from tests.contract.door.senders import EMAIL_SECRET, ODOO, Sender, signature
from tests.contract.door.test_providers import meta_headers
from webhooks.catalogue import open_catalogue
from webhooks.cloudevents import header_text
from webhooks.openapi import describe
from webhooks.opening import EVENTS

Event = dict[str, Any]
Sign = Callable[[bytes, str], dict[str, str]]

SIGN: Mapping[tuple[str, str], Sign] = {
    ("POST", "/v1/events"): lambda raw, message_id: signature(raw, ODOO, message_id),
    ("POST", "/webhooks/meta"): lambda raw, _: meta_headers(raw),
    ("POST", "/webhooks/email"): lambda raw, message_id: signature(raw, EMAIL_SECRET, message_id),
}

# The proxy makes each wrong signature right (test_events sends wrong ones); and what else an event must
# hold to be taken (its signer's source, a currency that exists) is no matter of a schema.
NOT_ASKED = {"ignored_auth", "positive_data_acceptance"}


class SigningProxy:
    """Signs the raw bytes of every request; a header that was left out on purpose stays out."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        sign = SIGN.get((environ["REQUEST_METHOD"], environ["PATH_INFO"]))
        if sign is not None:
            length = environ.get("CONTENT_LENGTH") or "0"
            raw = environ["wsgi.input"].read(int(length))
            environ["wsgi.input"] = io.BytesIO(raw)
            signed = sign(raw, self._message_id(environ))
            named = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in signed.items()}
            environ.update({name: value for name, value in named.items() if name in environ})
        answer: Iterable[bytes] = self._app(environ, start_response)
        return answer

    @staticmethod
    def _message_id(environ: Mapping[str, Any]) -> str:
        try:
            return header_text(environ.get("HTTP_CE_ID", "")) or "msg_1"
        except ValueError:
            return "msg_1"


schema = schemathesis.openapi.from_dict(describe(open_catalogue(EVENTS), "0", "http://localhost"))
# It would walk every keyword of every event's schema, 15 900 requests, made anew by each process that collects; what
# each keyword refuses, the tests of events ask.
schema.config.phases.coverage.enabled = False


@schemathesis.serializer("message/rfc822")
def raw_mail(_: Any, value: Any) -> bytes:
    """A mail travels as its bytes."""
    return value if isinstance(value, bytes) else str(value).encode()


@schema.parametrize()
@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_as_described(case: schemathesis.Case, app: Flask) -> None:
    load_all_checks()
    excluded = [CHECKS.get_one(name) for name in NOT_ASKED]
    case.call_and_validate(app=SigningProxy(app), excluded_checks=excluded)


def test_the_document_describes_every_route(app: Flask, sender: Sender) -> None:
    described = sender.client.get("/openapi.json").json["paths"]
    people = {"/", "/docs", "/problems", "/problems/<name>", "/static/<path:filename>"}

    served = {rule.rule: rule.methods for rule in app.url_map.iter_rules() if rule.rule not in people}

    assert {_as_flask(path): {method.upper() for method in methods} for path, methods in described.items()} == {
        path: (methods or set()) - {"HEAD", "OPTIONS"} | ({"GET", "POST"} & (methods or set()))
        for path, methods in _merged(app, served).items()
    }


def _as_flask(path: str) -> str:
    return path.replace("{", "<").replace("}", ">")


def _merged(app: Flask, served: Mapping[str, Any]) -> dict[str, set[str]]:
    """Routes of one path taken together."""
    merged: dict[str, set[str]] = {}
    for rule in app.url_map.iter_rules():
        if rule.rule in served:
            merged.setdefault(rule.rule, set()).update(rule.methods or ())
    return merged


def test_the_documents_examples_are_taken(sender: Sender) -> None:
    operation = sender.client.get("/openapi.json").json["paths"]["/v1/events"]["post"]
    examples = operation["requestBody"]["content"]["application/cloudevents+json"]["examples"]

    for number, example in enumerate(examples.values()):
        event = {**example["value"], "source": "/odoo/example", "id": f"example-{number}"}
        assert sender.post(event).status_code == 202


def test_the_documents_schemas_are_schemas(sender: Sender) -> None:
    document = sender.client.get("/openapi.json").json

    for name in document["components"]["schemas"]:
        whole = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        jsonschema_rs.Draft202012Validator(whole)
