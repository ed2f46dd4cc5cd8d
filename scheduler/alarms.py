"""Postroom's own failures: watched for here, raised as `alert.system`, and sent even while Redis is away."""

import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from time import monotonic
from types import MappingProxyType
from typing import Any

import structlog
from redis import RedisError

from postroom.domain.companies import Operator
from postroom.domain.languages import LAST_RESORT
from postroom.domain.messages import Urgency
from postroom.store.engine import StoreError
from postroom.store.heartbeats import ages
from postroom.store.inbox import Conflict, NewEvent, keep_events
from postroom.store.notices import Notice, close_notice, open_notices, raise_notice
from postroom.store.sweeps import due
from workers.tasks import deliver, route
from workers.wiring import Rooms

HOUSE = "postroom"
"""The company in whose name Postroom speaks of itself: `postroom mode postroom sms live` lets it reach people."""
EVERY = 15.0
"""Seconds between two looks."""
SILENCE = timedelta(minutes=3)
"""A queue whose canary nobody has heard for so long is not consumed."""
REDIS_PATIENCE = 30.0
"""Seconds without Redis that are nobody's business: a restart takes as long."""

TITLES: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "circuit": {
            "en": "A sender is stopped",
            "es": "Un remitente está detenido",
            "fr": "Un expéditeur est arrêté",
            "de": "Ein Absender ist gesperrt",
        },
        "sender": {
            "en": "A channel has no credentials",
            "es": "Un canal no tiene credenciales",
            "fr": "Un canal n’a pas d’identifiants",
            "de": "Einem Kanal fehlen die Zugangsdaten",
        },
        "dead": {
            "en": "Something could not be processed",
            "es": "Algo no se ha podido procesar",
            "fr": "Un élément n’a pas pu être traité",
            "de": "Etwas konnte nicht verarbeitet werden",
        },
        "ceiling": {
            "en": "The hourly ceiling is reached",
            "es": "Se ha alcanzado el máximo por hora",
            "fr": "Le plafond horaire est atteint",
            "de": "Die Obergrenze je Stunde ist erreicht",
        },
        "chain": {
            "en": "A step of a chain is refused each time",
            "es": "Un paso de una cadena se rechaza siempre",
            "fr": "Une étape d’une chaîne est refusée à chaque fois",
            "de": "Ein Schritt einer Kette wird jedes Mal abgelehnt",
        },
        "timers": {
            "en": "What is due is late",
            "es": "Lo que vence se retrasa",
            "fr": "Ce qui est dû prend du retard",
            "de": "Was fällig ist, verspätet sich",
        },
        "worker": {
            "en": "A worker has fallen silent",
            "es": "Un proceso ha dejado de responder",
            "fr": "Un processus ne répond plus",
            "de": "Ein Prozess antwortet nicht mehr",
        },
        "redis": {
            "en": "Redis is away",
            "es": "Redis no responde",
            "fr": "Redis ne répond plus",
            "de": "Redis ist nicht erreichbar",
        },
    }
)
"""The kinds of notice that wake an operator, in his language; every other kind waits until he looks."""

log = structlog.get_logger()


