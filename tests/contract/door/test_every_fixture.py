"""Every payload that we know, and what becomes of broken ones: through the real door, and read as a house reads it.

Whatever is posted is answered 200 or refused, never with a 500; whatever is kept is read or set aside, never left.
"""

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postroom.domain.channels import ChannelName
from postroom.services.postgres import Postgres
from postroom.services.valkey import Valkey
from tests.conftest import TEMPLATE
from tests.contract.channels.conftest import fixture_files, shared
from tests.contract.door.posting import PATHS, World, opened
from webhooks.providers import MAX_CHAT, MAX_MAIL, MAX_META

__all__ = ["shared"]

POSTING = list(PATHS)
KNOWN = [(channel, path) for channel in POSTING for path in fixture_files(channel)]
SILENT = [
    path
    for channel in ChannelName
    if channel not in POSTING
    for path in sorted((Path(__file__).parents[2] / "fixtures" / channel).rglob("*.json"))
]
"""What the channels without webhooks keep as fixtures: answers of Odoo's, a callback of our own."""
REFUSED = (401, 413)


@pytest.fixture(scope="module")
def house(postgres_server: Postgres, valkey_server: Valkey) -> Iterator[World]:
    with opened(postgres_server.create("every_fixture", template=TEMPLATE), valkey_server.url()) as world:
        yield world
    postgres_server.drop("every_fixture")


@pytest.fixture
def world(house: World) -> World:
    house.empty()
    return house


def kept_and_read(world: World, status: int) -> None:
    """It was answered, and nothing of it waits for ever or has failed within."""
    assert status in (200, *REFUSED)
    fate = world.observed()
    assert not fate.open
    assert len(fate.requests) == (status == 200)


# What we know --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("channel", "path"), KNOWN, ids=[f"{channel}-{path.name}" for channel, path in KNOWN])
def test_a_payload_goes_in_by_the_door_and_is_read_as_its_name_says(
    world: World, channel: ChannelName, path: Path
) -> None:
    expected = path.name.partition("__")[0]
    status = world.post(channel, path.read_bytes()).status_code
    fate = world.observed()

    assert not fate.open
    if expected == "malformed":
        # A token of Microsoft's is bound to what an activity says of itself: without that it is not even let in.
        assert (status, fate.requests) in ((200, ["dead"]), (401, []))
        return
    assert (status, fate.requests) == (200, ["parsed"])
    assert fate.read_as == {expected} if expected != "mixed" else len(fate.read_as) > 1


@pytest.mark.parametrize(("channel", "path"), KNOWN, ids=[f"{channel}-{path.name}" for channel, path in KNOWN])
def test_a_payload_that_nobody_signed_is_turned_away(world: World, channel: ChannelName, path: Path) -> None:
    assert world.post(channel, path.read_bytes(), signed=False).status_code == 401
    assert world.observed().requests == []


@pytest.mark.parametrize("path", SILENT, ids=lambda path: path.stem)
@pytest.mark.parametrize("channel", POSTING, ids=str)
def test_what_belongs_to_a_channel_without_webhooks_is_read_as_nothing(
    world: World, channel: ChannelName, path: Path
) -> None:
    kept_and_read(world, world.post(channel, path.read_bytes()).status_code)
    assert not world.observed().read_as - {"ignored", "unknown", "replied"}


def of_the_providers(shared: Path) -> Iterator[tuple[ChannelName, str, bytes]]:
    """The payloads that the providers themselves publish; a file of several is taken apart."""
    for path in sorted((shared / "fixtures" / "whatsapp").glob("*.json")):
        told = json.loads(path.read_text())
        for case, payload in [("", told)] if "entry" in told else told.items():
            yield ChannelName.WHATSAPP, f"{path.stem} {case}", json.dumps(payload).encode()
    for case, payload in json.loads((shared / "fixtures" / "slack" / "payloads.json").read_text()).items():
        yield ChannelName.SLACK, case, _as_slack_posts(case, payload)
    for path in sorted((shared / "fixtures" / "teams").glob("*.json")):
        yield ChannelName.TEAMS, path.stem, path.read_bytes()
    for path in sorted((shared / "fixtures" / "email").glob("*.txt")):
        yield ChannelName.EMAIL, path.stem, path.read_bytes()
    for case in json.loads((shared / "fixtures" / "sms" / "segments.json").read_text()):
        form = {"MessageSid": "SM" + "1" * 32, "Body": case["body"], "From": "+34600111222", "To": "+15550002222"}
        yield ChannelName.SMS, case["name"], urlencode({**form, "SmsStatus": "received"}).encode()


