"""What may not be said by WhatsApp about money."""

import pytest

from config.template_files import load_templates
from postroom.domain.channels import ChannelName
from postroom.domain.tact import harsh_word
from postroom.domain.template_lint import lint
from postroom.domain.templates import WhatsAppWording, template_from

STATEMENT = load_templates().find("payment_statement", ["en"], ChannelName.WHATSAPP)


@pytest.mark.parametrize(
    "words",
    ["This is a debt collection notice", "Sus deudas", "avant recouvrement", "bevor das Inkasso kommt", "LEGAL ACTION"],
)
def test_what_reads_like_the_collection_of_debts_is_found(words: str) -> None:
    assert harsh_word(words)


@pytest.mark.parametrize("words", ["statement of account", "I have doubts", "Entschuldigung", "estado de cuenta"])
def test_what_is_only_near_it_is_not(words: str) -> None:
    assert harsh_word(words) is None


def test_a_template_by_whatsapp_that_threatens_is_refused() -> None:
    wording = STATEMENT.wording
    assert isinstance(wording, WhatsAppWording)
    harsh = template_from({**STATEMENT.spec, "body": f"{wording.body} We will take legal action against you."})
    assert any("'legal action'" in flaw.problem for flaw in lint(harsh))


def test_none_of_ours_by_whatsapp_threatens_anybody() -> None:
    bodies = [each.wording.body for each in load_templates() if isinstance(each.wording, WhatsAppWording)]
    assert bodies
    assert not [body for body in bodies if harsh_word(body)]
