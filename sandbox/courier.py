"""The courier: posts signed webhooks to the door, again and again until it says 200, within bounds."""

import asyncio
import base64
import hmac
import json
import logging
import secrets
import time
from asyncio import Future, Queue
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

log = logging.getLogger("sandbox.courier")

POSTERS = 4
MOST_PER_POST = 100
TIMEOUT_SECONDS = 15
PAUSES = (0.25, 0.5, 1, 2, 4, 8, 15, 30, 30, 30, 30)
"""Seconds between tries. Meta goes on for days; a stand-in gives up after some two and a half minutes."""


Written = tuple[str, Mapping[str, str], bytes]
"""A webhook as it is posted: path (with its query), headers, body."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What the door said in the end; true where it took the webhook."""

    status: int
    """0 where no answer came at all."""
    body: bytes = b""

    def __bool__(self) -> bool:
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Parcel:
    """One thing to post. `done` becomes what the door answered, once it took it or the courier gave up."""

    done: "Future[Answered]"
    change: Mapping[str, Any] | None = None
    """One change of a Meta webhook; those that wait at the same time travel in one body, as Meta's do."""
    write: Callable[[], Written] | None = None
    """Any other webhook, written anew for each try, since signatures carry the time."""
    pauses: tuple[float, ...] = PAUSES


