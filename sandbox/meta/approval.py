"""The management side of templates: put one before Meta, list, edit, delete."""

from collections.abc import Mapping
from typing import Any

from sandbox.http1 import Request, Response, json_response
from sandbox.meta.access import authorise
from sandbox.meta.checks import check, read_json
from sandbox.meta.errors import Refused, answer
from sandbox.meta.templates import Template, edited, template_from
from sandbox.meta.webhooks import template_change
from sandbox.rooms import Rooms

FILTERS = ("name", "language", "status", "category")
PAGE = 25


async def create(rooms: Rooms, request: Request, _waba_id: str) -> Response:
    """POST /{version}/{waba_id}/message_templates; approved at once, which Meta tells by webhook."""
    try:
        authorise(rooms, request)
        body = read_json(request.body)
        check("create_template", body)
        template = rooms.approve(template_from(body))
    except Refused as refused:
        return answer(refused)
    rooms.courier.post_change(template_change(template))
    return json_response({"id": template.id, "status": "PENDING", "category": template.category})


async def listing(rooms: Rooms, request: Request, _waba_id: str) -> Response:
    """GET /{version}/{waba_id}/message_templates."""
    try:
        authorise(rooms, request)
    except Refused as refused:
        return answer(refused)
    wanted = {name: request.query[name] for name in FILTERS if name in request.query}
    rows = [row for row in map(_row, rooms.templates.all()) if all(row[k] == v for k, v in wanted.items())]
    start = _whole(request.query.get("after"), 0)
    page = rows[start : start + _whole(request.query.get("limit"), PAGE)]
    cursors = {"before": str(start), "after": str(start + len(page))}
    return json_response({"data": page, "paging": {"cursors": cursors}})


async def edit(rooms: Rooms, request: Request, template_id: str) -> Response:
    """POST /{version}/{template_id}: other components under the same name."""
    try:
        authorise(rooms, request)
        body = read_json(request.body)
        template = rooms.templates.get(template_id)
        if template is None:
            raise Refused(100, f"Object with ID '{template_id}' does not exist.", 33, "Unsupported post request")
        whole: Mapping[str, Any] = {"name": template.name, "language": template.language, "category": template.category}
        check("create_template", {**whole, **body})
        rooms.approve(edited(template, body["components"]))
    except Refused as refused:
        return answer(refused)
    return json_response({"success": True})


async def delete(rooms: Rooms, request: Request, _waba_id: str) -> Response:
    """DELETE /{version}/{waba_id}/message_templates?name=."""
    try:
        authorise(rooms, request)
        if not rooms.templates.forget(request.query.get("name", "")):
            raise Refused(100, f"/name: there is no template {request.query.get('name', '')!r}.", 2593002, "Not found")
    except Refused as refused:
        return answer(refused)
    rooms.rewrite_journal()
    return json_response({"success": True})


async def phone_number(rooms: Rooms, request: Request, object_id: str) -> Response:
    """GET /{version}/{phone_number_id}: who we are to the people we write to."""
    try:
        authorise(rooms, request)
        if object_id != rooms.environment.phone_number_id:
            raise Refused(100, f"Object with ID '{object_id}' does not exist.", 33, "Unsupported get request")
    except Refused as refused:
        return answer(refused)
    return json_response(
        {
            "verified_name": "Sandbox",
            "display_phone_number": f"+{rooms.environment.display_phone_number}",
            "quality_rating": "GREEN",
            "name_status": "APPROVED",
            "id": object_id,
        }
    )


def _row(template: Template) -> dict[str, Any]:
    return {
        "name": template.name,
        "parameter_format": template.parameter_format,
        "components": list(template.components),
        "language": template.language,
        "status": template.status,
        "category": template.category,
        "id": template.id,
    }


def _whole(value: str | None, default: int) -> int:
    return int(value) if value and value.isdecimal() else default
