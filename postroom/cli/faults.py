"""How a command ends when it cannot do what it was asked: one sentence, the command to try, an exit code."""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import redis
import requests
import typer
from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape

from config.faults import ConfigRefused
from postroom.cli.config_faults import show_refusal
from postroom.domain.addresses import NotAnAddress
from postroom.services.faults import CannotStart
from postroom.store.engine import StoreError
from postroom.store.inbox import Unavailable
from postroom.store.sealing import SealingFault

REFUSED, USAGE, TEMPORARY = 1, 2, 75
"""Refused or failed; wrongly asked; something is away and the same may work later (sysexits' EX_TEMPFAIL)."""


class Refused(Exception):
    """What a command will not or cannot do: why, and the command to try."""

    def __init__(self, words: str, attempt: str, *, code: int = REFUSED) -> None:
        super().__init__(words)
        self.words = words
        self.attempt = attempt
        self.code = code


@dataclass(frozen=True, slots=True)
class Ending:
    """How the command ends."""

    code: int
    words: str
    attempt: str


def usage(words: str, attempt: str) -> Refused:
    """A command that was wrongly asked."""
    return Refused(words, attempt, code=USAGE)


def _unset(error: ValidationError) -> Ending:
    missing = [str(each["loc"][0]).upper() for each in error.errors() if each["type"] == "missing"]
    wrong = [f"{str(each['loc'][0]).upper()}: {each['msg']}" for each in error.errors() if each["type"] != "missing"]
    if wrong:
        return Ending(REFUSED, f"The settings cannot be used. {'; '.join(wrong)}.", "postroom doctor")
    words = f"No Postroom runs here, and {', '.join(missing)} is not set in .env or in the environment."
    return Ending(TEMPORARY, words, "postroom up")


def _database(error: StoreError) -> Ending:
    if getattr(getattr(error, "orig", None), "sqlstate", None) == "42P01":
        return Ending(REFUSED, "The database lacks Postroom's tables.", "postroom migrate")
    first = str(getattr(error, "orig", None) or error).partition("\n")[0]
    return Ending(REFUSED, f"PostgreSQL refused: {first}", "postroom doctor")


def _door(error: requests.RequestException) -> Ending:
    where = error.request.url if error.request is not None else "the door"
    return Ending(TEMPORARY, f"Nothing answers at {where}.", "postroom up")


ENDINGS: Mapping[type[Exception], Callable[..., Ending]] = {
    Refused: lambda error: Ending(error.code, error.words, error.attempt),
    ValidationError: _unset,
    Unavailable: lambda error: Ending(TEMPORARY, f"{error}.", "postroom up"),
    StoreError: _database,
    redis.RedisError: lambda _: Ending(TEMPORARY, "Redis cannot be reached.", "postroom up"),
    requests.RequestException: _door,
    CannotStart: lambda error: Ending(REFUSED, str(error), "postroom doctor"),
    SealingFault: lambda error: Ending(REFUSED, f"{error}.", "postroom doctor"),
    NotAnAddress: lambda error: Ending(USAGE, f"That is no address: {error}.", "postroom messages list --help"),
}
"""Every foreseeable fault, and how it is told; the most particular first."""


def end(error: Exception, *, as_json: bool) -> int:
    """Tell of a fault, on stderr for people and on stdout for programs; the exit code. Raises what is not foreseen."""
    if isinstance(error, ConfigRefused):
        show_refusal(error, as_json=as_json, retry="postroom config check")
        return REFUSED
    teller = next((teller for kind, teller in ENDINGS.items() if isinstance(error, kind)), None)
    if teller is None:
        raise error
    ending = teller(error)
    if as_json:
        typer.echo(json.dumps({"ok": False, "error": ending.words, "try": ending.attempt}, ensure_ascii=False))
    people = Console(file=sys.stderr, highlight=False, soft_wrap=True)
    people.print(f"[red]{escape(ending.words)}[/]")
    people.print(f"Try: [bold]{escape(ending.attempt)}[/]")
    return ending.code