@dataclass(slots=True)
class Watch:
    """What the ticker remembers between two looks."""

    looked_at: float = float("-inf")
    redis_lost_at: float | None = None
    raised: set[str] = field(default_factory=set)
    """Events that are in the inbox already."""
    stand_in: threading.Thread | None = None

    def look(self, rooms: Rooms) -> None:
        """Watch, raise what is new, and stand in for the workers while nobody can hint at them."""
        here = self._redis_answers(rooms)
        if not here:
            self._stand_in(rooms)
        if monotonic() - self.looked_at < EVERY:
            return
        self.looked_at = monotonic()
        with rooms.engine.begin() as connection:
            self._tell_of_redis(connection, here=here)
            if here:
                _tell_of_silent_queues(connection, ages(rooms.engine))
            notices = open_notices(connection)
        for key, event in _events(rooms, notices):
            if key not in self.raised:
                self._raise(rooms, key, event)

    def _redis_answers(self, rooms: Rooms) -> bool:
        try:
            rooms.redis.ping()
        except (RedisError, OSError):
            self.redis_lost_at = self.redis_lost_at or monotonic()
            return False
        self.redis_lost_at = None
        return True

    def _tell_of_redis(self, connection: Any, *, here: bool) -> None:
        if here:
            close_notice(connection, "redis")
        elif self.redis_lost_at is not None and monotonic() - self.redis_lost_at > REDIS_PATIENCE:
            words = (
                "Redis does not answer: workers are not told of new messages. Nothing is lost, urgent messages go out "
                "by the ticker, the others wait. See: postroom doctor"
            )
            raise_notice(connection, key="redis", company="", kind="redis", words=words)

    def _raise(self, rooms: Rooms, key: str, event: NewEvent) -> None:
        self.raised.add(key)
        try:
            keep_events(rooms.engine, rooms.sealer, source="alarm", headers={}, body=event.payload, events=[event])
        except Conflict:
            return  # another one of the same hour and kind: they are told together
        log.error("alarm_raised", key=key, company=event.company)
        rooms.hints.route()

    def _stand_in(self, rooms: Rooms) -> None:
        """Without Redis no worker is told of anything; what is urgent is sorted and sent from here."""
        if self.stand_in is None or not self.stand_in.is_alive():
            self.stand_in = threading.Thread(target=send_urgent, args=(rooms,), name="stand-in", daemon=True)
            self.stand_in.start()


def send_urgent(rooms: Rooms) -> None:
    """Sort what waits and send what is urgent, in this process; a worker that does the same at once is no harm."""
    try:
        route.drain(rooms)
        for channel, lane in due(rooms.engine).lanes:
            if lane is Urgency.URGENT:
                deliver.drain(rooms, channel, lane)
    except StoreError as error:
        log.error("stand_in_failed", error=type(error).__name__)


def _tell_of_silent_queues(connection: Any, seen: Mapping[str, timedelta]) -> None:
    for name, age in seen.items():
        if not name.startswith("queue:"):
            continue
        queue = name.removeprefix("queue:")
        if age > SILENCE:
            minutes = int(age.total_seconds() // 60)
            words = f"Nobody has consumed the queue {queue} for {minutes} minutes. See: postroom doctor"
            raise_notice(connection, key=f"worker:{queue}", company="", kind="worker", words=words)
        else:
            close_notice(connection, f"worker:{queue}")


def _events(rooms: Rooms, notices: list[Notice]) -> Iterator[tuple[str, NewEvent]]:
    for notice in notices:
        if notice.kind in TITLES:
            practice = rooms.book.companies.of(notice.company)
            for operator in practice.operators:
                yield _event(notice, operator)


def _event(notice: Notice, operator: Operator) -> tuple[str, NewEvent]:
    """One alert a kind, company, operator and hour: a storm of notices is one message, the console has the rest."""
    who = sha256(f"{operator.name}{operator.email}{operator.phone}".encode()).hexdigest()[:12]
    alert = f"{notice.kind}:{notice.company}:{notice.first_at:%Y%m%dT%H}"
    key = f"{alert}:{who}"
    payload = {
        "specversion": "1.0",
        "id": key,
        "source": "/postroom/alarm",
        "type": "alert.system",
        "time": notice.first_at.isoformat(),
        "data": {
            "company": {"id": notice.company or HOUSE, "name": "Postroom"},
            "recipient": _recipient(operator, who),
            "alert": {
                "id": alert,  # the same for every operator: as soon as one takes it, nobody is reminded
                "title": _title(notice.kind, operator.language),
                "detail": notice.text,
                "severity": "critical",
            },
        },
    }
    body = json.dumps(payload, ensure_ascii=False, sort_keys=True).encode()
    return key, NewEvent(notice.company or HOUSE, "/postroom/alarm", key, "alert.system", body)


def _recipient(operator: Operator, who: str) -> dict[str, str]:
    known = {
        "email": operator.email,
        "phone": operator.phone,
        "slack": operator.slack,
        "teams": operator.teams,
        "language": operator.language,
    }
    return {"partner_id": f"operator-{who}", "name": operator.name, **{k: v for k, v in known.items() if v}}


def _title(kind: str, language: str | None) -> str:
    titles = TITLES[kind]
    return titles.get((language or LAST_RESORT)[:2].lower(), titles[LAST_RESORT])
