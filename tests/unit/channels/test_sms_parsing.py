"""What SMS makes of hostile forms: events, labels or Malformed, and never anything else."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postroom.domain.channels import EventKind
from workers.channels.base import Malformed
from workers.channels.sms.errors import code_of
from workers.channels.sms.signature import is_signed
from workers.channels.sms.webhook import parse

FIXTURES = sorted((Path(__file__).parents[2] / "fixtures" / "sms").glob("*.form"))
FORMS = [dict(parse_qsl(path.read_text(), keep_blank_values=True)) for path in FIXTURES]
NAMES = sorted({name for form in FORMS for name in form})
ODD = st.one_of(st.text(max_size=20), st.sampled_from(["", "\x00", "9" * 5000, "-1", "٣", "STOP", "whatsapp:+1", "0"]))
URLS = st.sampled_from(
    ["", "https://x.example/status?attempt=0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b", "https://[", "\ud800"]
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    form = dict(draw(st.sampled_from(FORMS)))
    for name in draw(st.lists(st.sampled_from(NAMES), max_size=3)):
        form[name] = draw(ODD)
    for name in draw(st.lists(st.sampled_from(NAMES), max_size=2)):
        form.pop(name, None)
    return urlencode(form).encode()


def _kept(headers: dict[str, str], raw: bytes) -> None:
    """Either Malformed, or events that a database can hold and labels that a metric can bear."""
    try:
        parsed = parse(headers, raw)
    except Malformed:
        return
    assert parsed.events or parsed.ignored or parsed.unknown
    for event in parsed.events:
        assert 0 < len(event.key) <= 600
        assert event.occurred_at.utcoffset() == timedelta()
        assert (event.fault is not None) == (event.kind is EventKind.FAILED)
        for word in filter(None, (event.key, event.account, event.text, event.address, *event.extra.values())):
            assert "\x00" not in word
            word.encode("utf-8")
    for label in (*parsed.ignored, *parsed.unknown):
        assert label.isascii()
        assert len(label) <= 200


@given(mutated(), URLS)
@settings(max_examples=400, deadline=None)
def test_any_mutation_of_a_form_is_events_labels_or_malformed(raw: bytes, url: str) -> None:
    _kept({"x-postroom-url": url, "x-postroom-received-at": url}, raw)


@given(st.binary(max_size=200), URLS)
def test_any_bytes_at_all_are_read_or_malformed(raw: bytes, url: str) -> None:
    _kept({"x-postroom-url": url}, raw)


@given(st.binary(max_size=200), st.text(max_size=60), st.text(max_size=40))
def test_no_bytes_no_address_and_no_signature_raise(raw: bytes, url: str, signature: str) -> None:
    assert not is_signed(("token",), {"X-Postroom-Url": url, "X-Twilio-Signature": signature}, raw)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (21211, "21211"),
        ("21211", "21211"),
        (0, ""),
        ("0", ""),
        (None, ""),
        (True, ""),
        ("x", ""),
        (10**12, ""),
        ("٣", ""),
    ],
)
def test_a_code_has_one_spelling(raw: object, code: str) -> None:
    assert code_of(raw) == code
