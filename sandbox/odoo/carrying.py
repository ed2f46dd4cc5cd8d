"""Carries a call out, or lets a fault on demand have its way with it, whichever protocol brought it."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.channels import Channel
from sandbox.http1 import Dropped, Response
from sandbox.odoo import calling
from sandbox.odoo.calling import Wanted
from sandbox.odoo.ledger import Entry, Ledger
from sandbox.odoo.models import Method
from sandbox.odoo.raised import Raised
from sandbox.odoo.records import Env
from sandbox.odoo.rpc import page
from sandbox.rooms import Rooms
from sandbox.scripts import Cut, Script

EVERYTHING = "server"
"""The recipient of a fault that strikes every request, also those that only ask; without a recipient it strikes the
next call that may change something."""


@dataclass(frozen=True, slots=True)
class Speech:
    """How a protocol says what a call returned, and what it raised."""

    returned: Callable[[Any], Response]
    raised: Callable[[Raised], Response]


async def carry(
    rooms: Rooms, env: Env, method: Method, wanted: Wanted, speech: Speech, key: str, known: Any = None
) -> Response:
    """The answer; `known` is one that needs no database. Raises Dropped to cut the connection."""
    kind, script = rooms.faults.strike(Channel.ODOO, struck_by(wanted), anybody=method.acts)
    entry = _noted(rooms, env, wanted, key) if method.acts else None
    if script.refuses and not script.committed:
        _end(rooms, entry, "faulted", kind)
        return await _late(script, refusal(script, speech))
    if script.cut is Cut.BEFORE:
        _end(rooms, entry, "faulted", kind)
        await asyncio.sleep(script.seconds or 0)
        raise Dropped
    answer, code = (speech.returned(known), "") if known is not None else _answer(env, wanted, speech)
    if code:
        _end(rooms, entry, "refused", code)
        return answer
    _end(rooms, entry, "done_unsaid" if script.cut or script.committed else "done", kind)
    if entry:
        rooms.bell.ring()
    await asyncio.sleep(script.seconds or 0)
    if script.cut:
        raise Dropped
    return refusal(script, speech) if script.committed else answer


async def stand(rooms: Rooms, speech: Speech) -> Response | None:
    """Let a fault strike a request that calls no method, such as a login; None where it goes on."""
    _kind, script = rooms.faults.strike(Channel.ODOO, [EVERYTHING], anybody=False)
    if script.refuses:
        return await _late(script, refusal(script, speech))
    await asyncio.sleep(script.seconds or 0)
    if script.cut:
        raise Dropped
    return None


def struck_by(wanted: Wanted) -> list[str]:
    """The recipients of faults that mean this call, the nearest first."""
    records = [f"{wanted.model}:{each}" for each in wanted.ids]
    return [*records, f"{wanted.model}.{wanted.method}", wanted.model, EVERYTHING]


def refusal(script: Script, speech: Speech) -> Response:
    """What a fault answers: an exception of Odoo's, or a page where JSON was expected."""
    if isinstance(script.error, int):
        return page(script.error, "Not what you asked for")
    return speech.raised(Raised(str(script.error), script.text))


async def _late(script: Script, answer: Response) -> Response:
    await asyncio.sleep(script.seconds or 0)
    return answer


def _answer(env: Env, wanted: Wanted, speech: Speech) -> tuple[Response, str]:
    try:
        return speech.returned(calling.run(env, wanted)), ""
    except Raised as exception:
        return speech.raised(exception), exception.name


def _noted(rooms: Rooms, env: Env, wanted: Wanted, key: str) -> Entry:
    command = _command(wanted)
    own_key = command.get("key") or wanted.names.get("message_id") or key
    return rooms.shelf(Ledger).open(
        at=env.now,
        version=env.edition.number,
        login=str(env.user["login"]),
        model=str(command.get("model") or wanted.model),
        method=str(command.get("method") or wanted.method),
        ids=tuple([command["id"]] if "id" in command else wanted.ids),
        key=str(own_key),
    )


def _command(wanted: Wanted) -> Mapping[str, Any]:
    """What execute_as is to do; so that the ledger counts it under its own record."""
    if wanted.method != "execute_as":
        return {}
    body = wanted.names.get("body") or _first(wanted.places)
    try:
        command = json.loads(str(body))
    except ValueError:
        return {}
    return command if isinstance(command, dict) else {}


def _first(places: Sequence[Any]) -> Any:
    return places[0] if places else ""


def _end(rooms: Rooms, entry: Entry | None, outcome: str, code: str = "") -> None:
    if entry:
        rooms.shelf(Ledger).close(entry, outcome, code)
