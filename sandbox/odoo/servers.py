"""The Odoos of this sandbox: one of each version, made when it is first asked for."""

from sandbox.channels import Channel
from sandbox.environment import Environment
from sandbox.odoo.editions import EDITIONS
from sandbox.odoo.records import Server
from sandbox.odoo.registry import MODULES, registry
from sandbox.odoo.seed import colleague, furnish, mark_installed
from sandbox.people import Person
from sandbox.rooms import Rooms

DATABASE = "sandbox"
INSTALLED = MODULES - {"helpdesk"}
"""What is there at first: everything that Community has, and our add-on."""


class Servers:
    """Remembers them; a shelf of the rooms."""

    def __init__(self) -> None:
        self._servers: dict[int, Server] = {}

    def at(self, rooms: Rooms, number: int) -> Server:
        """The server of a version."""
        if number not in self._servers:
            self._servers[number] = _fresh(rooms.environment, number)
            for person in rooms.people.all():
                _take_on(self._servers[number], person)
        return self._servers[number]

    def made(self) -> list[Server]:
        """Those that somebody has asked for."""
        return list(self._servers.values())

    def forget(self, number: int) -> None:
        """Let go of one: the next question meets a fresh one."""
        self._servers.pop(number, None)

    def switch(self, rooms: Rooms, number: int, module: str, *, on: bool) -> Server:
        """Install a module, or take it away; its rows stay."""
        server = self.at(rooms, number)
        modules = server.modules | {module} if on else server.modules - {module}
        found = registry(number, modules)
        server.modules, server.models, server.fields, server.methods = (
            modules,
            found.models,
            found.fields,
            found.methods,
        )
        mark_installed(server.root(), module, on=on)
        return server


def _fresh(environment: Environment, number: int) -> Server:
    found = registry(number, INSTALLED)
    base = f"http://{environment.host}:{environment.port}/odoo{number}"
    server = Server(EDITIONS[number], INSTALLED, found.models, found.fields, found.methods, environment.secret, base)
    furnish(server)
    return server


def adopt(rooms: Rooms, person: Person) -> None:
    """Give somebody who was introduced as user:7 a user of that number, in every Odoo that is there."""
    for server in rooms.shelf(Servers).made():
        _take_on(server, person)


def _take_on(server: Server, person: Person) -> None:
    kind, _, number = (person.on(Channel.ODOO) or "").partition(":")
    address = person.on(Channel.EMAIL)
    if kind == "user" and number.isdecimal() and address:
        colleague(server.root(), int(number), person.name, address)


def version_in(environment: Environment, written: str) -> int:
    """The version that a path names: /odoo17, /odoo19, or /odoo for the one of the environment."""
    return int(written) if written else environment.odoo_version


def server_at(rooms: Rooms, written: str) -> Server:
    """The server behind a path."""
    return rooms.shelf(Servers).at(rooms, version_in(rooms.environment, written))
