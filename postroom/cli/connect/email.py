"""Email: the records that a domain needs, and whether the relay lets us in."""

import smtplib
from collections.abc import Iterator

from config.settings import Settings
from postroom.cli.connect.checked import Checked, Told, bad, doubtful, good, look
from postroom.cli.connect.guide import Ask, Guide, Step
from postroom.cli.connect.live import config_of
from postroom.cli.findings import Health
from postroom.domain.channels import ChannelName
from workers.channels.email import EmailConfig, Security
from workers.channels.email.connection import Lines, StartTlsMissing

RECORDS = (
    ("SPF", "TXT {domain}", "v=spf1 include:<your relay's> -all"),
    ("DKIM", "TXT <selector>._domainkey.{domain}", "v=DKIM1; … as the relay gives it"),
    ("DMARC", "TXT _dmarc.{domain}", "v=DMARC1; p=none; rua=mailto:postmaster@{domain} (p=reject once it is clean)"),
    ("MX", "MX {bounces}", "the relay that posts mail to the door"),
)
"""What is published, where, and what it says."""


def checks(values: Settings) -> Iterator[Checked]:
    """Whether the relay takes us; of the records only what to look for, since Python's library cannot ask for them."""
    config = config_of(values, ChannelName.EMAIL, EmailConfig)
    where = f"{config.host}:{config.port}"
    yield look("relay", f"EHLO, {config.security} and login at {where}", lambda: _relay(config))
    yield look("bounces", "EMAIL_INBOUND_SECRET", lambda: _bounces(config))
    names = {"domain": config.mailbox.partition("@")[2], "bounces": config.bounce_domain}
    for name, record, wanted in RECORDS:
        asked = record.format(**names)
        remedy = f"dig +short {_dig(asked)}   wants: {wanted.format(**names)}"
        yield Checked(Health.WARN, name, asked, "NOT CHECKED: no resolver for records here", remedy)


def _dig(record: str) -> str:
    kind, _, name = record.partition(" ")
    return f"{name} {kind}"


def _relay(config: EmailConfig) -> Told:
    lines = Lines(config)
    try:
        lines.current()
    except StartTlsMissing:
        return bad("offers no STARTTLS", "Use smtps:// with its port (465), or another relay.")
    except smtplib.SMTPAuthenticationError as error:
        return bad(f"refuses the login ({error.smtp_code})", "Correct user and password in SMTP_URL (percent-encoded).")
    except (OSError, smtplib.SMTPException) as error:
        words = f"does not answer as a relay ({type(error).__name__}: {error})"
        return bad(words, "Correct host and port in SMTP_URL.")
    finally:
        lines.drop()
    return good("takes us" + ("" if config.security is not Security.NONE else ", unencrypted"))


def _bounces(config: EmailConfig) -> Told:
    if config.inbound_secrets and config.bounce_domain != "localhost":
        return good(f"come back to bounce+<id>@{config.bounce_domain}, and are believed")
    remedy = "Set EMAIL_BOUNCE_DOMAIN and EMAIL_INBOUND_SECRET; the relay signs with the latter (Standard Webhooks)."
    return doubtful("nobody hears of mail that bounces", remedy)


GUIDE = Guide(
    channel=ChannelName.EMAIL,
    steps=(
        Step(
            "Get a relay",
            "Your mail provider, or a sending service",
            ("A submission account (587 with STARTTLS, or 465) for the sender's address.",),
        ),
        Step(
            "Publish the records",
            "Your domain's DNS",
            tuple(
                f"{name}: {record} = {wanted}".format(domain="<the sender's domain>", bounces="<EMAIL_BOUNCE_DOMAIN>")
                for name, record, wanted in RECORDS
            ),
        ),
        Step(
            "Let mail come back",
            "The relay that takes mail for the bounce domain",
            (
                "It posts each mail raw (message/rfc822) to {public_url}/webhooks/email, with X-Envelope-To,",
                "signed by Standard Webhooks with EMAIL_INBOUND_SECRET.",
            ),
        ),
    ),
    asks=(
        Ask("SMTP_URL", "The relay, as in smtp://user:password@mail.example.com:587?starttls=required", secret=True),
        Ask("EMAIL_FROM", "The sender, as in Acme <billing@example.com>"),
        Ask("EMAIL_BOUNCE_DOMAIN", "The domain that bounces come back to", default="localhost"),
        Ask("EMAIL_INBOUND_SECRET", "The secret that the relay signs with (whsec_…)", secret=True, optional=True),
    ),
    checks=checks,
    to="your own address",
    slow=("the records' way around the world",),
)
