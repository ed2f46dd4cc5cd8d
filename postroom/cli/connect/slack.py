"""Slack: an app from a ready manifest, and what the Web API says of its token."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from config.settings import Settings
from postroom.cli.codes import meaning
from postroom.cli.connect.asking import Answered, Caller
from postroom.cli.connect.checked import Checked, Told, Unasked, bad, doubtful, good, look
from postroom.cli.connect.guide import Ask, Facts, Guide, Paper, Step
from postroom.domain.channels import ChannelName

SCOPES = ("chat:write", "im:write", "users:read", "users:read.email")
INSTALL = "Your app > OAuth & Permissions > Reinstall to workspace, then copy the Bot User OAuth Token."


def manifest(facts: Facts) -> bytes:
    """The app as Slack's console takes it. JSON is YAML, too, and no value can break out of it."""
    base = f"{facts['public_url'].rstrip('/')}/webhooks/slack"
    told: dict[str, Any] = {
        "display_information": {"name": "Postroom", "description": "What the ERP has to say, and your answers"},
        "features": {
            "bot_user": {"display_name": "postroom", "always_online": True},
            "app_home": {"messages_tab_enabled": True, "messages_tab_read_only_enabled": False},
            "slash_commands": [{"command": "/postroom", "url": f"{base}/commands", "description": "Ask Postroom"}],
        },
        "oauth_config": {"scopes": {"bot": [*SCOPES, "commands", "im:history"]}},
        "settings": {
            "event_subscriptions": {"request_url": f"{base}/events", "bot_events": ["message.im"]},
            "interactivity": {"is_enabled": True, "request_url": f"{base}/actions"},
            "org_deploy_enabled": False,
            "socket_mode_enabled": False,
            "token_rotation_enabled": False,
        },
    }
    return _yaml(told).encode()


def _yaml(value: Mapping[str, Any], indent: str = "") -> str:
    """Mappings as lines, everything else as JSON, which YAML 1.2 reads as it stands."""
    lines = []
    for name, inner in value.items():
        if isinstance(inner, dict):
            lines.append(f"{indent}{name}:\n{_yaml(inner, indent + '  ')}")
        else:
            lines.append(f"{indent}{name}: {json.dumps(inner)}\n")
    return "".join(lines)


def checks(values: Settings) -> Iterator[Checked]:
    """What Slack says of our token."""
    caller = Caller({"Authorization": f"Bearer {values.slack_bot_token.get_secret_value()}"})
    met: list[Answered] = []
    yield look("token", "POST auth.test", lambda: _token(caller, values, met))
    if met:
        yield look("scopes", "its X-OAuth-Scopes", lambda: _scopes(met[0]))
    yield look("signing secret", "nothing: Slack has no question for it", lambda: _secret(values))


def _token(caller: Caller, values: Settings, met: list[Answered]) -> Told:
    answer = caller.post(f"{values.slack_api_url.rstrip('/')}/auth.test")
    if not answer.body.get("ok"):
        code = str(answer.body.get("error", answer.status))
        raise Unasked(bad(f"refused: {code}, {meaning(ChannelName.SLACK, code)}", INSTALL))
    met.append(answer)
    team = str(answer.body.get("team_id", ""))
    if team != values.slack_team_id:
        remedy = f"Set SLACK_TEAM_ID={team}, or take the other workspace's token."
        return bad(f"belongs to the workspace {team}", remedy)
    return good(f"{answer.body.get('user', 'a bot')} in {answer.body.get('team', team)}")


def _scopes(answer: Answered) -> Told:
    had = {each.strip() for each in answer.headers.get("X-OAuth-Scopes", "").split(",")}
    lacking = [scope for scope in SCOPES if scope not in had]
    return bad(f"lacks {', '.join(lacking)}", INSTALL) if lacking else good(", ".join(SCOPES))


def _secret(values: Settings) -> Told:
    if not values.slack_signing_secret.get_secret_value():
        return bad("is empty: whatever Slack posts is refused", "Your app > Basic Information > Signing Secret.")
    return doubtful("NOT CHECKED", "Event Subscriptions > Retry the Request URL: it turns to Verified.")


GUIDE = Guide(
    channel=ChannelName.SLACK,
    steps=(
        Step(
            "Make the app",
            "https://api.slack.com/apps?new_app=1",
            ("Create New App > From a manifest > your workspace > YAML: paste the manifest below.",),
        ),
        Step("Install it", "Your app > OAuth & Permissions > Install to workspace", ("Copy the token: xoxb-…",)),
        Step("Find its secret", "Your app > Basic Information > App Credentials", ("Signing Secret > Show.",)),
        Step(
            "Find the workspace's id",
            "Your workspace in a browser",
            ("The address reads app.slack.com/client/T0123ABCD/…: it begins with T.",),
        ),
        Step(
            "Let Slack call the door",
            "Your app > Event Subscriptions",
            (
                "The manifest has named {public_url}/webhooks/slack/events, …/actions and …/commands.",
                "Slack asks the door: press Retry after the house was started again with these settings.",
            ),
        ),
    ),
    asks=(
        Ask("SLACK_TEAM_ID", "The workspace's id"),
        Ask("SLACK_BOT_TOKEN", "The bot's token", secret=True),
        Ask("SLACK_SIGNING_SECRET", "The signing secret", secret=True),
    ),
    checks=checks,
    paper=Paper("slack-manifest.yaml", "Paste it where the app is made.", manifest),
    to="your own member id (U…) or the email address that Slack knows you by",
)
