"""What the command line makes of values: masks, spans, made events, judgements, endings."""

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
import redis
import requests
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import ProgrammingError
from typer.testing import CliRunner

from postroom.cli.app import app
from postroom.cli.codes import meaning, tries_allowed
from postroom.cli.demo.cases import CASES, PEOPLE, Case, Messages, Run
from postroom.cli.demo.judging import Outcome, faults, percentile
from postroom.cli.faults import Refused, end
from postroom.cli.making import data_of, event_of, event_type
from postroom.cli.posting import Answer, secrets_by_source
from postroom.cli.showing import lasting, masked
from postroom.cli.telling import _NEXT, _VERBS
from postroom.domain.channels import ChannelName
from postroom.domain.event_types import EVENT_TYPES
from postroom.domain.events import event_from
from postroom.domain.messages import State, Urgency
from postroom.store.inbox import Unavailable
from postroom.store.story import Attempt, IntentStory, Leg, Story

WHATSAPP, EMAIL = ChannelName.WHATSAPP, ChannelName.EMAIL
MARTA = {"partner_id": 1, "name": "Marta", "language": None, "phone": "+34600111222", "email": None}


@pytest.mark.parametrize(
    ("address", "seen"),
    [
        ("+34600111222", "+34••••••222"),
        ("marta@example.com", "m•••@example.com"),
        ("+3460", "•••"),
        ("", "•••"),
    ],
)
def test_an_address_is_masked_so_that_only_who_knows_it_recognises_it(address: str, seen: str):
    assert masked(address) == seen


@given(st.from_regex(r"\+[1-9][0-9]{7,14}", fullmatch=True))
def test_a_masked_number_hides_at_least_three_digits(number: str):
    assert masked(number).count("•") >= 3
    assert number not in masked(number)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.085, "85 ms"), (3.21, "3.2 s"), (240, "4 min"), (7200, "2 h"), (432_000, "5 d"), (-0.5, "-500 ms")],
)
def test_a_span_is_told_in_its_natural_unit(seconds: float, words: str):
    assert lasting(timedelta(seconds=seconds)) == words


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=200))
def test_a_percentile_is_one_of_the_spans_and_grows_with_its_share(numbers: list[int]):
    spans = [timedelta(milliseconds=number) for number in numbers]

    found = [percentile(spans, share) for share in (0.0, 0.5, 0.95, 1.0)]

    assert set(found) <= set(spans)
    assert all(one is not None and two is not None and one <= two for one, two in pairwise(found))
    assert found[-1] == max(spans)


def test_the_95th_percentile_of_twenty_is_the_nineteenth():
    assert percentile([timedelta(seconds=n) for n in range(1, 21)], 0.95) == timedelta(seconds=19)


@pytest.mark.parametrize("state", State)
def test_every_state_has_a_verb_and_a_next_step(state: State):
    assert state in _NEXT
    assert state in _VERBS


@pytest.mark.parametrize(
    ("channel", "code", "words", "tries"),
    [
        (WHATSAPP, "130429", "Cloud API message throughput has been reached", 40),
        (WHATSAPP, "http_502", "Server error without a code: the message may have been taken", 8),
        (EMAIL, "5.1.1", "Bad destination mailbox address", 8),
        (WHATSAPP, "ceiling", "the company's hourly ceiling is reached", None),
        (WHATSAPP, "circuit:190", "our sender is stopped since 190; it is probed every minute", None),
        (EMAIL, "never heard of", "never heard of", None),
    ],
)
def test_a_code_is_told_in_words(channel: ChannelName, code: str, words: str, tries: int | None):
    assert meaning(channel, code) == words
    assert tries_allowed(channel, code) == tries


# Events that are made -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_a_made_event_is_one_that_we_understand(name: str):
    shape = event_type(name)

    event = event_from(event_of(shape, data_of(shape, MARTA, ["company_name=Acme GmbH"])))

    assert (event.type, event.recipient.phone, event.recipient.email) == (name, "+34600111222", None)
    assert event.facts["company_name"] == "Acme GmbH"


def test_facts_are_set_by_name_or_by_pointer_and_keep_their_kind():
    shape = event_type("payment_reminder")

    data = data_of(shape, MARTA, ["amount_due=7.00", "/company/id=12", "/invoice/number=F=1"])

    assert (data["invoice"]["amount_due"], data["company"]["id"], data["invoice"]["number"]) == ("7.00", 12, "F=1")


def test_facts_that_do_not_exist_are_refused_all_at_once():
    with pytest.raises(Refused) as refused:
        data_of(event_type("payment_reminder"), MARTA, ["amont=1", "amount_due", "/nowhere/x=1"])

    assert refused.value.code == 2
    assert "'amont=1', 'amount_due', '/nowhere/x=1'" in refused.value.words


def test_the_samples_themselves_are_never_changed():
    shape = event_type("payment_reminder")
    data_of(shape, MARTA, ["amount_due=7.00"])

    assert shape.sample["invoice"]["amount_due"] == "1250.00"


def test_the_first_secret_of_a_source_signs():
    assert secrets_by_source("odoo=whsec_new whsec_old; ai=whsec_c;") == {"odoo": "whsec_new", "ai": "whsec_c"}


# The demonstration's judgement ----------------------------------------------------------------------------------------


def judged(case: Case, answer: Answer, first: Answer | None = None) -> list[str]:
    return faults(Outcome(case, {}, answer, first))


