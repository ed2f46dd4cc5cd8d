"""What a set-up leaves in .env: where Odoo is, our user's key, which database, and what commands are signed with."""

import base64
import secrets
from collections.abc import Mapping

from config.settings import Settings
from postroom.cli.odoo.reaching import Target

SECRET_BYTES = 32


def command_secret(values: Settings) -> str:
    """The one that is set, the newest where two are; else a new one."""
    kept = values.odoo_command_secret.get_secret_value().split()
    return kept[0] if kept else "whsec_" + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode("ascii")


def to_keep(values: Settings, target: Target, *, login: str, key: str, database: str, secret: str) -> dict[str, str]:
    """The settings that are not as they must be. Without a key the user's name is not kept: the old one still works."""
    whole = {
        "ODOO_URL": target.url,
        "ODOO_DB": target.database,
        "ODOO_DATABASE_UUIDS": _with(values.odoo_database_uuids, database),
        "ODOO_COMMAND_SECRET": values.odoo_command_secret.get_secret_value() or secret,
    }
    if key:
        whole |= {"ODOO_LOGIN": login, "ODOO_API_KEY": key}
    had = _had(values)
    return {name: value for name, value in whole.items() if had[name] != value}


def _with(named: str, database: str) -> str:
    known = named.replace(",", " ").lower().split()
    return named if database.lower() in known else ",".join([*known, database.lower()])


def _had(values: Settings) -> Mapping[str, str]:
    return {
        "ODOO_URL": values.odoo_url,
        "ODOO_DB": values.odoo_db,
        "ODOO_LOGIN": values.odoo_login,
        "ODOO_API_KEY": values.odoo_api_key.get_secret_value(),
        "ODOO_DATABASE_UUIDS": values.odoo_database_uuids,
        "ODOO_COMMAND_SECRET": values.odoo_command_secret.get_secret_value(),
    }
