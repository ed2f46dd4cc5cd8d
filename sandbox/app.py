"""Which request goes where, and who may ask at all."""

import logging
import re
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_address

from sandbox import control
from sandbox.callback import receiving
from sandbox.http1 import Answer, Dropped, EventStream, Request, Response, json_response
from sandbox.meta import account as meta_account
from sandbox.meta import approval, media, sending
from sandbox.odoo import json2, jsonrpc, portal
from sandbox.page import erp, views
from sandbox.rooms import Rooms
from sandbox.slack import api as slack
from sandbox.teams import graph, login
from sandbox.teams import sending as teams
from sandbox.twilio import account as twilio_account
from sandbox.twilio import sending as twilio

log = logging.getLogger("sandbox.app")

Handler = Callable[..., Awaitable[Response | EventStream]]
"""Called with the rooms, the request, and whatever the groups of its row's pattern found."""

ROUTES: Sequence[tuple[str, re.Pattern[str], Handler]] = tuple(
    (methods, re.compile(pattern), handler)
    for methods, pattern, handler in (
        ("POST", r"/v\d+\.\d+/(\d+)/messages", sending.send),
        ("GET", r"/v\d+\.\d+/debug_token", meta_account.debug_token),
        ("GET", r"/v\d+\.\d+/(\d+)/subscribed_apps", meta_account.subscribed_apps),
        ("POST", r"/v\d+\.\d+/(\d+)/media", media.upload),
        ("POST", r"/v\d+\.\d+/(\d+)/message_templates", approval.create),
        ("GET", r"/v\d+\.\d+/(\d+)/message_templates", approval.listing),
        ("DELETE", r"/v\d+\.\d+/(\d+)/message_templates", approval.delete),
        ("POST", r"/v\d+\.\d+/(\d+)", approval.edit),
        ("GET", r"/v\d+\.\d+/(\d+)", approval.phone_number),
        ("POST", r"/twilio/2010-04-01/Accounts/(\w+)/Messages\.json", twilio.send),
        ("GET", r"/twilio/2010-04-01/Accounts/(\w+)\.json", twilio_account.account),
        ("GET", r"/twilio/2010-04-01/Accounts/(\w+)/IncomingPhoneNumbers\.json", twilio_account.numbers),
        ("POST", r"/slack/api/([\w.]+)", slack.call),
        ("POST", r"/callback(?:/.*)?", receiving.receive),
        ("POST", r"/teams/login/([\w.-]+)/oauth2/v2\.0/token", login.token),
        ("GET", r"/teams/login/openidconfiguration", login.openid),
        ("GET", r"/teams/login/keys", login.keys),
        ("GET", r"/teams/graph/v1\.0/users", graph.users),
        ("GET", r"/teams/graph/v1\.0/users/([^/]+)", graph.user),
        ("POST", r"/teams/v3/conversations", teams.open_conversation),
        ("POST", r"/teams/v3/conversations/([^/]+)/activities", teams.send),
        ("PUT", r"/teams/v3/conversations/([^/]+)/activities/([^/]+)", teams.change),
        ("POST", r"/odoo(17|19|)/jsonrpc", jsonrpc.jsonrpc),
        ("POST", r"/odoo(17|19|)/json/2/([\w.]+)/(\w+)", json2.call),
        ("GET POST", r"/odoo(17|19|)/json/2/(.*)", json2.misled),
        ("GET", r"/odoo(17|19|)/(?:json|web)/version", json2.told_version),
        ("GET", r"/odoo(17|19|)/my/(invoices|orders|purchase)/(\d+)", portal.document),
        ("GET", r"/odoo(17|19|)/my", portal.login),
        ("GET", r"/odoo(17|19|)/report/pdf/(.+)", portal.report),
        ("GET", r"/odoo(17|19|)/web/content/(\d+)", erp.attachment),
        ("GET HEAD", r"/odoo(17|19|)/web/files/(\d+)", erp.file),
        ("GET HEAD", r"/odoo(17|19|)/web/?", erp.start),
        ("GET HEAD", r"/odoo(17|19|)/web/([a-z_]+(?:\.[a-z_]+)+)", erp.listing),
        ("GET HEAD", r"/odoo(17|19|)/(?:web|odoo)/([a-z_.-]+)/(\d+)", erp.record),
        ("GET POST DELETE", r"/_sandbox/(\w+)", control.control),
        ("GET HEAD", r"/()", views.inbox),
        ("GET HEAD", r"/people/([0-9a-f]{12})", views.inbox),
        ("GET", r"/mail/([0-9a-f]{32})", views.mail_body),
        ("GET HEAD", r"/files/([0-9a-f]{32})/[^/]+", views.document),
        ("GET", r"/(events)", views.events),
        ("GET HEAD", r"/static/([\w.-]+)", views.static),
    )
)


def answerer(rooms: Rooms) -> Answer:
    """The sandbox as one function from a request to an answer."""

    async def answer(request: Request) -> Response | EventStream:
        if refusal := _stranger(request):
            return refusal
        try:
            return await _dispatch(rooms, request)
        except Dropped:
            raise
        except Exception:  # the outermost door
            log.exception("%s %s", request.method, request.path)
            return json_response({"errors": ["The sandbox itself failed; its log says why."]}, 500)

    return answer


async def _dispatch(rooms: Rooms, request: Request) -> Response | EventStream:
    path_known = False
    for methods, pattern, handler in ROUTES:
        if found := pattern.fullmatch(request.path):
            path_known = True
            if request.method in methods.split():
                return await handler(rooms, request, *found.groups())
    status = 405 if path_known else 404
    return json_response({"errors": [f"{request.method} {request.path}: nothing here answers to that."]}, status)


def _stranger(request: Request) -> Response | None:
    """Refuse a page of another site: one that rebinds its name to 127.0.0.1, or one that posts across sites."""
    host = request.header("host")
    if not _is_loopback(host):
        return json_response({"errors": [f"Host {host!r}: the sandbox answers to 127.0.0.1 and localhost only."]}, 421)
    origin = request.header("origin")
    if request.method not in {"GET", "HEAD"} and origin and origin != f"http://{host}":
        return json_response({"errors": [f"Origin {origin!r}: only the sandbox's own page may do that."]}, 403)
    return None


def _is_loopback(host: str) -> bool:
    name = re.sub(r":\d+$", "", host).strip("[]")
    if name == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
