"""Which loopback ports a house listens on: the usual ones where they are free, and the same again next time."""

import fcntl
import json
import os
import socket
import tempfile
from collections.abc import Iterable, Mapping, Set
from pathlib import Path

from postroom.services.seat import private

USUAL = {"WEB_PORT": 8080, "FLOWER_PORT": 5555, "SANDBOX_PORT": 8090, "SANDBOX_SMTP_PORT": 8025, "VALKEY_PORT": 6390}


class Claims:
    """The ports that this house has chosen, kept from this account's other houses until it listens on them itself.

    A lock on a file for each: without it two houses that start in the same second both find 8090 free, and one's
    processes are taken for the other's.
    """

    def __init__(self) -> None:
        self._directory = Path(tempfile.gettempdir()) / f"postroom-ports-{os.geteuid()}"
        self._held: list[int] = []

    def take(self, port: int) -> bool:
        """Whether the port is now ours; False when another house has it."""
        private(self._directory, None)
        file = os.open(self._directory / str(port), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        self._held.append(file)
        return True

    def release(self) -> None:
        """Let other houses have them."""
        while self._held:
            os.close(self._held.pop())


def choose_ports(
    remembered: Path, given: Mapping[str, str], claims: Claims, wanted: Mapping[str, int | None] = USUAL
) -> tuple[dict[str, int], list[str]]:
    """A port for each name, and the faults of those that were given. The choice is written down in `remembered`.

    What is `wanted` is a name's usual port; None: any free one.
    """
    before = json.loads(remembered.read_text()) if remembered.exists() else {}
    faults = [fault for name in wanted if name in given and (fault := _fault(name, given[name]))]
    if faults:
        return {}, faults
    chosen = {name: int(given[name]) for name in wanted if name in given}
    for name, usual in wanted.items():
        if name not in chosen:
            chosen[name] = _first_free((before.get(name), usual), taken=set(chosen.values()), claims=claims)
    remembered.write_text(json.dumps(chosen, indent=2) + "\n")
    return chosen, _shared(chosen)


def _fault(name: str, text: str) -> str | None:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        return f"{name} is {text!r}, which is not a port. Set a number from 1 to 65535, or unset it to let us choose."
    if not is_free(int(text)):
        return f"{name} is {text}, and something listens there already. Stop that, or unset {name} to let us choose."
    return None


def _shared(chosen: Mapping[str, int]) -> list[str]:
    names: dict[int, list[str]] = {}
    for name, port in chosen.items():
        names.setdefault(port, []).append(name)
    return [f"{' and '.join(two)} are both {port}. Unset one." for port, two in names.items() if len(two) > 1]


def _first_free(candidates: Iterable[int | None], *, taken: Set[int], claims: Claims) -> int:
    for port in candidates:
        if port is not None and port not in taken and is_free(port) and claims.take(port):
            return port
    while not claims.take(unusual := free_port()):
        pass
    return unusual


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int) -> bool:
    """Whether a server could listen there; a port that is only winding down (TIME_WAIT) is free to it, and to us."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
