"""Every channel that exists, and the one way to build them; a channel's module is imported when it is built."""

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import cast

from postroom.domain.channels import Capabilities, ChannelName
from postroom.domain.safety import Wire
from workers.channels.base import Channel
from workers.channels.callback import CallbackConfig
from workers.channels.email import EmailConfig
from workers.channels.odoo import OdooConfig
from workers.channels.slack import SlackConfig
from workers.channels.sms import SmsConfig
from workers.channels.teams import TeamsConfig
from workers.channels.whatsapp import WhatsAppConfig

Config = WhatsAppConfig | SlackConfig | TeamsConfig | SmsConfig | EmailConfig | OdooConfig | CallbackConfig

CHANNELS: Mapping[ChannelName, str] = MappingProxyType(
    {
        ChannelName.WHATSAPP: "workers.channels.whatsapp.channel:WhatsApp",
        ChannelName.SLACK: "workers.channels.slack.channel:Slack",
        ChannelName.TEAMS: "workers.channels.teams.channel:Teams",
        ChannelName.SMS: "workers.channels.sms.channel:Sms",
        ChannelName.EMAIL: "workers.channels.email.channel:Email",
        ChannelName.ODOO: "workers.channels.odoo.channel:Odoo",
        ChannelName.CALLBACK: "workers.channels.callback.channel:Callback",
    }
)
"""Where each channel's class is. Named and not imported, so that a worker loads only the channel that it serves."""

CONFIGS: Mapping[ChannelName, type[Config]] = MappingProxyType(
    {
        ChannelName.WHATSAPP: WhatsAppConfig,
        ChannelName.SLACK: SlackConfig,
        ChannelName.TEAMS: TeamsConfig,
        ChannelName.SMS: SmsConfig,
        ChannelName.EMAIL: EmailConfig,
        ChannelName.ODOO: OdooConfig,
        ChannelName.CALLBACK: CallbackConfig,
    }
)


def channel_class(name: ChannelName) -> type[Channel]:
    """The class of a channel, imported now."""
    module, _, attribute = CHANNELS[name].partition(":")
    return cast("type[Channel]", getattr(import_module(module), attribute))


def capabilities(name: ChannelName) -> Capabilities:
    """What a channel can carry and tell; asking does not load its client."""
    declared: Capabilities = import_module(f"workers.channels.{name}.capabilities").CAPABILITIES
    return declared


def build(name: ChannelName, configs: Mapping[Wire, Config]) -> dict[Wire, Channel]:
    """One instance of the channel for each wire that is configured; raises TypeError for another channel's config."""
    for wire, config in configs.items():
        if not isinstance(config, CONFIGS[name]):
            raise TypeError(f"The {wire} wire of {name} needs {CONFIGS[name].__name__}, not {type(config).__name__}.")
    make = channel_class(name)
    return {wire: make(config) for wire, config in configs.items()}  # type: ignore[call-arg]
