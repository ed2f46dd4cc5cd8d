"""What the house says to Teams the stand-in takes, and what comes back the house can read."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
import requests

from postroom.domain.channels import Button, ChannelName, EventKind, Field, Receipt, Rendered, Verdict
from sandbox.testing import SECRET, Posted, Running, eventually
from workers.channels.base import ChannelError
from workers.channels.teams import TeamsConfig
from workers.channels.teams.channel import Teams
from workers.wires import SANDBOX_APP_ID, SANDBOX_TENANT_ID

LAURA = "laura@example.com"
APPROVAL = Rendered(
    channel=ChannelName.TEAMS,
    language="es_ES",
    subject="Aprobar P00042",
    text="**Acme** pide su aprobación.",
    fields=(Field("Importe", "12 500,00 €"),),
    buttons=(
        Button("Aprobar", payload="approve", style="primary"),
        Button("Rechazar", payload="reject", style="danger"),
        Button("Abrir", url="https://erp.example.com/r/42"),
    ),
)


@pytest.fixture(scope="module")
def teams(running: Running) -> Iterator[Teams]:
    base = f"{running.url}/teams"
    channel = Teams(
        TeamsConfig(
            app_id=SANDBOX_APP_ID,
            tenant_id=SANDBOX_TENANT_ID,
            service_url=base,
            login_url=f"{base}/login",
            openid_url=f"{base}/login/openidconfiguration",
            graph_url=f"{base}/graph/v1.0",
            app_password=SECRET,
        )
    )
    yield channel
    channel.close()


def sent(teams: Teams, to: str = LAURA, key: UUID | None = None) -> Receipt:
    return teams.send(APPROVAL, to, key or uuid4())


def refused(teams: Teams, to: str) -> ChannelError:
    with pytest.raises(ChannelError) as caught:
        sent(teams, to)
    return caught.value


def posted(sandbox: Running, count: int = 1) -> list[Posted]:
    def arrived() -> list[Posted]:
        return [each for each in tuple(sandbox.door.posted) if each.path == "/webhooks/teams"]

    eventually(lambda: len(arrived()) >= count, f"{count} activities")
    return arrived()


def token(sandbox: Running, audience: str, **changes: str) -> requests.Response:
    form = {"grant_type": "client_credentials", "client_id": SANDBOX_APP_ID, "client_secret": SECRET}
    url = f"{sandbox.url}/teams/login/{SANDBOX_TENANT_ID}/oauth2/v2.0/token"
    return requests.post(url, data={**form, "scope": f"{audience}/.default", **changes}, timeout=5)


def bearer(sandbox: Running, audience: str = "https://api.botframework.com") -> dict[str, str]:
    return {"Authorization": f"Bearer {token(sandbox, audience).json()['access_token']}"}


@pytest.mark.parametrize(
    "to", [LAURA, "8ea0e38b-efb3-4757-924a-5f94061cf8c2", "19:253b1f341670408fb6fe51050b6e5ceb@thread.tacv2"]
)
def test_a_card_is_shown_as_it_was_written(sandbox: Running, teams: Teams, to: str) -> None:
    key = uuid4()

    receipt = sent(teams, to, key)

    [seen] = sandbox.get("messages")["messages"]
    assert (seen["id"], seen["address"], seen["key"]) == (receipt.provider_id, to, str(key))
    assert (seen["title"], seen["text"]) == (APPROVAL.subject, APPROVAL.text)
    assert seen["fields"] == [{"label": "Importe", "value": "12 500,00 €"}]
    assert [(b["title"], b["payload"], b["style"]) for b in seen["buttons"]] == [
        ("Aprobar", "approve", "primary"),
        ("Rechazar", "reject", "danger"),
        ("Abrir", None, None),
    ]
    assert sandbox.get("requests", key=str(key))["keys"][str(key)] == {"seen": 1, "taken": 1}


def test_a_press_comes_back_with_the_attempt_and_is_believed(sandbox: Running, teams: Teams) -> None:
    key = uuid4()
    receipt = sent(teams, key=key)

    sandbox.post("press", message_id=receipt.provider_id, payload="approve")

    [activity] = posted(sandbox)
    assert teams.verify(activity.headers, activity.body)
    [event] = teams.parse(activity.headers, activity.body).events
    assert (event.kind, event.payload, event.text) == (EventKind.PRESSED, "approve", "Aprobar")
    assert (event.attempt_id, event.provider_id, event.account) == (key, receipt.provider_id, teams.account)
    assert event.address == receipt.address


def test_what_was_written_above_the_buttons_comes_back_with_a_press(sandbox: Running, teams: Teams) -> None:
    asks_why = replace(APPROVAL, buttons=(Button("Rechazar", payload="reject", style="danger", reason="Motivo"),))
    receipt = teams.send(asks_why, LAURA, uuid4())

    sandbox.post("press", message_id=receipt.provider_id, payload="reject", reason=" Demasiado caro. ")

    [activity] = posted(sandbox)
    [event] = teams.parse(activity.headers, activity.body).events
    assert (event.payload, event.reason) == ("reject", "Demasiado caro.")


def test_a_reply_and_a_quote_come_back(sandbox: Running, teams: Teams) -> None:
    receipt = sent(teams)
    sandbox.post("reply", recipient=LAURA, channel="teams", text="¿Por qué?")
    sandbox.post("reply", message_id=receipt.provider_id, channel="teams", text="STOP")

    both = posted(sandbox, 2)

    assert all(teams.verify(each.headers, each.body) for each in both)
    events = {e.kind: e for each in both for e in teams.parse(each.headers, each.body).events}
    assert events[EventKind.REPLIED].text == "¿Por qué?"
    assert events[EventKind.OPTED_OUT].provider_id == receipt.provider_id
    assert events[EventKind.REPLIED].provider_id is None


def test_what_was_changed_on_its_way_is_not_believed(sandbox: Running, teams: Teams) -> None:
    sent(teams)
    sandbox.post("reply", recipient=LAURA, channel="teams", text="Hola")
    [activity] = posted(sandbox)
    elsewhere = json.loads(activity.body) | {"serviceUrl": "https://smba.example.net/emea/"}

    assert teams.verify(activity.headers, activity.body)
    assert not teams.verify(activity.headers, json.dumps(elsewhere).encode())


@pytest.mark.parametrize(
    ("mailbox", "code", "verdict"),
    [
        ("nobody", "user_unknown", Verdict.FALLBACK),
        ("no-consent", "lookup_refused", Verdict.SENDER_STOPPED),
        ("directory-down", "lookup_failed", Verdict.TRANSIENT),
        ("not-opened", "conversation_failed", Verdict.TRANSIENT),
        ("not-installed", "BotNotInConversationRoster", Verdict.FALLBACK),
        ("blocked", "ConversationBlockedByUser", Verdict.FALLBACK),
        ("writes-blocked", "MessageWritesBlocked", Verdict.FALLBACK),
        ("not-registered", "BotNotRegistered", Verdict.SENDER_STOPPED),
        ("throttled", "Throttled", Verdict.TRANSIENT),
        ("precondition", "PreconditionFailed", Verdict.TRANSIENT),
        ("too-big", "MessageSizeTooBig", Verdict.PERMANENT),
        ("unavailable", "ServiceUnavailable", Verdict.TRANSIENT),
        ("something-wrong", "http_500", Verdict.UNKNOWN),
        ("server-error", "http_502", Verdict.UNKNOWN),
        ("dropped", "dropped", Verdict.UNKNOWN),
    ],
)
def test_each_mailbox_leads_to_its_verdict(
    sandbox: Running, teams: Teams, mailbox: str, code: str, verdict: Verdict
) -> None:
    fault = refused(teams, f"{mailbox}@example.com").fault
    assert (fault.code, fault.verdict) == (code, verdict)
    assert sandbox.get("requests")["count"] <= 1


@pytest.mark.parametrize("mailbox", ["unknown-conversation", "token-refused"])
def test_what_a_new_conversation_or_token_cures_is_cured_within_the_attempt(
    sandbox: Running, teams: Teams, mailbox: str
) -> None:
    sent(teams, f"{mailbox}@example.com", key := uuid4())
    assert sandbox.get("requests", key=str(key))["keys"][str(key)] == {"seen": 2, "taken": 1}


def test_an_armed_fault_waits_for_its_step(sandbox: Running, teams: Teams) -> None:
    sandbox.post("faults", channel="teams", kind="nobody", recipient="carla@example.com")
    sent(teams)
    assert refused(teams, "carla@example.com").fault.code == "user_unknown"
    sent(teams, "carla@example.com")


def test_a_reset_of_the_sandbox_locks_nobody_out(sandbox: Running, teams: Teams) -> None:
    sent(teams)
    sandbox.post("reset")
    sent(teams)
    sandbox.post("reply", recipient=LAURA, channel="teams", text="Sigo aquí")
    [activity] = posted(sandbox)
    assert teams.verify(activity.headers, activity.body)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"client_secret": "another"}, "AADSTS7000215"),
        ({"client_id": "another"}, "AADSTS700016"),
        ({"grant_type": "password"}, "AADSTS70003"),
        ({"scope": "openid"}, "AADSTS70011"),
    ],
)
def test_a_wrong_request_for_a_token_is_told_why(sandbox: Running, changes: dict[str, str], words: str) -> None:
    answer = token(sandbox, "https://graph.microsoft.com", **changes)
    assert answer.status_code in (400, 401)
    assert words in answer.json()["error_description"]


def test_a_token_for_graph_is_none_for_the_connector(sandbox: Running) -> None:
    url = f"{sandbox.url}/teams/v3/conversations/19:a@thread.tacv2/activities"
    body = {"type": "message", "text": "Hola"}
    graph = requests.post(url, json=body, headers=bearer(sandbox, "https://graph.microsoft.com"), timeout=5)
    assert (graph.status_code, graph.json()["error"]["code"]) == (401, "Unauthorized")
    assert requests.post(url, json=body, headers=bearer(sandbox), timeout=5).status_code == 201


CARD: dict[str, Any] = {"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "Hola"}]}


@pytest.mark.parametrize(
    ("card", "place"),
    [
        ({**CARD, "version": "2.0"}, "/attachments/0/content/version"),
        ({**CARD, "body": []}, "/attachments/0/content/body"),
        ({**CARD, "actions": [{"type": "Action.OpenUrl", "title": "x", "url": "javascript:1"}]}, "/actions/0"),
        ({**CARD, "actions": [{"type": "Action.Execute", "title": "x"}]}, "/actions/0"),
        ({**CARD, "colour": "red"}, "/attachments/0/content"),
    ],
)
def test_a_card_that_teams_would_refuse_is_refused_with_its_place(
    sandbox: Running, card: dict[str, Any], place: str
) -> None:
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    answer = requests.post(
        f"{sandbox.url}/teams/v3/conversations/19:a@thread.tacv2/activities",
        json={"type": "message", "attachments": [attachment]},
        headers=bearer(sandbox),
        timeout=5,
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadArgument")
    assert place in answer.json()["error"]["message"]


def test_a_card_can_be_put_in_place_of_another(sandbox: Running, teams: Teams) -> None:
    conversation, _, activity_id = sent(teams).provider_id.rpartition(";")
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": CARD}
    url = f"{sandbox.url}/teams/v3/conversations/{conversation}/activities"

    answer = requests.put(
        f"{url}/{activity_id}",
        json={"type": "message", "attachments": [attachment]},
        headers=bearer(sandbox),
        timeout=5,
    )

    assert answer.json() == {"id": activity_id}
    [seen] = sandbox.get("messages")["messages"]
    assert (seen["text"], seen["buttons"], bool(seen["edited"])) == ("Hola", [], True)
    gone = requests.put(f"{url}/1", json={"type": "message", "text": "x"}, headers=bearer(sandbox), timeout=5)
    assert gone.json()["error"]["code"] == "ActivityNotFoundInConversation"
