"""Teams' requests and answers as they go over the wire, and whom we believe."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import jsonschema_rs
import jwt
import pytest

from postroom.domain.channels import Button, ChannelName, EventKind, Field, Rendered, Verdict
from tests.contract.channels.stands import Reply
from tests.contract.channels.teams_bench import (
    ACTIVITY,
    APP,
    APPROVAL,
    CHAT,
    KID,
    LAURA,
    PASSWORD,
    SERVICE,
    TENANT,
    bearer,
    jwk,
    posted,
    private_key,
    refusal,
    user,
)
from workers.channels.base import ChannelError, Malformed
from workers.channels.teams.payload import activity, opening
from workers.channels.teams.webhook import parse

Fail = Callable[[Any], ChannelError]
EMAIL = "laura@example.com"
SENDABLE = {
    "approval": APPROVAL,
    "text alone": Rendered(ChannelName.TEAMS, "en", "Stock is out."),
    "link alone": Rendered(ChannelName.TEAMS, "en", "Digest", buttons=(Button("Open", url="https://erp.example.com"),)),
    "facts": Rendered(ChannelName.TEAMS, "de", "Übersicht", "Tag", fields=(Field("Umsatz", "1.250,00 €"),)),
    "six buttons": replace(APPROVAL, buttons=tuple(Button(str(n), payload=f"n{n}") for n in range(6))),
}


@pytest.fixture
def patient(teams: Any) -> Any:
    """The bench, with time for Graph's client to load at the first look-up."""
    teams.rebuild(answer_timeout=20)
    return teams


# What we post -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SENDABLE)
def test_every_activity_keeps_the_connectors_contract(shared: Path, name: str) -> None:
    body = activity(SENDABLE[name], uuid4())
    _strictly(shared, "Activity").validate(body)
    card = json.loads((shared / "contracts/teams/adaptive-card-1.5.schema.json").read_text())
    jsonschema_rs.validator_for(card).validate(body["attachments"][0]["content"])


def test_the_opening_of_a_conversation_keeps_the_connectors_contract(shared: Path, teams: Any) -> None:
    _strictly(shared, "ConversationParameters").validate(opening(teams.config, LAURA))


def test_the_request_for_a_token_keeps_entras_contract(shared: Path, patient: Any, key: UUID) -> None:
    contract = json.loads((shared / "contracts/teams/graph_subset.openapi.json").read_text())
    content = contract["paths"]["/{tenant}/oauth2/v2.0/token"]["post"]["requestBody"]["content"]
    schema = jsonschema_rs.validator_for(content["application/x-www-form-urlencoded"]["schema"])

    patient.channel.send(APPROVAL, EMAIL, key)

    asked = patient.teams.asked["login"]
    assert len(asked) == 2  # one for Graph, one for the Bot Connector
    for target, _, form in asked:
        assert target == f"/login/{TENANT}/oauth2/v2.0/token"
        schema.validate(form)


def _strictly(shared: Path, name: str) -> Any:
    """A definition of the contract, which knows every property by name."""
    contract = json.loads((shared / "contracts/teams/connector_strict.swagger.json").read_text())
    known = contract["definitions"][name]
    return jsonschema_rs.validator_for({**known, "additionalProperties": False, "definitions": contract["definitions"]})


def test_a_card_goes_alone_and_carries_the_attempt_in_both_kinds_of_button(teams: Any, key: UUID) -> None:
    teams.channel.send(APPROVAL, CHAT, key)

    [(target, headers, body)] = teams.teams.asked["post"]
    assert target == f"/v3/conversations/{CHAT.replace(':', '%3A')}/activities"
    assert headers["x-ms-client-request-id"] == str(key)
    assert "text" not in body
    assert body["channelData"] == {"notification": {"alert": True}}
    [approve, reject, link] = body["attachments"][0]["content"]["actions"]
    assert (approve["type"], approve["verb"], approve["style"]) == ("Action.Execute", "approve", "positive")
    assert (
        approve["data"]
        == approve["fallback"]["data"]
        == {
            "attempt": str(key),
            "verb": "approve",
            "title": "Aprobar",
        }
    )
    assert (reject["fallback"]["type"], reject["style"]) == ("Action.Submit", "destructive")
    assert (link["type"], link["url"]) == ("Action.OpenUrl", "https://erp.example.com/r/42?access_token=abc")


