"""Emails: a subject, a text and an HTML page that say the same."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from urllib.parse import quote

from markupsafe import Markup

from postroom.domain import formats
from postroom.domain.channels import Button, Rendered
from postroom.domain.facts import Facts, Link
from postroom.domain.rendering.buttons import link_buttons, reply_button, sentence_instead
from postroom.domain.rendering.layout import HtmlButton, HtmlLink, Page, laid_out
from postroom.domain.rendering.parts import Form, Source, cut, filled
from postroom.domain.rendering.reader import Reader
from postroom.domain.rendering.values import attachment
from postroom.domain.safe_text import for_email
from postroom.domain.templates import EmailWording, LinkButton, TemplateVersion

MAX_SUBJECT = 240
"""Characters; longer ones are cut by every mail client."""
CHOOSE_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "en": "Choose which messages you receive",
        "es": "Elija qué mensajes recibe",
        "fr": "Choisissez les messages que vous recevez",
        "de": "Wählen Sie, welche Nachrichten Sie erhalten",
    }
)
"""What leads to the reader's own preferences, by language; English for every other."""


@dataclass(frozen=True, slots=True)
class _Parts:
    subject: str
    preheader: str
    text: str
    html: str
    footer: str


@dataclass(frozen=True, slots=True)
class _Answers:
    """The buttons of one email, and the sentences that stand in for those that mail cannot have."""

    buttons: tuple[Button, ...]
    sentences: tuple[str, ...]
    choose: HtmlLink | None
    """The way to the reader's preferences."""


def render_email(version: TemplateVersion, facts: Facts, reader: Reader) -> Rendered:
    """Both alternatives, the subject, and the buttons as links."""
    wording = version.wording
    assert isinstance(wording, EmailWording)
    parts = _parts(version, wording, facts, reader)
    answers = _answers(version, wording, facts, reader, parts.subject)
    carried = reader.capabilities
    return Rendered(
        channel=version.channel,
        language=version.language,
        text=_text(parts, answers, subject_apart=carried.subject),
        subject=parts.subject if carried.subject else None,
        html=_html(version, facts, parts, answers) if carried.html else None,
        buttons=answers.buttons,
        attachments=tuple(attachment(version, facts, name) for name in wording.attachments if carried.attachments),
    )


def _parts(version: TemplateVersion, wording: EmailWording, facts: Facts, reader: Reader) -> _Parts:
    sources = {
        "subject": Source(wording.subject, Form.LINE),
        "preheader": Source(wording.preheader, Form.LINE),
        "text": Source(wording.text, Form.TEXT),
        "html": Source(wording.html, Form.HTML),
        "footer": Source(wording.footer or "", Form.TEXT),
    }
    parts = _Parts(**filled(version, facts, reader, sources))
    return replace(parts, subject=cut(parts.subject, MAX_SUBJECT))


def _choose(version: TemplateVersion, reader: Reader) -> HtmlLink | None:
    if reader.preferences_url is None:
        return None
    words = CHOOSE_WORDS.get(version.language.partition("_")[0], CHOOSE_WORDS["en"])
    return HtmlLink(words, reader.preferences_url)


def _answers(version: TemplateVersion, wording: EmailWording, facts: Facts, reader: Reader, subject: str) -> _Answers:
    buttons: list[Button] = []
    sentences: list[str] = []
    for spec in wording.buttons:
        if isinstance(spec, LinkButton):
            buttons += link_buttons(version, facts, spec)
        elif reader.capabilities.reply_buttons:
            buttons.append(reply_button(spec))
        elif reader.reply_to:
            buttons.append(Button(spec.title, url=_letter_to(reader.reply_to, subject)))
        else:
            sentences.append(sentence_instead(version, spec))
    return _Answers(tuple(buttons), tuple(sentences), _choose(version, reader))


def _letter_to(address: str, subject: str) -> str:
    return f"mailto:{quote(address, safe='@')}?subject={quote(f'Re: {subject}')}"


def _text(parts: _Parts, answers: _Answers, *, subject_apart: bool) -> str:
    links = [f"{button.title}: {_for_text(button)}" for button in answers.buttons if button.url]
    blocks = (
        "" if subject_apart else parts.subject,
        parts.text,
        "\n".join(links),
        "\n".join(answers.sentences),
        f"-- \n{parts.footer}" if parts.footer else "",
        f"{answers.choose.title}: {answers.choose.href}" if answers.choose else "",
    )
    return "\n\n".join(block for block in blocks if block) + "\n"


def _for_text(button: Button) -> str:
    """In plain text an answer's address is enough; its subject would be a line of percent signs."""
    return (button.url or "").partition("?")[0] if _is_answer(button) else button.url or ""


def _html(version: TemplateVersion, facts: Facts, parts: _Parts, answers: _Answers) -> str:
    sender = facts.get("company_name")
    return laid_out(
        Page(
            language=version.language.replace("_", "-"),
            direction=formats.direction(version.language),
            subject=parts.subject,
            preheader=parts.preheader,
            sender=for_email(sender) if isinstance(sender, str) else "",
            content=Markup(parts.html),  # noqa: S704 -- made by the sandbox, which escapes every fact
            buttons=tuple(_html_button(button) for button in answers.buttons if button.url),
            sentences=answers.sentences,
            footer=parts.footer or None,
            choose=answers.choose,
        )
    )


def _html_button(button: Button) -> HtmlButton:
    url = button.url or ""
    leads_to = url.removeprefix("mailto:").partition("?")[0] if _is_answer(button) else Link(url).host
    return HtmlButton(button.title, url, leads_to)


def _is_answer(button: Button) -> bool:
    return (button.url or "").startswith("mailto:")
