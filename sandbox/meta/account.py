"""What Meta tells of a token and of the business account behind it."""

from sandbox.http1 import Request, Response, json_response
from sandbox.meta.access import authorise
from sandbox.meta.errors import Refused, answer
from sandbox.rooms import Rooms

APP_ID = "100000000000009"
WABA_ID = "100000000000002"
SCOPES = ("whatsapp_business_management", "whatsapp_business_messaging")


async def debug_token(rooms: Rooms, request: Request) -> Response:
    """GET /{version}/debug_token?input_token=."""
    try:
        authorise(rooms, request)
    except Refused as refused:
        return answer(refused)
    if request.query.get("input_token") != rooms.environment.secret:
        return json_response({"data": {"is_valid": False, "scopes": []}})
    told = {
        "app_id": APP_ID,
        "type": "SYSTEM_USER",
        "application": "Sandbox",
        "expires_at": 0,
        "is_valid": True,
        "scopes": list(SCOPES),
        "granular_scopes": [{"scope": scope, "target_ids": [WABA_ID]} for scope in SCOPES],
    }
    return json_response({"data": told})


async def subscribed_apps(rooms: Rooms, request: Request, _waba_id: str) -> Response:
    """GET /{version}/{waba_id}/subscribed_apps."""
    try:
        authorise(rooms, request)
    except Refused as refused:
        return answer(refused)
    app = {"id": APP_ID, "name": "Sandbox", "link": "https://example.com/"}
    return json_response({"data": [{"whatsapp_business_api_data": app}]})
