"""postroom config: check the rules and templates, compare the rules, print their schema."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from config.approvals import APPROVALS_FILE, load_ways
from config.approvals_schema import approvals_schema
from config.cadences import CADENCES_FILE, load_cadences
from config.cadences_schema import cadences_schema
from config.companies import COMPANIES_FILE, load_companies
from config.companies_schema import companies_schema
from config.differences import differences
from config.digests import DIGESTS_FILE, load_digests
from config.digests_schema import digests_schema
from config.escalations import ESCALATIONS_FILE, load_chains
from config.escalations_schema import escalations_schema
from config.faults import ConfigFault, ConfigRefused
from config.routing_schema import routing_schema
from config.rules import ROUTING_FILE, Routing, load_routing, read_routing
from config.template_files import TEMPLATES_FOLDER, load_templates
from postroom.cli.config_faults import refusing, show_refusal, wrong_use
from postroom.cli.desk import open_desk
from postroom.cli.showing import out
from postroom.domain.approvals import Ways
from postroom.domain.cadences import Cadences
from postroom.domain.companies import Companies
from postroom.domain.digests import Digest
from postroom.domain.escalation import Chain
from postroom.domain.templates import TemplateSet
from postroom.store.rulebooks import newest_rulebook

Loaded = TypeVar("Loaded")


class Described(StrEnum):
    """The files that have a schema."""

    ROUTING = "routing"
    COMPANIES = "companies"
    APPROVALS = "approvals"
    ESCALATIONS = "escalations"
    CADENCES = "cadences"
    DIGESTS = "digests"


SCHEMAS = {
    Described.ROUTING: routing_schema,
    Described.COMPANIES: companies_schema,
    Described.APPROVALS: approvals_schema,
    Described.ESCALATIONS: escalations_schema,
    Described.CADENCES: cadences_schema,
    Described.DIGESTS: digests_schema,
}

app = typer.Typer(no_args_is_help=True, help="Check and compare the configuration.")


RoutingPath = Annotated[Path, typer.Option("--routing", help="The rules.")]
TemplatesPath = Annotated[Path, typer.Option("--templates", help="The folder of templates.")]
CompaniesPath = Annotated[Path, typer.Option("--companies", help="How each company writes to people.")]
ApprovalsPath = Annotated[Path, typer.Option("--approvals", help="How documents are decided in Odoo.")]
EscalationsPath = Annotated[Path, typer.Option("--escalations", help="Who is asked, reminded and told, and when.")]
CadencesPath = Annotated[Path, typer.Option("--cadences", help="How customers are asked for what they owe.")]
DigestsPath = Annotated[Path, typer.Option("--digests", help="Who reads what in the morning.")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]


@app.command()
def check(
    routing: RoutingPath = ROUTING_FILE,
    templates: TemplatesPath = TEMPLATES_FOLDER,
    companies: CompaniesPath = COMPANIES_FILE,
    approvals: ApprovalsPath = APPROVALS_FILE,
    escalations: EscalationsPath = ESCALATIONS_FILE,
    cadences: CadencesPath = CADENCES_FILE,
    digests: DigestsPath = DIGESTS_FILE,
    as_json: AsJson = False,
) -> None:
    """Read every file of the configuration; list every fault with its line and remedy. Exit code 1 if there are any.

    Rules, templates, companies, approvals, escalations, cadences and digests.
    """
    try:
        found = _read_all(_Files(routing, templates, companies, approvals, escalations, cadences, digests))
    except ConfigRefused as refused:
        show_refusal(refused, as_json=as_json, retry="postroom config check")
        raise typer.Exit(1) from None
    if as_json:
        typer.echo(json.dumps({"ok": True, "sha256": found.rules.sha256.hex(), **found.counts()}))
        return
    counts = found.counts()
    out().print(
        f"[green]Good.[/] {counts['rules']} rules ({found.rules.sha256.hex()[:12]}), {counts['templates']} templates, "
        f"{counts['companies']} companies of their own and the default, {counts['approvals']} kinds of document that "
        f"can be decided, {counts['escalations']} chains, {counts['cadences']} companies that collect, "
        f"{counts['digests']} digests."
    )


@dataclass(frozen=True, slots=True)
class _Files:
    """Where everything stands."""

    routing: Path
    templates: Path
    companies: Path
    approvals: Path
    escalations: Path
    cadences: Path
    digests: Path


@dataclass(frozen=True, slots=True)
class _Found:
    """All that was read."""

    written: TemplateSet
    rules: Routing
    practices: Companies
    ways: Ways
    chains: tuple[Chain, ...]
    cadences: Cadences
    digests: tuple[Digest, ...]

    def counts(self) -> dict[str, int]:
        return {
            "rules": len(self.rules.rules),
            "templates": len(self.written.versions),
            "companies": len(self.practices.named),
            "approvals": len(self.ways),
            "escalations": len(self.chains),
            "cadences": len(self.cadences.by_company),
            "digests": len(self.digests),
        }


def _read_all(files: _Files) -> _Found:
    """All of it; the faults of all together, so that one run shows everything."""
    faults: list[ConfigFault] = []
    written = _unless_refused(lambda: load_templates(files.templates), faults)
    rules = _unless_refused(
        lambda: load_routing(files.routing, templates=written) if written else _rules_alone(files.routing), faults
    )
    practices = _unless_refused(lambda: load_companies(files.companies), faults)
    ways = _unless_refused(lambda: load_ways(files.approvals), faults)
    chains = _unless_refused(
        lambda: load_chains(files.escalations, rules=rules.rules if rules else None, practices=practices), faults
    )
    names = [rule.message_type for rule in rules.rules] if rules else None
    cadences = _unless_refused(lambda: load_cadences(files.cadences, rules=names), faults)
    digests = _unless_refused(lambda: load_digests(files.digests), faults)
    if faults or not (written and rules and practices and ways and cadences) or chains is None or digests is None:
        raise ConfigRefused(faults)
    return _Found(written, rules, practices, ways, chains, cadences, digests)


def _unless_refused(load: Callable[[], Loaded], faults: list[ConfigFault]) -> Loaded | None:
    try:
        return load()
    except ConfigRefused as refused:
        faults += refused.faults
        return None


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
def schema(
    of: Annotated[
        Described, typer.Argument(help="routing, companies, approvals, escalations, digests.")
    ] = Described.ROUTING,
) -> None:
    """Print the JSON Schema of routing.yaml, for editors; or of another file."""
    typer.echo(json.dumps(SCHEMAS[of](), indent=2, ensure_ascii=False))


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise wrong_use(f"{path} cannot be read: {error}.", "postroom config show > old.json") from None
