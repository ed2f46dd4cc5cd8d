"""What the environment says: every setting, its type and its default."""

import os
from datetime import timedelta
from functools import cached_property
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent
HOUSE = Path(os.environ.get("POSTROOM_DIR") or ROOT / ".postroom")
"""Where the house that runs here keeps its things."""
FILES = (HOUSE / "run.env", ROOT / ".env")
"""What the running house says, then what the user says; the environment has the last word."""


class Address(BaseSettings):
    """Where we are found: all that can be known where nothing else is set."""

    model_config = SettingsConfigDict(env_file=FILES, env_prefix="", extra="ignore", frozen=True)

    public_url: str = Field(default="http://127.0.0.1:8080", description="The door as the outside world reaches it")


class Settings(Address):
    """Read once by a door or by wiring, then passed on as values. Each field's upper-case name is its variable."""

    # Where things are
    database_url: str = Field(description="postgresql://user@host:port/name, or empty for the embedded server")
    redis_url: str = Field(description="redis://host:port/0, or empty for the embedded server")

    # Who may speak to us: 'odoo=whsec_new whsec_old;ai=whsec_other'
    event_secrets: SecretStr = Field(description="One entry per event source; two secrets while rotating")

    # What is sealed, and with what: 'k2=base64 k1=base64', the first seals and all open
    sealing_keys: SecretStr
    blind_key: SecretStr

    # WhatsApp Cloud API
    whatsapp_api_url: str = "https://graph.facebook.com"
    whatsapp_api_version: str = "v23.0"
    whatsapp_phone_number_id: str = ""
    whatsapp_access_token: SecretStr = SecretStr("")
    whatsapp_app_secret: SecretStr = SecretStr("")
    whatsapp_verify_token: SecretStr = SecretStr("")

    # Slack
    slack_api_url: str = "https://slack.com/api"
    slack_bot_token: SecretStr = SecretStr("")
    slack_signing_secret: SecretStr = SecretStr("")
    slack_team_id: str = Field(default="", description="The workspace, as in T0123ABCD")

    # Microsoft Teams: the bot's registration, and where Microsoft's servers are
    teams_app_id: str = ""
    teams_app_password: SecretStr = SecretStr("")
    teams_tenant_id: str = ""
    teams_service_url: str = "https://smba.trafficmanager.net/teams"
    teams_login_url: str = "https://login.microsoftonline.com"
    teams_openid_url: str = "https://login.botframework.com/v1/.well-known/openidconfiguration"
    teams_graph_url: str = "https://graph.microsoft.com/v1.0"

    # SMS by Twilio; two tokens while one is rotated
    twilio_api_url: str = "https://api.twilio.com"
    twilio_account_sid: str = ""
    twilio_auth_token: SecretStr = SecretStr("")
    twilio_from: str = Field(default="", description="Our number, or empty with a messaging service")
    twilio_messaging_service_sid: str = ""

    # Odoo itself: notifications inside it, and what is read and written there
    digest_wording_url: str = ""
    digest_wording_model: str = ""
    digest_wording_key: SecretStr = SecretStr("")
    odoo_url: str = ""
    odoo_db: str = ""
    odoo_login: str = ""
    odoo_api_key: SecretStr = SecretStr("")
    odoo_version: str = Field(default="", description="17, 18 or 19; empty: Odoo is asked")
    odoo_protocol: str = Field(default="", description="jsonrpc or json2; empty: what the version speaks best")
    odoo_timeout_seconds: float = Field(default=20, gt=0, description="For one call; Odoo's own limit is a minute")
    odoo_database_uuids: str = Field(default="", description="The databases whose events are taken; empty: any")
    odoo_command_secret: SecretStr = Field(
        default=SecretStr(""), description="whsec_… that the add-on believes commands by; two while one is rotated"
    )
    document_hosts: str = Field(
        default="", description="Hosts beside Odoo's own that the documents of messages are fetched from"
    )

    # Status callbacks: what each receiver's own secret is derived from; two while one is rotated
    callback_secret: SecretStr = SecretStr("")

    # Links that people open (their preferences) are signed with this
    link_secret: SecretStr = SecretStr("")

    # Email
    smtp_url: str = Field(default="", description="smtp://user:password@host:587?starttls=required, or smtps://")
    email_from: str = "Postroom <postroom@localhost>"
    email_bounce_domain: str = Field(default="localhost", description="Bounces return to bounce+<id>@ this domain")
    email_inbound_secret: SecretStr = Field(default=SecretStr(""), description="whsec_… of the relay that posts to us")

    # The sandbox's own doors (mode 'sandbox'); its secrets are its own and never a provider's
    sandbox_url: str = "http://127.0.0.1:8090"
    sandbox_smtp_port: int = 8025
    sandbox_secret: SecretStr = SecretStr("")

    # Safety
    hourly_ceiling: int = Field(default=2000, ge=1, description="Attempts per company and hour; the excess is held")

    send_rates: str = Field(default="", description="Messages a second where an account differs: 'whatsapp=20 sms=1'")

    # Delivery (real time)
    unknown_window_seconds: float = Field(default=300, gt=0)
    lease_seconds: float = Field(default=90, gt=0)
    attempt_deadline_seconds: float = Field(default=30, gt=0)
    window_size: int = Field(default=32, ge=1, le=32)

    # The processes
    web_port: int = 8080
    flower_port: int = 5555
    flower_user: str = "postroom"
    flower_password: SecretStr = SecretStr("")
    metrics_dir: str = ""
    log_level: str = "INFO"

    @cached_property
    def unknown_window(self) -> timedelta:
        return timedelta(seconds=self.unknown_window_seconds)

    @cached_property
    def lease(self) -> timedelta:
        return timedelta(seconds=self.lease_seconds)

    @cached_property
    def attempt_deadline(self) -> timedelta:
        return timedelta(seconds=self.attempt_deadline_seconds)
