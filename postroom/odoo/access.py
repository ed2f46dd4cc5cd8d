"""What one needs to know to speak to an Odoo."""

from dataclasses import dataclass, field, replace


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
