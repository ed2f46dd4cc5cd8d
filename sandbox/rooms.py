"""What the parts of the sandbox share: its memory, its courier and its clock."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from typing import Any, Self, TypeVar

from sandbox.channels import Channel
from sandbox.courier import Answered, Courier
from sandbox.environment import Environment
from sandbox.faults import FaultBook
from sandbox.files import FileBook
from sandbox.journal import Journal
from sandbox.messages import Message, MessageBook
from sandbox.meta.templates import Template, TemplateBook
from sandbox.people import Person, PhoneBook
from sandbox.witness import Seen, Witness

HEARTBEAT_SECONDS = 15
GATHER_SECONDS = 0.1

T = TypeVar("T")


class Bell:
    """Rings for every open page when something has changed."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Event] = set()

    def ring(self) -> None:
        """Wake whoever listens."""
        for listener in self._listeners:
            listener.set()

    async def changes(self) -> AsyncGenerator[bool, None]:
        """True for each change (those of one moment count as one), False now and then as a sign of life."""
        listener = asyncio.Event()
        self._listeners.add(listener)
        try:
            while True:
                yield await _rang(listener)
        finally:
            self._listeners.discard(listener)


async def _rang(listener: asyncio.Event) -> bool:
    try:
        async with asyncio.timeout(HEARTBEAT_SECONDS):
            await listener.wait()
    except TimeoutError:
        return False
    await asyncio.sleep(GATHER_SECONDS)
    listener.clear()
    return True


@dataclass(slots=True)
class Rooms:
    """One running sandbox. Everything happens on one event loop, so nothing here needs a lock."""

    environment: Environment
    courier: Courier
    journal: Journal
    messages: MessageBook
    witness: Witness
    bell: Bell = field(default_factory=Bell)
    people: PhoneBook = field(default_factory=PhoneBook)
    faults: FaultBook = field(default_factory=FaultBook)
    templates: TemplateBook = field(default_factory=TemplateBook)
    files: FileBook = field(default_factory=FileBook)
    _shelves: dict[Callable[[], Any], Any] = field(default_factory=dict)
    _tasks: set[asyncio.Task[Any]] = field(default_factory=set)

    @classmethod
    def furnish(cls, environment: Environment) -> Self:
        """Rooms that write to the journal and ring the bell at each change, and remember what the journal holds."""
        journal, bell = Journal(environment.journal), Bell()

        def note(thing: Message | Seen) -> None:
            journal.write(thing)
            bell.ring()

        rooms = cls(
            environment,
            Courier(environment.webhook_url, environment.secret, environment.waba_id),
            journal,
            MessageBook(note),
            Witness(note),
            bell,
        )
        rooms._remember()
        return rooms

    @staticmethod
    def now() -> datetime:
        """The time."""
        return datetime.now(UTC)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Let something go on in the background."""
        self.keep(asyncio.get_running_loop().create_task(work))

    def keep(self, task: asyncio.Task[Any]) -> None:
        """Hold on to a task until it is done; the event loop alone would let it be collected."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def note_taken(self, written: Message, answer: "asyncio.Future[Answered]") -> None:
        """Once the door has answered, mark what a person wrote as taken or not."""

        async def note() -> None:
            self.messages.tell(written.id, "delivered" if await answer else "failed")

        self.spawn(note())

    def approve(self, template: Template) -> Template:
        """Keep a template, also through a restart."""
        self.journal.write(template)
        return self.templates.put(template)

    def shelf(self, kind: Callable[[], T]) -> T:
        """A stand-in's own memory: made when first asked for, thrown away by a reset, not kept through a restart."""
        if kind not in self._shelves:
            self._shelves[kind] = kind()
        kept: T = self._shelves[kind]
        return kept

    def meet(self, channel: Channel, address: str, name: str = "") -> Person:
        """The person behind an address, made and introduced if nobody has it yet."""
        before = self.people.behind(address)
        person = self.people.at(channel, address, name)
        return person if person is before else self.introduce(person)

    def introduce(self, person: Person) -> Person:
        """Keep a person, also through a restart."""
        self.journal.write(person)
        self.bell.ring()
        return person

    def reset(self) -> None:
        """Forget everything but the approved templates."""
        for task in tuple(self._tasks):
            task.cancel()
        self.courier.forget()
        self._shelves.clear()
        for memory in (self.messages, self.witness, self.people, self.faults, self.files):
            memory.clear()
        self.rewrite_journal()
        self.bell.ring()

    def rewrite_journal(self) -> None:
        """Leave in the journal what is remembered now, and nothing else."""
        self.journal.start_over(self._everything())

    def _remember(self) -> None:
        keep: dict[type, Callable[[Any], object]] = {
            Message: self.messages.put,
            Seen: self.witness.restore,
            Template: self.templates.put,
            Person: self.people.restore,
        }
        for thing in self.journal.replay():
            keep[type(thing)](thing)
        self.witness.resume()
        self.rewrite_journal()

    def _everything(self) -> Iterator[object]:
        return chain(self.templates.all(), self.people.all(), self.messages, self.witness.find())
