"""What somebody is reminded of who looks after a customer that disputes."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from postroom.domain.dunning import Act, Decision, Line, Why
from postroom.domain.safe_text import MAX_PROSE
from postroom.domain.statements import WORDS, Chore, chore
from workers.tasks.review_disputes import AT_ONCE

DUE = date(2026, 11, 3)


@pytest.mark.parametrize("language", WORDS)
def test_the_command_that_settles_a_dispute_stands_whole_in_its_reminder(language: str) -> None:
    numbers = range(9_000_000, 9_000_000 + AT_ONCE)
    lines = tuple(Line(each, f"INV/2026/{each}", DUE, Decimal("1234.50"), Decimal(9999), "EUR") for each in numbers)
    command = f"postroom collections dispute 9000000 {' '.join(map(str, numbers))} --ended --company 12"
    decision = Decision(Act.TELL, Why.DISPUTED, lines=lines)
    on = DUE + timedelta(days=9)
    told = chore(Chore.REVIEW, language, customer="Deco Addict", decision=decision, on=on, command=command)

    assert "Deco Addict" in told["title"]
    assert "INV/2026/9000000" in told["explanation"]
    assert told["explanation"].endswith(command)
    assert len(told["explanation"]) <= MAX_PROSE
