"""What the doctor looks at, one function for each thing."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import redis
import requests
from pydantic import ValidationError

from config.faults import ConfigRefused
from config.rules import load_routing
from config.settings import Settings
from config.template_files import load_templates
from postroom.cli.findings import Health
from postroom.cli.modes import sandbox_answers
from postroom.cli.showing import lasting
from postroom.domain.channels import ChannelName
from postroom.domain.safety import REAL, CircuitState, Wire
from postroom.odoo.errors import OdooError
from postroom.store.engine import Engine, StoreError, connect
from postroom.store.heartbeats import ages
from postroom.store.migrate import current, head
from postroom.store.notices import open_notices
from postroom.store.partitions import months_covered
from postroom.store.safety import circuits, modes, pauses
from postroom.store.sealing import Sealer, SealingFault
from postroom.store.survey import survey
from workers.erp import erp_from
from workers.queues import Queue
from workers.wires import channels_from

QUIET = timedelta(seconds=30)
"""A ticker that was not heard for so long is gone."""
SILENT_QUEUE = timedelta(minutes=3)
STUCK = timedelta(minutes=5)
"""A leg that is due this long and has not left."""
FEW_MONTHS = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    health: Health
    what: str
    words: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Patient:
    """What can be examined; None for what is not there."""

    settings: Settings | None
    unset: str
    engine: Engine | None
    """None: PostgreSQL does not answer, so that whatever is in it cannot be examined."""
    trouble: str = ""


Check = Callable[[Patient], Iterator[Finding]]


def _ok(what: str, words: str) -> Finding:
    return Finding(Health.OK, what, words)


def _warn(what: str, words: str, remedy: str) -> Finding:
    return Finding(Health.WARN, what, words, remedy)


def _fail(what: str, words: str, remedy: str) -> Finding:
    return Finding(Health.FAIL, what, words, remedy)


@contextmanager
def patient() -> Iterator[Patient]:
    """Whatever of a house can be found from here."""
    try:
        settings = Settings()
    except ValidationError as error:
        yield Patient(None, ", ".join(str(each["loc"][0]).upper() for each in error.errors()), None)
        return
    engine = connect(settings.database_url, process="postroom-doctor", pool=1)
    try:
        with engine.connect():
            pass
    except StoreError as error:
        yield Patient(settings, "", None, str(getattr(error, "orig", error)).partition("\n")[0])
    else:
        yield Patient(settings, "", engine)
    finally:
        engine.dispose()


# Where things are -----------------------------------------------------------------------------------------------------


def settings_set(examined: Patient) -> Iterator[Finding]:
    """Whether the settings that have no default are there, and the keys usable."""
    if examined.settings is None:
        yield _fail("settings", f"not set or wrong: {examined.unset}", "postroom up, or see .env.example")
        return
    try:
        keys = examined.settings
        Sealer(keys.sealing_keys.get_secret_value(), keys.blind_key.get_secret_value())
    except SealingFault as fault:
        yield _fail("settings", str(fault), "see .env.example")
    else:
        yield _ok("settings", "complete, and the sealing keys can be used")


def configuration(_examined: Patient) -> Iterator[Finding]:
    """Whether the rules and templates can be read."""
    try:
        templates = load_templates()
        routing = load_routing(templates=templates)
    except ConfigRefused as refused:
        yield _fail("config", f"{len(refused.faults)} faults, the first: {refused.faults[0]}", "postroom config check")
    else:
        words = f"{len(routing.rules)} rules ({routing.sha256.hex()[:12]}), {len(templates.versions)} templates"
        yield _ok("config", words)


def postgresql(examined: Patient) -> Iterator[Finding]:
    """Whether PostgreSQL answers with the newest tables, and has partitions for the months to come."""
    if examined.settings is None:
        return
    if examined.engine is None:
        yield _fail("postgresql", examined.trouble, "postroom up, or see DATABASE_URL")
        return
    yield _ok("postgresql", urlsplit(examined.settings.database_url).hostname or "through its socket")
    found = current(examined.engine)
    if found != head():
        yield _fail("schema", f"at {found or 'nothing'}; this code needs {head()}", "postroom migrate")
        return
    yield _ok("schema", f"at {found}, the newest")
    yield from _partitions(examined.engine)


def _partitions(engine: Engine) -> Iterator[Finding]:
    with engine.connect() as connection:
        months = months_covered(connection, datetime.now(UTC))
    words = f"for {months} months from now on"
    if months < FEW_MONTHS:
        yield _fail("partitions", words, "postroom migrate")
    else:
        yield _ok("partitions", words)


def redis_answers(examined: Patient) -> Iterator[Finding]:
    """Whether Redis answers: without it nothing is lost and little moves."""
    if examined.settings is None:
        return
    try:
        with redis.Redis.from_url(examined.settings.redis_url, socket_timeout=2, socket_connect_timeout=2) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        yield _fail("redis", str(error), "postroom up, or see REDIS_URL")
    else:
        yield _ok("redis", "answers")


# Who is at work -------------------------------------------------------------------------------------------------------


def heartbeats(examined: Patient) -> Iterator[Finding]:
    """Whether the ticker ticks and each queue's worker takes what is put there."""
    if examined.engine is None or current(examined.engine) != head():
        return
    seen = ages(examined.engine)
    tickers = [age for name, age in seen.items() if name.partition(":")[0] == "ticker"]
    if not tickers or min(tickers) > QUIET:
        since = f"silent for {lasting(min(tickers))}" if tickers else "never seen"
        yield _fail("ticker", since, "python -m scheduler.ticker")
    else:
        yield _ok("ticker", f"seen {lasting(min(tickers))} ago")
    silent = [queue for queue in Queue if seen.get(f"queue:{queue}", SILENT_QUEUE * 2) > SILENT_QUEUE]
    if silent:
        yield _warn("queues", f"no sign of life from {', '.join(silent)}", "postroom up, or see Procfile")
    else:
        yield _ok("queues", f"all {len(Queue)} are worked on")


