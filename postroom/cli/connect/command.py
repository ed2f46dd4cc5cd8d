"""postroom connect: walks a person through a provider's real credentials."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from config.settings import HOUSE, ROOT, Settings
from postroom.cli.faults import REFUSED
from postroom.cli.findings import Health
from postroom.cli.showing import AsJson, Yes, emit, out, said, table
from postroom.domain.channels import ChannelEvent, ChannelName
from postroom.store.engine import connect as connect_to
from postroom.store.first_words import told_of
from postroom.store.inbox import reaching
from postroom.store.sealing import Sealer

if TYPE_CHECKING:
    from postroom.cli.connect.checked import Checked
    from postroom.cli.connect.progress import Notebook, Progress


class Provider(StrEnum):
    """What can be connected; `url` is the door's own address."""

    URL = "url"
    WHATSAPP = "whatsapp"
    SLACK = "slack"
    TEAMS = "teams"
    SMS = "sms"
    EMAIL = "email"
    ODOO = "odoo"


Answers = Annotated[
    list[str] | None, typer.Option("--answer", help="NAME=VALUE, instead of typing it; may be repeated. For scripts.")
]
EnvFile = Annotated[Path, typer.Option("--env-file", help="Where settings are kept.")]


def connect(
    provider: Annotated[Provider | None, typer.Argument(help="Nothing: how far each walk has come.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Only ask the provider how we stand.")] = False,
    answer: Answers = None,
    to: Annotated[str, typer.Option(help="Send the first message there: your own address.")] = "",
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for its receipt.")] = 60,
    manifest: Annotated[Path | None, typer.Option(help="Write the app's manifest (Slack) or package (Teams).")] = None,
    print_env: Annotated[bool, typer.Option("--print-env", help="Print the settings instead of keeping them.")] = False,
    env_file: EnvFile = ROOT / ".env",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Walk through a provider's real credentials: what to make there, what to paste here, whether it works.

    Secrets are typed unseen and kept in .env (0600). Nobody real is written to by it but yourself: going live is
    'postroom mode'. Run it again while the provider still decides about something; it knows how far you are.
    """
    from postroom.cli.connect.guides import GUIDES
    from postroom.cli.connect.progress import Notebook
    from postroom.cli.connect.url import check_url
    from postroom.cli.connect.walk import Places, Wishes, rows_of, walk

    notebook = Notebook(HOUSE / "connect.json")
    if provider is None:
        _show_all(notebook, as_json=as_json)
        return
    values = Settings(_env_file=(HOUSE / "run.env", env_file))
    if provider is Provider.URL:
        _end(list(check_url(values.public_url, values.link_secret.get_secret_value())), as_json=as_json)
        return
    guide = GUIDES[ChannelName(provider.value)]
    if check:
        _end(list(rows_of(guide, values)), as_json=as_json)
        return
    wishes = Wishes(answer or (), to, yes, print_env, manifest, timedelta(seconds=wait))
    with _telling(guide.channel, values) as telling:
        rows = walk(guide, values, Places(env_file, notebook), wishes, telling)
    if as_json:
        emit({"ok": True, "checks": rows})


def _end(rows: list["Checked"], *, as_json: bool) -> None:
    """Show the checks; exit code 1 when anything fails."""
    from postroom.cli.connect.walk import show_rows

    failed = any(row.health is Health.FAIL for row in rows)
    if as_json:
        emit({"ok": not failed, "checks": rows})
    else:
        show_rows(rows, out())
    raise typer.Exit(REFUSED if failed else 0)


def _show_all(notebook: "Notebook", *, as_json: bool) -> None:
    told = {provider: notebook.read(provider) for provider in Provider if provider is not Provider.URL}
    if as_json:
        emit(
            [{"provider": name, "done": dict(each.done), "pending": dict(each.pending)} for name, each in told.items()]
        )
        return
    rows = [(name.value, ", ".join(each.done) or "not begun", said(_pending(each))) for name, each in told.items()]
    out().print(table("provider", "done", "pending", rows=rows))


def _pending(progress: "Progress") -> str:
    return ", ".join(f"{what} since {since.astimezone():%Y-%m-%d}" for what, since in progress.pending.items())


@contextmanager
def _telling(channel: ChannelName, values: Settings) -> Iterator[Callable[[datetime], list[ChannelEvent]]]:
    """What reads the receipts that this house's own door has taken."""
    sealer = Sealer(values.sealing_keys.get_secret_value(), values.blind_key.get_secret_value())
    engine = connect_to(values.database_url, process="postroom-cli", pool=2)

    def telling(since: datetime) -> list[ChannelEvent]:
        with engine.connect() as connection:
            return told_of(connection, sealer, channel, since=since)

    try:
        with reaching():
            yield telling
    finally:
        engine.dispose()
