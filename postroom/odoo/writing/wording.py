"""A person's words as the HTML that Odoo shows: escaped by us, with its line breaks."""

from collections.abc import Iterable
from html import escape

from postroom.domain.heard import Heard

TITLES = {"whatsapp": "WhatsApp", "sms": "SMS", "email": "email", "slack": "Slack", "teams": "Teams", "odoo": "Odoo"}


def way_of(heard: Heard) -> str:
    """The channel, as people call it."""
    return TITLES.get(heard.channel.value, heard.channel.value)


def body_of(heard: Heard, *, known: bool, left_out: Iterable[str] = ()) -> str:
    """His words; where Odoo does not know him they begin with who he says he is."""
    parts = [] if known else [f"<p><strong>{escape(_introduction(heard))}</strong></p>"]
    parts.append(f"<p>{_words(heard)}</p>")
    missing = [*left_out, *filter(None, [heard.left_out])]
    parts += [f"<p>Not carried over: {escape(each)}</p>" for each in missing]
    parts.append(f"<p><small>{escape(way_of(heard))}, {heard.at:%Y-%m-%d %H:%M} UTC</small></p>")
    return "".join(parts)


def _introduction(heard: Heard) -> str:
    who = " ".join(filter(None, [heard.name, heard.address])) or "somebody"
    return f"{who} wrote by {way_of(heard)}; no contact in Odoo is known by that alone."


def _words(heard: Heard) -> str:
    told = "<br>".join(escape(line) for line in heard.words.splitlines()) or "[no words]"
    return f"Pressed: <strong>{told}</strong>" if heard.pressed else told


def title_of(heard: Heard) -> str:
    """A line that names the conversation in lists."""
    first = next((line.strip() for line in heard.words.splitlines() if line.strip()), "")
    who = heard.name or heard.address or "somebody"
    return f"{way_of(heard)} from {who}: {first}"[:100].rstrip(": ")
