"""Makers of test worlds: rooms on a real database, a channel that does as it is told, events as Odoo posts them."""

import base64
import copy
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, text

from config.companies import load_companies
from config.escalations import load_chains
from config.rules import Routing, load_routing
from config.template_files import load_templates
from postroom.domain.channels import Capabilities, ChannelName, Fault, Parsed, Receipt, Rendered, Verdict
from postroom.domain.companies import Companies
from postroom.domain.digests import Digest
from postroom.domain.escalation import Chain
from postroom.domain.event_types import EVENT_TYPES
from postroom.domain.links import Links
from postroom.domain.pacing import Pacing
from postroom.domain.safety import Wire
from postroom.domain.templates import TemplateSet
from postroom.store.engine import connect
from postroom.store.inbox import NewEvent, keep_events
from postroom.store.sealing import Sealer
from workers.book import Book
from workers.channels.base import ChannelError
from workers.channels.registry import capabilities
from workers.documents import Documents
from workers.erp import Erp
from workers.hints import Hints, client_of
from workers.pacing import Pacer
from workers.refuge import Refuge
from workers.wiring import Limits, Rooms

SEALER = Sealer("k1=" + base64.b64encode(bytes(32)).decode(), "blind")
_numbers = itertools.count(1)


@dataclass
class FixedClock:
    """Business time that stands still until a test moves it."""

    time: datetime = field(default_factory=lambda: datetime.now(UTC))
    doubtful: bool = False

    def now(self) -> datetime:
        return self.time

    def real(self, at: datetime) -> datetime:
        return datetime.now(UTC) + (at - self.time)

    def passing_in(self, real: timedelta) -> timedelta:
        return real


Answer = Receipt | Fault | Callable[[str, UUID], Receipt]


class StubChannel:
    """A channel whose provider answers as a test says: one answer after the other, the last one for ever."""

    def __init__(self, name: ChannelName, *answers: Answer, account: str = "stub") -> None:
        self.name = name
        self.capabilities: Capabilities = capabilities(name)
        self.account = account
        self.answers = list(answers)
        self.sent: list[tuple[Rendered, str, UUID]] = []

    def send(self, rendered: Rendered, to: str, key: UUID) -> Receipt:
        self.sent.append((rendered, to, key))
        answer = (self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]) if self.answers else None
        if isinstance(answer, Fault):
            raise ChannelError(answer)
        if callable(answer):
            return answer(to, key)
        return answer or Receipt(f"stub.{key.hex}", datetime.now(UTC))

    def verify(self, headers: Mapping[str, str], raw: bytes) -> bool:
        return False

    def parse(self, headers: Mapping[str, str], raw: bytes) -> Parsed:
        return Parsed()


class StubChannels:
    """The same stub on every wire."""

    def __init__(self, *channels: StubChannel) -> None:
        self._channels = {channel.name: channel for channel in channels}

    def at(self, name: ChannelName, wire: Wire) -> StubChannel | None:
        return self._channels.get(name)

    def all(self, name: ChannelName) -> tuple[StubChannel, ...]:
        return (self._channels[name],)


@dataclass
class Published:
    """What would have gone to Celery."""

    messages: list[tuple[str, tuple[str, ...], str]] = field(default_factory=list)

    def __call__(self, task: str, args: tuple[str, ...], queue: str) -> None:
        self.messages.append((task, args, queue))


@cache
def files() -> tuple[TemplateSet, Routing, Companies, tuple[Chain, ...]]:
    """What config/ holds, read once: it takes longer than most tests that need it."""
    templates = load_templates()
    return templates, load_routing(templates=templates), load_companies(), load_chains()


def book_of(engine: Engine) -> Book:
    """The rules and templates of config/."""
    templates, routing, companies, _ = files()
    reply_to = {ChannelName.EMAIL: "reply@postroom.test"}
    return Book(engine, routing.rules, lambda: templates, routing.canonical, routing.sha256, reply_to, companies)


