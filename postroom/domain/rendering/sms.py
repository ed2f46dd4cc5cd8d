"""Text messages: one line, in the fewest characters that say it."""

from postroom.domain.channels import Rendered
from postroom.domain.facts import Facts
from postroom.domain.rendering.parts import Source, filled
from postroom.domain.rendering.reader import Reader
from postroom.domain.sms_text import plainer
from postroom.domain.templates import SmsWording, TemplateVersion


def render_sms(version: TemplateVersion, facts: Facts, reader: Reader) -> Rendered:
    """The text, with plain spaces, quotes and dashes where they make it cheaper."""
    wording = version.wording
    assert isinstance(wording, SmsWording)
    text = filled(version, facts, reader, {"text": Source(wording.text)})["text"]
    return Rendered(version.channel, version.language, plainer(" ".join(text.split())))
