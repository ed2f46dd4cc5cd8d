"""The provider's wire of a channel, as it would be with the answers that were given."""

from typing import TypeVar

from config.settings import Settings
from postroom.cli.connect.checked import Unasked, bad
from postroom.domain.channels import ChannelName
from workers.channels.registry import Config
from workers.wires import live_config

Wanted = TypeVar("Wanted", bound=Config)


def config_of(values: Settings, name: ChannelName, kind: type[Wanted]) -> Wanted:
    """The channel's own configuration. Raises ValueError with every fault, Unasked where nothing is set."""
    config = live_config(values, name)
    if not isinstance(config, kind):
        raise Unasked(bad("has no credentials", f"postroom connect {name}"))
    return config
