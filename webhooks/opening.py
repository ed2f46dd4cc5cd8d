"""The door's composition root: from settings to what the door works with, once per process."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TypeVar

import redis

from config.companies import load_companies
from config.digests import load_digests
from config.rules import ROUTING_FILE, read_routing
from config.settings import ROOT, Settings
from postroom.domain.safety import Wire
from postroom.odoo.patience import Patience
from postroom.store import heartbeats, inbox, migrate
from postroom.store.engine import Engine, connect
from postroom.store.inbox import Kept, NewEvent, reaching
from postroom.store.notices import raise_notice
from postroom.store.sealing import Sealer
from postroom.store.survey import survey
from webhooks.catalogue import open_catalogue
from webhooks.choices import StoreChoices
from webhooks.deciding import DecisionDesk
from webhooks.documents import LOOKED_UP_AT_ONCE, SECONDS, DocumentDesk, StoreMemory
from webhooks.door import Door, Providers
from webhooks.health import Check, migration_check, ticker_check
from webhooks.links import Desk
from webhooks.origins import origins_from
from webhooks.outage import Outage
from webhooks.signatures import open_senders
from workers.app import publish
from workers.erp import erp_from
from workers.hints import Hints, client_of
from workers.refuge import Refuge
from workers.wires import SOURCES, Channels, channels_from
from workers.wiring import links_from, portals_from, rooms_from

EVENTS = ROOT / "config" / "events"

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class StoreInbox:
    """The store, as the door knows it."""

    engine: Engine
    sealer: Sealer

    def keep_events(self, *, source: str, headers: Mapping[str, str], body: bytes, events: Sequence[NewEvent]) -> Kept:
        return inbox.keep_events(self.engine, self.sealer, source=source, headers=headers, body=body, events=events)

    def keep_request(self, *, source: str, headers: Mapping[str, str], body: bytes) -> bool:
        return inbox.keep_request(self.engine, self.sealer, source=source, headers=headers, body=body)

    def tell(self, key: str, kind: str, words: str) -> None:
        with reaching(), self.engine.begin() as connection:
            raise_notice(connection, key=key, company="", kind=kind, words=words)


def open_door(values: Settings) -> Door:
    """Build everything that the door needs; opens no connection. Raises what bad settings raise."""
    # Fewer connections than threads: should PostgreSQL hang, a thread is left for /healthz.
    engine = connect(values.database_url, process="web", pool=3)
    sealer = Sealer(values.sealing_keys.get_secret_value(), values.blind_key.get_secret_value())
    client = client_of(values.redis_url)
    outage = Outage()
    return Door(
        inbox=StoreInbox(engine, sealer),
        hints=Hints(client, publish),
        senders=open_senders(values.event_secrets.get_secret_value()),
        catalogue=open_catalogue(EVENTS),
        providers=providers_from(channels_from(values), values),
        checks=checks_of(engine, client, outage),
        survey=lambda: survey(engine),
        origins=origins_from(values.odoo_database_uuids),
        outage=outage,
        refuge=Refuge(client, sealer),
        desk=desk_from(values, engine),
        document_desk=document_desk_from(values, engine, sealer),
        decision_desk=decision_desk_from(values),
        public_url=values.public_url,
        version=installed_version(),
    )


def desk_from(values: Settings, engine: Engine) -> Desk | None:
    """Where people set their own preferences; None without a secret that signs their links."""
    links = links_from(values)
    if links is None:
        return None
    routing = read_routing(ROUTING_FILE.read_text("utf-8"), file=str(ROUTING_FILE), templates=None)
    companies = load_companies()
    return Desk(links, StoreChoices(engine, routing.rules, load_digests()), lambda company: companies.of(company).name)


def document_desk_from(values: Settings, engine: Engine, sealer: Sealer) -> DocumentDesk | None:
    """Where people open documents; Odoo is asked by nobody before the first of them does."""
    links = links_from(values)
    if links is None:
        return None
    companies = load_companies()
    return DocumentDesk(
        links=links,
        memory=StoreMemory(engine, sealer),
        odoo_at=erp_from(values.model_copy(update={"odoo_timeout_seconds": SECONDS})).at,
        portals=portals_from(values),
        name_of=lambda company: companies.of(company).name,
        patience=Patience(LOOKED_UP_AT_ONCE, "look-up"),
    )


def decision_desk_from(values: Settings) -> DecisionDesk | None:
    """Where people decide by a link; the rooms in which an answer is counted are built when the first of them comes."""
    links = links_from(values)
    if links is None:
        return None
    companies = load_companies()
    return DecisionDesk(links, cache(lambda: rooms_from(values, process="web")), lambda each: companies.of(each).name)


def providers_from(channels: Channels, values: Settings) -> Providers:
    """Whose webhooks are believed: of the sandbox and of the real accounts alike."""
    tokens = (values.whatsapp_verify_token, values.sandbox_secret)
    return Providers(
        verifiers={source: channels.all(name) for source, name in SOURCES.items()},
        stand_ins=[each for name in SOURCES.values() if (each := channels.at(name, Wire.SANDBOX))],
        verify_tokens=tuple(token.get_secret_value() for token in tokens if token.get_secret_value()),
    )


def checks_of(engine: Engine, client: redis.Redis, outage: Outage) -> dict[str, Check]:
    """What /readyz asks, in the order in which it is best repaired."""

    def reached(question: Callable[[Engine], Answer]) -> Callable[[], Answer]:
        def ask() -> Answer:
            with outage.watched(), reaching():
                return question(engine)

        return ask

    def postgresql() -> None:
        reached(migrate.current)()

    def redis_answers() -> str | None:
        try:
            client.ping()
        except redis.RedisError:
            return "Redis cannot be reached; see REDIS_URL, or start it: postroom up"
        return None

    return {
        "postgresql": postgresql,
        "migrations": migration_check(reached(migrate.current), migrate.head()),
        "redis": redis_answers,
        "ticker": ticker_check(reached(heartbeats.ages)),
    }


def installed_version() -> str:
    """Ours, where it is installed; the tree itself carries no other number."""
    try:
        return version("postroom")
    except PackageNotFoundError:
        return "0"