@pytest.mark.parametrize("case", CASES, ids=[case.title for case in CASES])
def test_no_case_passes_when_the_door_fails(case: Case):
    assert judged(case, Answer(500, {}), Answer(202, {"id": "x"}))


@pytest.mark.parametrize(
    "case", [case for case in CASES if isinstance(case.expected, Messages)], ids=lambda case: case.title
)
def test_no_case_passes_when_its_messages_are_missing(case: Case):
    assert judged(case, Answer(202, {"events": []}))


NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def story_with(
    *, tries: int = 1, language: str = "es", state: State = State.DELIVERED, code: str | None = None
) -> Story:
    """The story of a WhatsApp message that was tried so often."""
    attempts = tuple(
        Attempt(UUID(int=n), n, "accepted", None, code, None, None, False, NOW, NOW) for n in range(1, tries + 1)
    )
    unset = {each.name: None for each in fields(Leg)}
    leg = Leg(
        **{**unset, "channel": WHATSAPP, "state": state, "language": language, "attempts": attempts, "happenings": ()}
    )
    intent = IntentStory(UUID(int=1), "r", "p", Urgency.BULK, "s", {}, (), 0, b"", None, NOW, (leg,))
    return Story(UUID(int=1), "1", "/odoo/demo", "k", "t", "done", None, NOW, {}, (intent,))


def judged_story(case: Case, story: Story) -> list[str]:
    taken = Answer(202, {"events": [{"id": str(UUID(int=1))}]})
    return faults(Outcome(case, {}, taken, None, story))


SPANISH = next(case for case in CASES if "in Spanish" in case.title)
THROTTLED_CASE = next(case for case in CASES if "429" in case.title)


@pytest.mark.parametrize(
    ("story", "fault"),
    [
        (story_with(), []),
        (story_with(state=State.READ), []),
        (story_with(state=State.FAILED), ["whatsapp is failed instead of delivered"]),
        (story_with(tries=2), ["2 tries instead of 1"]),
        (story_with(language="en"), ["whatsapp is in en instead of es"]),
    ],
    ids=["as expected", "read already", "failed", "tried twice", "wrong language"],
)
def test_a_message_that_is_not_as_expected_is_told(story: Story, fault: list[str]):
    assert judged_story(SPANISH, story) == fault


def test_a_fault_that_never_happened_is_told_although_the_message_arrived():
    story = story_with(tries=2, language="en", code="131016")

    assert judged_story(THROTTLED_CASE, story) == ["the provider never said 130429"]


def test_a_run_gives_everybody_numbers_of_his_own():
    run = Run("4821")
    phones = [phone for person in PEOPLE if (phone := run.phone(person))]
    places = [place for person in PEOPLE for channel, place in run.addresses(person).items() if channel != "whatsapp"]

    assert {len(phone) for phone in phones} == {12}
    assert len(set(phones)) == len(phones)
    assert len(set(places)) == len(places)
    assert len({run.partner(person) for person in PEOPLE}) == len(PEOPLE)
    assert "amelie.laurent.4821@example.com" in places


def test_the_day_has_every_message_type_on_every_channel_that_its_people_use():
    kinds = {case.shape.name for case in CASES if isinstance(case.expected, Messages)}
    channels = {channel for case in CASES if isinstance(case.expected, Messages) for channel in case.expected.states}

    assert {name for name in EVENT_TYPES if name.startswith("odoo.")} <= kinds
    assert "alert.stock_out" in kinds
    assert channels == set(ChannelName) - {ChannelName.CALLBACK}


# Endings --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "code", "attempt"),
    [
        (Refused("No.", "postroom try"), 1, "postroom try"),
        (Refused("How?", "postroom --help", code=2), 2, "postroom --help"),
        (Unavailable("PostgreSQL cannot be reached"), 75, "postroom up"),
        (redis.ConnectionError("gone"), 75, "postroom up"),
        (requests.ConnectionError("gone"), 75, "postroom up"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_foreseeable_fault_ends_with_the_command_to_try(
    error: Exception, code: int, attempt: str, capsys: pytest.CaptureFixture[str]
):
    assert end(error, as_json=False) == code
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines()[-1] == f"Try: {attempt}"


def test_missing_tables_are_told_as_such(capsys: pytest.CaptureFixture[str]):
    orig = Exception("relation does not exist")
    orig.sqlstate = "42P01"  # type: ignore[attr-defined]

    assert end(ProgrammingError("select", {}, orig), as_json=False) == 1
    assert capsys.readouterr().err.endswith("Try: postroom migrate\n")


def test_what_is_not_foreseen_is_raised_with_its_traceback():
    with pytest.raises(ZeroDivisionError):
        end(ZeroDivisionError(), as_json=False)


@pytest.mark.parametrize(
    "words",
    ["demo", "up", "send", "events post", "messages show", "messages why", "messages retry", "notices close", "doctor",
     "pause", "resume", "pauses", "mode", "config check", "routes explain", "templates lint", "migrate", "keys rotate"],
)  # fmt: skip
def test_each_command_explains_itself(words: str):
    shown = CliRunner().invoke(app, [*words.split(), "--help"])

    assert shown.exit_code == 0
    assert "Usage" in shown.output


def test_a_wrong_use_ends_with_2():
    assert CliRunner().invoke(app, ["pause", "nonsense"]).exit_code == 2