@pytest.mark.parametrize(
    "rendered",
    [
        replace(APPROVAL, text=" \n"),
        replace(APPROVAL, text="x" * 20_001),
        replace(APPROVAL, buttons=APPROVAL.buttons * 3),
        replace(APPROVAL, buttons=(Button("x", payload=""),)),
        replace(APPROVAL, buttons=(Button("x", payload="x" * 129),)),
        replace(APPROVAL, buttons=(Button(" ", payload="x"),)),
        replace(APPROVAL, buttons=(Button("x"),)),
        replace(APPROVAL, buttons=(Button("x", url="javascript:alert(1)"),)),
        replace(APPROVAL, buttons=(Button("x", url="https://[bad"),)),
    ],
)
def test_what_a_card_cannot_carry_is_refused_before_anything_is_asked(
    teams: Any, fail: Fail, rendered: Rendered
) -> None:
    teams.material = rendered
    assert fail(teams).fault.code == "unsendable"
    assert not any(teams.teams.asked.values())


# Where it goes ------------------------------------------------------------------------------------------------------


def test_an_email_address_is_looked_up_opened_and_remembered(patient: Any, key: UUID) -> None:
    first = patient.channel.send(APPROVAL, EMAIL, key)
    patient.channel.send(APPROVAL, EMAIL.upper(), uuid4())

    assert first.provider_id == f"{CHAT};{ACTIVITY}"
    assert first.address == LAURA
    asked = patient.teams.asked
    assert [len(asked[step]) for step in ("look", "open", "post")] == [1, 1, 2]
    [(target, headers, _)] = asked["look"]
    assert "mail%20eq%20%27laura%40example.com%27" in target
    assert headers["authorization"].startswith("Bearer token-")
    assert asked["open"][0][2]["members"] == [{"id": LAURA}]


def test_a_quote_in_an_address_stays_within_the_question(patient: Any, key: UUID) -> None:
    patient.channel.send(APPROVAL, "o'neil@example.com", key)
    assert "%27o%27%27neil%40example.com%27" in patient.teams.asked["look"][0][0]


def test_somebody_who_was_not_found_is_looked_up_again(patient: Any, fail: Fail, key: UUID) -> None:
    patient.to = EMAIL
    patient.queue("look", Reply(body={"value": []}))
    assert fail(patient).fault.unreachable
    assert patient.channel.send(APPROVAL, EMAIL, key).address == LAURA


def test_a_disabled_account_is_nobody(patient: Any, fail: Fail) -> None:
    patient.to = EMAIL
    patient.queue("look", Reply(body={"value": [user(LAURA, EMAIL, accountEnabled=False)]}))
    assert fail(patient).fault.code == "user_unknown"


def test_of_two_the_one_whose_principal_name_it_is_is_meant(patient: Any, key: UUID) -> None:
    other = user("7b000000-0000-4000-8000-000000000001", EMAIL, userPrincipalName="other@example.com")
    patient.queue("look", Reply(body={"value": [other, user(LAURA, EMAIL)]}))
    assert patient.channel.send(APPROVAL, EMAIL, key).address == LAURA


def test_a_redirect_of_the_directory_is_not_followed_with_our_token(patient: Any, fail: Fail) -> None:
    patient.to = EMAIL
    patient.queue("look", Reply(302, raw=b"", headers={"Location": f"{patient.teams.url}/v1.0/users"}))
    assert fail(patient).fault.code == "lookup_failed"
    assert len(patient.teams.asked["look"]) == 1


