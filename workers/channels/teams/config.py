"""What one teams sender needs to know."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class TeamsConfig:
    """One bot of one tenant, and where Microsoft's servers are."""

    app_id: str
    tenant_id: str
    service_url: str
    login_url: str
    openid_url: str
    graph_url: str
    app_password: str = field(repr=False)
    connect_timeout: float = 5.0
    answer_timeout: float = 15.0
