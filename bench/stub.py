"""A provider that does nothing but answer: one process, the Cloud API's own words, and a count of what it saw.

`python -m bench.stub PORT`. Every contestant posts to the same one.
"""

import asyncio
import json
import re
import sys
import time

NUMBER = re.compile(rb"B(\d{8})\b")
"""How the benchmarks number their documents; the number travels in the message's words."""
CONTROL = "/_stub/"
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Counted:
    """What was seen since the last reset; times are CLOCK_MONOTONIC, which all processes of a host share."""

    def __init__(self) -> None:
        self.latency = 0.0
        self.reset(0.0)

    def reset(self, latency: float) -> None:
        """Forget everything, and wait this many seconds before each answer from now on."""
        self.latency = latency
        self.requests = 0
        self.first_seen: dict[int, float] = {}

    def note(self, body: bytes) -> None:
        """Count one request, and remember when its document was first seen."""
        self.requests += 1
        found = NUMBER.search(body)
        if found:
            self.first_seen.setdefault(int(found[1]), time.monotonic())

    def told(self) -> bytes:
        """The count, for whoever waits."""
        seen = self.first_seen.values()
        return _json({"requests": self.requests, "documents": len(seen), "last": max(seen, default=0.0)})


class Provider(asyncio.Protocol):
    """One kept-alive connection: requests in, answers out, in order."""

    def __init__(self, counted: Counted) -> None:
        self._counted = counted
        self._buffer = bytearray()
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            found = LENGTH.search(self._buffer, 0, end)
            whole = end + 4 + (int(found[1]) if found else 0)
            if len(self._buffer) < whole:
                return
            request = bytes(self._buffer[:whole])
            del self._buffer[:whole]
            self._answer(request, end + 4)

    def _answer(self, request: bytes, start: int) -> None:
        path = request[: request.index(b"\r\n")].split()[1].decode()
        if path.startswith(CONTROL):
            self._write(_control(self._counted, path.removeprefix(CONTROL), request[start:]))
            return
        self._counted.note(request[start:])
        answer = _accepted(self._counted.requests)
        if self._counted.latency:
            asyncio.get_running_loop().call_later(self._counted.latency, self._write, answer)
        else:
            self._write(answer)

    def _write(self, body: bytes) -> None:
        if not self._transport.is_closing():
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            self._transport.write(head.encode() + body)


def _control(counted: Counted, name: str, body: bytes) -> bytes:
    if name == "reset":
        counted.reset(float(body))
    if name == "seen":
        return _json(counted.first_seen)
    return counted.told()


def _accepted(number: int) -> bytes:
    # Unique for ever: the store keeps a provider's ids apart, also those of an earlier run.
    wamid = f"wamid.bench.{time.monotonic_ns():x}.{number:x}"
    return _json(
        {
            "messaging_product": "whatsapp",
            "contacts": [{"input": "x", "wa_id": "x"}],
            "messages": [{"id": wamid, "message_status": "accepted"}],
        }
    )


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


async def serve(port: int) -> None:
    """Answer until the process is ended."""
    counted = Counted()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Provider(counted), "127.0.0.1", port, backlog=512)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
