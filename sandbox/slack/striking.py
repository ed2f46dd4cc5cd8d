"""Which fault strikes at one step; one that is meant for another step waits for that."""

from sandbox.channels import Channel
from sandbox.faults import magic_kind
from sandbox.rooms import Rooms
from sandbox.scripts import USUAL, Script
from sandbox.slack.faults import STEPS, Step


def script_at(rooms: Rooms, step: Step, address: str) -> tuple[str, Script]:
    """What to do with this step's request, as armed or as the person's mailbox asks for; `address` is either's."""
    kind, name = _next_kind(rooms, _names(rooms, address))
    if kind is None or STEPS.get(kind, Step.POST) is not step:
        return "", USUAL
    return rooms.faults.script_for(Channel.SLACK, name)


def _names(rooms: Rooms, address: str) -> tuple[str, ...]:
    """All that the person is known by: members are named by letters and digits, which ask for no fault."""
    person = rooms.people.behind(address)
    others = (person.on(Channel.SLACK), person.on(Channel.EMAIL)) if person else ()
    return tuple(dict.fromkeys(name for name in (address, *others) if name))


def _next_kind(rooms: Rooms, names: tuple[str, ...]) -> tuple[str | None, str]:
    """What the fault book would hand out next and for which name, without taking it."""
    armed = [fault for fault in rooms.faults.armed if fault.channel is Channel.SLACK]
    meant = [(fault.kind, fault.recipient) for fault in armed if fault.recipient in names]
    anybody = [(fault.kind, names[0]) for fault in armed if fault.recipient is None]
    magic = [(kind, name) for name in names if (kind := magic_kind(Channel.SLACK, name))]
    kind, name = next(iter((*meant, *anybody, *magic)), (None, names[0]))
    return kind, name or names[0]