def rooms_with(
    database_url: str,
    redis_url: str,
    *channels: StubChannel,
    clock: FixedClock | None = None,
    book: Book | None = None,
    erp: Erp | None = None,
    chains: tuple[Chain, ...] | None = None,
    digests: tuple[Digest, ...] = (),
    **limits: Any,
) -> Rooms:
    """Rooms on a real database and a real Valkey; hints are gathered in `rooms.hints.published`."""
    engine = connect(database_url)
    published = Published()
    client = client_of(redis_url)
    hints = Hints(client, published)
    hints.published = published  # type: ignore[attr-defined]
    defaults = {
        "lease": timedelta(seconds=90),
        "unknown_window": timedelta(seconds=300),
        "attempt_deadline": timedelta(seconds=30),
        "window": 32,
        "hourly_ceiling": 1000,
    }
    return Rooms(
        engine=engine,
        sealer=SEALER,
        clock=clock or FixedClock(),
        redis=client,
        hints=hints,
        pacer=Pacer(client, {name: Pacing() for name in ChannelName}),
        refuge=Refuge(client, SEALER),
        channels=StubChannels(*channels),  # type: ignore[arg-type]
        documents=Documents(("erp.example.com",), "http://127.0.0.1:8090"),
        book=book or book_of(engine),
        limits=Limits(**{**defaults, **limits}),
        senders=ThreadPoolExecutor(max_workers=8),
        erp=erp or Erp({}),
        links=Links("link-secret-for-tests", "https://post.example.com"),
        digests=digests,
        chains=files()[-1] if chains is None else chains,
    )


def reminder(number: int | None = None, **recipient: Any) -> dict[str, Any]:
    """A payment reminder as Odoo posts it; `recipient` overrides who it is for."""
    number = number or next(_numbers)
    return _event(
        "odoo.invoice.payment_reminder",
        number,
        recipient,
        invoice={
            "id": number,
            "number": f"INV/2026/{number:05}",
            "amount_due": "1250.00",
            "currency": "EUR",
            "due_date": "2026-11-30",
            "portal_url": f"https://erp.example.com/my/invoices/{number}?access_token=t",
        },
    )


def order(number: int | None = None, **recipient: Any) -> dict[str, Any]:
    """An order confirmation as Odoo posts it."""
    number = number or next(_numbers)
    return _event(
        "odoo.sale.order_confirmed",
        number,
        recipient,
        order={
            "id": number,
            "number": f"S{number:05}",
            "amount_total": "310.00",
            "currency": "EUR",
            "expected_date": "2026-11-25",
            "portal_url": f"https://erp.example.com/my/orders/{number}?access_token=t",
        },
    )


def delivery(number: int | None = None, **recipient: Any) -> dict[str, Any]:
    """A delivery update as Odoo posts it."""
    number = number or next(_numbers)
    return of_type("odoo.delivery.updated", number, **recipient)


def alert(number: int | None = None, kind: str = "stock_out", **recipient: Any) -> dict[str, Any]:
    """A critical alert for a colleague, by phone and chat."""
    number = number or next(_numbers)
    return of_type(f"alert.{kind}", number, **{"user_id": number, "slack": f"U{number:08}", **recipient})


def of_type(event_type: str, number: int | None = None, **recipient: Any) -> dict[str, Any]:
    """An event of any type, its document as in the type's own sample."""
    number = number or next(_numbers)
    sample = copy.deepcopy(dict(EVENT_TYPES[event_type].sample))
    document = {name: value for name, value in sample.items() if name not in ("company", "recipient", "contacts")}
    return _event(event_type, number, recipient, **document)


def _event(event_type: str, number: int, recipient: Mapping[str, Any], **document: Any) -> dict[str, Any]:
    who = {
        "partner_id": number,
        "name": "Marta Ruiz",
        "language": "en_US",
        "phone": f"+346{number:08}",
        "email": f"marta{number}@example.com",
        **recipient,
    }
    return {
        "specversion": "1.0",
        "id": f"{event_type}-{number}",
        "source": "/odoo/test",
        "type": event_type,
        "time": "2026-11-22T09:00:00Z",
        "data": {
            "company": {"id": 1, "name": "Acme Iberia SL", "language": "es_ES", "country": "ES"},
            "recipient": {name: value for name, value in who.items() if value is not None},
            **document,
        },
    }


def keep(engine: Engine, *events: Mapping[str, Any]) -> list[UUID]:
    """Put events into the inbox as the door does."""
    rows = [
        NewEvent(
            company=str(event["data"]["company"]["id"]),
            source=event["source"],
            key=event["id"],
            type=event["type"],
            payload=json.dumps(event).encode(),
        )
        for event in events
    ]
    body = json.dumps([dict(event) for event in events]).encode()
    return list(keep_events(engine, SEALER, source="odoo", headers={}, body=body, events=rows).ids)


def legs(engine: Engine) -> Sequence[Any]:
    """Every leg, oldest first."""
    with engine.connect() as connection:
        return connection.execute(text("select * from message_log order by id")).all()


def query(engine: Engine, sql: str, **values: Any) -> Sequence[Any]:
    """Ask the database anything."""
    with engine.begin() as connection:
        result = connection.execute(text(sql), values)
        return result.all() if result.returns_rows else []


NOT_ON_WHATSAPP = Fault(Verdict.FALLBACK, "131026", "message undeliverable", unreachable=True)