def _as_slack_posts(case: str, payload: Any) -> bytes:
    if isinstance(payload, str):
        return payload.encode()
    form = case.startswith(("block_actions.", "view_submission.", "shortcut."))
    return urlencode({"payload": json.dumps(payload)}).encode() if form else json.dumps(payload).encode()


def test_what_the_providers_publish_goes_in_and_is_read(house: World, shared: Path) -> None:
    payloads = list(of_the_providers(shared))
    wrong = [f"{channel} {case}: {fault}" for channel, case, raw in payloads for fault in _faults(house, channel, raw)]
    assert {channel for channel, _, _ in payloads} == set(POSTING)
    assert not wrong, "\n".join(wrong)


def _faults(world: World, channel: ChannelName, raw: bytes) -> Iterator[str]:
    world.empty()
    status = world.post(channel, raw).status_code
    fate = world.observed()
    # Of Teams there are cards and activities without the service that a token is bound to.
    if status != 200 and (channel, status) != (ChannelName.TEAMS, 401):
        yield f"answered {status}"
    if status == 200 and (fate.requests != ["parsed"] or not fate.read_as):
        yield f"{fate.requests}, read as {sorted(fate.read_as)}"
    yield from fate.open


# What is broken ------------------------------------------------------------------------------------------------------

WHOLE: Mapping[ChannelName, str] = {
    ChannelName.WHATSAPP: "replied__text.json",
    ChannelName.SLACK: "replied__direct.json",
    ChannelName.TEAMS: "replied__text.json",
    ChannelName.SMS: "replied__text.form",
    ChannelName.EMAIL: "replied__gmail.eml",
}
LIMITS: Mapping[ChannelName, int] = {
    **dict.fromkeys(POSTING, MAX_CHAT),
    ChannelName.WHATSAPP: MAX_META,
    ChannelName.EMAIL: MAX_MAIL,
}


def whole(channel: ChannelName) -> bytes:
    """A payload of the channel that nothing is wrong with."""
    return next(path for path in fixture_files(channel) if path.name == WHOLE[channel]).read_bytes()


