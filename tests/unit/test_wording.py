"""What a language model may say about a digest: every figure stands in it, as it is written there."""

import pytest

from postroom.domain.wording import MOST, unfaithful

SECTIONS = [
    {
        "title": "Receivables",
        "lines": [
            {"label": "Overdue invoices", "value": "14 (€8,250.00)"},
            {"label": "Due within a week", "value": "5 (€1,200.50, $300.00)"},
        ],
    }
]
DAY = "2026-11-23"


@pytest.mark.parametrize(
    "text",
    [
        "14 invoices are overdue (€8,250.00), and 5 more fall due within a week.",
        "Look at the overdue invoices first.",
        "On November 23, 2026, 14 invoices are overdue.",
    ],
)
def test_what_stands_in_the_lines_may_be_said(text: str):
    assert unfaithful(text, SECTIONS, DAY, "en") == []


@pytest.mark.parametrize(
    ("text", "strange"),
    [
        ("15 invoices are overdue.", "15"),
        ("€9,450.50 are open in all.", "9,450.50"),
        ("€8250.00 are overdue.", "8250.00"),
        ("14% are overdue.", "%"),
        ("£8,250.00 are overdue.", "£"),
        ("8,250.00 EUR are overdue.", "EUR"),
        ("Nearly twenty invoices are overdue.", "twenty"),
        ("La mitad está vencida.", "mitad"),
        ("Das Doppelte, also doppelt so viel.", "doppelt"),
        ("See https://example.com", "https:"),
        ("<b>14</b> are overdue", "<"),
        ("", "0 characters"),
        ("a" * (MOST + 1), f"{MOST + 1} characters"),
    ],
)
def test_what_does_not_stand_there_may_not(text: str, strange: str):
    assert strange in unfaithful(text, SECTIONS, DAY, "en")


def test_a_day_is_known_as_the_reader_writes_it():
    assert unfaithful("Am 23. November 2026 sind 14 überfällig.", SECTIONS, DAY, "de") == []
