"""What one needs to know to speak to an Odoo."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from postroom.odoo.versions import Protocol, Version, version_of


@dataclass(frozen=True, slots=True)
class Access:
    """One user of one database."""

    url: str
    database: str
    login: str
    api_key: str = field(repr=False)
    version: str = ""
    """17, 18 or 19; empty: Odoo is asked."""
    protocol: str = ""
    """jsonrpc or json2; empty: what the version speaks best."""
    connect_timeout: float = 5.0
    answer_timeout: float = 20.0
    """Seconds for the whole answer of one call."""

    def of(self, login: str, api_key: str) -> "Access":
        """The same server and database for another user."""
        return replace(self, login=login, api_key=api_key)

    def check(self) -> None:
        """Raises ValueError with every fault at once, each by the name of the setting that mends it."""
        faults = [*_url_faults(self.url), *self._empty(), *self._spoken()]
        if self.connect_timeout <= 0 or self.answer_timeout <= 0:
            faults.append("ODOO_TIMEOUT_SECONDS must be above zero")
        if faults:
            raise ValueError(f"Odoo is not configured: {'; '.join(faults)}")

    def _empty(self) -> Iterator[str]:
        for name, value in (("ODOO_DB", self.database), ("ODOO_LOGIN", self.login), ("ODOO_API_KEY", self.api_key)):
            if not value.strip():
                yield f"{name} is empty"
            elif not value.isprintable():
                yield f"{name} holds a sign that cannot be printed"
        if not self.api_key.isascii():
            yield "ODOO_API_KEY holds a sign that no key of Odoo's has"

    def _spoken(self) -> Iterator[str]:
        if self.protocol and self.protocol not in (Protocol.JSONRPC, Protocol.JSON2):
            yield f"ODOO_PROTOCOL {self.protocol!r} is neither jsonrpc nor json2 (leave it empty to have it chosen)"
        if not self.version:
            return
        try:
            version = version_of(self.version)
        except ValueError as error:
            yield str(error).rstrip(".")
        else:
            if self.protocol == Protocol.JSON2 and version < Version.V19:
                yield f"ODOO_PROTOCOL json2 came with 19, and ODOO_VERSION says {int(version)}"


def _url_faults(url: str) -> Iterator[str]:
    try:
        parts = urlsplit(url)
        well = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:  # a port that is no number, half an IPv6 address
        well = False
        parts = urlsplit("")
    if not well:
        yield f"ODOO_URL {url.rpartition('@')[2]!r} is no address (write it as in https://erp.example.com)"
    if "@" in parts.netloc:
        yield "ODOO_URL holds a password (give it as ODOO_API_KEY)"
    if parts.query or parts.fragment:
        yield "ODOO_URL ends in a question (leave out what follows ? or #)"
