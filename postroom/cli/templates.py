"""postroom templates: list, show, preview and lint what Postroom writes."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from config.companies import load_companies
from config.faults import ConfigRefused
from config.settings import Address
from config.template_files import TEMPLATES_FOLDER, load_templates
from postroom.cli.config_faults import refusing, show_refusal, wrong_use
from postroom.cli.showing import out
from postroom.domain import languages
from postroom.domain.channels import Button, ChannelName, Rendered
from postroom.domain.event_types import shape_of
from postroom.domain.events import Event, EventRefused, event_from, sample_event
from postroom.domain.links import documents_under
from postroom.domain.meta_templates import meta_definition
from postroom.domain.own_links import supposed
from postroom.domain.rendering import RenderingFault, render
from postroom.domain.template_lint import SUPPOSED
from postroom.domain.templates import TemplateMissing, TemplateSet, TemplateVersion

app = typer.Typer(no_args_is_help=True, help="What Postroom writes, by message, language and channel.")


Name = Annotated[str, typer.Argument(help="The message type, as in payment_reminder.")]
Language = Annotated[str, typer.Option("--language", "-l", help="The reader's language, as in pt_BR.")]
OnChannel = Annotated[ChannelName | None, typer.Option("--channel", "-c", help="One channel only.")]
Folder = Annotated[Path, typer.Option("--templates", help="The folder of templates.")]
AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]


@app.command("list")
@refusing
def list_(channel: OnChannel = None, folder: Folder = TEMPLATES_FOLDER, as_json: AsJson = False) -> None:
    """Every template with its version's hash."""
    versions = load_templates(folder).matching(channel=channel)
    if as_json:
        typer.echo(json.dumps([_summary(version) for version in versions], ensure_ascii=False, indent=2))
        return
    table = Table("message", "language", "channel", "version", "buttons", box=None, header_style="bold")
    for version in versions:
        buttons = ", ".join(button.title for button in version.wording.buttons)
        row = (version.name, version.language, version.channel, version.sha256.hex()[:12], buttons)
        table.add_row(*map(escape, row))
    out().print(table)


@app.command()
@refusing
def show(
    name: Name,
    language: Language = languages.LAST_RESORT,
    channel: OnChannel = None,
    provider: Annotated[bool, typer.Option("--provider", help="As Meta's template API takes it.")] = False,
    folder: Folder = TEMPLATES_FOLDER,
) -> None:
    """Print a template as JSON: as it is kept, or with --provider as its provider approves it."""
    templates = load_templates(folder)
    channels = [channel] if channel else [ChannelName.WHATSAPP] if provider else _channels(templates, name)
    shown = [_show(_found(templates, name, language, each), provider=provider) for each in channels]
    typer.echo(json.dumps(shown[0] if len(shown) == 1 else shown, ensure_ascii=False, indent=2))


