"""The command line, put together."""

import typer

from postroom.cli import (
    alerts,
    approvals,
    backlog,
    callbacks,
    channels,
    collections,
    config,
    contacts,
    digests,
    escalations,
    events,
    keys,
    messages,
    modes,
    notices,
    outbox,
    preferences,
    routes,
    runs,
    templates,
    timers,
)
from postroom.cli.connect.command import connect
from postroom.cli.demo.command import demo
from postroom.cli.doctor import doctor
from postroom.cli.migrate import migrate
from postroom.cli.odoo import command as odoo
from postroom.cli.pauses import pause, pauses, resume
from postroom.cli.people import command as people
from postroom.cli.send import send
from postroom.cli.simulate.command import simulate
from postroom.cli.up import up

START, LOOK, STEER, SET_UP = "Begin", "Look", "Steer", "Set up"

app = typer.Typer(
    name="postroom",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Gives an Odoo ERP a voice: each event becomes the right message on the right channel, proven delivered.",
    epilog="Begin with: postroom demo",
)

app.command(rich_help_panel=START)(demo)
app.command(rich_help_panel=START)(up)
app.command(rich_help_panel=START)(send)
app.add_typer(messages.app, name="messages", rich_help_panel=LOOK)
app.add_typer(events.app, name="events", rich_help_panel=LOOK)
app.add_typer(notices.app, name="notices", rich_help_panel=LOOK)
app.add_typer(runs.app, name="runs", rich_help_panel=LOOK)
app.add_typer(approvals.app, name="approvals", rich_help_panel=LOOK)
app.add_typer(alerts.app, name="alerts", rich_help_panel=LOOK)
app.add_typer(digests.app, name="digests", rich_help_panel=LOOK)
app.add_typer(collections.app, name="collections", rich_help_panel=LOOK)
app.add_typer(timers.app, name="timers", rich_help_panel=LOOK)
app.add_typer(outbox.app, name="outbox", rich_help_panel=LOOK)
app.add_typer(channels.app, name="channels", rich_help_panel=LOOK)
app.command(rich_help_panel=LOOK)(doctor)
app.command(rich_help_panel=LOOK)(simulate)
app.command(rich_help_panel=STEER)(pause)
app.command(rich_help_panel=STEER)(resume)
app.command(rich_help_panel=STEER)(pauses)
app.add_typer(callbacks.app, name="callbacks", rich_help_panel=STEER)
app.add_typer(modes.app, name="mode", rich_help_panel=STEER)
app.add_typer(backlog.app, name="backlog", rich_help_panel=STEER)
app.add_typer(contacts.app, name="contacts", rich_help_panel=STEER)
app.add_typer(preferences.app, name="preferences", rich_help_panel=STEER)
app.add_typer(people.app, name="people", rich_help_panel=STEER)
app.command(rich_help_panel=SET_UP)(connect)
app.add_typer(odoo.app, name="odoo", rich_help_panel=SET_UP)
app.add_typer(config.app, name="config", rich_help_panel=SET_UP)
app.add_typer(routes.app, name="routes", rich_help_panel=SET_UP)
app.add_typer(escalations.app, name="escalations", rich_help_panel=SET_UP)
app.add_typer(templates.app, name="templates", rich_help_panel=SET_UP)
app.command(rich_help_panel=SET_UP)(migrate)
app.add_typer(keys.app, name="keys", rich_help_panel=SET_UP)
