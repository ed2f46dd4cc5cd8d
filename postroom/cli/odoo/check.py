"""postroom odoo check: what our user in Odoo can do, and what he cannot, each proven by asking for it."""

import os
from collections.abc import Callable, Iterator

from config.settings import Settings
from postroom.cli.connect.checked import Checked, Told, Unasked, bad, doubtful, good
from postroom.cli.connect.checked import look as look_at
from postroom.cli.findings import Health
from postroom.cli.odoo import surroundings
from postroom.cli.odoo.reaching import ADMIN_KEY, AWAY, Target, as_user, ourselves
from postroom.cli.odoo.wanted import EMPLOYEE, GROUP_NAME
from postroom.odoo.client import Odoo
from postroom.odoo.errors import OdooError
from postroom.odoo.rights import FORBIDDEN, GIVEN, RIGHTS, Forbidden, Given, Right, may
from postroom.odoo.versions import BEST, GROUPS

ADMIN_LOGIN = "ODOO_ADMIN_LOGIN"
SET_UP = "postroom odoo setup"
NO_ADD_ON = "No approvals but by a person's own API key or in Odoo itself, no events from Odoo, no message status there"


def examine(values: Settings) -> Iterator[Checked]:
    """Every row of the table, the way to Odoo first."""
    ours = ourselves(values)
    if ours is None:
        yield Checked(Health.FAIL, "service user", "ODOO_API_KEY", "has no credentials", SET_UP)
        return
    clients: list[Odoo] = []
    yield look("odoo", "version", lambda: _version(values, ours, clients))
    if not clients:
        return
    erp = clients[0]
    seen = look("service user", "res.users.read", lambda: _user(erp, ours))
    yield seen
    if seen.health is Health.FAIL:
        return
    yield from _house(values, erp)
    yield from (row for right in RIGHTS for row in _right(erp, right))
    yield from (_given(erp, given) for given in GIVEN if _installed(erp, given.model))
    yield from (row for forbidden in FORBIDDEN for row in _forbidden(erp, forbidden))
    yield from _surroundings(values, erp, ours)


def look(what: str, asked: str, question: Callable[[], Told]) -> Checked:
    """Put one question; what Odoo refuses becomes its answer, so that all of them are always put."""

    def put() -> Told:
        try:
            return question()
        except OdooError as error:
            remedy = "See that Odoo runs and may be reached from here." if error.fault.verdict in AWAY else SET_UP
            raise Unasked(bad(f"{error.fault.detail or 'refused'} ({error.fault.code})", remedy)) from error
        except ValueError as error:
            raise Unasked(bad(str(error), "postroom connect odoo")) from error

    return look_at(what, asked, put)


# Who we are there -----------------------------------------------------------------------------------------------------


def _version(values: Settings, ours: Target, clients: list[Odoo]) -> Told:
    erp = as_user(values, ours)
    clients.append(erp)
    return good(f"Odoo {int(erp.version)} by {values.odoo_protocol or BEST[erp.version]}, database {ours.database}")


def _user(erp: Odoo, ours: Target) -> Told:
    field = GROUPS[erp.version]
    (row,) = erp.read("res.users", [erp.uid], [field, "share", "company_ids", "email"])
    names = {each["full_name"]: each["id"] for each in erp.read("res.groups", row[field], ["full_name"])}
    mighty = [name for name in names if name.endswith(("/ Settings", "/ Access Rights")) or "Administrator" in name]
    if row["share"]:
        return bad(f"{ours.login} is a portal user", SET_UP)
    if mighty:
        return bad(f"{ours.login} is an administrator ({', '.join(mighty)}): far too much", f"{SET_UP} --login ANOTHER")
    if not any(name.endswith(GROUP_NAME) for name in names):
        return doubtful(f"{ours.login} is user {erp.uid}, but not in the group «{GROUP_NAME}»", SET_UP)
    if not row["email"]:
        return bad(f"{ours.login} has no email address: Odoo 17 lets nobody post without one", "Give him one in Odoo.")
    return good(f"{ours.login} is user {erp.uid}, of {len(row['company_ids'])} companies, no administrator")


def _house(values: Settings, erp: Odoo) -> Iterator[Checked]:
    yield look("database", "database.uuid", lambda: _database(values, erp))
    yield look("add-on", "postroom.connector", lambda: _add_on(values, erp))
    if _installed(erp, "res.users.apikeys"):
        yield look("API key", "res.users.apikeys", lambda: surroundings.key_age(erp))


def _database(values: Settings, erp: Odoo) -> Told:
    uuid, known = erp.database_uuid(), values.odoo_database_uuids
    if uuid and known and uuid.lower() not in known.lower():
        return bad(f"{uuid} is not among ODOO_DATABASE_UUIDS: is this a copy?", f"{SET_UP}, if it is ours")
    if not known:
        words = f"{uuid or 'not known'}; events of any database are taken, a copy's too"
        return doubtful(words, f"ODOO_DATABASE_UUIDS={uuid}" if uuid else SET_UP)
    return good(uuid or f"{known}, as set up; our user may not read it, which is right")


