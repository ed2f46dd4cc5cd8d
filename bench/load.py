"""A load of requests that were written and signed beforehand, over kept-alive connections.

`python -m bench.load PORT CONNECTIONS FILE` prints how long it took and which statuses came back. Not wrk: every event
needs an id and a signature of its own, and a client that parses nothing costs the two cores less than a script in one.
"""

import json
import re
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

SEPARATOR = b"\0\0\0"
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


def post_all(port: int, requests: Sequence[bytes]) -> Counter[int]:
    """Post them one after the other on one connection; the statuses."""
    statuses: Counter[int] = Counter()
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for request in requests:
            connection.sendall(request)
            statuses[_status(connection)] += 1
    return statuses


def _status(connection: socket.socket) -> int:
    answer = b""
    while (end := answer.find(b"\r\n\r\n")) < 0:
        answer += _more(connection)
    found = LENGTH.search(answer, 0, end)
    whole = end + 4 + (int(found[1]) if found else 0)
    while len(answer) < whole:
        answer += _more(connection)
    return int(answer[9:12])


def _more(connection: socket.socket) -> bytes:
    piece = connection.recv(65536)
    if not piece:
        raise ConnectionError("the server hung up in the middle of an answer")
    return piece


def load(port: int, connections: int, requests: Sequence[bytes]) -> tuple[float, Counter[int]]:
    """Post them over so many connections at once. Seconds for all, and the statuses."""
    shares = [requests[first::connections] for first in range(connections)]
    statuses: list[Counter[int]] = []
    clients = [threading.Thread(target=lambda share=share: statuses.append(post_all(port, share))) for share in shares]
    started = time.monotonic()
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    return time.monotonic() - started, sum(statuses, Counter())


def main(port: str, connections: str, file: str) -> None:
    """Read the requests, post them, and tell."""
    requests = Path(file).read_bytes().split(SEPARATOR)
    seconds, statuses = load(int(port), int(connections), requests)
    print(json.dumps({"seconds": seconds, "statuses": statuses}))


if __name__ == "__main__":
    main(*sys.argv[1:])
