"""Cards that are changed after they were sent, before the stand-ins of their providers."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from postroom.domain.channels import ChannelName, Verdict
from postroom.domain.safety import Wire
from sandbox.testing import SECRET, Running, running_sandbox
from tests.contract.channels.slack_bench import REQUEST
from tests.contract.channels.teams_bench import APPROVAL, LAURA
from workers.channels.base import ChannelError, Editing
from workers.channels.registry import build, capabilities
from workers.channels.slack import SlackConfig
from workers.channels.teams import TeamsConfig
from workers.wires import SANDBOX_APP_ID, SANDBOX_TENANT_ID

SENT = {ChannelName.SLACK: (REQUEST, "U0MARTA001"), ChannelName.TEAMS: (APPROVAL, LAURA)}
EDITING = [name for name in ChannelName if capabilities(name).edits]


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    with running_sandbox() as started:
        yield started


@pytest.fixture
def sandbox(running: Running) -> Running:
    running.post("reset")
    return running


@pytest.fixture(params=EDITING, ids=str)
def channel(request: pytest.FixtureRequest, sandbox: Running) -> Iterator[Any]:
    base = f"{sandbox.url}/teams"
    configs: dict[ChannelName, Any] = {
        ChannelName.SLACK: SlackConfig(f"{sandbox.url}/slack/api", "T00SANDBOX", SECRET, SECRET, answer_timeout=0.5),
        ChannelName.TEAMS: TeamsConfig(
            app_id=SANDBOX_APP_ID,
            tenant_id=SANDBOX_TENANT_ID,
            service_url=base,
            login_url=f"{base}/login",
            openid_url=f"{base}/login/openidconfiguration",
            graph_url=f"{base}/graph/v1.0",
            app_password=SECRET,
            answer_timeout=0.5,
        ),
    }
    built: Any = build(request.param, {Wire.SANDBOX: configs[request.param]})[Wire.SANDBOX]
    yield built
    built.close()


def sent(channel: Any) -> str:
    card, to = SENT[channel.name]
    return str(channel.send(card, to, uuid4()).provider_id)


def decided(channel: Any) -> Any:
    """The same card as it stands once it is decided."""
    card, _ = SENT[channel.name]
    return replace(card, text=f"{card.text}\n\nDecided.", buttons=card.buttons[-1:])


def shown(sandbox: Running) -> dict[str, Any]:
    (message,) = sandbox.get("messages")["messages"]
    return dict(message)


def test_a_card_is_changed_where_it_stands(sandbox: Running, channel: Any) -> None:
    name = sent(channel)
    before = shown(sandbox)
    assert isinstance(channel, Editing)

    assert channel.edit(decided(channel), name, uuid4()).provider_id == name

    after = shown(sandbox)
    assert (after["id"], after["title"], after["fields"]) == (name, before["title"], before["fields"])
    assert (after["text"].endswith("Decided."), len(after["buttons"])) == (True, 1)
    assert (bool(before["edited"]), bool(after["edited"])) == (False, True)


def test_a_card_that_is_gone_is_told_from_one_that_is_refused(sandbox: Running, channel: Any) -> None:
    name = sent(channel)
    sandbox.post("reset")

    with pytest.raises(ChannelError) as caught:
        channel.edit(decided(channel), name, uuid4())

    assert caught.value.fault.code in channel.gone


@pytest.mark.parametrize(
    ("kind", "verdict", "wait"),
    [
        ("throttled", Verdict.TRANSIENT, timedelta(seconds=7)),
        ("server_error", Verdict.UNKNOWN, None),
        ("hang", Verdict.UNKNOWN, None),
    ],
)
def test_what_keeps_a_change_back_has_its_verdict(
    sandbox: Running, channel: Any, kind: str, verdict: Verdict, wait: timedelta | None
) -> None:
    name = sent(channel)
    sandbox.post("faults", channel=channel.name.value, kind=kind, times=1)

    with pytest.raises(ChannelError) as caught:
        channel.edit(decided(channel), name, uuid4())

    fault = caught.value.fault
    assert (fault.verdict, fault.retry_after, shown(sandbox)["edited"]) == (verdict, wait, None)
    assert fault.code not in channel.gone


def test_a_change_whose_answer_was_lost_is_made_again_without_harm(sandbox: Running, channel: Any) -> None:
    name = sent(channel)
    sandbox.post("faults", channel=channel.name.value, kind="dropped", times=1)

    with pytest.raises(ChannelError) as caught:
        channel.edit(decided(channel), name, uuid4())
    assert (caught.value.fault.verdict, bool(shown(sandbox)["edited"])) == (Verdict.UNKNOWN, True)

    channel.edit(decided(channel), name, uuid4())
    assert shown(sandbox)["text"].endswith("Decided.")
