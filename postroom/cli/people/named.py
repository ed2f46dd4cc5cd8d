"""Whom and what an operator means: a user of Odoo, an account of a channel; and the Odoo that is asked."""

import getpass
import re
from collections.abc import Mapping
from dataclasses import dataclass

from config.settings import Settings
from postroom.cli.desk import Desk
from postroom.cli.faults import Refused, usage
from postroom.cli.odoo.reaching import odoo_answers
from postroom.domain.addresses import NotAnAddress, normal
from postroom.domain.channels import ChannelName
from postroom.domain.people import Person
from postroom.domain.routing import TITLES
from postroom.domain.safety import Wire
from postroom.odoo.client import Odoo
from postroom.odoo.users import user_at
from postroom.store.census import keep_users, settle_database
from postroom.store.engine import Connection
from postroom.store.people import people_of, people_with_email, person_of_user
from workers.erp import Erp, erp_from

CHECK = "postroom odoo check"
SYNC = "postroom people sync"
_MEMBER = re.compile(r"[UW][A-Z0-9]{5,20}")
_USER = re.compile(r"(?:user:)?([1-9]\d{0,9})")
WHERE: Mapping[ChannelName, str] = {
    ChannelName.SLACK: "a member's id looks like U0123ABCD (his profile in Slack, the three dots, Copy member ID)",
    ChannelName.TEAMS: "a user's object id looks like 8ea0e38b-efb3-4757-924a-5f94061cf8c2 (Entra, Object ID)",
    ChannelName.WHATSAPP: "a number looks like +34600111222, with its country's code",
}


def wire_named(values: Settings, named: str) -> Wire:
    """The Odoo that is meant: the real one, unless there is none."""
    if named not in ("", *Wire):
        raise usage(f"--wire: '{named}' is none of {', '.join(Wire)}.", "postroom people list --wire live")
    return Wire(named) if named else Wire.LIVE if values.odoo_api_key.get_secret_value() else Wire.SANDBOX


@dataclass(frozen=True, slots=True)
class Reached:
    """An Odoo that can be asked."""

    erp: Odoo
    database: str


def reached(values: Settings, wire: Wire) -> Reached:
    """The Odoo of a wire. Refused where it has no credentials or does not answer."""
    with odoo_answers(CHECK):
        made: Erp = erp_from(values)
        erp = made.at(wire)
        if erp is None:
            raise Refused(f"The {wire} Odoo has no credentials here.", "postroom connect odoo")
        return Reached(erp, made.database(wire))


# People -------------------------------------------------------------------------------------------------------------


def person_named(connection: Connection, desk: Desk, wire: Wire, named: str) -> Person:
    """The user with this id, login or email address. Refused with what to do where there is none, or several."""
    found = _found(connection, desk, wire, named)
    if not found:
        raise Refused(f"No user '{named}' of the {wire} Odoo is known here.", SYNC)
    if len(found) > 1:
        ids = ", ".join(str(each.user_id) for each in found)
        raise Refused(f"Users {ids} are all '{named}': name one by his id.", f"postroom people show {found[0].user_id}")
    return found[0]


def _found(connection: Connection, desk: Desk, wire: Wire, named: str) -> list[Person]:
    if match := _USER.fullmatch(named):
        person = person_of_user(connection, desk.sealer, wire, int(match[1]))
        return [person] if person else []
    # A login is often an address, and not always his.
    everybody = people_of(connection, desk.sealer, wire=wire)
    by_login = [person for person, _ in everybody if person.login.casefold() == named.casefold()]
    by_email = people_with_email(connection, desk.sealer, named, wire) if "@" in named and not by_login else []
    found = by_login or by_email
    return [each for each in found if each.active] or found


def asked_again(desk: Desk, wire: Wire, named: str, asked: Reached) -> Person:
    """The same person as Odoo says now that he is, written down. Refused where he is not active there."""
    user_id = _user_id(desk, wire, named)
    with odoo_answers(CHECK):
        user = user_at(asked.erp, user_id)
    if user is None:
        raise Refused(f"The {wire} Odoo has no internal user {user_id}.", "postroom people list")
    if user_id == asked.erp.uid:
        raise Refused(f"User {user_id} is our own, who decides nothing.", "postroom people list")
    # What Odoo says is kept also where it ends the command: who was deactivated has lost his power already.
    with desk.engine.begin() as connection:
        database = settle_database(connection, wire, asked.database)
        keep_users(connection, desk.sealer, wire, database, [user])
    if not user.active:
        raise Refused(
            f"User {user_id} is not active in Odoo: activate him there first.", f"postroom people show {named}"
        )
    with desk.engine.connect() as connection:
        return person_named(connection, desk, wire, str(user_id))


def _user_id(desk: Desk, wire: Wire, named: str) -> int:
    if match := _USER.fullmatch(named):
        return int(match[1])
    with desk.engine.connect() as connection:
        return person_named(connection, desk, wire, named).user_id


def operator() -> str:
    """Who does this, as the machine knows him."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "somebody"


# Accounts -----------------------------------------------------------------------------------------------------------

Accounts = Mapping[ChannelName, str]


def accounts_in(options: Mapping[ChannelName, str], attempt: str) -> Accounts:
    """The accounts that options name, in normal form. Refused with every one that can be none."""
    given = {channel: raw for channel, raw in options.items() if raw}
    if not given:
        names = " or ".join(f"--{channel}" for channel in options)
        raise usage(f"No account is given: {names}.", attempt)
    faults = [f"--{channel} '{raw}': {WHERE[channel]}" for channel, raw in given.items() if not _account(channel, raw)]
    if faults:
        raise usage(". ".join(faults) + ".", attempt)
    return {channel: _account(channel, raw) for channel, raw in given.items()}


def _account(channel: ChannelName, raw: str) -> str:
    """In normal form; empty for what is an address of another kind (an email address, a conversation)."""
    try:
        account = normal(channel, raw, None)
    except NotAnAddress:
        return ""
    if channel is ChannelName.SLACK and not _MEMBER.fullmatch(account):
        return ""
    return "" if channel is ChannelName.TEAMS and (":" in account or "@" in account) else account


def titled(channel: ChannelName) -> str:
    """A channel's name as people write it."""
    return TITLES[channel]
