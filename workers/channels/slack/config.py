"""What one slack sender needs to know."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SlackConfig:
    """One bot in one workspace."""

    api_url: str
    team_id: str
    bot_token: str = field(repr=False)
    signing_secret: str = field(repr=False)
    connect_timeout: float = 5.0
    answer_timeout: float = 15.0
