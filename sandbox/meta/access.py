"""Who may ask this Meta, and for which number."""

import hmac

from sandbox.http1 import Request
from sandbox.meta.errors import Refused
from sandbox.rooms import Rooms


def authorise(rooms: Rooms, request: Request) -> None:
    """Raise Refused unless the bearer token is right."""
    token = request.header("authorization").removeprefix("Bearer ")
    if not hmac.compare_digest(token.encode(), rooms.environment.secret.encode()):
        raise Refused(190, "The access token is not the sandbox's. Give SANDBOX_SECRET as the bearer token.")


def check_number(rooms: Rooms, phone_number_id: str) -> None:
    """Raise Refused for a number that is not this sandbox's."""
    if phone_number_id != rooms.environment.phone_number_id:
        raise Refused(
            100,
            f"Unsupported post request. Object with ID '{phone_number_id}' does not exist, cannot be loaded due to "
            f"missing permissions, or does not support this operation. This sandbox has the phone number id "
            f"{rooms.environment.phone_number_id}.",
            33,
            "Unsupported post request",
        )
