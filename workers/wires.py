"""The two wires of each channel: to the stand-in on this machine, and to the provider where credentials are set."""

import base64
from collections.abc import Callable, Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from config.settings import Settings
from postroom.domain.channels import ChannelName
from postroom.domain.safety import Wire
from workers.channels.base import Channel
from workers.channels.email import EmailConfig
from workers.channels.registry import Config, build
from workers.channels.whatsapp import WhatsAppConfig

SANDBOX_PHONE_NUMBER_ID = "100000000000001"

SOURCES: Mapping[str, ChannelName] = MappingProxyType({"meta": ChannelName.WHATSAPP, "email": ChannelName.EMAIL})
"""Whose webhooks a kept request may hold: /webhooks/<source>."""


class Channels:
    """Every channel of this process, each built when it is first needed."""

    def __init__(self, configs: Mapping[ChannelName, Mapping[Wire, Config]]) -> None:
        self._configs = configs
        self._built: dict[ChannelName, dict[Wire, Channel]] = {}

    def at(self, name: ChannelName, wire: Wire) -> Channel | None:
        """The channel on a wire; None where that wire has no credentials."""
        return self._wires(name).get(wire)

    def all(self, name: ChannelName) -> tuple[Channel, ...]:
        """The channel on every wire that it has, the provider's first."""
        wires = self._wires(name)
        return tuple(wires[wire] for wire in (Wire.LIVE, Wire.SANDBOX) if wire in wires)

    def live(self) -> frozenset[ChannelName]:
        """The channels that have credentials."""
        return frozenset(name for name, wires in self._configs.items() if Wire.LIVE in wires)

    def _wires(self, name: ChannelName) -> dict[Wire, Channel]:
        if name not in self._built:
            self._built[name] = build(name, self._configs[name])
        return self._built[name]


def channels_from(values: Settings) -> Channels:
    """The channels that the settings describe. Raises ValueError that names every fault of a half-set channel."""
    return Channels({name: _wires(values, name) for name in ChannelName})


def _wires(values: Settings, name: ChannelName) -> dict[Wire, Config]:
    sandbox, live = _WIRES[name]
    wires: dict[Wire, Config] = {}
    if values.sandbox_secret.get_secret_value():
        wires[Wire.SANDBOX] = sandbox(values)
    config = live(values)
    if config is not None:
        wires[Wire.LIVE] = config
    return wires


def _whatsapp_sandbox(values: Settings) -> WhatsAppConfig:
    secret = values.sandbox_secret.get_secret_value()
    return WhatsAppConfig(
        api_url=values.sandbox_url,
        api_version=values.whatsapp_api_version,
        phone_number_id=SANDBOX_PHONE_NUMBER_ID,
        access_token=secret,
        app_secret=secret,
        verify_token=secret,
    )


def _whatsapp_live(values: Settings) -> WhatsAppConfig | None:
    if not values.whatsapp_access_token.get_secret_value():
        return None
    return WhatsAppConfig(
        api_url=values.whatsapp_api_url,
        api_version=values.whatsapp_api_version,
        phone_number_id=values.whatsapp_phone_number_id,
        access_token=values.whatsapp_access_token.get_secret_value(),
        app_secret=values.whatsapp_app_secret.get_secret_value(),
        verify_token=values.whatsapp_verify_token.get_secret_value(),
    )


def _email_sandbox(values: Settings) -> EmailConfig:
    host = urlsplit(values.sandbox_url).hostname or "127.0.0.1"
    secret = values.sandbox_secret.get_secret_value()
    return EmailConfig.from_url(
        f"smtp://{host}:{values.sandbox_smtp_port}?starttls=off",
        sender=values.email_from,
        bounce_domain=values.email_bounce_domain,
        inbound_secrets=("whsec_" + base64.b64encode(secret.encode()).decode(),),
    )


def _email_live(values: Settings) -> EmailConfig | None:
    if not values.smtp_url:
        return None
    return EmailConfig.from_url(
        values.smtp_url,
        sender=values.email_from,
        bounce_domain=values.email_bounce_domain,
        inbound_secrets=tuple(values.email_inbound_secret.get_secret_value().split()),
    )


_WIRES: Mapping[ChannelName, tuple[Callable[[Settings], Config], Callable[[Settings], Config | None]]] = (
    MappingProxyType(
        {
            ChannelName.WHATSAPP: (_whatsapp_sandbox, _whatsapp_live),
            ChannelName.EMAIL: (_email_sandbox, _email_live),
        }
    )
)