BREAKS: Mapping[str, Any] = {
    "nothing": lambda raw: b"",
    "cut at the first byte": lambda raw: raw[:1],
    "cut at a quarter": lambda raw: raw[: len(raw) // 4],
    "cut in the middle": lambda raw: raw[: len(raw) // 2],
    "cut before the end": lambda raw: raw.rstrip()[:-1],
    "cut at its beginning": lambda raw: raw[1:],
    "twice": lambda raw: raw + raw,
    "nested deeply": lambda raw: b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    "nested in lists": lambda raw: b"[" * 100_000 + b"]" * 100_000,
    "parts within parts": lambda raw: b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (at, at) for at in range(500)
    ),
    "another alphabet": lambda raw: raw.decode("utf-8").encode("utf-16"),
    "a mark of byte order": lambda raw: b"\xef\xbb\xbf" + raw,
    "no UTF-8": lambda raw: raw.replace(b"a", b"\xe9\xff"),
    "bytes of zero": lambda raw: raw.replace(b"e", b"\x00"),
    "escaped zeros": lambda raw: raw.replace(b'": "', b'": "\\u0000'),
    "half of a pair": lambda raw: raw.replace(b'": "', b'": "\\ud800'),
    "percent signs": lambda raw: raw.replace(b"=", b"=%00%ff%"),
    "not a number": lambda raw: b'{"object": NaN, "entry": -Infinity, "type": 1e999}',
    "a list": lambda raw: b"[1, 2, 3]",
    "a word": lambda raw: b'"hello"',
    "noise": lambda raw: bytes(range(256)) * 64,
    "an entity": lambda raw: b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>',
}


@pytest.mark.parametrize("how", BREAKS)
@pytest.mark.parametrize("channel", POSTING, ids=str)
def test_a_broken_payload_is_refused_or_counted_and_never_left(world: World, channel: ChannelName, how: str) -> None:
    kept_and_read(world, world.post(channel, BREAKS[how](whole(channel))).status_code)


@pytest.mark.parametrize("channel", POSTING, ids=str)
def test_a_payload_that_is_too_large_is_refused_before_it_is_believed(world: World, channel: ChannelName) -> None:
    raw = whole(channel)
    assert world.post(channel, raw + b" " * (LIMITS[channel] - len(raw) + 1)).status_code == 413
    assert world.observed().requests == []


@pytest.mark.parametrize("poster", POSTING, ids=str)
@pytest.mark.parametrize("owner", POSTING, ids=str)
def test_a_payload_of_another_channel_is_refused_or_counted(
    world: World, owner: ChannelName, poster: ChannelName
) -> None:
    if owner is poster:
        return
    raw = whole(owner)
    kept_and_read(world, world.post(poster, raw).status_code)
    assert owner is ChannelName.EMAIL or "opted_out" not in world.observed().read_as


@pytest.mark.parametrize("poster", POSTING, ids=str)
@pytest.mark.parametrize("owner", POSTING, ids=str)
def test_a_signature_of_another_provider_opens_no_door(world: World, owner: ChannelName, poster: ChannelName) -> None:
    if owner is poster:
        return
    raw = whole(poster)
    answer = world.post(poster, raw, path=PATHS[owner](raw))
    assert answer.status_code in (401, 415)
    assert world.observed().requests == []


# What nobody thought of ----------------------------------------------------------------------------------------------

ODD = st.sampled_from(
    [None, True, 0, -1, 10**40, 1e308, "", " ", "\x00", "\ud800", "é" * 300, "x" * 70_000, [], {}, [[]], [None], "1"]
)


def _places(value: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield (*here, key)
        yield from _places(each, (*here, key))


@st.composite
def in_json(draw: st.DrawFn, channel: ChannelName) -> bytes:
    """A payload with odd values in some of its places, or without them."""
    texts = [path.read_bytes() for path in fixture_files(channel) if path.suffix == ".json"]
    readable = [raw for raw in texts if _readable(raw)]
    payload = json.loads(draw(st.sampled_from(readable)))
    for _ in range(draw(st.integers(1, 3))):
        places = list(_places(payload))
        if not places:
            break
        *way, last = draw(st.sampled_from(places))
        inside = payload
        for step in way:
            inside = inside[step]
        inside[last] = deepcopy(draw(ODD))  # its lists are the same each time, and none may come to stand in itself
    return json.dumps(payload).encode()


def _readable(raw: bytes) -> bool:
    try:
        return isinstance(json.loads(raw), dict)
    except ValueError:
        return False


@st.composite
def in_bytes(draw: st.DrawFn, channel: ChannelName) -> bytes:
    """A payload with some of its bytes replaced, dropped or doubled."""
    raw = draw(st.sampled_from(fixture_files(channel))).read_bytes()
    for _ in range(draw(st.integers(1, 4))):
        first = draw(st.integers(0, max(len(raw) - 1, 0)))
        last = draw(st.integers(first, min(first + 40, len(raw))))
        raw = raw[:first] + draw(st.one_of(st.binary(max_size=8), st.just(raw[first:last] * 2))) + raw[last:]
    return raw


@pytest.mark.parametrize("channel", POSTING, ids=str)
@given(data=st.data())
@settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_no_mutation_breaks_the_door_or_what_reads_behind_it(
    house: World, channel: ChannelName, data: st.DataObject
) -> None:
    mutations = [in_bytes(channel)]
    if any(path.suffix == ".json" for path in fixture_files(channel)):
        mutations.append(in_json(channel))
    raw = data.draw(st.one_of(mutations))
    house.empty()
    kept_and_read(house, house.post(channel, raw).status_code)
