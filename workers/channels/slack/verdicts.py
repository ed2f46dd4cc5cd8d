"""What Slack's errors mean for a message. Words: Slack's own descriptions of chat.postMessage's errors.

Slack answers 200 to nearly everything; `ok` and `error` say what became of it. Of its server errors it says that some
part of the operation may have succeeded: those leave the outcome open; only a look into the channel would settle it.
"""

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType

from postroom.domain.channels import Pace
from postroom.outside.rulings import HTTP, RL, A, F, P, R, Ruling, S, fault_in

VERDICTS: Mapping[str, Ruling] = MappingProxyType(
    {
        # Too fast: about a message a second and channel
        "ratelimited": Ruling(R, "The request has been ratelimited; Retry-After says for how long", Pace.THROTTLED),
        "rate_limited": Ruling(R, "Too many messages in this channel", Pace.THROTTLED),
        "message_limit_exceeded": Ruling(S, "Members of this workspace have sent too many messages"),
        # Some part of the operation may have succeeded
        "internal_error": Ruling(A, "The server could not complete the operation; some of it may have succeeded"),
        "fatal_error": Ruling(A, "The server could not complete the operation; some of it may have succeeded"),
        "service_unavailable": Ruling(A, "The service is temporarily unavailable"),
        "request_timeout": Ruling(A, "The body was missing or truncated when the request timed out"),
        # This channel or member, not on Slack
        "channel_not_found": Ruling(F, "The channel was not found", unreachable=True),
        "is_archived": Ruling(F, "The channel has been archived", unreachable=True),
        "is_inactive": Ruling(F, "The channel is inactive", unreachable=True),
        "not_in_channel": Ruling(F, "Cannot post to a channel that the bot is not in"),
        "no_permission": Ruling(F, "The workspace's settings do not let the bot post here"),
        "restricted_action": Ruling(F, "A workspace preference prevents posting"),
        "restricted_action_non_threadable_channel": Ruling(F, "No threads may be posted to this channel"),
        "restricted_action_read_only_channel": Ruling(F, "Nobody may post to this channel"),
        "restricted_action_thread_locked": Ruling(F, "The thread is locked"),
        "restricted_action_thread_only_channel": Ruling(F, "Only threads may be posted to this channel"),
        "ekm_access_denied": Ruling(F, "Administrators have suspended posting"),
        "user_not_found": Ruling(F, "The member was not found", unreachable=True),
        "users_not_found": Ruling(F, "No member has this email address", unreachable=True),
        "user_disabled": Ruling(F, "The member has been deactivated", unreachable=True),
        "user_not_visible": Ruling(F, "The bot may not see this member", unreachable=True),
        "cannot_dm_bot": Ruling(F, "Another bot cannot be written to", unreachable=True),
        "cant_post_message": Ruling(F, "The bot may not post here"),
        "access_denied": Ruling(F, "Access to the channel or member is denied"),
        "channel_type_not_supported": Ruling(F, "This kind of channel takes no such messages"),
        "external_channel_migrating": Ruling(RL, "The shared channel is being migrated", Pace.LATE),
        # An app's own setting, which stops direct messages but nothing in channels
        "messages_tab_disabled": Ruling(F, "The app's Messages tab is off (App Home): it cannot write to members"),
        # Our bot
        "invalid_auth": Ruling(S, "The token is wrong, or asks from a forbidden address"),
        "not_authed": Ruling(S, "No token was given"),
        "account_inactive": Ruling(S, "The token is of a deleted user or workspace"),
        "token_revoked": Ruling(S, "The token has been revoked"),
        "token_expired": Ruling(S, "The token has expired"),
        "missing_scope": Ruling(S, "The token lacks a scope"),
        "org_login_required": Ruling(RL, "The workspace is being migrated to an organisation", Pace.LATE),
        "team_added_to_org": Ruling(RL, "The workspace is being migrated to an organisation", Pace.LATE),
        "accesslimited": Ruling(S, "Access to this method is limited"),
        "enterprise_is_restricted": Ruling(S, "The method cannot be called for an enterprise"),
        "plan_upgrade_required": Ruling(S, "The workspace's plan does not have this"),
        "not_allowed_token_type": Ruling(S, "A token of this kind may not be used: a bot's begins with xoxb-"),
        "app_access_restricted": Ruling(S, "An administrator has restricted the app"),
        "team_access_not_granted": Ruling(S, "The token was not granted this workspace"),
        "two_factor_setup_required": Ruling(S, "Two-factor authentication must be set up"),
        "metadata_must_be_sent_from_app": Ruling(S, "Metadata is for tokens of apps alone"),
        "unknown_method": Ruling(S, "There is no such method: SLACK_API_URL is wrong"),
        "method_deprecated": Ruling(S, "The method has been deprecated"),
        "deprecated_endpoint": Ruling(S, "The endpoint has been deprecated"),
        # This message
        "msg_too_long": Ruling(P, "The text is too long"),
        "msg_blocks_too_long": Ruling(P, "The blocks are too long"),
        "no_text": Ruling(P, "No text was given"),
        "invalid_blocks": Ruling(P, "The blocks are not valid"),
        "invalid_blocks_format": Ruling(P, "The blocks are no JSON"),
        "too_many_attachments": Ruling(P, "Too many attachments"),
        "invalid_arguments": Ruling(P, "The method was called with invalid arguments"),
        "invalid_arg_name": Ruling(P, "The method was called with an argument of an invalid name"),
        "invalid_array_arg": Ruling(P, "The method was called with an array as an argument"),
        "invalid_charset": Ruling(P, "The character set is not valid"),
        "invalid_form_data": Ruling(P, "The form cannot be read"),
        "invalid_json": Ruling(P, "The JSON cannot be read"),
        "json_not_object": Ruling(P, "The JSON is no object"),
        "invalid_post_type": Ruling(P, "The content type is not valid"),
        "missing_post_type": Ruling(P, "The content type is missing"),
        "metadata_too_large": Ruling(P, "The metadata is too large"),
        "invalid_metadata_format": Ruling(P, "The metadata is not valid"),
        "invalid_metadata_schema": Ruling(P, "The metadata does not keep its schema"),
        "cannot_reply_to_message": Ruling(P, "Nothing can be written below this message"),
        "slack_connect_file_link_sharing_blocked": Ruling(P, "Links to files may not leave the workspace"),
        # Methods that only edit or plan a message
        "message_not_found": Ruling(P, "The message was not found"),
        "cant_update_message": Ruling(P, "The bot may not edit this message"),
        "edit_window_closed": Ruling(P, "The message cannot be edited any more"),
        "expired_trigger_id": Ruling(P, "The trigger has expired"),
        "expired_url": Ruling(P, "The response_url has expired"),
        "used_url": Ruling(P, "The response_url was used five times"),
        "time_in_past": Ruling(P, "The time to post at is past"),
        "time_too_far": Ruling(P, "The time to post at is too far ahead"),
    }
)

GONE = frozenset({"message_not_found", "edit_window_closed", "channel_not_found", "is_archived", "is_inactive"})
"""Errors of chat.update after which there is no card left that anybody could change."""

TRANSPORT: Mapping[str, Ruling] = MappingProxyType(
    {**HTTP, "bad_address": Ruling(F, "Neither an id of Slack's nor an email address to look a member up by")}
)
"""Outcomes without an error of Slack's; the first part of each is what `Fault.code` holds."""

transport_fault = partial(fault_in, TRANSPORT)
