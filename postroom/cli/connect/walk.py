"""One walk, from what stands open to a message that arrived."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import typer
from rich.console import Console

from config.settings import Settings
from postroom.cli.connect.answers import gathered, given, standing, supposing, typed_prompt, unattended
from postroom.cli.connect.checked import Checked, Unasked
from postroom.cli.connect.env_file import as_line, set_lines
from postroom.cli.connect.guide import Guide
from postroom.cli.connect.hello import Telling, hear_back, say_hello
from postroom.cli.connect.progress import Notebook, Stage
from postroom.cli.connect.url import check_url
from postroom.cli.faults import Refused, usage
from postroom.cli.findings import MARKS, Health
from postroom.cli.showing import masked, people, said, table, title
from postroom.domain import addresses
from postroom.domain.channels import ChannelEvent, EventKind
from postroom.domain.safety import Wire
from workers.channels.base import Channel
from workers.channels.registry import build, capabilities
from workers.wires import live_config

FINAL = frozenset({EventKind.DELIVERED, EventKind.READ, EventKind.FAILED})
"""Receipts after which nothing more is waited for."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was asked for on the command line."""

    answers: Sequence[str] = ()
    to: str = ""
    yes: bool = False
    print_env: bool = False
    paper: Path | None = None
    wait: timedelta = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Places:
    """Where a walk keeps what it was told."""

    env_file: Path
    notebook: Notebook


def rows_of(guide: Guide, values: Settings) -> Iterator[Checked]:
    """Every check of a provider; where nothing or nonsense is set, that alone."""
    attempt = f"postroom connect {guide.channel}"
    try:
        if live_config(values, guide.channel) is None:
            yield Checked(Health.FAIL, "credentials", "the settings", "none are set", attempt)
        else:
            yield from guide.checks(values)
    except ValueError as error:
        yield Checked(Health.FAIL, "credentials", "the settings", str(error), attempt)
    except Unasked as error:
        yield Checked(Health.FAIL, "credentials", "the settings", error.told.words, attempt)


def facts_of(values: Settings, guide: Guide, answers: Mapping[str, str]) -> dict[str, str]:
    """What may stand in the words of a step: nothing secret."""
    open_answers = {ask.setting: answers.get(ask.setting, f"<{ask.setting}>") for ask in guide.asks if not ask.secret}
    url = values.public_url.rstrip("/")
    return {"public_url": url, "host": urlsplit(url).hostname or "", **open_answers}


def show_rows(rows: Sequence[Checked], console: Console) -> None:
    """The checks as a table."""
    shown = [
        (MARKS[row.health], row.what, said(row.asked), said(row.words), f"[bold]{said(row.remedy)}[/]") for row in rows
    ]
    console.print(table("", "what", "asked", "outcome", "to mend it", rows=shown, keep_whole=2))


def show_progress(guide: Guide, notebook: Notebook) -> None:
    """What is behind, and what is still awaited, since when."""
    progress = notebook.read(guide.channel)
    for stage, at in progress.done.items():
        people().print(f"[dim]{stage}: done on {at.astimezone():%Y-%m-%d %H:%M}[/]")
    for what, since in progress.pending.items():
        people().print(f"[yellow]{said(what)}: pending since {since.astimezone():%Y-%m-%d %H:%M}[/]")


def show_steps(guide: Guide, facts: Mapping[str, str]) -> None:
    """What to do in the provider's console."""
    for number, step in enumerate(guide.steps, 1):
        people().print(f"\n[bold]{number}. {said(step.title)}[/]  {said(step.where)}", soft_wrap=True)
        for words in step.words:
            people().print(f"   {said(words.format_map(facts))}", soft_wrap=True)
    if guide.slow:
        people().print(f"\n[dim]Takes days, so begin with it: {said(', '.join(guide.slow))}.[/]")


def walk(guide: Guide, values: Settings, places: Places, wishes: Wishes, telling: Telling) -> list[Checked]:
    """The whole walk. What fails a check is not kept, so that what works is never replaced by what does not."""
    attended = sys.stdin.isatty() and not wishes.yes
    attempt = f"postroom connect {guide.channel}"
    had = standing(values, guide.asks)
    typed = given(wishes.answers, guide.asks, attempt)
    show_progress(guide, places.notebook)
    _show_address(values)
    answers = {**had, **typed}
    answers |= _made(guide, answers, places, wishes)
    show_steps(guide, facts_of(values, guide, answers))
    early = guide.paper is None or all(answers.get(name) for name in guide.paper.needs)
    if early:
        _hand_out_paper(guide, facts_of(values, guide, answers), wishes.paper)
    if attended:
        people().print()
        answers = gathered(guide.asks, answers, typed, typed_prompt)
    else:
        answers = unattended(guide.asks, answers, typed, attempt)
    if not early:
        _hand_out_paper(guide, facts_of(values, guide, answers), wishes.paper)
    supposed = supposing(values, answers)
    rows = _checked(guide, supposed, places.notebook)
    _keep(guide, answers, places, wishes)
    _try_out(guide, supposed, places.notebook, wishes, telling, attended=attended)
    return rows


