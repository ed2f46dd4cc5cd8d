"""postroom odoo setup: our user in Odoo with the least rights that do, by an administrator's key; safe to repeat."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from config.settings import Settings
from postroom.cli.connect.env_file import set_lines
from postroom.cli.faults import Refused, usage
from postroom.cli.odoo.keeping import to_keep
from postroom.cli.odoo.keymaking import KeyNotMade, key_for
from postroom.cli.odoo.reaching import Target, as_user, odoo_answers, ourselves
from postroom.cli.odoo.standing import Outcome, Site, Step
from postroom.cli.odoo.telling import show_key_by_hand, show_steps, show_sum
from postroom.cli.odoo.wanted import (
    ADD_ON_GROUP,
    GROUP,
    KEY_LIFETIME_DAYS,
    USER,
    Bridge,
    Ref,
    Wanted,
    the_group,
    the_rights,
    the_user,
)
from postroom.cli.showing import people, said
from postroom.odoo.client import Odoo
from postroom.odoo.errors import OdooError
from postroom.odoo.rights import RIGHTS
from postroom.odoo.versions import GROUPS

COMMAND_SECRET = "postroom_connector.command_secret"  # noqa: S105  (the parameter's name)
MIGHTY = ("base.group_system", "base.group_erp_manager")
"""Who has one of these is an administrator, and never our user."""
UNCHANGED = frozenset({Outcome.THERE})


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the operator asked for."""

    login: str
    email: str
    companies: tuple[int, ...]
    """Empty: all of them."""
    command_secret: str


@dataclass(frozen=True, slots=True)
class Manner:
    """How it is done."""

    dry: bool
    make_key: bool
    yes: bool
    as_json: bool
    env_file: Path


@dataclass(frozen=True, slots=True)
class Done:
    """What came of it."""

    database: str
    steps: tuple[Step, ...]
    key: str
    """there, made, or missing."""
    kept: tuple[str, ...] = ()
    """The settings that were written."""

    def told(self) -> dict[str, Any]:
        """For programs."""
        return {"database": self.database, "steps": self.steps, "key": self.key, "kept": self.kept}


@dataclass(frozen=True, slots=True)
class Seen:
    """What an administrator sees of an Odoo."""

    version: int
    database: str
    models: Mapping[str, int]
    companies: tuple[int, ...]
    add_on: bool


def look_around(admin: Odoo) -> Seen:
    """Refused where this is no administrator: only he reads system parameters."""
    database = admin.database_uuid()
    if not database:
        words = "This user is no administrator of Odoo (Settings): only one can make groups, rights and users."
        raise Refused(words, "postroom odoo setup --admin-login LOGIN")
    names = [right.model for right in RIGHTS]
    models = {row["model"]: row["id"] for row in admin.search_read("ir.model", [["model", "in", names]], ["model"])}
    return Seen(int(admin.version), database, models, tuple(admin.search("res.company", [])), admin.has_addon())


def put_in_order(site: Site, seen: Seen, wishes: Wishes, *, with_secrets: bool = True) -> Iterator[Step]:
    """Every step, the group first; with a dry site, what would be done."""
    group = the_group(site.erp.fields("res.groups"))
    user = the_user(_bridge(site, seen, wishes))
    _refuse_mighty(site, user)
    rights = list(the_rights(seen.models))
    for wanted in (group, *rights, user):
        yield site.put(wanted)
    yield from site.sweep([GROUP, USER, *(each.name for each in rights)])
    if seen.add_on and with_secrets:
        yield site.put_parameter(COMMAND_SECRET, wishes.command_secret, "the add-on's command secret")


def _bridge(site: Site, seen: Seen, wishes: Wishes) -> Bridge:
    strange = [str(each) for each in wishes.companies if each not in seen.companies]
    if strange:
        known = ", ".join(map(str, seen.companies))
        raise usage(f"--company: Odoo has no company {', '.join(strange)}; it has {known}.", "postroom odoo setup")
    add_on = seen.add_on and site.id_of(Ref(ADD_ON_GROUP)) is not None
    companies = wishes.companies or seen.companies
    return Bridge(wishes.login, wishes.email, companies, GROUPS[site.erp.version], add_on)


def _refuse_mighty(site: Site, user: Wanted) -> None:
    """A login that belongs to somebody with power, or to a customer, is not taken over."""
    found = site.find(user)
    if found is None:
        return
    field = GROUPS[site.erp.version]
    (row,) = site.erp.read("res.users", [found], [field, "share", "login"])
    mighty = {site.id_of(Ref(each)) for each in MIGHTY}
    who = "an administrator" if mighty & set(row[field]) else "a portal user" if row["share"] else ""
    if who or found == site.erp.uid:
        words = f"'{row['login']}' is {who or 'the user whose key this is'}, whose rights are not to be taken away."
        raise Refused(words, "postroom odoo setup --login ANOTHER")


