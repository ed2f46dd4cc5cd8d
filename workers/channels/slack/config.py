"""What one Slack sender needs to know."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from workers.channels.checks import Check, refuse, token_checks, url_check, wait_check

_TEAM = re.compile(r"[TE][A-Z0-9]{6,20}")


@dataclass(frozen=True, slots=True)
class SlackConfig:
    """One bot in one workspace. An empty signing secret means: verify nothing, refuse everything."""

    api_url: str
    team_id: str
    bot_token: str = field(repr=False)
    signing_secret: str = field(repr=False)
    connect_timeout: float = 5.0
    answer_timeout: float = 15.0
    """Seconds for the whole answer, counted from the last byte that we sent."""

    def __post_init__(self) -> None:
        refuse("Slack is not configured", self._checks())

    def _checks(self) -> Iterable[Check]:
        return (
            url_check("api_url", self.api_url),
            (not _TEAM.fullmatch(self.team_id), f"team_id {self.team_id!r} does not look like T0123ABCD"),
            *token_checks("bot_token", self.bot_token),
            wait_check(self.connect_timeout, self.answer_timeout),
        )

    def method_url(self, method: str) -> str:
        """Where a method of the Web API is called."""
        return f"{self.api_url.rstrip('/')}/{method}"
