"""postroom pause, resume, pauses: stop messages at the moment when they would leave, and let them go again."""

from enum import StrEnum
from typing import Annotated

import typer

from config.rules import load_routing
from config.template_files import load_templates
from postroom.cli.desk import open_desk
from postroom.cli.faults import usage
from postroom.cli.showing import AsJson, emit, out, said, table, when
from postroom.domain.channels import ChannelName
from postroom.store import safety


class Scope(StrEnum):
    """What can be stopped as one."""

    ALL = "all"
    COMPANY = "company"
    CHANNEL = "channel"
    CLASS = "class"


What = Annotated[Scope, typer.Argument(help="all, company, channel or class.")]
Which = Annotated[str, typer.Argument(help="A company's id, whatsapp or email, a kind of message; nothing for all.")]


def pause(scope: What, value: Which = "", as_json: AsJson = False) -> None:
    """Stop messages before they leave. Nothing is lost: they wait, and what is stale by then is not sent."""
    _check(scope, value)
    with open_desk() as desk, desk.engine.begin() as connection:
        new = safety.pause(connection, scope.value, value)
    _tell(scope, value, as_json=as_json, changed=new, words="is stopped" if new else "was stopped already")


def resume(scope: What, value: Which = "", as_json: AsJson = False) -> None:
    """Let them go again."""
    _check(scope, value)
    with open_desk() as desk, desk.engine.begin() as connection:
        ended = safety.resume(connection, scope.value, value)
        left = safety.pauses(connection)
    _tell(scope, value, as_json=as_json, changed=ended, words="goes on" if ended else "was not stopped")
    if left and not as_json:
        still = ", ".join(f"{each.scope} {each.value}".strip() for each in left)
        out().print(f"Still stopped: {said(still)}.")


def pauses(as_json: AsJson = False) -> None:
    """What is stopped now."""
    with open_desk() as desk, desk.engine.connect() as connection:
        found = safety.pauses(connection)
    if as_json:
        emit(found)
    elif found:
        rows = [(each.scope, said(each.value), when(each.since)) for each in found]
        out().print(table("scope", "which", "since", rows=rows))
    else:
        out().print("Nothing is stopped.")


def _check(scope: Scope, value: str) -> None:
    if scope is Scope.ALL and value:
        raise usage("'all' takes no name.", "postroom pause all")
    if scope is not Scope.ALL and not value:
        raise usage(f"Which {scope}?", f"postroom pause {scope} {_EXAMPLES[scope]}")
    known = _known(scope)
    if known and value not in known:
        raise usage(
            f"There is no {scope} '{value}'. There are {', '.join(known)}.", f"postroom pause {scope} {known[0]}"
        )


def _known(scope: Scope) -> list[str]:
    """A misspelt pause would stop nothing and be believed."""
    if scope is Scope.CHANNEL:
        return [channel.value for channel in ChannelName]
    if scope is Scope.CLASS:
        return [rule.message_type for rule in load_routing(templates=load_templates()).rules]
    return []


_EXAMPLES = {Scope.COMPANY: "1", Scope.CHANNEL: "whatsapp", Scope.CLASS: "payment_reminder"}


def _tell(scope: Scope, value: str, *, as_json: bool, changed: bool, words: str) -> None:
    if as_json:
        emit({"ok": True, "scope": scope, "value": value, "changed": changed})
    else:
        named = "everything" if scope is Scope.ALL else f"{scope} {value}"
        out().print(f"{said(named)} {words}.".capitalize())
