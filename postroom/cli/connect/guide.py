"""What a walk through a provider's console consists of, as values."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from config.settings import Settings
from postroom.cli.connect.checked import Checked
from postroom.domain.channels import ChannelName

Facts = Mapping[str, str]
"""What stands in the words of a step: public_url, host, and every answer that is no secret, by its setting's name."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something that a person does at the provider, in a browser."""

    title: str
    where: str
    """The page's address, or the words of the menu that leads there."""
    words: tuple[str, ...]
    """Lines with {facts} in them."""


@dataclass(frozen=True, slots=True)
class Ask:
    """One setting that a person copies from there to here."""

    setting: str
    words: str
    secret: bool = False
    optional: bool = False
    default: str = ""
    make: Callable[[], str] | None = None
    """For what we make up ourselves and the provider is told."""


@dataclass(frozen=True, slots=True)
class Paper:
    """A file that the provider's console takes: a manifest."""

    name: str
    words: str
    """What to do with it."""
    write: Callable[[Facts], bytes]
    needs: tuple[str, ...] = ()
    """The settings that stand in it: where one is not known yet, it is handed out after the answers."""


@dataclass(frozen=True, slots=True)
class Guide:
    """The whole walk for one channel."""

    channel: ChannelName
    steps: tuple[Step, ...]
    asks: tuple[Ask, ...]
    checks: Callable[[Settings], Iterator[Checked]]
    paper: Paper | None = None
    to: str = "your own address"
    """How its people are addressed."""
    slow: tuple[str, ...] = field(default=())
    """What a provider takes days for, so that it is asked for first."""
