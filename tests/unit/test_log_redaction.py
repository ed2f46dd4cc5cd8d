"""A short cut in front of the redaction that must never let through what the redaction would have hidden."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.logging import HIDDEN, IN_TEXT, redact

PIECES = [
    "whsec_",
    "://",
    "Bearer ",
    "Bearer\t",
    "@",
    "+",
    "34600111222",
    "user:password",
    "marta@example.com",
    ".",
    "-",
]


@pytest.mark.parametrize(
    "secret",
    [
        "whsec_c2VjcmV0",
        "postgresql://user:password@host/db",
        "Authorization: Bearer\tEAAG.x-y",
        "marta.ruiz@example.com",
        "+34600111222",
    ],
)
def test_what_lets_somebody_in_or_says_who_somebody_is_is_hidden_inside_free_text(secret: str) -> None:
    told = redact(None, "info", {"event": f"it failed for {secret} at once"})["event"]

    assert HIDDEN in told
    assert secret not in told


@given(st.lists(st.sampled_from(PIECES) | st.text(string.printable, max_size=6), max_size=8).map("".join))
def test_the_short_cut_hides_exactly_what_the_whole_search_hides(words: str) -> None:
    assert redact(None, "info", {"event": words})["event"] == IN_TEXT.sub(HIDDEN, words)
