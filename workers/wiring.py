"""The composition root: from settings to the rooms that tasks work in, once per process."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache, partial
from threading import BoundedSemaphore
from urllib.parse import urlsplit

import redis

from config.approvals import load_ways
from config.cadences import load_cadences
from config.companies import load_companies
from config.digests import load_digests
from config.escalations import load_chains
from config.rules import load_routing
from config.settings import Settings
from config.template_files import load_templates
from postroom.domain.approvals import WAYS, Ways
from postroom.domain.cadences import Cadences
from postroom.domain.channels import ChannelName
from postroom.domain.digests import Digest
from postroom.domain.escalation import Chain
from postroom.domain.links import Links
from postroom.domain.pacing import pacings
from postroom.domain.safety import Wire
from postroom.domain.templates import TemplateSet
from postroom.outside.writer import Writer
from postroom.store.clock import Clock, SharedClock
from postroom.store.engine import Engine, connect
from postroom.store.sealing import Sealer
from workers.app import publish, settings
from workers.book import Book
from workers.documents import Documents, Library
from workers.erp import Erp, erp_from
from workers.hints import Hints, client_of
from workers.pacing import Pacer
from workers.refuge import Refuge
from workers.wires import Channels, channels_from

PENS = 4
"""Writings that one process may have under way in Odoo, whose own workers are few."""
SENDERS = 64
"""Requests that one process may have on the wire: a window for each of two drains."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long and how much, in real time."""

    lease: timedelta
    unknown_window: timedelta
    attempt_deadline: timedelta
    window: int
    hourly_ceiling: int


@dataclass(frozen=True, slots=True)
class Rooms:
    """What a task works with."""

    engine: Engine
    sealer: Sealer
    clock: Clock
    redis: redis.Redis
    hints: Hints
    pacer: Pacer
    refuge: Refuge
    channels: Channels
    documents: Documents
    book: Book
    limits: Limits
    senders: ThreadPoolExecutor
    erp: Erp
    links: Links | None = None
    """Makes the links to people's own preferences; None without LINK_SECRET."""
    chains: tuple[Chain, ...] = ()
    """What is done about what somebody must decide."""
    cadences: Cadences = field(default_factory=Cadences)
    """How customers are asked for what they owe."""
    writer: Writer | None = None
    """Writes the opening of digests; None where nobody is to."""
    digests: tuple[Digest, ...] = ()
    """Who reads what in the morning."""
    ways: Ways = field(default_factory=lambda: WAYS)
    """How documents are decided in Odoo, by model and version."""
    pens: BoundedSemaphore = field(default_factory=partial(BoundedSemaphore, PENS))
    """Taken while something is written into Odoo."""


def rooms_from(values: Settings, *, process: str = "postroom") -> Rooms:
    """Build everything that a task needs. Raises what the configuration's faults raise, all at once."""
    engine = connect(values.database_url, process=process)
    sealer = Sealer(values.sealing_keys.get_secret_value(), values.blind_key.get_secret_value())
    client = client_of(values.redis_url)
    erp = erp_from(values)
    book = book_from_files(engine, {ChannelName.EMAIL: f"reply@{values.email_bounce_domain}"})
    return Rooms(
        engine=engine,
        sealer=sealer,
        clock=SharedClock(engine),
        redis=client,
        hints=Hints(client, publish),
        pacer=Pacer(client, pacings(values.send_rates)),
        refuge=Refuge(client, sealer),
        channels=channels_from(values),
        documents=documents_from(values, erp),
        book=book,
        limits=Limits(
            values.lease, values.unknown_window, values.attempt_deadline, values.window_size, values.hourly_ceiling
        ),
        senders=ThreadPoolExecutor(max_workers=SENDERS, thread_name_prefix="send"),
        erp=erp,
        links=links_from(values),
        chains=load_chains(rules=book.rules, practices=book.companies),
        cadences=load_cadences(rules=[rule.message_type for rule in book.rules]),
        writer=writer_from(values),
        digests=load_digests(),
        ways=load_ways(),
    )


def writer_from(values: Settings) -> Writer | None:
    """What writes the opening of digests; None without an endpoint. Raises ValueError where its model is missing."""
    if not values.digest_wording_url:
        return None
    if not values.digest_wording_model:
        raise ValueError("DIGEST_WORDING_URL is set and DIGEST_WORDING_MODEL is not. Name the model, or empty both.")
    return Writer(values.digest_wording_url, values.digest_wording_model, values.digest_wording_key.get_secret_value())


def documents_from(values: Settings, erp: Erp) -> Documents:
    """What fetches messages' documents: from our Odoo and from DOCUMENT_HOSTS, and from nowhere else."""
    hosts = values.document_hosts.replace(",", " ").split()
    ours = filter(None, [urlsplit(values.odoo_url).hostname])
    return Documents([*hosts, *ours], values.sandbox_url, Library(erp.at, portals_from(values)))


def portals_from(values: Settings) -> dict[Wire, str]:
    """Where the Odoo of each wire is reached from here."""
    addresses = {Wire.SANDBOX: f"{values.sandbox_url.rstrip('/')}/odoo", Wire.LIVE: values.odoo_url.rstrip("/")}
    return {wire: address for wire, address in addresses.items() if address}


def links_from(values: Settings) -> Links | None:
    """What signs the links to people's own preferences; None without a secret, and then messages carry none."""
    secret = values.link_secret.get_secret_value()
    return Links(secret, values.public_url) if secret else None


def book_from_files(engine: Engine, reply_to: Mapping[ChannelName, str]) -> Book:
    """The rules of config/, and its templates when they are needed. Raises ConfigRefused with every fault."""
    routing = load_routing()
    return Book(engine, routing.rules, templates, routing.canonical, routing.sha256, reply_to, load_companies())


@cache
def templates() -> TemplateSet:
    """The templates of config/, which fit its rules; read once per process, when they are first needed: 1.6 s."""
    read = load_templates()
    load_routing(templates=read)
    return read


@cache
def rooms() -> Rooms:
    """This process's rooms."""
    return rooms_from(settings())
