"""Odoo: a user for Postroom, and what Odoo says of him."""

from collections.abc import Iterator
from typing import Any

from config.settings import Settings
from postroom.cli.connect.asking import Caller
from postroom.cli.connect.checked import Checked, Told, Unasked, bad, doubtful, good, look
from postroom.cli.connect.guide import Ask, Guide, Step
from postroom.cli.connect.live import config_of
from postroom.domain.channels import ChannelName
from workers.channels.odoo import OdooConfig

OLDEST = 17
KEY = "Preferences > Account security > New API Key, as the user that ODOO_LOGIN names."


def checks(values: Settings) -> Iterator[Checked]:
    """What Odoo says of us."""
    config = config_of(values, ChannelName.ODOO, OdooConfig)
    odoo = _Odoo(config)
    yield look("version", "common.version", lambda: _version(odoo))
    user: list[int] = []
    yield look("login", "common.authenticate", lambda: _login(odoo, config, user))
    if user:
        yield look("who am I", "res.users.search_read", lambda: _who(odoo, config, user[0]))


class _Odoo:
    """JSON-RPC as far as a question needs it."""

    def __init__(self, config: OdooConfig) -> None:
        self._url = config.rpc_url
        self._caller = Caller({})

    def call(self, service: str, method: str, *args: Any) -> Any:
        """The result. Raises Unasked with what Odoo raised."""
        params = {"service": service, "method": method, "args": args}
        body = self._caller.post(self._url, {"jsonrpc": "2.0", "method": "call", "params": params, "id": 1}).body
        error = body.get("error")
        if error is None:
            return body.get("result")
        told = error.get("data") or {}
        words = str(told.get("message") or error.get("message") or "no words").strip().partition("\n")[0]
        raise Unasked(bad(f"refused: {told.get('name', '?')}, {words}", "Correct ODOO_DB, ODOO_LOGIN and the key."))


def _version(odoo: _Odoo) -> Told:
    told = odoo.call("common", "version")
    version = str(told.get("server_version", "?")) if isinstance(told, dict) else "?"
    major = version.removeprefix("saas~").partition(".")[0]
    if major.isdecimal() and int(major) < OLDEST:
        return doubtful(f"Odoo {version} is older than what this was tried with", f"Use Odoo {OLDEST} or newer.")
    return good(f"Odoo {version}")


def _login(odoo: _Odoo, config: OdooConfig, user: list[int]) -> Told:
    uid = odoo.call("common", "authenticate", config.database, config.login, config.api_key, {})
    if not isinstance(uid, int) or isinstance(uid, bool):
        return bad("no such login, or not with this key", KEY)
    user.append(uid)
    return good(f"{config.login} is user {uid}")


def _who(odoo: _Odoo, config: OdooConfig, user: int) -> Told:
    options = {"fields": ["name", "partner_id"], "limit": 1}
    call = (config.database, user, config.api_key, "res.users", "search_read", [[["id", "=", user]]], options)
    rows = odoo.call("object", "execute_kw", *call)
    if not rows:
        return bad("may not see himself", "Make him an internal user.")
    words = f"{rows[0].get('name') or config.login}, with a partner that notes are written by"
    return good(f"{words}; what he may do: postroom odoo check; who decides: postroom people sync")


GUIDE = Guide(
    channel=ChannelName.ODOO,
    steps=(
        Step(
            "Or let it be made",
            "postroom odoo setup --make-key",
            ("Makes the user with the least rights that do, and his key; then nothing below is left.",),
        ),
        Step(
            "Make a user",
            "Odoo > Settings > Users & Companies > Users > New",
            ("An internal user named Postroom, with the companies that he speaks for; no more rights than that.",),
        ),
        Step("Make his key", "Odoo, signed in as that user", (KEY, "It is shown once.")),
        Step("Find the database's name", "Odoo > /web/database/selector, or ask whoever hosts it", ("ODOO_DB.",)),
    ),
    asks=(
        Ask("ODOO_URL", "Odoo's address, as in https://erp.example.com"),
        Ask("ODOO_DB", "The database"),
        Ask("ODOO_LOGIN", "The user's login"),
        Ask("ODOO_API_KEY", "The user's API key", secret=True),
    ),
    checks=checks,
    to="your own user's id or email address in Odoo",
)
