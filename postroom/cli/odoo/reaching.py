"""From settings and options to an Odoo that can be asked, and what goes wrong on the way, in words."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from config.settings import Settings
from postroom.cli.connect.answers import typed_prompt
from postroom.cli.faults import TEMPORARY, Refused, usage
from postroom.domain.channels import Verdict
from postroom.odoo.access import Access
from postroom.odoo.client import Odoo
from postroom.odoo.connecting import connect
from postroom.odoo.errors import OdooError

ADMIN_KEY = "ODOO_ADMIN_KEY"
"""The variable that an administrator's key may stand in; it is read and never kept."""
AWAY = frozenset({Verdict.TRANSIENT, Verdict.LATER, Verdict.UNKNOWN})


@dataclass(frozen=True, slots=True)
class Target:
    """Which Odoo, and whose key."""

    url: str
    database: str
    login: str
    api_key: str = field(repr=False)


def target_for(values: Settings, *, url: str, database: str, login: str) -> Target:
    """Where, and an administrator's key: from the environment, else typed unseen. Refused with all that is missing."""
    where, which = url or values.odoo_url, database or values.odoo_db
    lacking = [name for name, value in (("--url", where), ("--db", which)) if not value]
    key = os.environ.get(ADMIN_KEY, "")
    if not key and not sys.stdin.isatty():
        lacking.append(ADMIN_KEY)
    if lacking:
        attempt = f"{ADMIN_KEY}=… postroom odoo setup --url https://erp.example.com --db NAME"
        raise usage(f"Not given, and nobody is there to be asked: {', '.join(lacking)}.", attempt)
    prompt = f"API key of {login} at {where} (Preferences > Account Security > New API Key; it is not kept)"
    return Target(where, which, login, key or typed_prompt(prompt, hide_input=True, err=True))


def as_user(values: Settings, target: Target) -> Odoo:
    """A client in the name of the target's user."""
    access = Access(
        target.url,
        target.database,
        target.login,
        target.api_key,
        version=values.odoo_version,
        protocol=values.odoo_protocol,
        answer_timeout=values.odoo_timeout_seconds,
    )
    return connect(access)


def ourselves(values: Settings) -> Target | None:
    """What the settings say of our own user; None where he has no key."""
    key = values.odoo_api_key.get_secret_value()
    return Target(values.odoo_url, values.odoo_db, values.odoo_login, key) if key else None


@contextmanager
def odoo_answers(attempt: str) -> Iterator[None]:
    """Whatever Odoo refuses ends the command with its words and what to try."""
    try:
        yield
    except ValueError as error:
        raise Refused(f"{error}.", attempt) from error
    except OdooError as error:
        code = TEMPORARY if error.fault.verdict in AWAY else 1
        raise Refused(
            f"Odoo: {error.fault.detail or error.fault.code} ({error.fault.code}).", attempt, code=code
        ) from error
