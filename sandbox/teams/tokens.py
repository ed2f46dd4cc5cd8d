"""Tokens: those that our bot gets to speak with, and those that the Bot Framework speaks to the door with."""

import json
import time
from functools import cache
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from sandbox.teams.names import APP_ID, TENANT_ID

BOT_AUDIENCE = "https://api.botframework.com"
GRAPH_AUDIENCE = "https://graph.microsoft.com"
FRAMEWORK = "https://api.botframework.com"
LIFETIME = 3600


@cache
def _key() -> tuple[str, RSAPrivateKey]:
    """Made when first needed, and the same until the process ends: a reset must not lock the bot out."""
    return f"sandbox-{uuid4().hex[:12]}", generate_private_key(65537, 2048)


def public_keys() -> dict[str, Any]:
    """The keys as they are published, with the channels that they may speak for."""
    kid, private = _key()
    public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(private.public_key()))
    return {"keys": [{**public, "kid": kid, "use": "sig", "endorsements": ["msteams"]}]}


def app_token(audience: str) -> str:
    """What Entra gives our app."""
    return _signed({"aud": audience, "iss": f"https://sts.windows.net/{TENANT_ID}/", "appid": APP_ID, "tid": TENANT_ID})


def is_app_token(header: str, audience: str) -> bool:
    """Whether an Authorization header holds such a token, for this audience and still valid."""
    scheme, _, token = header.partition(" ")
    try:
        jwt.decode(token, _key()[1].public_key(), algorithms=["RS256"], audience=audience)
    except jwt.PyJWTError:
        return False
    return scheme == "Bearer"


def framework_token(service_url: str) -> str:
    """What the Bot Framework shows at the door: for our bot, out of this service address."""
    return _signed({"iss": FRAMEWORK, "aud": APP_ID, "serviceurl": service_url})


def _signed(claims: dict[str, Any]) -> str:
    kid, private = _key()
    now = int(time.time())
    return jwt.encode({**claims, "nbf": now, "exp": now + LIFETIME}, private, "RS256", headers={"kid": kid})
