"""Whom the directories of Slack and Teams vouch for: employees with a confirmed address, and nobody else."""

from collections.abc import Iterator
from typing import Any

import pytest

from postroom.domain.channels import ChannelName, Verdict
from postroom.domain.people import DIRECTORIES, Member, Standing
from postroom.domain.safety import Wire
from sandbox.testing import SECRET, Running, running_sandbox
from tests.contract.channels.slack_bench import TEAM
from tests.contract.channels.stands import Reply
from tests.contract.channels.teams_bench import LAURA, user
from workers.channels.base import ChannelError, Knowing
from workers.channels.registry import build, channel_class
from workers.channels.slack import SlackConfig
from workers.channels.teams import TeamsConfig
from workers.wires import SANDBOX_APP_ID, SANDBOX_TEAM_ID, SANDBOX_TENANT_ID

EMAIL = "Laura@example.com"
MARTA = {
    "id": "U0MARTA001",
    "team_id": TEAM,
    "deleted": False,
    "is_bot": False,
    "is_app_user": False,
    "is_restricted": False,
    "is_ultra_restricted": False,
    "is_email_confirmed": True,
    "profile": {"email": "laura@EXAMPLE.com"},
}
"""A full member as users.lookupByEmail tells of him."""


@pytest.mark.parametrize("name", DIRECTORIES)
def test_who_is_said_to_have_a_directory_has_one(name: ChannelName) -> None:
    assert hasattr(channel_class(name), "member_with")


# Slack ----------------------------------------------------------------------------------------------------------------


def test_a_full_member_with_a_confirmed_address_is_found_by_one_question(slack: Any) -> None:
    slack.slack.replies.append(Reply(body={"ok": True, "user": MARTA}))
    assert slack.channel.member_with(EMAIL) == Member(Standing.FOUND, "U0MARTA001")
    [(path, _, form, _)] = slack.slack.requests
    assert (path, form) == ("/users.lookupByEmail", {"email": EMAIL})


def test_a_member_of_several_workspaces_of_one_organisation_is_found(slack: Any) -> None:
    grid = {**MARTA, "team_id": "T0OTHER001", "enterprise_user": {"teams": ["T0OTHER001", TEAM]}}
    slack.slack.replies.append(Reply(body={"ok": True, "user": grid}))
    assert slack.channel.member_with(EMAIL).standing is Standing.FOUND


@pytest.mark.parametrize(
    ("told", "standing"),
    [
        pytest.param({"deleted": True}, Standing.DEACTIVATED, id="deactivated"),
        pytest.param({"is_bot": True}, Standing.MACHINE, id="bot"),
        pytest.param({"is_app_user": True}, Standing.MACHINE, id="app"),
        pytest.param({"is_restricted": True}, Standing.GUEST, id="guest"),
        pytest.param({"is_ultra_restricted": True}, Standing.GUEST, id="guest-of-one-channel"),
        pytest.param({"is_stranger": True}, Standing.ELSEWHERE, id="slack-connect"),
        pytest.param({"team_id": "T0OTHER001"}, Standing.ELSEWHERE, id="another-workspace"),
        pytest.param({"is_invited_user": True}, Standing.UNCONFIRMED, id="invited"),
        pytest.param({"is_email_confirmed": False}, Standing.UNCONFIRMED, id="not-confirmed"),
        pytest.param({"is_email_confirmed": None}, Standing.UNCONFIRMED, id="not-said"),
        pytest.param({"is_email_confirmed": "true"}, Standing.UNCONFIRMED, id="said-otherwise"),
        pytest.param({"profile": {"email": "other@example.com"}}, Standing.UNCONFIRMED, id="another-address"),
        pytest.param({"profile": {}}, Standing.UNCONFIRMED, id="address-hidden"),
        pytest.param({"profile": None}, Standing.UNCONFIRMED, id="no-profile"),
        pytest.param({"id": ""}, Standing.NOBODY, id="no-id"),
    ],
)
def test_slack_vouches_for_nobody_else(slack: Any, told: dict[str, Any], standing: Standing) -> None:
    slack.slack.replies.append(Reply(body={"ok": True, "user": {**MARTA, **told}}))
    assert slack.channel.member_with(EMAIL) == Member(standing)