def _made(guide: Guide, answers: Mapping[str, str], places: Places, wishes: Wishes) -> dict[str, str]:
    """What we make up ourselves: kept before it is shown, since it is typed into the provider's console at once."""
    made = {ask.setting: ask.make() for ask in guide.asks if ask.make and not answers.get(ask.setting)}
    if made and not wishes.print_env:
        set_lines(places.env_file, made)
    return made


def _show_address(values: Settings) -> None:
    rows = list(check_url(values.public_url, values.link_secret.get_secret_value()))
    for row in rows:
        if row.health is not Health.OK:
            people().print(f"{MARKS[row.health]} PUBLIC_URL, {row.what}: {said(row.words)}. {said(row.remedy)}")


def _hand_out_paper(guide: Guide, facts: Mapping[str, str], path: Path | None) -> None:
    if guide.paper is None:
        if path is not None:
            raise usage(f"{title(guide.channel)} takes no manifest.", f"postroom connect {guide.channel}")
        return
    content = guide.paper.write(facts)
    if path is not None:
        path.write_bytes(content)
        people().print(f"{said(str(path))} is written. {said(guide.paper.words)}")
    elif not guide.paper.name.endswith(".zip"):
        people().print(f"\n[bold]{guide.paper.name}[/]  {said(guide.paper.words)}")
        people().print(said(content.decode()))
    else:
        people().print(f"Write the package: postroom connect {guide.channel} --manifest {guide.paper.name}")


def _checked(guide: Guide, supposed: Settings, notebook: Notebook) -> list[Checked]:
    rows = list(rows_of(guide, supposed))
    show_rows(rows, people())
    now = datetime.now(UTC)
    notebook.write(guide.channel, notebook.read(guide.channel).with_checks(rows, now))
    failed = [row.what for row in rows if row.health is Health.FAIL]
    if failed:
        words = f"Nothing was kept: {', '.join(failed)} must be mended first."
        raise Refused(words, f"postroom connect {guide.channel}")
    notebook.write(guide.channel, notebook.read(guide.channel).with_done(Stage.CHECKS, now))
    return rows


def _keep(guide: Guide, answers: Mapping[str, str], places: Places, wishes: Wishes) -> None:
    told = {name: value for name, value in answers.items() if value}
    if wishes.print_env:
        for name, value in told.items():
            typer.echo(as_line(name, value))
    else:
        set_lines(places.env_file, told)
        people().print(f"Kept in {said(str(places.env_file))} (0600): {', '.join(told)}.")
    progress = places.notebook.read(guide.channel).with_done(Stage.CREDENTIALS, datetime.now(UTC))
    places.notebook.write(guide.channel, progress)


# The first message --------------------------------------------------------------------------------------------------


def _try_out(
    guide: Guide, supposed: Settings, notebook: Notebook, wishes: Wishes, telling: Telling, *, attended: bool
) -> None:
    to = wishes.to
    if attended and not to:
        people().print("The house knows these settings once it was started again: postroom up")
        words = f"Send a first message to {guide.to} (empty: not now)"
        to = typed_prompt(words, default="", show_default=False, err=True)
    if not to:
        people().print(f"No message was sent. When you like: postroom connect {guide.channel} --to ADDRESS")
        return
    channel = _channel(guide, supposed)
    sent = say_hello(channel, _normal(guide, to))
    people().print(f"{title(guide.channel)} took a message to {masked(to)}: {said(sent.receipt.provider_id)}")
    _note(guide, notebook, Stage.MESSAGE)
    if not capabilities(guide.channel).delivered_receipts:
        people().print("That is as much as this channel tells. Look whether it arrived.")
        return
    for event in hear_back(sent, telling, wishes.wait):
        people().print(f"{said(_heard(event))}")
        _note(guide, notebook, Stage.RECEIPT)
        if event.kind in FINAL:
            return
    if Stage.RECEIPT not in notebook.read(guide.channel).done:
        spent = f"{wishes.wait.total_seconds():.0f} s"
        people().print(
            f"[yellow]No receipt came within {spent}.[/] Is the house started again, and does the provider know where "
            "to post? Try: [bold]postroom connect url[/]"
        )


def _heard(event: ChannelEvent) -> str:
    return f"{event.kind}: {event.fault.code}, {event.fault.detail}" if event.fault else f"{event.kind}"


def _channel(guide: Guide, supposed: Settings) -> Channel:
    config = live_config(supposed, guide.channel)
    if config is None:
        raise Refused(f"{title(guide.channel)} has no credentials.", f"postroom connect {guide.channel}")
    return build(guide.channel, {Wire.LIVE: config})[Wire.LIVE]


def _normal(guide: Guide, to: str) -> str:
    try:
        return addresses.normal(guide.channel, to, None)
    except addresses.NotAnAddress as error:
        raise usage(f"--to: {error}.", f"postroom connect {guide.channel} --to ADDRESS") from None


def _note(guide: Guide, notebook: Notebook, stage: Stage) -> None:
    notebook.write(guide.channel, notebook.read(guide.channel).with_done(stage, datetime.now(UTC)))