@app.command()
@refusing
def preview(
    name: Name,
    language: Language = languages.LAST_RESORT,
    channel: OnChannel = None,
    event: Annotated[Path | None, typer.Option("--event", help="A CloudEvent in a file; else a made-up one.")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write the email's HTML to this file.")] = None,
    folder: Folder = TEMPLATES_FOLDER,
    as_json: AsJson = False,
) -> None:
    """Show a message as its receiver will read it. Nothing is sent."""
    templates = load_templates(folder)
    channels = [channel] if channel else _channels(templates, name)
    written = {each: _written(_found(templates, name, language, each), language, event) for each in channels}
    if html is not None:
        _write_html(html, written)
    if as_json:
        typer.echo(json.dumps({each.value: rendered.to_json() for each, rendered in written.items()}, indent=2))
        return
    for rendered in written.values():
        out().print(_panel(name, rendered))


@app.command()
def lint(
    folder: Annotated[Path, typer.Argument(help="The folder of templates.")] = TEMPLATES_FOLDER, as_json: AsJson = False
) -> None:
    """Find everything for which a template would be refused, by us or by Meta. Exit code 1 if there is anything."""
    try:
        versions = load_templates(folder).versions
    except ConfigRefused as refused:
        show_refusal(refused, as_json=as_json, retry="postroom templates lint")
        raise typer.Exit(1) from None
    if as_json:
        typer.echo(json.dumps({"ok": True, "templates": len(versions)}))
    else:
        out().print(f"[green]Good.[/] {len(versions)} templates.")


def _summary(version: TemplateVersion) -> dict[str, Any]:
    return {
        "name": version.name,
        "language": version.language,
        "channel": version.channel.value,
        "event": version.event_type,
        "sha256": version.sha256.hex(),
        "buttons": [button.title for button in version.wording.buttons],
    }


def _channels(templates: TemplateSet, name: str) -> list[ChannelName]:
    if name not in templates.names:
        raise wrong_use(f"There is no template {name!r}.", "postroom templates list")
    return list(dict.fromkeys(version.channel for version in templates.matching(name)))


def _found(templates: TemplateSet, name: str, language: str, channel: ChannelName) -> TemplateVersion:
    tags = [choice.tag for choice in languages.chain(language, None)]
    try:
        return templates.find(name, tags, channel)
    except TemplateMissing as error:
        raise wrong_use(str(error), "postroom templates list") from None


def _show(version: TemplateVersion, *, provider: bool) -> dict[str, Any]:
    if not provider:
        return {**version.spec, "sha256": version.sha256.hex()}
    try:
        return meta_definition(version, _documents())
    except ValueError as error:
        raise wrong_use(str(error), f"postroom templates show {version.name} --channel whatsapp --provider") from None


def _documents() -> str:
    """What our own links begin with on WhatsApp: for every company the same, since Meta approves it once."""
    beginning = documents_under(load_companies().default.address or Address().public_url)
    if not beginning.startswith("https://"):
        typer.echo(f"Meta takes no button that opens {beginning}: set PUBLIC_URL, or default.domain.", err=True)
    return beginning


def _written(version: TemplateVersion, language: str, file: Path | None) -> Rendered:
    shape = shape_of(version.event_type)
    event = _event(file) if file else sample_event(shape)
    tags = [choice.tag for choice in languages.chain(language, event.company.language)]
    locale = languages.locale_for(version.language, tags)
    try:
        carried = SUPPOSED[version.channel]
        return render(
            version, supposed(event.facts, shape), language=locale, capabilities=carried, reply_to="reply@example.com"
        )
    except RenderingFault as fault:
        raise wrong_use(str(fault), "postroom templates lint") from None


def _event(file: Path) -> Event:
    try:
        return event_from(json.loads(file.read_text("utf-8")))
    except (OSError, ValueError) as error:
        problem = error if isinstance(error, EventRefused) else f"it cannot be read: {error}"
        raise wrong_use(f"{file} holds no event of ours. {problem}.", "postroom templates preview NAME") from None


def _write_html(path: Path, written: dict[ChannelName, Rendered]) -> None:
    page = next((rendered.html for rendered in written.values() if rendered.html), None)
    if page is None:
        raise wrong_use("Only an email has HTML.", "postroom templates preview NAME --channel email --html FILE")
    path.write_text(page, "utf-8")
    out().print(f"HTML written to {escape(str(path))}")


def _panel(name: str, rendered: Rendered) -> Panel:
    # Text, not str: what is shown may hold square brackets, which Rich would read as its own.
    title = [Text(rendered.subject, style="bold")] if rendered.subject else []
    papers = [Text(f"📎 {each.name}", style="cyan") for each in rendered.attachments]
    fields = [Text(f"{each.label}: {each.value}") for each in rendered.fields]
    # An email's buttons stand in its text already.
    shown = [] if rendered.html else [Text(_button(button), style="bold cyan") for button in rendered.buttons]
    blocks = [block for block in (title, papers, [Text(rendered.text.rstrip())], fields, shown) if block]
    lines = [line for block in blocks for line in (Text(), *block)]
    body = Group(*lines[1:])
    return Panel(body, title=escape(f"{name} · {rendered.channel} · {rendered.language}"), title_align="left")


def _button(button: Button) -> str:
    return f"[{button.title}] {button.url}" if button.url else f"[{button.title}]"
