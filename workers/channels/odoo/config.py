"""What one Odoo sender needs to know."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from workers.channels.checks import Check, is_url, refuse, url_check, wait_check


@dataclass(frozen=True, slots=True)
class OdooConfig:
    """One user of one database of Odoo, in whose name people are notified."""

    url: str
    database: str
    login: str
    api_key: str = field(repr=False)
    connect_timeout: float = 5.0
    answer_timeout: float = 15.0
    """Seconds for the whole answer of one call."""

    def __post_init__(self) -> None:
        refuse("Odoo is not configured", self._checks())

    def _checks(self) -> Iterable[Check]:
        return (
            url_check("url", self.url),
            (is_url(self.url) and "@" in urlsplit(self.url).netloc, "url holds a password; give it as the API key"),
            (not self.database.strip(), "database is empty"),
            (not self.login.strip(), "login is empty"),
            (not self.api_key.strip(), "api_key is empty"),
            wait_check(self.connect_timeout, self.answer_timeout),
        )

    @property
    def rpc_url(self) -> str:
        """Where every call is posted to."""
        return f"{self.url.rstrip('/')}/jsonrpc"
