"""What one bot in one tenant of Microsoft Teams needs to know."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from workers.channels.checks import Check, refuse, url_check, wait_check

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)

BOT_SCOPE = "https://api.botframework.com/.default"
GRAPH_SCOPE = "https://graph.microsoft.com/.default"


@dataclass(frozen=True, slots=True)
class TeamsConfig:
    """One bot of one tenant, and where Microsoft's servers are."""

    app_id: str
    tenant_id: str
    service_url: str
    """The Bot Connector's address for our region."""
    login_url: str
    openid_url: str
    """Where the keys are named that sign what the Bot Connector posts to us."""
    graph_url: str
    """Microsoft Graph with its version, where people are looked up by their email address."""
    app_password: str = field(repr=False)
    connect_timeout: float = 5.0
    answer_timeout: float = 15.0
    """Seconds for a whole answer, counted from the last byte that we sent."""

    def __post_init__(self) -> None:
        refuse("Teams is not configured", self._checks())

    def _checks(self) -> Iterable[Check]:
        urls = ("service_url", "login_url", "openid_url", "graph_url")
        ids = ("app_id", "tenant_id")
        return (
            *(
                (not _GUID.fullmatch(getattr(self, name)), f"{name} {getattr(self, name)!r} is no id as Entra gives")
                for name in ids
            ),
            *(url_check(name, getattr(self, name)) for name in urls),
            (not self.app_password, "app_password is empty"),
            wait_check(self.connect_timeout, self.answer_timeout),
        )

    @property
    def token_url(self) -> str:
        """Where Entra gives our app its tokens."""
        return f"{self.login_url.rstrip('/')}/{self.tenant_id}/oauth2/v2.0/token"

    @property
    def conversations_url(self) -> str:
        """Where conversations are opened, and the beginning of each one's address."""
        return f"{self.service_url.rstrip('/')}/v3/conversations"
