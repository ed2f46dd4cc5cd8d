"""postroom odoo: our user in Odoo, made with the least rights that do, and examined."""

from email.utils import parseaddr
from pathlib import Path
from typing import Annotated

import typer

from config.settings import HOUSE, ROOT, Settings
from postroom.cli.faults import REFUSED
from postroom.cli.findings import Health
from postroom.cli.showing import AsJson, Yes, emit, out

app = typer.Typer(no_args_is_help=True, help="Our user in Odoo: made with the least rights that do, and examined.")
EnvFile = Annotated[Path, typer.Option("--env-file", help="Where settings are kept.")]


@app.callback()
def group() -> None:
    """Our user in Odoo: made with the least rights that do, and examined."""


@app.command()
def setup(
    url: Annotated[str, typer.Option(help="Odoo's address; else ODOO_URL.")] = "",
    db: Annotated[str, typer.Option(help="The database; else ODOO_DB.")] = "",
    admin_login: Annotated[str, typer.Option(help="Whose key ODOO_ADMIN_KEY is, or is asked for.")] = "admin",
    login: Annotated[str, typer.Option(help="Our user's login.")] = "bridge",
    email: Annotated[str, typer.Option(help="His address; else that of EMAIL_FROM.")] = "",
    company: Annotated[list[int] | None, typer.Option(help="His companies' ids; else all.")] = None,
    make_key: Annotated[bool, typer.Option("--make-key", help="Make his API key, too, and keep it.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    env_file: EnvFile = ROOT / ".env",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Make a group, rights, rules and a user in Odoo, by an administrator's key, and keep the settings.

    Safe to repeat: what stands is left, what differs is put right, and a second run changes nothing. The
    administrator's key is read from ODOO_ADMIN_KEY or typed unseen, and never kept.
    """
    from postroom.cli.odoo.keeping import command_secret
    from postroom.cli.odoo.reaching import target_for
    from postroom.cli.odoo.setup import Manner, Wishes, carry_out

    values = Settings(_env_file=(HOUSE / "run.env", env_file))
    target = target_for(values, url=url, database=db, login=admin_login)
    address = email or parseaddr(values.email_from)[1]
    wishes = Wishes(login, address, tuple(company or ()), command_secret(values))
    manner = Manner(dry=dry_run, make_key=make_key, yes=yes, as_json=as_json, env_file=env_file)
    done = carry_out(values, target, wishes, manner)
    if as_json:
        emit({"ok": True, "dry_run": dry_run, **done.told()})


@app.command()
def check(env_file: EnvFile = ROOT / ".env", as_json: AsJson = False) -> None:
    """Prove what our user in Odoo can do, and what he cannot. Exit code 1 when anything fails.

    With an administrator's key in ODOO_ADMIN_KEY (and ODOO_ADMIN_LOGIN), what only he can see is looked at, too.
    """
    from postroom.cli.connect.walk import show_rows
    from postroom.cli.odoo.check import examine

    values = Settings(_env_file=(HOUSE / "run.env", env_file))
    rows = list(examine(values))
    failed = any(row.health is Health.FAIL for row in rows)
    if as_json:
        emit({"ok": not failed, "checks": rows})
    else:
        show_rows(rows, out())
    raise typer.Exit(REFUSED if failed else 0)