def test_a_busy_directory_is_asked_once_and_its_retry_after_kept(patient: Any, fail: Fail) -> None:
    patient.to = EMAIL
    patient.queue("look", Reply(429, {"error": {"code": "TooManyRequests"}}, headers={"Retry-After": "11"}))
    fault = fail(patient).fault
    assert (fault.code, fault.retry_after) == ("lookup_failed", timedelta(seconds=11))
    assert len(patient.teams.asked["look"]) == 1


def test_a_directory_that_does_not_know_our_token_gets_one_new_one(patient: Any, key: UUID) -> None:
    patient.queue("look", Reply(401, {"error": {"code": "InvalidAuthenticationToken"}}))
    assert patient.channel.send(APPROVAL, EMAIL, key).address == LAURA
    assert len(patient.teams.asked["look"]) == 2


def test_a_conversation_that_teams_forgot_is_opened_anew_once(teams: Any, key: UUID) -> None:
    teams.channel.send(APPROVAL, LAURA, uuid4())
    teams.queue("post", Reply(404, refusal("ConversationNotFound")))
    teams.queue("open", Reply(201, {"id": "a:another"}))

    assert teams.channel.send(APPROVAL, LAURA, key).provider_id == f"a:another;{ACTIVITY}"
    assert len(teams.teams.asked["open"]) == 2


def test_a_conversation_that_stays_unknown_is_left_after_one_more_try(teams: Any, fail: Fail) -> None:
    teams.to = LAURA
    teams.queue("post", *[Reply(404, refusal("ConversationNotFound"))] * 2)
    fault = fail(teams).fault
    assert (fault.code, fault.verdict) == ("ConversationNotFound", Verdict.FALLBACK)
    assert (len(teams.teams.asked["open"]), teams.seen()) == (2, 2)


def test_a_conversation_that_was_named_itself_is_not_opened(teams: Any, fail: Fail) -> None:
    teams.to = "19:253b1f341670408fb6fe51050b6e5ceb@thread.tacv2"
    teams.queue("post", Reply(404, refusal("ConversationNotFound")))
    assert fail(teams).fault.code == "ConversationNotFound"
    assert (len(teams.teams.asked["open"]), teams.seen()) == (0, 1)


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(502, raw=b""), "conversation_failed"),
        (Reply(drop=True), "conversation_failed"),
        (Reply(201, {}), "conversation_failed"),
        (Reply(403, refusal("BotNotInConversationRoster")), "BotNotInConversationRoster"),
        (Reply(429, raw=b""), "http_429"),
    ],
)
def test_nothing_before_the_card_leaves_its_fate_open(teams: Any, fail: Fail, reply: Reply, code: str) -> None:
    teams.to = LAURA
    teams.queue("open", reply)
    fault = fail(teams).fault
    assert (fault.code, teams.seen()) == (code, 0)
    assert fault.verdict is not Verdict.UNKNOWN


@pytest.mark.parametrize("to", ["", "Laura", "a:", "a:x", "19:../../v3", "laura@", "a:b c", "a:é" * 5, "x" * 400])
def test_what_is_no_address_is_refused_before_anything_is_asked(teams: Any, fail: Fail, to: str) -> None:
    teams.to = to
    assert fail(teams).fault.code == "bad_address"
    assert not any(teams.teams.asked.values())


# Tokens -------------------------------------------------------------------------------------------------------------


def test_a_token_serves_many_messages_and_all_threads(teams: Any) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: teams.channel.send(APPROVAL, CHAT, uuid4()), range(24)))
    assert (len(teams.teams.asked["login"]), teams.seen()) == (1, 24)


def test_a_refused_token_is_replaced_once(teams: Any, key: UUID) -> None:
    teams.channel.send(APPROVAL, CHAT, uuid4())
    teams.queue("post", Reply(401, raw=b""))
    teams.channel.send(APPROVAL, CHAT, key)
    tokens = [headers["Authorization"] for _, headers, _ in teams.teams.asked["post"]]
    assert tokens == ["Bearer token-1", "Bearer token-1", "Bearer token-2"]


