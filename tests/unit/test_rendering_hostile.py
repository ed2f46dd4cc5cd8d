"""Facts can do nothing on any channel: every text of every event is hostile, and the message is as harmless as ever."""

import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from config.template_files import load_templates
from postroom.domain.channels import ChannelName, Rendered
from postroom.domain.event_types import shape_of
from postroom.domain.facts import Facts, Figure, Kind, Line, Prose, Section
from postroom.domain.own_links import sample_facts
from postroom.domain.rendering import render
from postroom.domain.safe_text import MAX_FACT, MAX_SMS_FACT, for_slack, for_slack_title, for_sms, for_teams
from postroom.domain.sms_text import plainer
from postroom.domain.template_lint import SUPPOSED
from postroom.domain.templates import TemplateVersion

SLACK, TEAMS, SMS, ODOO = ChannelName.SLACK, ChannelName.TEAMS, ChannelName.SMS, ChannelName.ODOO
TEMPLATES = load_templates()

PIECES = (
    *("http://", "https:", "//", "www.", "evil", ".", "com", "@", "here", "mailto:", "ｈｔｔｐ：／／", "．", "⁄", "…"),
    *("*", "_", "~", "~~", "**", "`", "```", "\n", " ", "\u202e", "\u200b", "\\", "&lt;", "&amp;", "&#60;", "&"),
    *("<!channel>", "<@U012AB3CD>", "<#C1>", "<https://evil.example|x>", "<", ">", "|", ":fire:", "<at>", "</at>"),
    *("[x](", "](", "[", "]", "]:", "!", "(", ")", "#", "# ", "- ", "1. ", "=", "---", "+ ", "> ", "{{", "<b>"),
)
hostile = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=12).map("".join)
MARKDOWN = MarkdownIt("commonmark").enable(["strikethrough", "table"])
URL = re.compile(r"[a-z][a-z0-9+.-]*:[/\\]{2}[^\s>|)]+|www\.\w+|(?:mailto|tel|javascript):\w+", re.IGNORECASE)


def with_words(version: TemplateVersion, words: str) -> Facts:
    """The sample's facts with every text in them replaced."""
    shape = shape_of(version.event_type)
    texts: dict[Kind, Any] = {
        Kind.TEXT: words,
        Kind.PROSE: Prose(words),
        Kind.LINES: (Line(words, Decimal(1)),),
        Kind.SECTIONS: (Section(words, (Figure(words, words), Figure(words, "1"))),),
    }
    facts = dict(sample_facts(shape.name))
    return facts | {spec.name: texts[spec.kind] for spec in shape.facts if spec.kind in texts}


def write(version: TemplateVersion, words: str) -> Rendered:
    carried = replace(SUPPOSED[version.channel], max_text=100_000)
    return render(version, with_words(version, words), language=version.language, capabilities=carried)


def shown(rendered: Rendered) -> list[str]:
    return [rendered.subject or "", rendered.text, *(field.value for field in rendered.fields)]


def links(rendered: Rendered) -> list[str]:
    return [url for part in shown(rendered) for url in URL.findall(part)]


@pytest.mark.parametrize("version", TEMPLATES.matching(channel=SMS), ids=lambda version: version.title)
@settings(deadline=None, max_examples=40)
@given(words=hostile)
@example(words="ｈｔｔｐ：／／evil．com")
def test_an_sms_holds_the_links_that_were_meant_and_no_other(version: TemplateVersion, words: str):
    rendered = write(version, words)

    assert links(rendered) == links(write(version, "Marta"))
    assert "\n" not in rendered.text


@pytest.mark.parametrize("channel", [SLACK, TEAMS, ODOO])
@settings(deadline=None, max_examples=100)
@given(words=hostile, data=st.data())
def test_a_card_holds_no_link_that_a_fact_brought(channel: ChannelName, words: str, data: st.DataObject):
    version = data.draw(st.sampled_from(TEMPLATES.matching(channel=channel)))

    rendered = write(version, words)

    assert links(rendered) == []
    assert [button.url for button in rendered.buttons] == [button.url for button in write(version, "x").buttons]
    assert all(len(field.value) <= 7 * MAX_FACT for field in rendered.fields)