@dataclass(slots=True)
class Courier:
    """Posts to the door over a few kept-alive connections."""

    url: str
    secret: str
    waba_id: str
    posted: int = 0
    given_up: int = 0
    last_trouble: str = ""
    _queue: "Queue[Parcel]" = field(default_factory=Queue)
    _parked: list[Parcel] = field(default_factory=list)
    _in_hand: int = 0

    @property
    def waiting(self) -> int:
        """How many parcels the door has not taken yet."""
        return self._queue.qsize() + self._in_hand + len(self._parked)

    def post_change(self, change: Mapping[str, Any]) -> "Future[Answered]":
        """Post one change of a Meta webhook."""
        return self._post(Parcel(asyncio.get_running_loop().create_future(), change=change))

    def post_mail(self, raw: bytes, envelope_to: str) -> "Future[Answered]":
        """Post one mail, as the relay in front of the door does."""
        return self.post(lambda: ("/webhooks/email", mail_headers(self.secret, raw, envelope_to), raw))

    def post(self, write: Callable[[], Written], pauses: tuple[float, ...] = PAUSES) -> "Future[Answered]":
        """Post any webhook. `write` signs it, and is called at each try; between tries the courier pauses so long."""
        return self._post(Parcel(asyncio.get_running_loop().create_future(), write=write, pauses=pauses))

    def forget(self) -> None:
        """Throw away what waits."""
        while not self._queue.empty():
            self._parked.append(self._queue.get_nowait())
        for parcel in self._parked:
            parcel.done.cancel()
        self._parked.clear()

    async def work(self) -> None:
        """Post until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(POSTERS):
                group.create_task(self._poster())

    def _post(self, parcel: Parcel) -> "Future[Answered]":
        self._queue.put_nowait(parcel)
        return parcel.done

    async def _poster(self) -> None:
        line = Line(self.url)
        try:
            while True:
                await self._post_next(line)
        finally:
            line.hang_up()

    async def _post_next(self, line: "Line") -> None:
        parcels = await self._next_parcels()
        self._in_hand += len(parcels)
        answered = await self._deliver(line, parcels)
        self._in_hand -= len(parcels)
        self.posted += len(parcels) * bool(answered)
        self.given_up += len(parcels) * (not answered)
        for parcel in parcels:
            if not parcel.done.done():
                parcel.done.set_result(answered)

    async def _next_parcels(self) -> list[Parcel]:
        """One webhook alone, or the changes that wait now."""
        parcels = [self._parked.pop() if self._parked else await self._queue.get()]
        while parcels[0].change is not None and len(parcels) < MOST_PER_POST and not self._queue.empty():
            parcel = self._queue.get_nowait()
            if parcel.change is None:
                self._parked.append(parcel)
                break
            parcels.append(parcel)
        return parcels

    async def _deliver(self, line: "Line", parcels: list[Parcel]) -> Answered:
        pauses = parcels[0].pauses
        for pause in (*pauses, None):
            answered, trouble = await self._try(line, parcels)
            self.last_trouble = trouble
            if answered:
                return answered
            if pause is None:
                break
            await asyncio.sleep(pause)
        log.error("gave up on %d webhooks after %d tries: %s", len(parcels), len(pauses) + 1, self.last_trouble)
        return answered

    async def _try(self, line: "Line", parcels: list[Parcel]) -> tuple[Answered, str]:
        """Post once; what was answered, and the trouble in words."""
        path, headers, body = self._written(parcels)
        place = f"{self.url}{path.partition('?')[0]}"
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS):
                answered = await line.post(path, headers, body)
        except TimeoutError:
            line.hang_up()
            return Answered(0), f"no answer within {TIMEOUT_SECONDS} s from {place}"
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError) as error:
            line.hang_up()
            return Answered(0), f"{place}: {error or type(error).__name__}"
        return answered, "" if answered else f"{place} answered {answered.status}"

    def _written(self, parcels: list[Parcel]) -> Written:
        if parcels[0].write is not None:
            return parcels[0].write()
        body = meta_body(self.waba_id, [parcel.change for parcel in parcels if parcel.change is not None])
        return "/webhooks/meta", {"Content-Type": "application/json", **meta_signature(self.secret, body)}, body


def meta_body(waba_id: str, changes: list[Mapping[str, Any]]) -> bytes:
    """The envelope, in the bytes that Meta writes: everything but ASCII as \\uXXXX, and '/' as '\\/'."""
    entry = {"id": waba_id, "changes": changes}
    envelope = {"object": "whatsapp_business_account", "entry": [entry]}
    return json.dumps(envelope, separators=(",", ":")).replace("/", "\\/").encode("ascii")


def meta_signature(secret: str, body: bytes) -> dict[str, str]:
    """Signed with the app secret over the raw body."""
    return {"X-Hub-Signature-256": f"sha256={hmac.new(secret.encode(), body, sha256).hexdigest()}"}


def mail_headers(secret: str, raw: bytes, envelope_to: str) -> dict[str, str]:
    """Signed as Standard Webhooks says: over id, timestamp and raw body."""
    webhook_id, timestamp = f"msg_{secrets.token_hex(12)}", str(int(time.time()))
    signed = b".".join((webhook_id.encode(), timestamp.encode(), raw))
    signature = base64.b64encode(hmac.digest(secret.encode(), signed, "sha256")).decode()
    return {
        "Content-Type": "message/rfc822",
        "X-Envelope-To": envelope_to,
        "webhook-id": webhook_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{signature}",
    }


@dataclass(slots=True)
class Line:
    """One kept-alive connection to the door."""

    url: str
    _ends: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, path: str, headers: Mapping[str, str], body: bytes) -> Answered:
        """Post, and return the answer."""
        kept = self._ends is not None
        try:
            return await self._exchange(path, headers, body)
        except (ConnectionError, asyncio.IncompleteReadError):
            self.hang_up()
            if not kept:
                raise
        return await self._exchange(path, headers, body)  # the door had closed a connection that lay idle

    def hang_up(self) -> None:
        """Close the connection; the next post opens another."""
        if self._ends is not None:
            self._ends[1].close()
            self._ends = None

    async def _exchange(self, path: str, headers: Mapping[str, str], body: bytes) -> Answered:
        parts = urlsplit(self.url)
        if self._ends is None:
            self._ends = await asyncio.open_connection(parts.hostname, parts.port or 80)
        reader, writer = self._ends
        lines = {"Host": parts.netloc, "Content-Length": str(len(body)), "User-Agent": "postroom-sandbox", **headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        writer.write(f"POST {parts.path}{path} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body)
        await writer.drain()
        answer = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        return Answered(int(answer.split(" ", 2)[1]), await self._read_rest(reader, answer))

    async def _read_rest(self, reader: asyncio.StreamReader, answer: str) -> bytes:
        fields = dict(line.split(": ", 1) for line in answer.split("\r\n")[1:] if ": " in line)
        rest = await reader.readexactly(int(fields.get("content-length", "0")))
        if fields.get("connection") == "close" or "content-length" not in fields:
            self.hang_up()
        return rest