def test_a_token_is_left_before_it_runs_out(teams: Any) -> None:
    teams.queue("login", Reply(body={"access_token": "short", "expires_in": 299}))
    teams.channel.send(APPROVAL, CHAT, uuid4())
    now = time.monotonic()
    teams.channel._login._clock = lambda: now + 31
    teams.channel.send(APPROVAL, CHAT, uuid4())
    assert len(teams.teams.asked["login"]) == 2


@pytest.mark.parametrize("answer", [{}, {"access_token": 5}, {"access_token": "a\nb"}, {"access_token": "é"}])
def test_an_answer_without_a_usable_token_posts_nothing(teams: Any, fail: Fail, answer: dict[str, Any]) -> None:
    teams.queue("login", Reply(body=answer))
    assert fail(teams).fault.code == "login_failed"
    assert teams.seen() == 0


def test_entras_words_are_told_and_our_password_is_not(teams: Any, fail: Fail) -> None:
    words = "AADSTS7000215: Invalid client secret provided."
    teams.queue("login", Reply(401, {"error": "invalid_client", "error_description": words}))
    error = fail(teams)
    assert "AADSTS7000215" in error.fault.detail
    assert PASSWORD not in f"{error!r} {teams.config!r}"


def test_an_unforeseen_code_goes_by_its_status_and_keeps_its_name(teams: Any, fail: Fail) -> None:
    teams.queue("post", Reply(403, refusal("TotallyNewReason")))
    fault = fail(teams).fault
    assert (fault.code, fault.verdict) == ("TotallyNewReason", Verdict.FALLBACK)


# Whom we believe ----------------------------------------------------------------------------------------------------

OTHER = "10000000-0000-4000-8000-000000000000"
DISBELIEVED = {
    "another key with the same name": lambda: (f"Bearer {_forged()}", posted()),
    "no signature at all": lambda: (f"Bearer {bearer().rpartition('.')[0]}.", posted()),
    "a shared secret in place of a key": lambda: (f"Bearer {bearer(algorithm='HS256')}", posted()),
    "a key that nobody published": lambda: (f"Bearer {bearer('unpublished')}", posted()),
    "a key for other channels": lambda: (f"Bearer {bearer('skype-only')}", posted()),
    "another issuer": lambda: (f"Bearer {bearer(iss='https://sts.windows.net/x/')}", posted()),
    "another bot": lambda: (f"Bearer {bearer(aud=OTHER)}", posted()),
    "no audience": lambda: (f"Bearer {bearer(aud=None)}", posted()),
    "expired": lambda: (f"Bearer {bearer(exp=_from_now(-330))}", posted()),
    "not yet": lambda: (f"Bearer {bearer(nbf=_from_now(330))}", posted()),
    "without an end": lambda: (f"Bearer {bearer(exp=None)}", posted()),
    "no service address in the token": lambda: (f"Bearer {bearer(serviceurl=None)}", posted()),
    "another service address": lambda: (f"Bearer {bearer()}", posted(serviceUrl="https://evil.example/")),
    "no service address in the body": lambda: (f"Bearer {bearer()}", posted(serviceUrl=None)),
    "another channel of the same bot": lambda: (f"Bearer {bearer()}", posted(channelId="directline")),
    "no channel": lambda: (f"Bearer {bearer()}", posted(channelId=None)),
    "another tenant": lambda: (f"Bearer {bearer()}", posted(channelData={"tenant": {"id": OTHER}})),
    "a tenant in one place, another elsewhere": lambda: (
        f"Bearer {bearer()}",
        posted(conversation={"id": CHAT, "tenantId": OTHER}),
    ),
    "no tenant": lambda: (f"Bearer {bearer()}", posted(channelData=None, conversation={"id": CHAT})),
    "a tenant that is no text": lambda: (f"Bearer {bearer()}", posted(channelData={"tenant": {"id": {"$ne": 1}}})),
    "another scheme": lambda: (f"Basic {bearer()}", posted()),
    "a body that is no JSON": lambda: (f"Bearer {bearer()}", b"{"),
    "a body that is a list": lambda: (f"Bearer {bearer()}", b"[]"),
    "a token of great length": lambda: (f"Bearer {bearer(padding='x' * 20_000)}", posted()),
}


