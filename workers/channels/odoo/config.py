"""What one odoo sender needs to know."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class OdooConfig:
    """One user of one database of Odoo, in whose name people are notified."""

    url: str
    database: str
    login: str
    api_key: str = field(repr=False)
    connect_timeout: float = 5.0
    answer_timeout: float = 15.0
