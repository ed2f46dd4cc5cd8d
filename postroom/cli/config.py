"""postroom config: check the rules and templates, compare the rules, print their schema."""

import json
from pathlib import Path
from typing import Annotated

import typer

from config.differences import differences
from config.faults import ConfigFault, ConfigRefused
from config.routing_schema import routing_schema
from config.rules import ROUTING_FILE, Routing, load_routing, read_routing
from config.template_files import TEMPLATES_FOLDER, load_templates
from postroom.cli.config_faults import refusing, show_refusal, wrong_use
from postroom.cli.desk import open_desk
from postroom.cli.showing import out
from postroom.domain.templates import TemplateSet
from postroom.store.rulebooks import newest_rulebook

app = typer.Typer(no_args_is_help=True, help="Check and compare the configuration.")


RoutingPath = Annotated[Path, typer.Option("--routing", help="The rules.")]
TemplatesPath = Annotated[Path, typer.Option("--templates", help="The folder of templates.")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]


@app.command()
def check(
    routing: RoutingPath = ROUTING_FILE, templates: TemplatesPath = TEMPLATES_FOLDER, as_json: AsJson = False
) -> None:
    """Read routing.yaml and every template; list every fault with its line and remedy. Exit code 1 if there are any."""
    try:
        written, rules = _read_all(routing, templates)
    except ConfigRefused as refused:
        show_refusal(refused, as_json=as_json, retry="postroom config check")
        raise typer.Exit(1) from None
    if as_json:
        found = {
            "ok": True,
            "sha256": rules.sha256.hex(),
            "rules": len(rules.rules),
            "templates": len(written.versions),
        }
        typer.echo(json.dumps(found))
        return
    out().print(
        f"[green]Good.[/] {len(rules.rules)} rules ({rules.sha256.hex()[:12]}), {len(written.versions)} templates."
    )


def _read_all(routing: Path, folder: Path) -> tuple[TemplateSet, Routing]:
    """Both; faults of both together, so that one run shows everything."""
    faults: list[ConfigFault] = []
    written: TemplateSet | None = None
    try:
        written = load_templates(folder)
    except ConfigRefused as refused:
        faults += refused.faults
    try:
        source = load_routing(routing, templates=written) if written else _rules_alone(routing)
    except ConfigRefused as refused:
        raise ConfigRefused([*faults, *refused.faults]) from None
    if written is None:
        raise ConfigRefused(faults)
    return written, source


def _rules_alone(path: Path) -> Routing:
    return read_routing(_text(path), file=str(path), templates=None)


@app.command()
def diff(
    against: Annotated[
        Path | None,
        typer.Option("--against", help="Older rules: a routing.yaml or its canonical JSON. Default: those in force."),
    ] = None,
    routing: RoutingPath = ROUTING_FILE,
    as_json: AsJson = False,
) -> None:
    """Say in words what the rules change. Exit code 1 if anything does, 2 if one of them cannot be read."""
    try:
        old, new = _rules_alone(against) if against else _rules_in_force(), _rules_alone(routing)
    except ConfigRefused as refused:
        show_refusal(refused, as_json=as_json, retry="postroom config check")
        raise typer.Exit(2) from None
    lines = differences(old, new)
    if as_json:
        typer.echo(json.dumps({"old": old.sha256.hex(), "new": new.sha256.hex(), "changes": lines}, ensure_ascii=False))
    elif lines:
        out().print("\n".join(lines), markup=False)
    else:
        out().print(f"The same rules ({new.sha256.hex()[:12]}).")
    raise typer.Exit(1 if lines else 0)


def _rules_in_force() -> Routing:
    with open_desk() as desk, desk.engine.connect() as connection:
        kept = newest_rulebook(connection)
    if kept is None:
        raise wrong_use("No event was routed yet, so no rules are in force.", "postroom config diff --against FILE")
    return read_routing(kept, file="the rules in force", templates=None)


@app.command()
@refusing
def show(routing: RoutingPath = ROUTING_FILE) -> None:
    """Print the rules in their one canonical text, whose hash stands on each message; `diff --against` reads it."""
    typer.echo(_rules_alone(routing).canonical)


@app.command()
def schema() -> None:
    """Print the JSON Schema of routing.yaml, for editors."""
    typer.echo(json.dumps(routing_schema(), indent=2, ensure_ascii=False))


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise wrong_use(f"{path} cannot be read: {error}.", "postroom config show > old.json") from None