def _from_now(seconds: int) -> int:
    return int(time.time()) + seconds


def _forged() -> str:
    claims = {"iss": "https://api.botframework.com", "aud": APP, "serviceurl": SERVICE, "exp": int(time.time()) + 60}
    return jwt.encode(claims, private_key("forger"), "RS256", headers={"kid": KID})


@pytest.mark.parametrize("name", DISBELIEVED)
def test_what_does_not_agree_is_not_believed(teams: Any, name: str) -> None:
    teams.teams.public.append(jwk("skype-only", ("skype",)))
    header, raw = DISBELIEVED[name]()
    assert teams.channel.verify({"Authorization": f"Bearer {bearer()}"}, posted())
    assert not teams.channel.verify({"Authorization": header}, raw)


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": f"api://{APP}"},
        {"aud": f"api://botid-{APP}"},
        {"serviceurl": SERVICE.rstrip("/")},
        {"serviceurl": None, "serviceUrl": SERVICE},
    ],
)
def test_what_microsoft_allows_is_believed(teams: Any, claims: dict[str, Any]) -> None:
    assert teams.channel.verify({"Authorization": f"Bearer {bearer(**claims)}"}, posted())


@pytest.mark.parametrize(("claim", "seconds"), [("exp", -200), ("nbf", 200)])
def test_a_clock_that_differs_by_less_than_five_minutes_is_believed(teams: Any, claim: str, seconds: int) -> None:
    token = bearer(**{claim: _from_now(seconds)})
    assert teams.channel.verify({"Authorization": f"Bearer {token}"}, posted())


def test_keys_are_fetched_once_for_many_posts_and_all_threads(teams: Any) -> None:
    headers = {"Authorization": f"Bearer {bearer()}"}
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda _: teams.channel.verify(headers, posted()), range(40)))
    assert (len(teams.teams.asked["openid"]), len(teams.teams.asked["keys"])) == (1, 1)


def test_a_new_key_is_fetched_but_no_stranger_makes_us_a_hammer(teams: Any) -> None:
    clock = _clock(teams)
    assert teams.channel.verify({"Authorization": f"Bearer {bearer()}"}, posted())
    for _ in range(20):
        assert not teams.channel.verify({"Authorization": f"Bearer {bearer('key-of-tomorrow')}"}, posted())
    assert len(teams.teams.asked["keys"]) == 1
    teams.teams.public.append(jwk("key-of-tomorrow"))
    clock[0] += 61
    assert teams.channel.verify({"Authorization": f"Bearer {bearer('key-of-tomorrow')}"}, posted())
    assert len(teams.teams.asked["keys"]) == 2


def test_old_keys_serve_while_no_new_ones_come_but_for_a_day_at_most(teams: Any) -> None:
    clock = _clock(teams)
    headers = {"Authorization": f"Bearer {bearer(exp=int(time.time()) + 10**6)}"}
    assert teams.channel.verify(headers, posted())
    teams.queue("openid", *[Reply(503, raw=b"")] * 9)
    clock[0] += 23 * 3600
    assert teams.channel.verify(headers, posted())
    clock[0] += 2 * 3600
    assert not teams.channel.verify(headers, posted())
    teams.teams.queued["openid"].clear()
    clock[0] += 61
    assert teams.channel.verify(headers, posted())


@pytest.mark.parametrize(
    ("step", "reply"),
    [
        ("openid", Reply(500, raw=b"")),
        ("openid", Reply(body={"jwks_uri": "file:///etc/passwd"})),
        ("openid", Reply(body={})),
        ("keys", Reply(body={"keys": "none"})),
        ("keys", Reply(body={"keys": [{"kty": "RSA", "kid": KID, "n": "?", "e": "?"}, {"kty": "oct", "k": "x"}, 5]})),
        ("keys", Reply(raw=b"<html>")),
        ("keys", Reply(drop=True)),
    ],
)
def test_without_readable_keys_nothing_is_believed_and_nothing_breaks(teams: Any, step: str, reply: Reply) -> None:
    teams.queue(step, reply)
    assert not teams.channel.verify({"Authorization": f"Bearer {bearer()}"}, posted())


