"""What happens in the house, line by line, for somebody who watches."""

import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from rich.console import Console

from postroom.cli.showing import masked, said, styled, when
from postroom.domain.messages import State
from postroom.store.engine import Engine, StoreError
from postroom.store.ids import new_id
from postroom.store.listing import MessageFilter, messages, replies_after
from postroom.store.sealing import Sealer

EVERY = 0.5
NEWEST = 200
"""Messages that are looked at; a change of an older one is not told here."""
VERBS: Mapping[str, str] = {"text": "replied", "button": "pressed"}


class Tail:
    """Tells each change of state and each answer once, from a thread of its own."""

    def __init__(self, engine: Engine, sealer: Sealer, console: Console) -> None:
        self._engine = engine
        self._sealer = sealer
        self._console = console
        self._known: dict[UUID, State] = {}
        self._heard = new_id()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tail", daemon=True)

    def __enter__(self) -> "Tail":
        self._look(tell=False)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        while not self._stop.wait(EVERY):
            try:
                self._look(tell=True)
            except StoreError:
                continue  # PostgreSQL is away; the house brings it back

    def _look(self, *, tell: bool) -> None:
        with self._engine.connect() as connection:
            rows = messages(connection, self._sealer, MessageFilter(), limit=NEWEST)
            replies = replies_after(connection, self._sealer, self._heard)
        for row in reversed(rows):
            if tell and self._known.get(row.id) is not row.state:
                self._say(f"{row.channel} to {masked(row.address)} is {styled(row.state)}", row.id)
            self._known[row.id] = row.state
        for reply in replies:
            self._heard = reply.id
            self._say(f"[bold]{VERBS[reply.kind]}[/] “{said(reply.words)}” on {reply.channel}", reply.message_id)

    def _say(self, words: str, message_id: UUID | None) -> None:
        named = f"  [dim]{message_id}[/]" if message_id else ""
        self._console.print(f"[dim]{when(datetime.now(UTC))}[/]  {words}{named}", soft_wrap=True)