def test_an_address_that_slack_does_not_know_is_nobodys(slack: Any) -> None:
    slack.slack.replies.append(Reply(body={"ok": False, "error": "users_not_found"}))
    assert slack.channel.member_with(EMAIL) == Member(Standing.NOBODY)


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [
        pytest.param(Reply(429, {"ok": False, "error": "ratelimited"}), Verdict.TRANSIENT, id="too-fast"),
        pytest.param(Reply(body={"ok": False, "error": "missing_scope"}), Verdict.SENDER_STOPPED, id="scope"),
        pytest.param(Reply(drop=True), Verdict.TRANSIENT, id="dropped"),
        pytest.param(Reply(raw=b"<html>"), Verdict.TRANSIENT, id="html"),
    ],
)
def test_where_slack_does_not_say_nobody_is_guessed(slack: Any, reply: Reply, verdict: Verdict) -> None:
    slack.slack.replies.append(reply)
    with pytest.raises(ChannelError) as raised:
        slack.channel.member_with(EMAIL)
    assert raised.value.fault.verdict is verdict


# Teams ----------------------------------------------------------------------------------------------------------------

OTHER = "7b000000-0000-4000-8000-000000000001"


@pytest.fixture
def patient(teams: Any) -> Any:
    """The bench, with time for Graph's client to load."""
    teams.rebuild(answer_timeout=20)
    return teams


@pytest.mark.parametrize(
    ("users", "member"),
    [
        pytest.param([user(LAURA.upper(), "laura@example.com")], Member(Standing.FOUND, LAURA), id="employee"),
        pytest.param([user(LAURA, EMAIL, userType="Member")], Member(Standing.FOUND, LAURA), id="member"),
        pytest.param(
            [user(LAURA, EMAIL, userPrincipalName="l@corp.example.com")],
            Member(Standing.FOUND, LAURA),
            id="mail-and-another-name",
        ),
        pytest.param(
            [user(LAURA, EMAIL), user(OTHER, EMAIL, accountEnabled=False)], Member(Standing.FOUND, LAURA), id="renamed"
        ),
        pytest.param([user(LAURA, EMAIL, userType="Guest")], Member(Standing.GUEST), id="guest"),
        pytest.param(
            [user(LAURA, EMAIL, userPrincipalName="laura_example.com#EXT#@t.onmicrosoft.com")],
            Member(Standing.GUEST),
            id="guest-by-name",
        ),
        pytest.param([user(LAURA, EMAIL, accountEnabled=False)], Member(Standing.DEACTIVATED), id="disabled"),
        pytest.param([user(LAURA, EMAIL), user(OTHER, EMAIL)], Member(Standing.SEVERAL), id="two"),
        pytest.param(
            [user(LAURA, EMAIL), user(OTHER, EMAIL, userType="Guest")], Member(Standing.SEVERAL), id="two-one-a-guest"
        ),
        pytest.param([user(LAURA, "somebody@example.com")], Member(Standing.NOBODY), id="not-asked-for"),
        pytest.param([], Member(Standing.NOBODY), id="nobody"),
    ],
)
def test_the_tenant_vouches_for_one_employee(patient: Any, users: list[dict[str, Any]], member: Member) -> None:
    patient.queue("look", Reply(body={"value": users}))
    assert patient.channel.member_with(EMAIL) == member
    [(target, _, _)] = patient.teams.asked["look"]
    assert "userType" in target


def test_where_graph_does_not_say_nobody_is_guessed(patient: Any) -> None:
    patient.queue("look", Reply(403, {"error": {"code": "Authorization_RequestDenied"}}))
    with pytest.raises(ChannelError) as raised:
        patient.channel.member_with(EMAIL)
    assert raised.value.fault.verdict is Verdict.SENDER_STOPPED


# Before the stand-ins of the sandbox ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    with running_sandbox() as started:
        yield started


def test_the_sandbox_vouches_for_everybody(sandbox: Running) -> None:
    slack = SlackConfig(f"{sandbox.url}/slack/api", SANDBOX_TEAM_ID, SECRET, SECRET)
    base = f"{sandbox.url}/teams"
    teams = TeamsConfig(
        app_id=SANDBOX_APP_ID,
        tenant_id=SANDBOX_TENANT_ID,
        service_url=base,
        login_url=f"{base}/login",
        openid_url=f"{base}/login/openidconfiguration",
        graph_url=f"{base}/graph/v1.0",
        app_password=SECRET,
        answer_timeout=20,
    )
    for name, config in ((ChannelName.SLACK, slack), (ChannelName.TEAMS, teams)):
        channel: Any = build(name, {Wire.SANDBOX: config})[Wire.SANDBOX]
        found = channel.member_with("laura@example.com").standing
        channel.close()
        assert isinstance(channel, Knowing)
        assert found is Standing.FOUND
