"""The Flask app: the rooms put together, every refusal in one form, the same headers on every answer."""

import os
import time
from collections.abc import Callable

import structlog
from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from config.logging import configure
from config.settings import Settings
from postroom.store.ids import new_id
from postroom.store.inbox import Unavailable
from webhooks import metrics
from webhooks.deciding import decisions
from webhooks.documents import documents
from webhooks.door import Door
from webhooks.health import health
from webhooks.links import links
from webhooks.metrics import measures
from webhooks.odoo import events
from webhooks.openapi import describe
from webhooks.opening import open_door
from webhooks.pages import pages
from webhooks.problem import BY_STATUS, KINDS, Problem
from webhooks.proof import proof
from webhooks.providers import providers

SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

log = structlog.get_logger(__name__)


def create_app(door: Door | None = None) -> Flask:
    """The app over these collaborators; without any, over those that the environment describes (for granian)."""
    door = door or _from_environment()
    app = Flask(__name__)
    for room in (events(door), providers(door), health(door.checks), measures(door.survey, door.outage)):
        app.register_blueprint(room)
    app.register_blueprint(links(door.desk))
    app.register_blueprint(documents(door.document_desk))
    app.register_blueprint(decisions(door.decision_desk))
    app.register_blueprint(proof(door.desk))
    app.register_blueprint(pages(describe(door.catalogue, door.version, door.public_url)))
    app.before_request(_begin)
    app.after_request(_finish)
    _answer_faults(app)
    return app


def _from_environment() -> Door:
    values = Settings()
    configure(os.environ.get("POSTROOM_PROCESS", "web"), values.log_level)
    return open_door(values)


def _begin() -> None:
    g.began = time.perf_counter()
    g.request_id = new_id()
    structlog.contextvars.bind_contextvars(request_id=str(g.request_id))


def _finish(response: Response) -> Response:
    # A page for people may allow itself a form; whatever Flask says of a static file is not meant to stand.
    own = dict(response.headers) if "Content-Security-Policy" in response.headers else {}
    response.headers.update({name: own.get(name, usual) for name, usual in SECURITY_HEADERS.items()})
    route = _route()
    metrics.REQUESTS.labels(route=route, method=_method(), status=response.status_code).inc()
    metrics.SECONDS.labels(route=route).observe(time.perf_counter() - g.began)
    structlog.contextvars.clear_contextvars()
    return response


def _route() -> str:
    """The rule and not the path: a path may hold anything."""
    return request.url_rule.rule if request.url_rule else "none"


def _method() -> str:
    """Anybody can invent a method; only those that exist become a label."""
    return request.method if request.method in {"GET", "HEAD", "POST", "OPTIONS"} else "other"


def _answer_faults(app: Flask) -> None:
    answers: dict[type[Exception], Callable[..., Response]] = {
        Problem: _refuse,
        Unavailable: _refuse_for_now,
        HTTPException: _translate,
        Exception: _fail,
    }
    for fault, answer in answers.items():
        app.register_error_handler(fault, answer)


def _refuse(problem: Problem) -> Response:
    metrics.REFUSALS.labels(problem=problem.name).inc()
    places = [fault.pointer for fault in problem.faults[:10]]
    log.info("refused", problem=problem.name, route=_route(), places=places)
    return problem.response(g.request_id.urn)


def _refuse_for_now(fault: Unavailable) -> Response:
    return _refuse(Problem("unavailable", f"{fault}. Nothing was kept."))


def _translate(fault: HTTPException) -> Response:
    """What Flask refuses by itself, in our form; a redirect stays what it is."""
    answer = fault.get_response()
    if not isinstance(answer, Response):
        answer = Response(answer.get_data(), answer.status_code, answer.headers)
    if answer.status_code < 400:
        return answer
    name = BY_STATUS.get(answer.status_code, "malformed" if answer.status_code < 500 else "internal-error")
    allowed = {"Allow": answer.headers["Allow"]} if "Allow" in answer.headers else {}
    detail = KINDS[name].meaning if name in BY_STATUS.values() else fault.description
    return _refuse(Problem(name, detail or fault.name, headers=allowed))


def _fail(fault: Exception) -> Response:
    log.error("door_failed", route=_route(), exc_info=fault)
    return _refuse(Problem("internal-error", "An unexpected fault; the log knows more under the instance."))
