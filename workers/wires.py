"""The two wires of each channel: to the stand-in on this machine, and to the provider where credentials are set."""

import base64
from collections.abc import Callable, Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from config.settings import Settings
from postroom.domain.channels import ChannelName
from postroom.domain.safety import Wire
from workers.channels.base import Channel
from workers.channels.callback import CallbackConfig
from workers.channels.email import EmailConfig
from workers.channels.odoo import OdooConfig
from workers.channels.registry import Config, build
from workers.channels.slack import SlackConfig
from workers.channels.sms import SmsConfig
from workers.channels.teams import TeamsConfig
from workers.channels.whatsapp import WhatsAppConfig

SANDBOX_PHONE_NUMBER_ID = "100000000000001"
SANDBOX_TEAM_ID = "T00SANDBOX"
SANDBOX_APP_ID = "00000000-0000-4000-8000-00000000b07a"
SANDBOX_TENANT_ID = "00000000-0000-4000-8000-00000000000a"
SANDBOX_ACCOUNT_SID = "AC" + "0" * 31 + "1"
SANDBOX_NUMBER = "+15550002222"

SOURCES: Mapping[str, ChannelName] = MappingProxyType(
    {
        "meta": ChannelName.WHATSAPP,
        "slack": ChannelName.SLACK,
        "teams": ChannelName.TEAMS,
        "twilio": ChannelName.SMS,
        "email": ChannelName.EMAIL,
    }
)
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


def live_config(values: Settings, name: ChannelName) -> Config | None:
    """What the provider's wire of a channel needs; None without credentials. Raises ValueError with every fault."""
    return _WIRES[name][1](values)


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


def _slack_sandbox(values: Settings) -> SlackConfig:
    secret = values.sandbox_secret.get_secret_value()
    return SlackConfig(
        api_url=f"{values.sandbox_url}/slack/api",
        team_id=SANDBOX_TEAM_ID,
        bot_token=secret,
        signing_secret=secret,
    )


def _slack_live(values: Settings) -> SlackConfig | None:
    if not values.slack_bot_token.get_secret_value():
        return None
    return SlackConfig(
        api_url=values.slack_api_url,
        team_id=values.slack_team_id,
        bot_token=values.slack_bot_token.get_secret_value(),
        signing_secret=values.slack_signing_secret.get_secret_value(),
    )


def _teams_sandbox(values: Settings) -> TeamsConfig:
    base = f"{values.sandbox_url}/teams"
    return TeamsConfig(
        app_id=SANDBOX_APP_ID,
        tenant_id=SANDBOX_TENANT_ID,
        service_url=base,
        login_url=f"{base}/login",
        openid_url=f"{base}/login/openidconfiguration",
        graph_url=f"{base}/graph/v1.0",
        app_password=values.sandbox_secret.get_secret_value(),
    )


def _teams_live(values: Settings) -> TeamsConfig | None:
    if not values.teams_app_password.get_secret_value():
        return None
    return TeamsConfig(
        app_id=values.teams_app_id,
        tenant_id=values.teams_tenant_id,
        service_url=values.teams_service_url,
        login_url=values.teams_login_url,
        openid_url=values.teams_openid_url,
        graph_url=values.teams_graph_url,
        app_password=values.teams_app_password.get_secret_value(),
    )


def _sms_sandbox(values: Settings) -> SmsConfig:
    return SmsConfig(
        api_url=f"{values.sandbox_url}/twilio",
        account_sid=SANDBOX_ACCOUNT_SID,
        sender=SANDBOX_NUMBER,
        status_url=f"{values.public_url.rstrip('/')}/webhooks/twilio",
        auth_tokens=(values.sandbox_secret.get_secret_value(),),
    )


def _sms_live(values: Settings) -> SmsConfig | None:
    if not values.twilio_auth_token.get_secret_value():
        return None
    return SmsConfig(
        api_url=values.twilio_api_url,
        account_sid=values.twilio_account_sid,
        sender=values.twilio_messaging_service_sid or values.twilio_from,
        status_url=f"{values.public_url.rstrip('/')}/webhooks/twilio",
        auth_tokens=tuple(values.twilio_auth_token.get_secret_value().split()),
    )


def _odoo_sandbox(values: Settings) -> OdooConfig:
    return OdooConfig(
        url=f"{values.sandbox_url}/odoo",
        database="sandbox",
        login="postroom",
        api_key=values.sandbox_secret.get_secret_value(),
    )


def _odoo_live(values: Settings) -> OdooConfig | None:
    if not values.odoo_api_key.get_secret_value():
        return None
    return OdooConfig(
        url=values.odoo_url,
        database=values.odoo_db,
        login=values.odoo_login,
        api_key=values.odoo_api_key.get_secret_value(),
    )


def _callback_sandbox(values: Settings) -> CallbackConfig:
    return CallbackConfig(
        secrets=(base64.b64encode(values.sandbox_secret.get_secret_value().encode()).decode(),),
        relay_url=f"{values.sandbox_url}/callback",
    )


def _callback_live(values: Settings) -> CallbackConfig | None:
    secrets = tuple(values.callback_secret.get_secret_value().split())
    return CallbackConfig(secrets=secrets) if secrets else None


_WIRES: Mapping[ChannelName, tuple[Callable[[Settings], Config], Callable[[Settings], Config | None]]] = (
    MappingProxyType(
        {
            ChannelName.WHATSAPP: (_whatsapp_sandbox, _whatsapp_live),
            ChannelName.SLACK: (_slack_sandbox, _slack_live),
            ChannelName.TEAMS: (_teams_sandbox, _teams_live),
            ChannelName.SMS: (_sms_sandbox, _sms_live),
            ChannelName.EMAIL: (_email_sandbox, _email_live),
            ChannelName.ODOO: (_odoo_sandbox, _odoo_live),
            ChannelName.CALLBACK: (_callback_sandbox, _callback_live),
        }
    )
)