# Slack --------------------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=300)
@given(hostile)
@example("<!channel> <@U012AB3CD> &lt;!here&gt;")
def test_slack_finds_no_mention_no_mark_and_no_picture_in_a_fact(words: str):
    clean = for_slack(words)

    assert not re.search(r"[<>]", clean)
    assert not re.search(r"&(?!amp;|lt;|gt;)", clean)
    assert "`" not in clean
    assert not re.search(r":[a-z][a-z0-9_+'-]*:", clean)
    assert not re.search(r"(?<![^\W_])[*_~]|[*_~](?![^\W_])", clean)
    assert not clean.startswith("&gt;")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Müller & Söhne <GmbH>", "Müller &amp; Söhne &lt;GmbH&gt;"),
        ("*Urgent* _now_ ~no~ `x`", "Urgent now no x"),
        ("<!here> @channel", "&lt;!here&gt; @ channel"),
        ("> quoted", "quoted"),
        ("at 10:30:15", "at 10:30:15"),
        ("nice:fire:", "nice: fire:"),
        ("INV_2026_1", "INV_2026_1"),
        ("***", "–"),
    ],
)
def test_slack_shows_a_facts_words(words: str, expected: str):
    assert for_slack(words) == expected


@settings(deadline=None, max_examples=300)
@given(hostile)
@example("Müller & Co &lt;!channel&gt; <!here>")
def test_a_title_is_harmless_whether_slack_reads_it_as_plain_or_as_mrkdwn(words: str):
    clean = for_slack_title(words)

    assert not re.search(r"[<>`]", clean)
    assert not re.search(r"&#?\w+;", clean)


def test_a_title_keeps_its_ampersand():
    assert for_slack_title("Müller & Söhne <b>") == "Müller & Söhne b"


# Teams --------------------------------------------------------------------------------------------------------------


def _acts(markdown: str) -> list[str]:
    """Everything that Markdown makes of a text but the text."""
    blocks = MARKDOWN.parse(markdown)
    tokens = [token for block in blocks for token in (block, *(block.children or ()))]
    return [f"{token.type} {token.attrs.get('href', '')}" for token in tokens if token.type != "text"]


@settings(deadline=None, max_examples=400)
@given(hostile, st.sampled_from(["{}", "x {} y", "- {}: {}", "Title\n\n{}", "a\n{}", "({})", "1. {}"]))
@example("[x]", "- {}: {}")
@example("a\\", "{} b")
@example("x_*_y_*_z", "{}")
def test_markdown_makes_nothing_of_a_fact_but_its_words(words: str, around: str):
    clean = for_teams(words)

    assert _acts(around.replace("{}", clean)) == _acts(around.replace("{}", "Zz"))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("[CABLE-3M] Cable 3 m", "[CABLE-3M] Cable 3 m"),
        ("[click](https://evil.example)", "[click] (https: //evil. example)"),
        ("<at>Laura</at>", "< at>Laura< /at>"),
        ("3*4 and **bold**", "3 * 4 and bold"),
        ("# 1 priority", "1 priority"),
        ("1. first", "1 . first"),
        ("C:\\temp\\[x", "C:\\temp\\ [x"),
        ("INV_2026_1", "INV_2026_1"),
        ("&nbsp;x", "& nbsp;x"),
    ],
)
def test_teams_shows_a_facts_words(words: str, expected: str):
    assert for_teams(words) == expected


# SMS ----------------------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=300)
@given(hostile)
def test_a_plainer_spelling_wakes_nothing_in_a_fact(words: str):
    clean = for_sms(words)

    assert not URL.search(clean)
    assert not URL.search(plainer(clean))
    assert len(clean) <= 3 * MAX_SMS_FACT
