"""SMS: alphabets, segments and the plainer spelling."""

import itertools
import json
import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.domain.sms_text import (
    BASIC,
    EXTENSION,
    PLAIN,
    ROOM,
    Encoding,
    Segments,
    encoding_of,
    plainer,
    segments,
    split,
)

ROOT = Path(__file__).resolve().parents[2]
GSM, UCS = Encoding.GSM_7, Encoding.UCS_2

gsm_texts = st.text(st.sampled_from(sorted(BASIC | EXTENSION)), max_size=700)
escaped_texts = st.text(st.sampled_from("a€|^"), max_size=700)
any_texts = st.text(max_size=400)
fine_texts = st.text(st.sampled_from("a…™“\u00a0‼"), max_size=300)
emoji_texts = st.text(st.sampled_from("aí😜👍🏽"), max_size=300)
texts = st.one_of(gsm_texts, escaped_texts, any_texts, fine_texts, emoji_texts)


def test_the_alphabet_has_127_characters_and_ten_more() -> None:
    # 128 places in the table, one of which is the escape itself.
    assert len(BASIC) == 127
    assert len(EXTENSION) == 10
    assert not BASIC & EXTENSION


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", Segments(GSM, 0, 0, 160), id="empty"),
        pytest.param("a" * 160, Segments(GSM, 1, 160, 0), id="a full one"),
        pytest.param("a" * 161, Segments(GSM, 2, 161, 145), id="one more"),
        pytest.param("€" * 80, Segments(GSM, 1, 160, 0), id="80 escapes"),
        pytest.param("€" * 81, Segments(GSM, 2, 162, 143), id="an escape pair leaves one septet empty"),
        pytest.param("a" * 152 + "€" + "a" * 151, Segments(GSM, 2, 305, 0), id="the pair moves on whole"),
        pytest.param("a" * 152 + "€" + "a" * 152, Segments(GSM, 3, 306, 152), id="306 septets that need three"),
        pytest.param("í" * 70, Segments(UCS, 1, 70, 0), id="70 accents"),
        pytest.param("í" * 71, Segments(UCS, 2, 71, 63), id="71 accents"),
        pytest.param("😜" * 35, Segments(UCS, 1, 70, 0), id="35 emoji"),
        pytest.param("😜" * 36, Segments(UCS, 2, 72, 61), id="a surrogate pair leaves one unit empty"),
        pytest.param("í" * 66 + "😜" + "í" * 66, Segments(UCS, 3, 134, 66), id="134 units that need three"),
    ],
)
def test_a_text_costs(text: str, expected: Segments) -> None:
    assert segments(text) == expected


@pytest.mark.parametrize("letter", "àèéìòùäöüñÄÖÜÑÉÇßøØåÅæÆ€")
def test_these_letters_cost_nothing_extra(letter: str) -> None:
    assert encoding_of(letter) is GSM


@pytest.mark.parametrize("letter", "áíóúçÁÍÓÚÀÈêâôãõěšżłąÿ’–\u00a0")
def test_these_put_the_whole_text_into_the_wide_alphabet(letter: str) -> None:
    assert encoding_of("a" * 80 + letter) is UCS
    assert segments("a" * 80 + letter).count == 2


@given(texts)
def test_the_parts_joined_are_the_text(text: str) -> None:
    assert "".join(split(text)) == text


@given(texts)
def test_no_part_exceeds_its_room_or_is_empty(text: str) -> None:
    parts = split(text)
    room = ROOM[encoding_of(text)]
    most = room.alone if len(parts) == 1 else room.joined
    for part in parts:
        assert 0 < _measure(part, encoding_of(text)) <= most


@given(texts)
def test_no_part_has_room_for_what_follows_it(text: str) -> None:
    parts, encoding = split(text), encoding_of(text)
    for part, following in itertools.pairwise(parts):
        assert _measure(part + following[0], encoding) > ROOM[encoding].joined


