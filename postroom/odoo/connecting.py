"""From what one knows of an Odoo to a client that speaks to it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from urllib.parse import urlsplit

from postroom.odoo.access import Access
from postroom.odoo.answers import lost
from postroom.odoo.client import Odoo, Transport
from postroom.odoo.json2 import Json2
from postroom.odoo.jsonrpc import JsonRpc, ask, client_of
from postroom.odoo.versions import BEST, Protocol, Version, version_of

TRANSPORTS: Mapping[str, Callable[[Access, Version], Transport]] = MappingProxyType(
    {Protocol.JSONRPC: JsonRpc, Protocol.JSON2: Json2}
)


def connect(access: Access) -> Odoo:
    """A client; the server is asked for its version unless that is said.

    Raises ValueError with every fault of the access, and OdooError when the server cannot be asked.
    """
    faults = list(_faults(access))
    if faults:
        raise ValueError(f"Odoo is not configured: {'; '.join(faults)}")
    version = version_of(access.version or asked(access))
    return Odoo(TRANSPORTS[access.protocol or BEST[version]](access, version))


def asked(access: Access) -> str:
    """What the server says of itself, without anybody's name. Raises OdooError."""
    quick = replace(access, answer_timeout=min(access.answer_timeout, 10.0))
    told = ask(client_of(quick, "17"), quick, "common", "version", [])
    if not isinstance(told, dict) or not told.get("server_version"):
        raise lost("not_json", "it does not say its version")
    return str(told["server_version"])


def _faults(access: Access) -> Iterator[str]:
    parts = urlsplit(access.url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        yield f"ODOO_URL {access.url!r} is no address; write it as in https://erp.example.com"
    if "@" in parts.netloc:
        yield "ODOO_URL holds a password; give it as ODOO_API_KEY"
    for name, value in (("ODOO_DB", access.database), ("ODOO_LOGIN", access.login), ("ODOO_API_KEY", access.api_key)):
        if not value.strip():
            yield f"{name} is empty"
    if access.protocol and access.protocol not in TRANSPORTS:
        yield f"ODOO_PROTOCOL {access.protocol!r} is neither jsonrpc nor json2; leave it empty to have it chosen"
    if access.version:
        try:
            version = version_of(access.version)
        except ValueError as error:
            yield str(error)
        else:
            if access.protocol == Protocol.JSON2 and version < Version.V19:
                yield f"ODOO_PROTOCOL json2 came with 19, and ODOO_VERSION says {int(version)}"
