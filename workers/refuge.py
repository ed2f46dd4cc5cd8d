"""Where a webhook that nobody would send again waits while PostgreSQL is away: a Redis Stream.

The promise's one stated exception: Slack's actions and commands, Teams' activities and Twilio's inbound messages come
once. They are sealed, appended and (where the server can say so) fsynced before they are answered, and moved into the
store by the ticker; acknowledged after the SQL commit: a death in between costs a repeat, which the store refuses.
"""

import base64
from collections.abc import Callable, Mapping
from typing import Any

import redis
import structlog

from postroom.store.sealing import Sealer

STREAM = "postroom:refuge"
GROUP = "house"
CONSUMER = "ticker"
MOST = 100_000
"""Webhooks that may wait; more are refused, so that an outage of days cannot fill Redis."""
SYNC_MS = 500
BATCH = 100
IDLE_MS = 30_000
"""An entry that a dead reader took is taken over after this."""

log = structlog.get_logger()

Keep = Callable[[str, Mapping[str, str], bytes], bool]
"""Keep a request in the store: source, headers, body. Raises what a store that is away raises."""


class Full(Exception):
    """The refuge has no room, or cannot promise to remember."""


class Refuge:
    """A sealed stream of webhooks."""

    def __init__(self, client: redis.Redis, sealer: Sealer) -> None:
        self._redis = client
        self._sealer = sealer

    def take_in(self, source: str, headers: Mapping[str, str], body: bytes) -> None:
        """Append a webhook. Raises Full, or redis.RedisError when Redis is away too."""
        if self._redis.xlen(STREAM) >= MOST:
            raise Full(f"{MOST} webhooks wait in the refuge already")
        letter = {"source": source, "headers": dict(headers), "body": base64.b64encode(body).decode("ascii")}
        sealed = self._sealer.seal_json(letter, "refuge.entry")
        # One connection for both: WAITAOF speaks of the writes of its own connection.
        with self._redis.client() as connection:  # type: ignore[no-untyped-call]
            connection.xadd(STREAM, {b"sealed": sealed})
            _sync(connection)

    def empty(self, keep: Keep) -> int:
        """Move what waits into the store, oldest first. Returns how many were moved; raises what `keep` raises."""
        if not self._redis.exists(STREAM):
            return 0
        self._found()
        moved = 0
        while entries := self._next():
            for entry, fields in entries:
                source, headers, body = self._opened(fields[b"sealed"])
                keep(source, headers, body)
                self._redis.xack(STREAM, GROUP, entry)
                self._redis.xdel(STREAM, entry)
                moved += 1
        return moved

    def _found(self) -> None:
        try:
            self._redis.xgroup_create(STREAM, GROUP, id="0")
        except redis.ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    def _next(self) -> list[Any]:
        """What another reader dropped, else what is new."""
        dropped: Any = self._redis.xautoclaim(STREAM, GROUP, CONSUMER, IDLE_MS, count=BATCH)[1]
        if dropped:
            return list(dropped)
        answer: Any = self._redis.xreadgroup(GROUP, CONSUMER, {STREAM: ">"}, count=BATCH)
        return list(answer[0][1]) if answer else []

    def _opened(self, sealed: bytes) -> tuple[str, dict[str, str], bytes]:
        letter = self._sealer.open_json(sealed, "refuge.entry")
        return letter["source"], letter["headers"], base64.b64decode(letter["body"])


def _sync(connection: redis.Redis) -> None:
    """Wait until the append-only file has it, where there is one. Raises Full when it does not get there in time."""
    try:
        answer: Any = connection.execute_command("WAITAOF", 1, 0, SYNC_MS)  # type: ignore[no-untyped-call]
    except redis.ResponseError as error:
        # An older server does not know the word; one without an append-only file cannot promise more than memory.
        log.info("refuge_not_synced", why=str(error).split(",")[0][:80])
        return
    if not answer[0]:
        raise Full("the append-only file did not take it in time")
