"""The page about the channels, and the registry that it is written from."""

import subprocess
import sys
from dataclasses import fields

import pytest

from postroom.domain.channels import Capabilities, ChannelName, Verdict
from postroom.domain.safety import Wire
from postroom.outside.rulings import Span
from workers.channels import reference
from workers.channels.email import EmailConfig
from workers.channels.registry import CHANNELS, CONFIGS, build, channel_class
from workers.channels.whatsapp import WhatsAppConfig

WHATSAPP = WhatsAppConfig("https://graph.facebook.com", "v23.0", "1", "token", "secret")


def test_the_page_is_as_the_tables_are() -> None:
    written = reference.PAGE.read_text(encoding="utf-8")
    assert written == reference.page() + "\n", "run: python -m workers.channels.reference"


def test_every_capability_names_a_test_that_there_is(request: pytest.FixtureRequest) -> None:
    wanted = {
        f"tests/{proof}"
        for name in ChannelName
        for field in fields(Capabilities)
        for declared in (True, False)
        if (proof := reference.proof_of(name, field.name, declared=declared)) is not None
    }
    missing = wanted - {item.nodeid for item in request.session.items}
    if missing:  # not every file is part of this run
        missing -= collected({proof.partition("::")[0] for proof in missing})
    assert len(wanted) > len(ChannelName) * len(fields(Capabilities)) // 2
    assert not missing, "\n".join(sorted(missing))


def collected(files: set[str]) -> set[str]:
    """The ids of all tests in some files, as pytest itself tells them."""
    asked = [sys.executable, "-m", "pytest", "--collect-only", "--quiet", "-p", "no:cacheprovider", *sorted(files)]
    told = subprocess.run(asked, cwd=reference.PAGE.parents[1], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr
    return set(told.stdout.splitlines())


def test_every_channel_is_registered_under_its_own_name() -> None:
    assert set(CHANNELS) == set(CONFIGS) == set(ChannelName)
    assert all(channel_class(name).name is name for name in ChannelName)


def test_each_wire_has_an_instance_of_its_own() -> None:
    built = build(ChannelName.WHATSAPP, {Wire.SANDBOX: WHATSAPP, Wire.LIVE: WHATSAPP})
    assert set(built) == {Wire.SANDBOX, Wire.LIVE}
    assert built[Wire.SANDBOX] is not built[Wire.LIVE]


def test_a_channel_is_not_built_from_anothers_configuration() -> None:
    with pytest.raises(TypeError, match="needs EmailConfig, not WhatsAppConfig"):
        build(ChannelName.EMAIL, {Wire.LIVE: WHATSAPP})


def test_a_worker_loads_only_the_channel_that_it_serves() -> None:
    program = (
        "import sys; from postroom.domain.channels import ChannelName; from workers.channels import registry;"
        "registry.channel_class(ChannelName.EMAIL); sys.exit('requests' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=reference.PAGE.parents[1], check=False).returncode == 0


def test_every_fault_of_a_configuration_is_named_at_once_and_no_secret() -> None:
    with pytest.raises(ValueError) as caught:
        WhatsAppConfig("ftp://x", "23", "+34", "hush hush", "secret")
    message = str(caught.value)
    assert all(part in message for part in ("api_url", "api_version", "phone_number_id", "access_token"))
    assert "hush" not in message


def test_secrets_are_in_no_repr() -> None:
    mail = EmailConfig(
        "h", 587, "P <p@x.y>", "b.example", inbound_secrets=("whsec_aHVzaA==",), user="u", password="hush"
    )
    shown = repr(WhatsAppConfig("https://x.y", "v23.0", "1", "hush", "hush", "hush")) + repr(mail)
    assert "hush" not in shown
    assert "aHVzaA" not in shown


@pytest.mark.parametrize("name", list(ChannelName))
def test_spans_do_not_hide_rows_and_every_row_has_words(name: ChannelName) -> None:
    tables = reference.verdict_tables(name)
    spans: tuple[Span, ...] = getattr(tables, "SPANS", ())
    for code, ruling in {**tables.VERDICTS, **tables.TRANSPORT}.items():
        assert ruling.words
        assert not any(span.covers(code) for span in spans), code


SLACKS = {"internal_error", "fatal_error", "service_unavailable", "request_timeout"}
OWN_FAILURES = {"20500", "20503", "63009", "63012", "63023"} | SLACKS
"""Twilio's and Slack's codes for failures of their servers: they do not say that nothing was taken, and no idempotency
key lets one safely ask again. Twilio's status callback settles such a message."""


@pytest.mark.parametrize("name", list(ChannelName))
def test_a_code_of_the_provider_is_never_unknown(name: ChannelName) -> None:
    """A refusal with a code took nothing; only what happens to a line or within a server leaves a message open."""
    rows = reference.verdict_tables(name).VERDICTS.items()
    assert {code for code, ruling in rows if ruling.verdict is Verdict.UNKNOWN} <= OWN_FAILURES
