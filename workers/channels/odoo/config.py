"""What one Odoo sender needs to know."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit


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
        faults = [fault for wrong, fault in self._checks() if wrong]
        if faults:
            raise ValueError("Odoo is not configured: " + "; ".join(faults))

    def _checks(self) -> tuple[tuple[bool, str], ...]:
        url = urlsplit(self.url)
        return (
            (url.scheme not in ("http", "https") or not url.hostname, f"url {self.url!r} is no http(s) URL"),
            (bool(url.username or url.password), "url holds a password; give it as the API key"),
            (not self.database.strip(), "database is empty"),
            (not self.login.strip(), "login is empty"),
            (not self.api_key.strip(), "api_key is empty"),
            (self.connect_timeout <= 0 or self.answer_timeout <= 0, "timeouts must be above zero"),
        )

    @property
    def rpc_url(self) -> str:
        """Where every call is posted to."""
        return f"{self.url.rstrip('/')}/jsonrpc"