def _add_on(values: Settings, erp: Odoo) -> Told:
    if not erp.has_addon():
        return doubtful(f"not installed. {NO_ADD_ON}", "docs/odoo-addon.md")
    version = _add_on_version(erp)
    if not values.odoo_command_secret.get_secret_value():
        return doubtful(f"{version}, but ODOO_COMMAND_SECRET is not set: it believes no command", SET_UP)
    return good(f"{version}")


def _add_on_version(erp: Odoo) -> str:
    """As far as our user may know it: Odoo shows its modules to some employees and not to others."""
    if not may(erp, "ir.module.module", "read"):
        return "installed"
    rows = erp.search_read("ir.module.module", [["name", "=", "postroom_connector"]], ["latest_version"])
    return str((rows[0]["latest_version"] if rows else "") or "installed")


# What he can ----------------------------------------------------------------------------------------------------------


def _right(erp: Odoo, right: Right) -> Iterator[Checked]:
    if not _installed(erp, right.model):
        return
    asked = "read" + ", write" * right.write + ", create" * right.create + ", post" * right.posts
    yield look(right.model, asked, lambda: _proven(erp, right))


def _installed(erp: Odoo, model: str) -> bool:
    """Whether there is such a model at all, whether or not we may see it."""
    try:
        erp.fields(model)
    except OdooError as error:
        return error.fault.code == "odoo.exceptions.AccessError"
    return True


def _proven(erp: Odoo, right: Right) -> Told:
    needed = ["read", *(["write"] if right.write or right.posts else []), *(["create"] if right.create else [])]
    missing = [each for each in needed if not may(erp, right.model, each)]
    if missing:
        return bad(f"may not {', '.join(missing)}: {right.why}", SET_UP)
    number = erp.count(right.model, [])
    first = erp.search_read(right.model, [], [right.field], limit=1)
    if number and not first:
        return bad(f"counts {number} and reads none", SET_UP)
    return good(f"reads {number}: {right.why}")


def _given(erp: Odoo, given: Given) -> Checked:
    asked = "read, create" if given.create else "read"

    def ask() -> Told:
        missing = [each for each in asked.split(", ") if not may(erp, given.model, each)]
        if missing:
            return bad(f"may not {', '.join(missing)}, as any employee may ({EMPLOYEE})", SET_UP)
        erp.search_read(given.model, [], ["id"], limit=1)
        return good(given.why)

    return look(given.model, asked, ask)


# What he cannot -------------------------------------------------------------------------------------------------------


def _forbidden(erp: Odoo, forbidden: Forbidden) -> Iterator[Checked]:
    if not _installed(erp, forbidden.model):
        return
    ask = _cannot_read if forbidden.operation == "read" else _cannot_change
    yield look(forbidden.model, f"must not {forbidden.operation}", lambda: ask(erp, forbidden))


def _cannot_read(erp: Odoo, forbidden: Forbidden) -> Told:
    domain = [[forbidden.own, "!=", erp.uid]] if forbidden.own else []
    try:
        rows = erp.search_read(forbidden.model, domain, [forbidden.field], limit=1)
    except OdooError as error:
        if error.fault.code == "odoo.exceptions.AccessError":
            return good(f"refused: {forbidden.why}")
        raise
    if rows:
        return bad(f"can be read: {forbidden.why}", f"Take him out of the groups that allow it: {SET_UP}")
    return good(f"sees none: {forbidden.why}")


def _cannot_change(erp: Odoo, forbidden: Forbidden) -> Told:
    if not may(erp, forbidden.model, forbidden.operation):
        return good(f"refused: {forbidden.why}")
    some = erp.search(forbidden.model, [["create_uid", "!=", erp.uid]], limit=1)
    if not some:
        return doubtful(f"no {forbidden.model} to try it on", "Run this again when there is one.")
    if may(erp, forbidden.model, forbidden.operation, some):
        return bad(f"is allowed: {forbidden.why}", f"Take him out of the groups that allow it: {SET_UP}")
    return good(f"refused for each record: {forbidden.why}")


# Around it ------------------------------------------------------------------------------------------------------------


def _surroundings(values: Settings, erp: Odoo, ours: Target) -> Iterator[Checked]:
    yield look("clock", "Date of an answer", lambda: surroundings.clock(ours.url))
    yield look("neutralised", "/web/login", lambda: surroundings.neutralised(ours.url))
    yield look("PDF by portal", "get_portal_url", lambda: surroundings.portal_pdf(erp, ours.url))
    key = os.environ.get(ADMIN_KEY, "")
    if key:
        target = Target(ours.url, ours.database, os.environ.get(ADMIN_LOGIN, "admin"), key)
        yield look("outgoing mail", "ir.mail_server", lambda: surroundings.outgoing_mail(as_user(values, target)))
    else:
        words = "only an administrator sees it, which is right"
        yield Checked(Health.OK, "outgoing mail", "not asked", words, f"{ADMIN_KEY}=… postroom odoo check asks")
