"""Emails: a subject, a text and an HTML page that say the same."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

from jinja2 import TemplateError
from markupsafe import Markup

from postroom.domain import formats
from postroom.domain.channels import Button, Rendered
from postroom.domain.facts import Facts, Link
from postroom.domain.rendering.fault import RenderingFault
from postroom.domain.rendering.layout import HtmlButton, Page, laid_out
from postroom.domain.rendering.reader import Reader
from postroom.domain.rendering.sandbox import LANGUAGE, compiled
from postroom.domain.rendering.values import demand, present
from postroom.domain.safe_text import for_email
from postroom.domain.templates import ButtonSpec, EmailWording, ReplyButton, TemplateVersion

MAX_SUBJECT = 240
"""Characters; longer ones are cut by every mail client."""


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
    )


def _parts(version: TemplateVersion, wording: EmailWording, facts: Facts, reader: Reader) -> _Parts:
    sources = {"subject": wording.subject, "preheader": wording.preheader, "text": wording.text, "html": wording.html}
    sources["footer"] = wording.footer or ""
    try:
        names = [compiled(source, html=part == "html")[1] for part, source in sources.items()]
        demand(version, facts, frozenset().union(*names))
        context = {**facts, LANGUAGE: reader.language}
        done = {part: _rendered(source, context, html=part == "html") for part, source in sources.items()}
    except (TemplateError, KeyError, TypeError, AttributeError) as error:
        problem = f"cannot be rendered: {error}"
        raise RenderingFault(version.title, problem, "Run: postroom templates lint", reason="template") from error
    subject = _cut(" ".join(done["subject"].split()))
    return replace(_Parts(**done), subject=subject, preheader=" ".join(done["preheader"].split()))


def _rendered(source: str, context: Mapping[str, Any], *, html: bool) -> str:
    return compiled(source, html=html)[0].render(context).strip()


def _cut(subject: str) -> str:
    return subject if len(subject) <= MAX_SUBJECT else subject[: MAX_SUBJECT - 1].rstrip() + "…"


def _answers(version: TemplateVersion, wording: EmailWording, facts: Facts, reader: Reader, subject: str) -> _Answers:
    buttons: list[Button] = []
    sentences: list[str] = []
    for spec in wording.buttons:
        button = _button(version, spec, facts, reader, subject)
        if button is not None:
            buttons.append(button)
        else:
            sentences.append(_sentence_instead(version, spec))
    return _Answers(tuple(buttons), tuple(sentences))


def _button(version: TemplateVersion, spec: ButtonSpec, facts: Facts, reader: Reader, subject: str) -> Button | None:
    """A link; for a reply button a link that starts an answer, or None when there is nowhere to answer to."""
    if not isinstance(spec, ReplyButton):
        if spec.fact is None:
            return Button(spec.title, url=spec.prefix)
        link = present(version, facts, spec.fact)
        assert isinstance(link, Link)
        return Button(spec.title, url=link.url)
    if reader.capabilities.reply_buttons:
        return Button(spec.title, payload=spec.payload)
    if reader.reply_to:
        return Button(spec.title, url=f"mailto:{quote(reader.reply_to, safe='@')}?subject={quote(f'Re: {subject}')}")
    return None


def _sentence_instead(version: TemplateVersion, spec: ButtonSpec) -> str:
    if isinstance(spec, ReplyButton) and spec.instead:
        return spec.instead
    raise RenderingFault(
        version.title,
        f"has the reply button {spec.title!r}, which {version.channel} cannot carry",
        "Give the button an `instead`: the sentence to write in its place.",
        reason="reply_button",
    )


def _text(parts: _Parts, answers: _Answers, *, subject_apart: bool) -> str:
    links = [f"{button.title}: {_for_text(button)}" for button in answers.buttons if button.url]
    blocks = (
        "" if subject_apart else parts.subject,
        parts.text,
        "\n".join(links),
        "\n".join(answers.sentences),
        f"-- \n{parts.footer}" if parts.footer else "",
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
        )
    )


def _html_button(button: Button) -> HtmlButton:
    url = button.url or ""
    leads_to = url.removeprefix("mailto:").partition("?")[0] if _is_answer(button) else Link(url).host
    return HtmlButton(button.title, url, leads_to)


def _is_answer(button: Button) -> bool:
    return (button.url or "").startswith("mailto:")