@given(texts)
def test_the_count_is_the_number_of_parts_and_left_is_what_fits(text: str) -> None:
    cost = segments(text)
    assert cost.count == len(split(text))
    assert cost.units == _measure(text, cost.encoding)
    filler = "a" * cost.left
    assert segments(text + filler).count == max(cost.count, 1 if text or filler else 0)
    assert segments(text + filler + "a").count == max(cost.count, 1) + 1


def _measure(text: str, encoding: Encoding) -> int:
    """Independent of the code under test: the bytes that the standard codec makes, and a count of escapes."""
    if encoding is UCS:
        return len(text.encode("utf-16-be", "surrogatepass")) // 2
    return len(text) + sum(text.count(character) for character in EXTENSION)


# The plainer spelling -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        pytest.param("“S00017” – it’s on its way…", '"S00017" - it\'s on its way...', id="quotes"),
        pytest.param("Total: 1\u202f250,00\u00a0€", "Total: 1 250,00 €", id="the spaces of formatted amounts"),
        pytest.param("oﬃce, cœur", "office, coeur", id="ligatures"),
        pytest.param("soft\u00adhy\u200bphen", "softhyphen", id="what nobody sees"),
        pytest.param("2\u00a0×\u00a0Cable", "2 x Cable", id="times"),
        pytest.param("cafe\u0301 man\u0303ana", "café mañana", id="letters that were decomposed"),
        pytest.param("El niño pagó «100 €»", "El niño pagó «100 €»", id="a Spanish accent keeps all as it is"),
        pytest.param("1½ kg, nº 1º, 20 °C", "1½ kg, nº 1º, 20 °C", id="what would read as something else"),
        pytest.param("col·lecció", "col·lecció", id="Catalan"),
        pytest.param("Plain text.", "Plain text.", id="plain already"),
        pytest.param("…" * 54, "…" * 54, id="what would cost more"),
        pytest.param("", "", id="empty"),
    ],
)
def test_a_text_is_spelled_plainly_where_that_loses_nothing(text: str, plain: str) -> None:
    assert plainer(text) == plain


def test_every_plain_spelling_is_in_the_small_alphabet() -> None:
    assert {fine: plain for fine, plain in PLAIN.items() if encoding_of(plain) is not GSM} == {}
    assert [chr(fine) for fine in PLAIN if chr(fine) in BASIC | EXTENSION] == []


def test_no_letter_loses_its_accent() -> None:
    def bare(letter: str) -> str:
        return "".join(c for c in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(c))

    letters = [chr(fine) for fine in PLAIN if chr(fine).isalpha() and unicodedata.category(chr(fine)) != "Lm"]
    assert [letter for letter in letters if unicodedata.decomposition(letter)[:1].isalnum()] == []
    assert all(bare(letter) == PLAIN[ord(letter)] for letter in letters if letter not in "œŒﬅ")


@given(texts)
def test_the_plainer_spelling_never_costs_more_segments(text: str) -> None:
    composed = unicodedata.normalize("NFC", text)
    assert segments(plainer(text)).count <= segments(composed).count


@given(texts)
def test_spelling_twice_changes_nothing(text: str) -> None:
    assert plainer(plainer(text)) == plainer(text)


# What the reference calculator says ---------------------------------------------------------------------------------


def test_every_vector_of_the_reference_calculator_holds() -> None:
    shared = Path(os.environ.get("POSTROOM_SHARED", ROOT.parent / "shared"))
    path = shared / "fixtures" / "sms" / "segments.json"
    if not path.is_file():
        message = "no vectors beside the repository; set POSTROOM_SHARED to their folder"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    vectors = json.loads(path.read_text())
    assert len(vectors) >= 15
    for vector in vectors:
        cost = segments(vector["body"])
        assert cost.count == vector["segments"], vector["name"]
        assert cost.encoding == vector.get("encoding", cost.encoding), vector["name"]
