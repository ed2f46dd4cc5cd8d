"""What one callback sender needs to know."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class CallbackConfig:
    """What the secrets of all receivers are derived from."""

    secrets: tuple[str, ...] = field(repr=False)
    """Base64; the first one and, while it is rotated, the one before: both sign."""
    relay_url: str = ""
    """The stand-in that takes every callback in the sandbox; empty: each goes to its receiver."""
    connect_timeout: float = 3.0
    answer_timeout: float = 10.0
