"""What a card says once nobody waits for its answer: the truth, in the reader's language, and within its bounds."""

from dataclasses import replace
from datetime import UTC, datetime
from string import Formatter

import pytest

from postroom.domain.approvals import Result
from postroom.domain.card_words import LINES, OWNERS, said
from postroom.domain.cards import CARRIED, EDITED, OBSOLETE, UNDER_WAY, Course, Reader, changed, word_for
from postroom.domain.channels import Button, ChannelName, Field, Rendered
from postroom.domain.fates import Fate
from postroom.domain.runs import RunStatus

AT = datetime(2026, 11, 23, 22, 30, tzinfo=UTC)
LAURA = Reader("partner:7", "en_GB", "Europe/Madrid")
CARD = Rendered(
    ChannelName.SLACK,
    "en",
    "Pablo asks for your approval.",
    subject="Approval needed",
    fields=(Field("Amount", "€8,400.00"),),
    buttons=(
        Button("Approve", payload="approve"),
        Button("Reject", payload="reject"),
        Button("View", url="https://x.io"),
    ),
)
DECIDED = Course(RunStatus.DECIDED, answer="approve", actor="partner:7", by="Laura", at=AT, code=Result.APPROVED)


def test_every_line_is_written_in_every_language_with_the_same_facts() -> None:
    def facts(lines: dict[str, str]) -> dict[str, set[str | None]]:
        return {word: {name for _, name, _, _ in Formatter().parse(line) if name} for word, line in lines.items()}

    assert {language: facts(dict(lines)) for language, lines in LINES.items()} == dict.fromkeys(
        LINES, facts(dict(LINES["en"]))
    )
    assert set(OWNERS) == set(LINES)


def test_every_end_of_a_run_has_its_line() -> None:
    ends = [
        *(replace(DECIDED, code=code) for code in (*Result, "http_503", None)),
        *(replace(DECIDED, answer=answer, under_way=True) for answer in ("approve", "reject", "?")),
        *(Course(RunStatus.OBSOLETE, why) for why in (*set(Fate) - {Fate.OPEN}, "changed", "?")),
        *(replace(DECIDED, status=status, code=code) for status in RunStatus for code in Result),
        replace(DECIDED, answer="acknowledged"),
    ]
    words = {word_for(end) for end in ends}
    assert words == set(LINES["en"])
    assert {*CARRIED.values(), *OBSOLETE.values(), *UNDER_WAY.values()} <= words
    assert set(OBSOLETE) == {*set(Fate) - {Fate.OPEN}, "changed"}


@pytest.mark.parametrize("channel", sorted(EDITED))
def test_a_decided_card_keeps_its_facts_and_loses_what_could_be_pressed(channel: ChannelName) -> None:
    now = changed(replace(CARD, channel=channel), DECIDED, LAURA, longest=3000)

    assert now is not None
    assert (now.subject, now.fields, [button.title for button in now.buttons]) == (CARD.subject, CARD.fields, ["View"])
    assert "Approved by Laura on 23 Nov 23:30. Done in Odoo." in now.text
    assert now.text.startswith(CARD.text)


def test_a_name_can_do_nothing_on_a_card() -> None:
    now = changed(CARD, replace(DECIDED, by="*Eve* <!channel>"), LAURA, longest=3000)

    assert now is not None
    assert "<!channel>" not in now.text
    assert now.text.count("*") == 2


def test_a_long_text_makes_room_for_the_line() -> None:
    now = changed(replace(CARD, text="x" * 3000), DECIDED, LAURA, longest=3000)

    assert now is not None
    assert (len(now.text), now.text.endswith("Done in Odoo.*")) == (3000, True)


def test_a_message_that_asked_nothing_stays_as_it_is() -> None:
    assert changed(replace(CARD, buttons=CARD.buttons[2:]), DECIDED, LAURA, longest=3000) is None


def test_after_a_decision_that_odoo_refused_the_others_can_answer_again() -> None:
    opened = replace(DECIDED, status=RunStatus.ACTIVE, code=Result.REFUSED)
    himself = changed(CARD, opened, LAURA, longest=3000)
    other = changed(CARD, opened, replace(LAURA, recipient="partner:8"), longest=3000)

    assert himself is not None
    assert other is not None
    assert himself.text == other.text
    assert "It is still open." in other.text
    assert (len(himself.buttons), other.buttons) == (1, CARD.buttons)


@pytest.mark.parametrize(
    ("owner", "language", "words"),
    [
        ("manager", "en", "It is now with the manager."),
        ("role:purchase", "de_AT", "bei der Gruppe purchase."),
        ("user:9", "fr", "l’affaire de quelqu’un d’autre."),
        ("", "es", "la persona responsable."),
        ("manager", "it", "It is now with the manager."),
    ],
)
def test_what_was_given_up_is_with_its_owner(owner: str, language: str, words: str) -> None:
    assert said("given_up", by="", at=None, owner=owner, language=language, zone=None).endswith(words)
