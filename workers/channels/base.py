"""The contract that every channel keeps."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import ClassVar, Protocol, runtime_checkable
from uuid import UUID

from postroom.domain.channels import Capabilities, ChannelName, Fault, Parsed, Receipt, Rendered, Verdict
from postroom.domain.people import Member


class ChannelError(Exception):
    """The one way in which `send` fails; carries the verdict."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"{fault.verdict}: {fault.code}: {fault.detail}")
        self.fault = fault


@contextmanager
def before_it_leaves(told: Callable[[str], Fault] | None = None) -> Iterator[None]:
    """Around requests that a message needs first: where an answer to one is lost, the message has still not left.

    `told` makes a fault of the step's own of it, from what was lost.
    """
    try:
        yield
    except ChannelError as error:
        fault = error.fault
        if fault.verdict is not Verdict.UNKNOWN:
            raise
        closed = told(f"{fault.code}: {fault.detail}") if told else replace(fault, verdict=Verdict.TRANSIENT)
        raise ChannelError(closed) from error


class Malformed(Exception):
    """A webhook body that verified but cannot be read; says where and what was expected."""


class Channel(Protocol):
    """One provider, spoken through one sender of ours."""

    name: ClassVar[ChannelName]
    capabilities: ClassVar[Capabilities]

    @property
    def account(self) -> str:
        """Our sender at the provider: a phone_number_id, a mailbox."""

    def send(self, rendered: Rendered, to: str, key: UUID) -> Receipt:
        """Make one attempt: no retry, no sleep, no database; explicit timeouts.

        `key` is the attempt's id; it travels with the request, so that a receipt settles what a lost answer left open.
        Raises ChannelError and nothing else.
        """

    def verify(self, headers: Mapping[str, str], raw: bytes) -> bool:
        """Whether the provider signed these raw bytes; constant time, before any parsing. No secret: False."""

    def parse(self, headers: Mapping[str, str], raw: bytes) -> Parsed:
        """Every entry of the payload as events. Raises Malformed for a body that cannot be read at all."""


@runtime_checkable
class Answering(Protocol):
    """A channel whose provider wants to read more than a plain 200 at once."""

    def answer(self, raw: bytes) -> tuple[str, bytes] | None:
        """The content type and body to answer verified bytes with; None: the usual answer. Raises nothing."""


@runtime_checkable
class Editing(Channel, Protocol):
    """A channel that changes a message where it stands (`capabilities.edits`)."""

    gone: ClassVar[Collection[str]]
    """The codes by which its provider says that there is no such message any more, or that it changes no more."""

    def edit(self, rendered: Rendered, provider_id: str, key: UUID) -> Receipt:
        """Put this in place of a message that was sent, named as its receipt named it: one attempt, as `send` makes it.

        `key` is the id of the attempt that sent it, so that a press of what is left of its buttons still names it.
        Doing it twice is harmless. Raises ChannelError and nothing else.
        """


@runtime_checkable
class Knowing(Protocol):
    """A channel whose directory knows its members by an email address that they, or their employer, confirmed."""

    def member_with(self, email: str) -> Member:
        """Whoever has an address there, asked for now. Raises ChannelError where the provider does not say."""
