"""Calling the roll from a terminal: Odoo's users first, then the directories, with what became of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from rich.progress import Progress, SpinnerColumn, TextColumn

from postroom.cli.desk import Desk
from postroom.cli.odoo.reaching import odoo_answers
from postroom.cli.people.named import CHECK, Reached, titled
from postroom.cli.showing import out, people, table
from postroom.domain.channels import ChannelName
from postroom.domain.people import DIRECTORIES
from postroom.domain.safety import Wire
from postroom.odoo.users import users_of
from postroom.store.census import Told, keep_users, retire, settle_database
from postroom.store.safety import database_now
from workers.channels.base import Knowing
from workers.tasks.recognise import Heard, Post, ask_around
from workers.tasks.sync_people import call_roll
from workers.wires import channels_from

PATIENCE = timedelta(minutes=30)
"""How long somebody at a terminal lets directories be asked; the rest is asked for by the house."""


@dataclass(slots=True)
class Result:
    """What Odoo and the directories said."""

    wire: Wire
    told: Told = field(default_factory=Told)
    heard: dict[ChannelName, Heard] = field(default_factory=dict)


def call(desk: Desk, wire: Wire, asked: Reached, *, dry: bool, quiet: bool) -> Result:
    """Ask, with a line that counts, and a table at the end."""
    result = Result(wire)
    columns = (SpinnerColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=people(), transient=True, disable=quiet) as progress, odoo_answers(CHECK):
        task = progress.add_task(f"asking the {wire} Odoo")

        def count(told: Told) -> None:
            progress.update(task, description=f"asking the {wire} Odoo: {told}")

        if dry:
            result.told = rehearse(desk, wire, asked)
        else:
            result.told = call_roll(desk.engine, desk.sealer, asked.erp, wire, asked.database, count)
            _ask_directories(desk, wire, result, progress)
    if not quiet:
        _show(result, dry=dry)
    return result


def rehearse(desk: Desk, wire: Wire, asked: Reached) -> Told:
    """What a roll would change; nothing is kept."""
    with desk.engine.connect() as connection, connection.begin() as held:
        since, told = database_now(connection), Told()
        database = settle_database(connection, wire, asked.database)
        for users in users_of(asked.erp):
            told += keep_users(connection, desk.sealer, wire, database, users)
        told += Told(deactivated=retire(connection, wire, database, since))
        held.rollback()
    return told


def _ask_directories(desk: Desk, wire: Wire, result: Result, progress: Progress) -> None:
    channels = channels_from(desk.settings)
    for channel in DIRECTORIES:
        directory = channels.at(channel, wire)
        if not isinstance(directory, Knowing):
            continue
        task = progress.add_task(f"asking {titled(channel)}")

        def count(heard: Heard, task: Any = task, channel: ChannelName = channel) -> None:
            progress.update(task, description=f"asking {titled(channel)}: {heard}")

        post = Post(desk.engine, desk.sealer, channel, wire, directory)
        result.heard[channel] = ask_around(post, stint=PATIENCE, watch=count)


def _show(result: Result, *, dry: bool) -> None:
    rows = [(f"Odoo ({result.wire})", str(result.told))]
    rows += [(titled(channel), str(heard)) for channel, heard in result.heard.items()]
    out().print(table("", "would be" if dry else "", rows=rows))
    if not dry:
        people().print("[dim]Who cannot decide: postroom people list --unmapped, postroom people check[/]")


def told_json(result: Result, *, dry: bool) -> Mapping[str, Any]:
    """For programs."""
    told = result.told
    heard: Mapping[str, Any] = {
        channel.value: {"found": dict(each.found), "fault": each.fault or None, "more": each.more}
        for channel, each in result.heard.items()
    }
    counts = {"new": told.added, "changed": told.changed, "gone": told.deactivated, "as_before": told.same}
    return {"ok": not any(each.fault for each in result.heard.values()), "dry_run": dry, "odoo": counts, **heard}
