"""postroom routes: explain where an event would go, and why."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.tree import Tree

from config.companies import load_companies
from config.rules import ROUTING_FILE, load_routing, span
from config.template_files import TEMPLATES_FOLDER, load_templates
from postroom.cli.config_faults import refusing, wrong_use
from postroom.cli.showing import out
from postroom.domain import languages
from postroom.domain.channels import ChannelName
from postroom.domain.event_types import EVENT_TYPES
from postroom.domain.events import Event, event_from, sample_event
from postroom.domain.languages import Choice
from postroom.domain.routing import TITLES, Contact, Plan, Rule, plan, reach_of, rules_for
from postroom.domain.templates import TemplateMissing, TemplateSet

app = typer.Typer(no_args_is_help=True, help="Where events go, and why.")


Channels = Annotated[list[ChannelName] | None, typer.Option(help="Suppose this of a channel; may be repeated.")]
NOBODY: tuple[ChannelName, ...] = ()


@app.callback()
def group() -> None:
    """Where events go, and why."""


@app.command()
@refusing
def explain(
    event: Annotated[str, typer.Argument(help="A CloudEvent in a file, or an event type for a made-up one.")],
    opted_out: Channels = None,
    unreachable: Channels = None,
    muted: Channels = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Say which messages an event would lead to: each channel with its reason, and the language. Nothing is sent."""
    templates = load_templates(TEMPLATES_FOLDER)
    routing = load_routing(ROUTING_FILE, templates=templates)
    what = _event(event)
    now, chat = datetime.now(UTC), load_companies().of(what.company.id).team_chat
    reach = _supposed(what, opted_out or NOBODY, unreachable or NOBODY, muted or NOBODY, now)
    plans = [(rule, plan(rule, reach, team_chat=chat, now=now)) for rule in rules_for(what.type, routing.rules)]
    choices = languages.chain(what.recipient.language, what.company.language)
    if as_json:
        told = [_told(rule, made, templates, choices) for rule, made in plans]
        typer.echo(json.dumps({"event": what.type, "about": what.document, "messages": told}, ensure_ascii=False))
        return
    tree = Tree(f"[bold]{escape(what.type)}[/] about {escape(what.document)}, for {escape(what.recipient_key)}")
    for rule, made in plans:
        _draw(tree, rule, made, _told(rule, made, templates, choices))
    out().print(tree)


def _event(named: str) -> Event:
    if named in EVENT_TYPES:
        return sample_event(EVENT_TYPES[named])
    try:
        return event_from(json.loads(Path(named).read_text("utf-8")))
    except (OSError, ValueError) as error:
        problem = f"{named} is neither an event type nor a file with an event: {error}."
        raise wrong_use(problem, f"postroom routes explain {next(iter(EVENT_TYPES))}") from None


def _supposed(
    event: Event,
    opted_out: Sequence[ChannelName],
    unreachable: Sequence[ChannelName],
    muted: Sequence[ChannelName],
    now: datetime,
) -> dict[ChannelName, Contact]:
    return {
        channel: replace(
            contact,
            opted_out=channel in opted_out,
            muted=channel in muted,
            unreachable_until=now + timedelta(days=30) if channel in unreachable else None,
        )
        for channel, contact in reach_of(event).items()
    }


def _told(rule: Rule, made: Plan, templates: TemplateSet, choices: Sequence[Choice]) -> dict[str, Any]:
    return {
        "message_type": rule.message_type,
        "urgency": rule.urgency.value,
        "stale_after": span(rule.not_after),
        **made.to_json(),
        "why": list(made.explain()),
        "languages": {leg.channel.value: _language(made, leg.channel, templates, choices) for leg in made.legs},
    }


def _language(made: Plan, channel: ChannelName, templates: TemplateSet, choices: Sequence[Choice]) -> str:
    try:
        version = templates.find(made.message_type, [choice.tag for choice in choices], channel)
    except TemplateMissing as error:
        return str(error)
    return languages.explain(choices, version.language)


def _draw(tree: Tree, rule: Rule, made: Plan, told: dict[str, Any]) -> None:
    head = f"[bold]{rule.message_type}[/], {rule.urgency}, stale after {span(rule.not_after)}"
    branch = tree.add(head if made.stages else f"{head} [red](nobody can be reached)[/]")
    for number, stage in enumerate(made.stages, start=1):
        for leg in stage:
            line = branch.add(f"{number}. [green]{TITLES[leg.channel]}[/]: {escape(leg.why)}")
            line.add(escape(f"language {told['languages'][leg.channel.value]}"))
    for skip in made.skipped:
        branch.add(f"[dim]{TITLES[skip.channel]}: {escape(skip.why)}[/]")
