"""Acts out what a fault, or the usual script, has in store for a request that is right in itself."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from sandbox.http1 import Dropped, Response
from sandbox.messages import Message
from sandbox.rooms import Rooms
from sandbox.scripts import Cut, Script
from sandbox.witness import Outcome, Seen

EARLY_SECONDS = 5
"""How long an answer waits at most for a receipt that is to overtake it."""
GATEWAY = Response(502, b"<html><body><h1>502 Bad Gateway</h1></body></html>", "text/html")
"""What stands before a provider answers for it; a script asks for it by the error 0."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that is kept, and what the sender hears of it."""

    message: Message
    answer: Response
    told: bool = True
    """Whether the answer says that the message was taken."""


@dataclass(frozen=True, slots=True)
class Part:
    """What is a provider's own in every script."""

    refuse: Callable[[Script], Response]
    accept: Callable[[Script], Taken]
    follow: Callable[[Message, Script], Coroutine[Any, Any, None]] | None = None
    """Sends the receipts, where there are any."""


async def act_out(rooms: Rooms, seen: Seen, part: Part, struck: tuple[str, Script] | None = None) -> Response:
    """Refuse, lose or take a request, as the fault that `struck` wants it, or else the next one in the book.

    Settles the request with the witness; raises Dropped to cut the connection.
    """
    kind, script = struck or rooms.faults.script_for(seen.channel, seen.recipient)
    if script.refuses and not script.committed:
        return _refuse(rooms, seen, part, kind, script)
    if script.cut is Cut.BEFORE:
        rooms.witness.settle(seen, Outcome.FAULTED, fault=kind)
        await asyncio.sleep(script.seconds or 0)
        raise Dropped
    taken = part.accept(script)
    answer = part.refuse(script) if script.committed else taken.answer
    told = taken.told and not script.cut and not script.committed
    outcome = Outcome.ACCEPTED if told else Outcome.DROPPED
    status = 0 if script.cut else answer.status
    rooms.witness.settle(seen, outcome, status=status, fault=kind, message_id=taken.message.id)
    if part.follow:
        await _let_follow(rooms, part.follow(taken.message, script), script)
    await asyncio.sleep(script.seconds or 0)
    if script.cut:
        raise Dropped
    return answer


async def strike(script: Script, part: Part) -> Response:
    """Refuse, lose or make a change of what was sent before, as a fault wants it."""
    if script.refuses:
        return GATEWAY if script.error == 0 else part.refuse(script)
    taken = None if script.cut is Cut.BEFORE else part.accept(script)
    await asyncio.sleep(script.seconds or 0)
    if taken is None or script.cut:
        raise Dropped
    return taken.answer


def _refuse(rooms: Rooms, seen: Seen, part: Part, kind: str, script: Script) -> Response:
    answer = GATEWAY if script.error == 0 else part.refuse(script)
    code = "" if script.error in {0, answer.status} else str(script.error)  # a bare HTTP status is no code
    rooms.witness.settle(seen, Outcome.FAULTED, fault=kind, status=answer.status, code=code)
    return answer


async def _let_follow(rooms: Rooms, receipts: Coroutine[Any, Any, None], script: Script) -> None:
    following = asyncio.create_task(receipts)
    rooms.keep(following)
    if script.early:
        await asyncio.wait({following}, timeout=EARLY_SECONDS)


async def pause(rooms: Rooms, script: Script) -> None:
    """Wait as long as a receipt takes; one that is to overtake the answer takes no time."""
    shortest, longest = rooms.environment.receipt_delay
    delay = shortest + (longest - shortest) * random.random()  # noqa: S311
    await asyncio.sleep(0 if script.early else delay.total_seconds())
