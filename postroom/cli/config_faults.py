"""How refused configuration is shown to people and to programs."""

import json
from collections.abc import Callable
from dataclasses import asdict
from functools import wraps
from typing import ParamSpec

import typer
from rich.console import Console
from rich.markup import escape

from config.faults import ConfigRefused

P = ParamSpec("P")
TO_PEOPLE = Console(stderr=True, highlight=False)


def show_refusal(refused: ConfigRefused, *, as_json: bool, retry: str) -> None:
    """Every fault with its place and remedy, and the command to try when they are mended."""
    if as_json:
        faults = [asdict(fault) for fault in refused.faults]
        typer.echo(json.dumps({"ok": False, "faults": faults}, ensure_ascii=False, indent=2))
        return
    for fault in refused.faults:
        where = escape(f"{fault.file}:{fault.line}:{fault.column}")
        TO_PEOPLE.print(f"[bold]{where}[/] {escape(fault.path)}", soft_wrap=True)
        TO_PEOPLE.print(f"  [red]{escape(fault.problem)}.[/] {escape(fault.remedy)}", soft_wrap=True)
    count = len(refused.faults)
    TO_PEOPLE.print(f"\n{count} {'fault' if count == 1 else 'faults'}. Mend and run: [bold]{escape(retry)}[/]")


def refusing(command: Callable[P, None]) -> Callable[P, None]:
    """A command that ends with exit code 1 and every fault when the configuration is refused."""

    @wraps(command)
    def checked(*args: P.args, **options: P.kwargs) -> None:
        try:
            command(*args, **options)
        except ConfigRefused as refused:
            as_json = bool(options.get("as_json", False))
            show_refusal(refused, as_json=as_json, retry="postroom config check")
            raise typer.Exit(1) from None

    return checked


def wrong_use(problem: str, command: str) -> typer.Exit:
    """Say what cannot be done and the command to try; raise the result (exit code 2)."""
    TO_PEOPLE.print(f"[red]{escape(problem)}[/] Try: [bold]{escape(command)}[/]", soft_wrap=True)
    return typer.Exit(2)
