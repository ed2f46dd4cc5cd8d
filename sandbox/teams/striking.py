"""Which fault strikes at one step; one that is meant for another step waits for that."""

from sandbox.channels import Channel
from sandbox.faults import magic_kind
from sandbox.rooms import Rooms
from sandbox.scripts import USUAL, Script
from sandbox.teams.faults import STEPS, Step


def script_at(rooms: Rooms, step: Step, address: str) -> tuple[str, Script]:
    """What to do with this step's request, as armed or as the address asks for."""
    kind = _next_kind(rooms, address)
    if kind is None or STEPS.get(kind, Step.POST) is not step:
        return "", USUAL
    return rooms.faults.script_for(Channel.TEAMS, address)


def _next_kind(rooms: Rooms, address: str) -> str | None:
    """What the fault book would hand out next, without taking it."""
    armed = [fault for fault in rooms.faults.armed if fault.channel is Channel.TEAMS]
    meant = [fault for fault in armed if fault.recipient == address] or [f for f in armed if f.recipient is None]
    return meant[0].kind if meant else magic_kind(Channel.TEAMS, address)
