"""What one Slack sender needs to know."""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

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
        faults = [fault for wrong, fault in self._checks() if wrong]
        if faults:
            raise ValueError("Slack is not configured: " + "; ".join(faults))

    def _checks(self) -> tuple[tuple[bool, str], ...]:
        return (
            (not is_url(self.api_url), f"api_url {self.api_url!r} is no http(s) URL"),
            (not _TEAM.fullmatch(self.team_id), f"team_id {self.team_id!r} does not look like T0123ABCD"),
            (not self.bot_token, "bot_token is empty"),
            (
                not self.bot_token.isascii() or not self.bot_token.isprintable() or " " in self.bot_token,
                "bot_token holds a blank or odd sign",
            ),
            (self.connect_timeout <= 0 or self.answer_timeout <= 0, "timeouts must be above zero"),
        )

    def method_url(self, method: str) -> str:
        """Where a method of the Web API is called."""
        return f"{self.api_url.rstrip('/')}/{method}"


def is_url(raw: str) -> bool:
    """Whether the text is an http(s) address."""
    try:
        url = urlsplit(raw)
    except ValueError:
        return False
    return url.scheme in ("http", "https") and bool(url.hostname)