# The whole of it -----------------------------------------------------------------------------------------------------


def carry_out(values: Settings, target: Target, wishes: Wishes, manner: Manner) -> Done:
    """Plan, ask, do, keep. A plan in which everything stands asks nothing."""
    with odoo_answers("postroom odoo setup --dry-run"):
        admin = as_user(values, target)
        seen = look_around(admin)
        if seen.add_on and not values.odoo_command_secret.get_secret_value():
            wishes = replace(wishes, command_secret=_standing_secret(admin) or wishes.command_secret)
        if not manner.as_json:
            people().print(
                f"Odoo {seen.version} at {said(target.url)}, database {said(target.database)} {seen.database}"
            )
        plan = tuple(put_in_order(Site(admin, dry=True), seen, wishes))
        if manner.dry:
            return _planned(values, plan, seen, wishes, manner)
        if any(step.outcome is not Outcome.THERE for step in plan):
            _agree(plan, manner)
        site = Site(admin, dry=False)
        steps = tuple(put_in_order(site, seen, wishes))
        _show(steps, manner)
        return _finish(values, target, seen, wishes, manner, site, steps)


def _standing_secret(admin: Odoo) -> str:
    """The one that the add-on believes already, the newest where two are; empty where there is none."""
    rows = admin.search_read("ir.config_parameter", [["key", "=", COMMAND_SECRET]], ["value"], limit=1)
    secrets = str(rows[0]["value"] or "").split() if rows else []
    return secrets[0] if secrets else ""


def _planned(values: Settings, plan: tuple[Step, ...], seen: Seen, wishes: Wishes, manner: Manner) -> Done:
    _show(plan, manner)
    return Done(seen.database, plan, "there" if _key_works(values, wishes.login, None) else "missing")


def _agree(plan: Sequence[Step], manner: Manner) -> None:
    """Nothing is written before somebody has seen what."""
    if manner.yes:
        return
    if manner.as_json or not sys.stdin.isatty():
        raise Refused("Nobody is there to agree to what would be changed.", "postroom odoo setup --dry-run, then --yes")
    import typer

    show_steps([step for step in plan if step.outcome is not Outcome.THERE])
    if not typer.confirm("Do this in Odoo?", err=True):
        raise Refused("Nothing was changed.", "postroom odoo setup")


def _show(steps: Sequence[Step], manner: Manner) -> None:
    if not manner.as_json:
        show_steps(steps)
        show_sum(steps)


def _finish(
    values: Settings, target: Target, seen: Seen, wishes: Wishes, manner: Manner, site: Site, steps: tuple[Step, ...]
) -> Done:
    user = site.id_of(Ref(USER))
    assert user is not None
    key, state = "", "there"
    if not _key_works(values, wishes.login, user):
        key = _made(site.erp, target, user) if manner.make_key else ""
        state = "made" if key else "missing"
    kept = to_keep(values, target, login=wishes.login, key=key, database=seen.database, secret=wishes.command_secret)
    if kept:
        set_lines(manner.env_file, kept)
    if not manner.as_json:
        _tell(target, wishes, manner, state, tuple(kept))
    return Done(seen.database, steps, state, tuple(kept))


def _key_works(values: Settings, login: str, user: int | None) -> bool:
    """Whether the key that is set opens Odoo as our user."""
    ours = ourselves(values)
    if ours is None or ours.login != login:
        return False
    try:
        uid = as_user(values, ours).uid
    except (OdooError, ValueError):
        return False
    return user is None or uid == user


def _made(admin: Odoo, target: Target, user: int) -> str:
    name = f"Postroom {datetime.now(UTC):%Y-%m-%d}"
    try:
        return key_for(admin, target.url, target.database, user, name=name, days=KEY_LIFETIME_DAYS)
    except KeyNotMade as error:
        raise Refused(f"The user stands; his key could not be made: {error}.", "postroom connect odoo") from error


def _tell(target: Target, wishes: Wishes, manner: Manner, key: str, kept: tuple[str, ...]) -> None:
    if kept:
        people().print(f"Kept in {said(str(manner.env_file))} (0600): {', '.join(kept)}.")
    if key == "missing":
        show_key_by_hand(wishes.login, target.url)
    else:
        people().print("Now see what he can do, and what he cannot: [bold]postroom odoo check[/]")
