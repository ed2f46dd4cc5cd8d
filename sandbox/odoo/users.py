"""Who may come in: logins, keys, and the users whom the inbox page knows."""

import hmac

from sandbox.odoo.raised import access_denied, missing
from sandbox.odoo.records import Env, Server
from sandbox.odoo.seed import key_of


def log_in(server: Server, login: object, key: object) -> int | bool:
    """The user's id; False for a stranger or a wrong key, as Odoo answers."""
    env = server.root()
    for uid in env.database.ids("res.users"):
        row = env.database.row("res.users", uid) or {}
        if row.get("login") == login and row.get("active", True) and _opens(server, uid, key):
            return uid
    return False


def enter(server: Server, uid: object, key: object) -> Env:
    """The environment of a user. Raises AccessDenied, or MissingError where there is no such user."""
    row = server.database.row("res.users", uid) if isinstance(uid, int) else None
    if row is None:
        raise missing("res.users", [uid if isinstance(uid, int) else 0], uid if isinstance(uid, int) else 0)
    if not row.get("active", True) or not _opens(server, row["id"], key):
        raise access_denied()
    return Env(server, row["id"])


def whose(server: Server, key: str) -> Env | None:
    """The environment of the user whose key this is."""
    found = [uid for uid in server.database.ids("res.users") if _opens(server, uid, key)]
    active = [uid for uid in found if (server.database.row("res.users", uid) or {}).get("active", True)]
    return Env(server, active[0]) if active else None


def _opens(server: Server, uid: int, key: object) -> bool:
    row = server.database.row("res.users", uid) or {}
    own = key_of(server.secret, str(row.get("login")))
    return hmac.compare_digest(str(key).encode(), own.encode())