def _clock(teams: Any) -> list[float]:
    now = [time.monotonic()]
    teams.channel._keys._clock = lambda: now[0]
    return now


# What comes back ----------------------------------------------------------------------------------------------------


def _fixture(name: str) -> bytes:
    return (Path(__file__).parents[2] / "fixtures" / "teams" / f"{name}.json").read_bytes()


def test_a_press_in_a_team_names_the_card_by_the_id_of_its_receipt(key: UUID) -> None:
    [event] = parse(_fixture("pressed__in_a_team")).events
    assert event.provider_id == "19:253b1f341670408fb6fe51050b6e5ceb@thread.tacv2;1732312345678"
    assert (event.attempt_id, event.payload, event.address) == (key, "approve", LAURA)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("replied__mention_in_a_team", "search customer Acme"),
        ("replied__mention_of_a_colleague", "pregunta a Marta Ruiz"),
        ("replied__file", "[file albarán.pdf]"),
        ("replied__edited", "[edited] ¿Qué factura es?"),
    ],
)
def test_words_are_read_as_a_person_meant_them(name: str, text: str) -> None:
    [event] = parse(_fixture(name)).events
    assert (event.kind, event.text) == (EventKind.REPLIED, text)


@pytest.mark.parametrize(("locale", "words"), [("es-ES", "Recibido, gracias."), ("xx", "Received, thank you.")])
def test_a_press_is_answered_at_once_in_the_persons_language(teams: Any, locale: str, words: str) -> None:
    pressed = json.loads(_fixture("pressed__execute")) | {"locale": locale}
    kind, body = teams.channel.answer(json.dumps(pressed).encode())
    assert kind.startswith("application/json")
    assert json.loads(body) == {
        "statusCode": 200,
        "type": "application/vnd.microsoft.activity.message",
        "value": words,
    }


def test_other_invokes_get_an_empty_answer_and_words_the_usual_one(teams: Any) -> None:
    assert teams.channel.answer(_fixture("ignored__signin_failure"))[1] == b"{}"
    assert teams.channel.answer(_fixture("replied__text")) is None
    assert teams.channel.answer(b"\xff") is None


def test_the_shared_payloads_are_read_as_their_names_say(shared: Path) -> None:
    folder = shared / "fixtures" / "teams"
    labels = {path.stem: parse(path.read_bytes()).ignored for path in sorted(folder.glob("*activity*.json"))}
    assert labels == {
        "signin_failure_invoke_activity": ("invoke:signin_failure",),
        "suggested_action_submit_invoke_activity": ("invoke:suggestedactions_submit",),
    }
    for path in set(folder.glob("*.json")) - set(folder.glob("*activity*.json")):
        with pytest.raises(Malformed, match="a card alone is no activity"):
            parse(path.read_bytes())


# Memory -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["slack", "teams", "whatsapp"])
def test_a_worker_does_not_carry_graphs_client_before_the_first_look_up(name: str) -> None:
    probe = (
        "import sys; from postroom.domain.channels import ChannelName;"
        "from workers.channels.registry import CHANNELS; from importlib import import_module;"
        "import workers.wires;"
        f"import_module(CHANNELS[ChannelName('{name}')].partition(':')[0]);"
        "heavy = {'msgraph', 'kiota_abstractions', 'httpx', 'azure', 'twilio'};"
        "print(sorted(heavy & {module.partition('.')[0] for module in sys.modules}))"
    )
    root = Path(__file__).parents[3]
    told = subprocess.run([sys.executable, "-c", probe], cwd=root, capture_output=True, text=True, check=False)
    if "No module named" in told.stderr and name == "slack":
        pytest.skip("Slack's channel is not there yet")
    assert told.stdout.strip() == "[]", told.stderr
