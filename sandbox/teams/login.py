"""Entra's token endpoint, and the Bot Framework's metadata and keys."""

import hmac

from sandbox.http1 import Request, Response, json_response
from sandbox.rooms import Rooms
from sandbox.teams.faults import Step
from sandbox.teams.names import APP_ID, TENANT_ID
from sandbox.teams.striking import script_at
from sandbox.teams.tokens import (
    BOT_AUDIENCE,
    FRAMEWORK,
    GRAPH_AUDIENCE,
    LIFETIME,
    app_token,
    public_keys,
)
from sandbox.teams.webhooks import service_url

AUDIENCES = {f"{audience}/.default": audience for audience in (BOT_AUDIENCE, GRAPH_AUDIENCE)}


async def token(rooms: Rooms, request: Request, tenant: str) -> Response:
    """POST /{tenant}/oauth2/v2.0/token."""
    form = request.form()
    _, script = script_at(rooms, Step.LOGIN, "")
    if script.refuses:
        return _refuse(401, "invalid_client", "AADSTS7000215: Invalid client secret provided.")
    if tenant != TENANT_ID:
        return _refuse(400, "invalid_request", f"AADSTS90002: Tenant '{tenant}' not found. Here it is {TENANT_ID}.")
    if form.get("grant_type") != "client_credentials":
        return _refuse(400, "unsupported_grant_type", "AADSTS70003: give grant_type=client_credentials.")
    if form.get("client_id") != APP_ID:
        return _refuse(400, "unauthorized_client", f"AADSTS700016: this directory has the application {APP_ID} only.")
    if not hmac.compare_digest(form.get("client_secret", "").encode(), rooms.environment.secret.encode()):
        return _refuse(401, "invalid_client", "AADSTS7000215: Invalid client secret: give SANDBOX_SECRET.")
    audience = AUDIENCES.get(form.get("scope", ""))
    if audience is None:
        return _refuse(400, "invalid_scope", f"AADSTS70011: scope must be one of {', '.join(AUDIENCES)}.")
    told = {"token_type": "Bearer", "expires_in": LIFETIME - 1, "ext_expires_in": LIFETIME - 1}
    return json_response({**told, "access_token": app_token(audience)})


async def openid(rooms: Rooms, _request: Request) -> Response:
    """GET the metadata that says where the keys are."""
    return json_response(
        {
            "issuer": FRAMEWORK,
            "authorization_endpoint": "https://invalid.botframework.com",
            "jwks_uri": f"{service_url(rooms.environment)}/login/keys",
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        }
    )


async def keys(_rooms: Rooms, _request: Request) -> Response:
    """GET the keys that sign what the door gets."""
    return json_response(public_keys())


def _refuse(status: int, error: str, words: str) -> Response:
    return json_response({"error": error, "error_description": words}, status)