def door(examined: Patient) -> Iterator[Finding]:
    """Whether the door answers where the outside world is told to find it."""
    if examined.settings is None:
        return
    url = examined.settings.public_url
    try:
        answer = requests.get(f"{url}/readyz", timeout=5)  # by way of a proxy, if that is how one gets out
    except requests.RequestException:
        yield _warn("door", f"nothing answers at {url}", "postroom up, or see PUBLIC_URL")
        return
    if answer.ok:
        yield _ok("door", f"ready at {url}")
    else:
        yield _fail("door", f"{url}/readyz answers {answer.status_code}", f"curl {url}/readyz")


# What leaves ----------------------------------------------------------------------------------------------------------


def senders(examined: Patient) -> Iterator[Finding]:
    """Whether each channel can do what its modes want of it."""
    if examined.settings is None:
        return
    try:
        live = channels_from(examined.settings).live()
    except ValueError as error:
        yield _fail("senders", str(error), "see .env.example")
        return
    real = _really_sending(examined.engine)
    for channel in ChannelName:
        has = "has credentials" if channel in live else "has no credentials: its messages go to the sandbox"
        companies = sorted(company for company, each in real if each is channel)
        if companies and channel not in live:
            words = f"{has}, but is live for company {', '.join(companies)}: these are held"
            yield _fail(channel.value, words, f"postroom mode {companies[0]} {channel} sandbox, or see .env.example")
        else:
            yield _ok(channel.value, f"{has}; live for {', '.join(companies) or 'nobody'}")
    yield from _sandbox(examined.settings, companies=sorted({company for company, _ in real}))


def _really_sending(engine: Engine | None) -> set[tuple[str, ChannelName]]:
    if engine is None or current(engine) != head():
        return set()
    with engine.connect() as connection:
        return {key for key, mode in modes(connection).items() if mode in REAL}


def _sandbox(settings: Settings, companies: Sequence[str]) -> Iterator[Finding]:
    answers = sandbox_answers(settings.sandbox_url)
    if answers and companies:
        words = f"answers at {settings.sandbox_url} beside live sending (company {', '.join(companies)})"
        yield _warn("sandbox", words, "stop the sandbox process")
    elif answers:
        yield _ok("sandbox", f"answers at {settings.sandbox_url}")
    else:
        yield _warn(
            "sandbox",
            f"does not answer at {settings.sandbox_url}: companies in sandbox mode send nothing",
            "postroom up",
        )


def erp(examined: Patient) -> Iterator[Finding]:
    """Whether our user in Odoo gets in; what he may do there is asked by a command of its own."""
    if examined.settings is None:
        return
    try:
        client = erp_from(examined.settings).at(Wire.LIVE)
        if client is None:
            yield _ok("erp", "no real Odoo is set; postroom odoo setup makes our user there")
        else:
            yield _ok("erp", f"Odoo {int(client.version)} knows us as user {client.uid}; more: postroom odoo check")
    except (OdooError, ValueError) as error:
        yield _fail("erp", str(error), "postroom odoo check")


def held_back(examined: Patient) -> Iterator[Finding]:
    """What is stopped by a provider, by an operator, or by nobody knows what."""
    if examined.engine is None or current(examined.engine) != head():
        return
    with examined.engine.connect() as connection:
        stopped, open_circuits, notices = pauses(connection), circuits(connection), open_notices(connection)
    named = ", ".join(f"{each.scope} {each.value}".strip() for each in stopped)
    yield _warn("pauses", f"stopped: {named}", "postroom pauses") if stopped else _ok("pauses", "nothing is stopped")
    broken = [
        f"{channel} {account} since {circuit.reason}"
        for (channel, account), circuit in open_circuits.items()
        if circuit.state in {CircuitState.OPEN, CircuitState.HALF_OPEN}
    ]
    if broken:
        yield _warn("circuits", f"open: {'; '.join(broken)}", "postroom notices list")
    else:
        yield _ok("circuits", "every sender may send")
    if notices:
        yield _warn("notices", f"{len(notices)} are open, the newest: {notices[0].text}", "postroom notices list")
    else:
        yield _ok("notices", "nothing needs an operator")


def backlog(examined: Patient) -> Iterator[Finding]:
    """Whether what is due leaves."""
    if examined.engine is None or current(examined.engine) != head():
        return
    figures = survey(examined.engine)
    states = {state: sum(n for *_, each, n in figures.legs if each == state) for *_, state, _ in figures.legs}
    counted = ", ".join(f"{number} {state}" for state, number in states.items()) or "no message is under way"
    if figures.oldest_due > STUCK:
        words = f"{counted}; the oldest is due since {lasting(figures.oldest_due)}"
        yield _warn("messages", words, "postroom messages list --state queued")
    elif states.get("unknown"):
        yield _warn("messages", counted, "postroom messages list --state unknown")
    else:
        yield _ok("messages", counted)


CHECKS: tuple[Check, ...] = (
    settings_set,
    configuration,
    postgresql,
    redis_answers,
    heartbeats,
    door,
    senders,
    erp,
    held_back,
    backlog,
)
"""In the order in which things are best mended."""
