"""Every channel that exists, and the one way to build them; a channel's module is imported when it is built."""

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import cast

from postroom.domain.channels import ChannelName
from postroom.domain.safety import Wire
from workers.channels.base import Channel
from workers.channels.email import EmailConfig
from workers.channels.whatsapp import WhatsAppConfig

Config = WhatsAppConfig | EmailConfig

CHANNELS: Mapping[ChannelName, str] = MappingProxyType(
    {
        ChannelName.WHATSAPP: "workers.channels.whatsapp.channel:WhatsApp",
        ChannelName.EMAIL: "workers.channels.email.channel:Email",
    }
)
"""Where each channel's class is. Named and not imported, so that a worker loads only the channel that it serves."""

CONFIGS: Mapping[ChannelName, type[Config]] = MappingProxyType(
    {
        ChannelName.WHATSAPP: WhatsAppConfig,
        ChannelName.EMAIL: EmailConfig,
    }
)


def channel_class(name: ChannelName) -> type[Channel]:
    """The class of a channel, imported now."""
    module, _, attribute = CHANNELS[name].partition(":")
    return cast("type[Channel]", getattr(import_module(module), attribute))


def build(name: ChannelName, configs: Mapping[Wire, Config]) -> dict[Wire, Channel]:
    """One instance of the channel for each wire that is configured; raises TypeError for another channel's config."""
    for wire, config in configs.items():
        if not isinstance(config, CONFIGS[name]):
            raise TypeError(f"The {wire} wire of {name} needs {CONFIGS[name].__name__}, not {type(config).__name__}.")
    make = channel_class(name)
    return {wire: make(config) for wire, config in configs.items()}  # type: ignore[call-arg]
