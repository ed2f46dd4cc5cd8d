"""Whether an activity comes from the Bot Framework, for our bot, out of our tenant.

The token signs who speaks and for which service address, not the bytes: they are protected by TLS alone. So what is
read from the body before it is trusted is only what the token is held against.
"""

import hmac
import json
from collections.abc import Mapping
from typing import Any

import jwt

from workers.channels.headers import find_header
from workers.channels.teams.config import TeamsConfig
from workers.channels.teams.keys import Key, Keys
from workers.channels.tokens import text_of

ISSUER = "https://api.botframework.com"
CHANNEL = "msteams"
"""The bot may be open on other channels too; on some of them a caller writes his own sender into the body."""
LEEWAY = 300
MAX_TOKEN = 16 * 1024


def is_trusted(config: TeamsConfig, keys: Keys, headers: Mapping[str, str], raw: bytes) -> bool:
    """Whether token, key and activity agree with each other and with our bot."""
    token = _bearer(find_header(headers, "Authorization"))
    key = _key_of(token, keys) if token and config.app_id else None
    claims = _claims(token, key, config.app_id) if key else None
    if key is None or claims is None:
        return False
    activity = _activity(raw)
    return (
        activity.get("channelId") == CHANNEL
        and CHANNEL in key.endorsements
        and _is_same_service(claims, activity)
        and _is_our_tenant(config.tenant_id, activity)
    )


def _bearer(header: str) -> str:
    scheme, _, token = header.partition(" ")
    return token if scheme.lower() == "bearer" and token.isascii() and len(token) <= MAX_TOKEN else ""


def _key_of(token: str, keys: Keys) -> Key | None:
    try:
        head = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError):
        return None
    # Before the key is looked up: a token that cannot be right must not make us fetch keys.
    return keys.find(text_of(head.get("kid"))) if head.get("alg") == "RS256" else None


def _claims(token: str, key: Key, app_id: str) -> Mapping[str, Any] | None:
    try:
        claims: Mapping[str, Any] = jwt.decode(
            token,
            key.public,
            algorithms=["RS256"],
            issuer=ISSUER,
            audience=[app_id, f"api://{app_id}", f"api://botid-{app_id}"],
            leeway=LEEWAY,
            options={"require": ["exp", "iss", "aud"]},
        )
    except (jwt.PyJWTError, ValueError):
        return None
    return claims


def _activity(raw: bytes) -> Mapping[str, Any]:
    """The activity as far as it can be read; `parse` says later what is wrong with it."""
    try:
        activity = json.loads(raw.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return {}
    return activity if isinstance(activity, dict) else {}


def _is_same_service(claims: Mapping[str, Any], activity: Mapping[str, Any]) -> bool:
    claimed = text_of(claims.get("serviceurl") or claims.get("serviceUrl")).rstrip("/")
    given = text_of(activity.get("serviceUrl")).rstrip("/")
    return bool(claimed) and hmac.compare_digest(claimed.encode(), given.encode())


def _is_our_tenant(tenant_id: str, activity: Mapping[str, Any]) -> bool:
    """Every place that names a tenant must name ours, and one must."""
    data, conversation = activity.get("channelData"), activity.get("conversation")
    tenant = data.get("tenant") if isinstance(data, dict) else None
    named = (
        tenant.get("id") if isinstance(tenant, dict) else None,
        conversation.get("tenantId") if isinstance(conversation, dict) else None,
    )
    return {text_of(each).lower() for each in named if each is not None} == {tenant_id.lower()}
