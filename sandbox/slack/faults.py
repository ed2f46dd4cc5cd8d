"""What can go wrong at Slack, and the step at which each strikes."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from sandbox.scripts import Cut, Script


class Step(StrEnum):
    """What is asked of Slack, one after the other, for one message."""

    LOOK_UP = "look_up"
    POST = "post"


KINDS: Mapping[str, Script] = MappingProxyType(
    {
        "nobody": Script("at the look-up: users_not_found", error="users_not_found"),
        "no_directory": Script("at the look-up: missing_scope", error="missing_scope"),
        "directory_down": Script("at the look-up: service_unavailable", error="service_unavailable", passes=True),
        "throttled": Script("429, ratelimited, with Retry-After", error="ratelimited", seconds=7, passes=True),
        "internal": Script("not accepted; internal_error", error="internal_error", passes=True),
        "internal_taken": Script("accepted; the answer is internal_error", failure="internal_error"),
        "not_found": Script("channel_not_found", error="channel_not_found"),
        "archived": Script("is_archived", error="is_archived"),
        "not_a_member": Script("not_in_channel", error="not_in_channel"),
        "deactivated": Script("user_disabled", error="user_disabled"),
        "restricted": Script("restricted_action", error="restricted_action"),
        "token_refused": Script("invalid_auth", error="invalid_auth"),
        "token_revoked": Script("token_revoked", error="token_revoked"),
        "scope_missing": Script("missing_scope", error="missing_scope"),
        "too_long": Script("msg_too_long", error="msg_too_long"),
        "server_error": Script("502 from a gateway, no code in it", error=0, passes=True),
        "unheard_of": Script("an error that nobody knows", error="unheard_of_error"),
        "slow": Script("accepted, but the answer is slow", seconds=3),
        "hang": Script("not accepted; hangs, then hangs up", seconds=60, cut=Cut.BEFORE, passes=True),
        "lost": Script("not accepted; the connection drops", cut=Cut.BEFORE, passes=True),
        "dropped": Script("accepted; the connection drops before the answer", cut=Cut.AFTER),
    }
)

STEPS: Mapping[str, Step] = MappingProxyType(
    {"nobody": Step.LOOK_UP, "no_directory": Step.LOOK_UP, "directory_down": Step.LOOK_UP}
)
"""Where a kind strikes; all others when the message is posted."""
