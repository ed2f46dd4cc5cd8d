"""From what one knows of an Odoo to a client that speaks to it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from postroom.odoo.access import Access
from postroom.odoo.answers import lost
from postroom.odoo.circuit import Circuit
from postroom.odoo.client import Odoo, Transport
from postroom.odoo.errors import OdooError, nothing_done
from postroom.odoo.json2 import Json2
from postroom.odoo.jsonrpc import Asking, JsonRpc
from postroom.odoo.line import Line
from postroom.odoo.steady import Steady
from postroom.odoo.versions import BEST, Protocol, Version, version_of

TRANSPORTS: Mapping[str, Callable[[Access, Version, Line], Transport]] = MappingProxyType(
    {Protocol.JSONRPC: JsonRpc, Protocol.JSON2: Json2}
)
LANGUAGE = "en_US"
"""Of what Odoo says to us. Every Odoo takes it, and without it an answer's words were in anybody's."""
QUICK = 10.0
"""Seconds for the first question."""


def connect(access: Access) -> Odoo:
    """A client; the server is asked for its version unless that is said.

    Raises ValueError with every fault of the access, and OdooError when the server cannot be asked.
    """
    access.check()
    version = version_of(access.version) if access.version else _told(access)
    protocol = access.protocol or BEST[version]
    transport = TRANSPORTS[protocol](access, version, Line(access))
    return Odoo(Steady(transport, Circuit(), seconds=access.answer_timeout), {"lang": LANGUAGE})


def _told(access: Access) -> Version:
    written = asked(access)
    try:
        return version_of(written)
    except ValueError as error:
        raise lost("version", str(error)) from error


def asked(access: Access) -> str:
    """What the server says of itself, without anybody's name. Raises OdooError."""
    quick = replace(access, answer_timeout=min(access.answer_timeout, QUICK))
    line = Line(quick)
    try:
        with nothing_done():
            return _version(_versions(quick, line))
    finally:
        line.close()


def _version(told: object) -> str:
    written = told.get("server_version") or told.get("version") if isinstance(told, dict) else None
    if not written:
        raise lost("not_json", "it does not say its version")
    return str(written)


def _versions(access: Access, line: Line) -> object:
    try:
        return Asking(access, line).ask("common", "version", [])
    except OdooError as error:
        if error.fault.code != "http_404":
            raise
    # Odoo 19 without its module rpc; 17 and 18 have no such page.
    try:
        told: object = line.get("/json/version").json()
    except ValueError as error:
        raise lost("not_json", "it does not say its version") from error
    return told
