"""Teams: a bot at Azure, its app package, and what Entra, the Bot Framework and Graph say of it."""

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from config.settings import Settings
from postroom.cli.connect.asking import Caller
from postroom.cli.connect.checked import Checked, Told, bad, good, look
from postroom.cli.connect.guide import Ask, Facts, Guide, Paper, Step
from postroom.cli.connect.live import config_of
from postroom.domain.channels import ChannelName
from workers.channels.teams import TeamsConfig
from workers.channels.teams.config import BOT_SCOPE, GRAPH_SCOPE
from workers.channels.teams.login import Login

INK, PAPER = (36, 64, 98), (255, 255, 255)
GRANT = (
    "Entra > App registrations > your app > API permissions > Microsoft Graph > Application permissions > "
    "User.Read.All > Grant admin consent."
)


def package(facts: Facts) -> bytes:
    """The app package that Teams' admin centre takes: a manifest and two icons, zipped."""
    parts = {
        "manifest.json": json.dumps(_manifest(facts), indent=2).encode(),
        "color.png": _png(192, INK),
        "outline.png": _png(32, PAPER),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name), content)  # with a fixed date: the same facts give the same bytes
    return packed.getvalue()


def _manifest(facts: Facts) -> dict[str, Any]:
    app, url = facts["TEAMS_APP_ID"], facts["public_url"]
    return {
        "$schema": "https://developer.microsoft.com/json-schemas/teams/v1.16/MicrosoftTeams.schema.json",
        "manifestVersion": "1.16",
        "version": "1.0.0",
        "id": app,
        "packageName": "io.postroom.teams",
        "developer": {"name": "Postroom", "websiteUrl": url, "privacyUrl": url, "termsOfUseUrl": url},
        "name": {"short": "Postroom", "full": "Postroom"},
        "description": {"short": "What the ERP has to say", "full": "What the ERP has to say, and your answers to it."},
        "icons": {"color": "color.png", "outline": "outline.png"},
        "accentColor": "#244062",
        "bots": [{"botId": app, "scopes": ["personal"], "isNotificationOnly": False, "supportsFiles": False}],
        "permissions": ["identity", "messageTeamMembers"],
        "validDomains": [facts["host"]],
    }


def _png(side: int, colour: tuple[int, int, int]) -> bytes:
    """A plain square."""
    rows = (b"\x00" + bytes(colour) * side) * side
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def checks(values: Settings) -> Iterator[Checked]:
    """What Microsoft says of our bot."""
    config = config_of(values, ChannelName.TEAMS, TeamsConfig)
    login = Login(config)
    yield look("bot's token", f"POST {config.token_url}", lambda: _token(login, BOT_SCOPE))
    yield look("keys", f"GET {config.openid_url}", lambda: _keys(Caller({}), config.openid_url))
    yield look("directory", f"GET {config.graph_url}/users", lambda: _directory(login, config))


def _token(login: Login, scope: str) -> Told:
    return good("Entra gives us one") if login.token(scope) else bad("is empty", "Make a new client secret.")


def _keys(caller: Caller, url: str) -> Told:
    told = caller.get(url).body
    if not told.get("jwks_uri"):
        return bad("names no keys, so that nothing that Teams posts is believed", "Set TEAMS_OPENID_URL back.")
    keys = caller.get(str(told["jwks_uri"])).body.get("keys") or ()
    return good(f"{len(keys)} are published") if keys else bad("there are none", "Set TEAMS_OPENID_URL back.")


def _directory(login: Login, config: TeamsConfig) -> Told:
    caller = Caller({"Authorization": f"Bearer {login.token(GRAPH_SCOPE)}"})
    # Nobody has this address: the answer shows whether we may ask at all.
    asked = "mail eq 'nobody@postroom.invalid' or userPrincipalName eq 'nobody@postroom.invalid'"
    answer = caller.get(f"{config.graph_url.rstrip('/')}/users", **{"$filter": asked, "$select": "id"})
    if answer.good:
        return good("people are found by their email address")
    error = answer.body.get("error") or {}
    return bad(f"refused: {error.get('code', answer.status)}", GRANT)


GUIDE = Guide(
    channel=ChannelName.TEAMS,
    steps=(
        Step(
            "Make the bot",
            "https://portal.azure.com/#create/Microsoft.AzureBot",
            (
                "Type of app: Single Tenant. Pricing tier: F0 is free.",
                "Configuration > Messaging endpoint: {public_url}/webhooks/teams",
                "Channels > Microsoft Teams > Apply.",
            ),
        ),
        Step(
            "Give it a secret",
            "https://entra.microsoft.com > App registrations > your bot's app",
            (
                "Overview: copy the Application (client) ID and the Directory (tenant) ID.",
                "Certificates & secrets > New client secret: copy its Value at once, and note when it expires.",
            ),
        ),
        Step("Let it find people", "The same app > API permissions", (GRANT,)),
        Step(
            "Install the app",
            "https://admin.teams.microsoft.com/policies/manage-apps",
            (
                "Actions > Upload new app: the package below.",
                "Setup policies > Global > Installed apps > Add: then it may write to everybody first.",
            ),
        ),
    ),
    asks=(
        Ask("TEAMS_APP_ID", "The application (client) id"),
        Ask("TEAMS_TENANT_ID", "The directory (tenant) id"),
        Ask("TEAMS_APP_PASSWORD", "The client secret's value", secret=True),
    ),
    checks=checks,
    paper=Paper("postroom-teams.zip", "Upload it in the admin centre.", package, needs=("TEAMS_APP_ID",)),
    to="the email address that you sign in to Teams with",
    slow=("the app's release by your administrator",),
)
