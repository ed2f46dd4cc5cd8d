"""As much of HTTP/1.1 as a stand-in needs.

Why not a ready server: a stand-in must break its connections on purpose (drop one after the request was accepted, hold
another for a minute, answer only after the receipt went out), hold pages open with server-sent events and share one
event loop, and so one memory without locks, with the SMTP stand-in. Servers for WSGI and ASGI hide the connection.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

HEAD_LIMIT = 64 * 1024
BODY_LIMIT = 24 * 1024 * 1024
IDLE_SECONDS = 120


class Dropped(Exception):
    """Raised by whoever answers, to cut the connection instead."""


class Unreadable(Exception):
    """The bytes on the connection are no request that is understood here."""

    def __init__(self, status: HTTPStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status


@dataclass(frozen=True, slots=True)
class Request:
    """One request, whole."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""

    def header(self, name: str) -> str:
        """A header's value, or the empty string."""
        return self.headers.get(name.lower(), "")

    @property
    def is_form(self) -> bool:
        """Whether a page without JavaScript sent this."""
        return self.header("content-type").startswith("application/x-www-form-urlencoded")

    def form(self) -> dict[str, str]:
        """The fields of a form."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace")))


@dataclass(frozen=True, slots=True)
class Response:
    """One answer, whole."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EventStream:
    """An answer that goes on: server-sent events."""

    chunks: AsyncGenerator[bytes, None]
    headers: Mapping[str, str] = field(default_factory=dict)


Answer = Callable[[Request], Awaitable[Response | EventStream]]


def json_response(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """An answer in JSON."""
    return Response(status, json.dumps(value, separators=(",", ":")).encode(), headers=headers or {})


def retry_header(seconds: float | None) -> dict[str, str]:
    """The header that says when to come back, where there is a time to say."""
    return {} if seconds is None else {"Retry-After": f"{seconds:g}"}


async def listen(answer: Answer, host: str, port: int) -> asyncio.Server:
    """Open the port and answer each request on it; the answers of one connection keep their order."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _converse(answer, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, TimeoutError):
            writer.transport.abort()
        except Dropped:
            writer.transport.abort()
        except asyncio.CancelledError:  # only when the process ends; asyncio would log it as a failure
            writer.transport.abort()
        finally:
            writer.close()

    return await asyncio.start_server(serve, host, port, limit=HEAD_LIMIT, backlog=1024)


async def _converse(answer: Answer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        try:
            request = await _read_request(reader, writer)
        except Unreadable as fault:
            _write(writer, Response(fault.status, str(fault).encode(), "text/plain"), keep=False)
            await writer.drain()
            return
        if request is None:
            return
        reply = await answer(request)
        if isinstance(reply, EventStream):
            await _stream(writer, reply)
            return
        keep = request.header("connection").lower() != "close"
        _write(writer, reply, keep=keep, head_only=request.method == "HEAD")
        await writer.drain()
        if not keep:
            return


async def _read_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Request | None:
    """The next request, or None where the other side has hung up between two of them."""
    try:
        async with asyncio.timeout(IDLE_SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as end:
        if end.partial:
            raise
        return None
    except asyncio.LimitOverrunError:
        raise Unreadable(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "The headers exceed 64 KiB.") from None
    method, target, headers = _parse_head(head)
    body = await _read_body(headers, reader, writer)
    parts = urlsplit(target)
    return Request(method, unquote(parts.path), dict(parse_qsl(parts.query)), headers, body)


def _parse_head(head: bytes) -> tuple[str, str, dict[str, str]]:
    first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    try:
        method, target, version = first.split(" ")
    except ValueError:
        raise Unreadable(HTTPStatus.BAD_REQUEST, "The first line is not 'METHOD target HTTP/1.1'.") from None
    if not version.startswith("HTTP/1.") or not target.startswith("/"):
        raise Unreadable(HTTPStatus.BAD_REQUEST, "Only HTTP/1.x with a path as its target is understood.")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return method, target, headers


async def _read_body(headers: Mapping[str, str], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    if "transfer-encoding" in headers:
        raise Unreadable(HTTPStatus.LENGTH_REQUIRED, "Send a Content-Length; chunked bodies are not understood.")
    length = headers.get("content-length", "0")
    if not length.isdecimal():
        raise Unreadable(HTTPStatus.BAD_REQUEST, "Content-Length is not a number.")
    if int(length) > BODY_LIMIT:
        raise Unreadable(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body exceeds 24 MiB.")
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    return await reader.readexactly(int(length)) if length != "0" else b""


def _write(writer: asyncio.StreamWriter, reply: Response, *, keep: bool, head_only: bool = False) -> None:
    length = {} if reply.status == HTTPStatus.NO_CONTENT else {"Content-Length": str(len(reply.body))}
    connection = {} if keep else {"Connection": "close"}
    content_type = {"Content-Type": reply.content_type} if reply.body else {}
    head = _head(reply.status, {**content_type, **length, **connection, **reply.headers})
    writer.write(head if head_only else head + reply.body)


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def _stream(writer: asyncio.StreamWriter, stream: EventStream) -> None:
    writer.write(_head(200, {"Content-Type": "text/event-stream", "Cache-Control": "no-store", **stream.headers}))
    async with aclosing(stream.chunks):
        async for chunk in stream.chunks:
            writer.write(chunk)
            await writer.drain()
