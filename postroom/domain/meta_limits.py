"""What Meta accepts in a message template, checked before Meta is asked: its refusal takes hours, this takes none."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import urlsplit

from postroom.domain.templates import PLACEHOLDER, ButtonSpec, LinkButton, ReplyButton, WhatsAppWording

MAX_BODY = 1024
MAX_FOOTER = 60
MAX_TITLE = 25
MAX_BUTTONS = 10
MAX_LINKS = 2
MAX_URL = 2000
CATEGORIES = ("UTILITY", "MARKETING")
NAME = re.compile(r"[a-z0-9_]{1,512}")
PAYLOAD = re.compile(r"[a-z0-9_:.-]{1,128}")

_CODES = """
af ar ar_AE ar_EG ar_LB ar_MA ar_QA ar_SA az bg bn ca cs da de el en en_AU en_CA en_GB en_IN en_US es es_AR es_CL es_CO
es_ES es_MX es_PE es_VE et fa fi fil fr fr_BE fr_CA ga gu ha he hi hr hu id it ja ka kk kn ko ky_KG lo lt lv mk ml mr
ms nb nl pa pl pt_BR pt_PT ro ru rw_RW sk sl sq sr sv sw ta te th tr uk ur uz vi zh_CN zh_HK zh_TW zu
"""
LANGUAGES = frozenset(_CODES.split())
"""The codes of Meta's template API; a language has no other spelling there."""

_BRACES = re.compile(r"\{\{[^{}]*\}\}|\{\{|\}\}")
_EDGE_NOISE = " \t\n.,;:!?…-–—'\"()"
_TOUCHING = re.compile(r"\}\}\{\{")
_EMOJI = re.compile("[\u2600-\u27bf\U0001f000-\U0001faff]")


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing wrong with a template: where in its variant, what, and the remedy."""

    path: str
    problem: str
    remedy: str


def flaws(wording: WhatsAppWording) -> Iterator[Flaw]:
    """Everything for which Meta would refuse this template."""
    yield from _naming(wording)
    yield from _body(wording.body)
    yield from _footer(wording.footer or "")
    yield from _buttons(wording.buttons)


def least_words(placeholders: int) -> int:
    """Words that Meta wants beside so many placeholders.

    Meta publishes no figure for 2388293; messaging providers measured 2n + 1 independently of each other.
    """
    return 2 * placeholders + 1 if placeholders else 1


def _naming(wording: WhatsAppWording) -> Iterator[Flaw]:
    if not NAME.fullmatch(wording.meta_name):
        yield Flaw("meta.name", "may hold a-z, 0-9 and _ only", "Rename it, as in payment_reminder.")
    if wording.meta_language not in LANGUAGES:
        yield Flaw("meta.language", f"{wording.meta_language!r} is not a code of Meta's", "Use one such as en, pt_BR.")
    if wording.category not in CATEGORIES:
        yield Flaw("meta.category", f"{wording.category!r} is not sent by us", f"Use {' or '.join(CATEGORIES)}.")


def _body(body: str) -> Iterator[Flaw]:
    yield from _length("body", body, MAX_BODY)
    for braces in _BRACES.findall(body):
        if not PLACEHOLDER.fullmatch(braces):
            yield Flaw("body", f"{braces} is not a flat placeholder", "Write it as {{customer_name}}, without spaces.")
    core = body.strip(_EDGE_NOISE)
    if core.startswith("{{"):
        yield Flaw("body", "begins with a placeholder (Meta 2388299)", "Put a word before it.")
    if core.endswith("}}"):
        yield Flaw("body", "ends with a placeholder (Meta 2388299; a full stop does not help)", "Put a word after it.")
    if _TOUCHING.search(body):
        yield Flaw("body", "has two placeholders that touch", "Put a word or a space between them.")
    if "\t" in body or "     " in body or "\n\n\n" in body:
        yield Flaw("body", "has a tab, more than four spaces or more than two line breaks in a row", "Remove them.")
    yield from _density(body)


def _density(body: str) -> Iterator[Flaw]:
    placeholders = len(PLACEHOLDER.findall(body))
    words = sum(any(char.isalnum() for char in word) for word in PLACEHOLDER.sub(" ", body).split())
    least = least_words(placeholders)
    if words < least:
        problem = f"has {words} words beside {placeholders} placeholders; Meta wants about {least} (2388293)"
        yield Flaw("body", problem, f"Add {least - words} or more words, or drop a placeholder.")


def _footer(footer: str) -> Iterator[Flaw]:
    if footer:
        yield from _length("footer", footer, MAX_FOOTER)
    if "{{" in footer or "\n" in footer or _EMOJI.search(footer):
        yield Flaw("footer", "holds a placeholder, a line break or an emoji (Meta 2388073)", "Move it to the body.")


def _buttons(buttons: tuple[ButtonSpec, ...]) -> Iterator[Flaw]:
    if len(buttons) > MAX_BUTTONS:
        yield Flaw("buttons", f"are {len(buttons)}; Meta takes {MAX_BUTTONS}", "Drop some.")
    if sum(isinstance(button, LinkButton) for button in buttons) > MAX_LINKS:
        yield Flaw("buttons", f"hold more than {MAX_LINKS} links", "Drop one, or make it a reply button.")
    kinds = [type(button) for button in buttons]
    if sum(one is not other for one, other in pairwise(kinds)) > 1:
        yield Flaw("buttons", "mix links and replies", "Put all replies together, before or after the links.")
    titles = [button.title for button in buttons]
    for at, button in enumerate(buttons):
        if button.title in titles[:at]:
            yield Flaw(f"buttons.{at}.title", f"{button.title!r} stands twice", "Give each button its own title.")
        yield from _button(f"buttons.{at}", button)


def _button(path: str, button: ButtonSpec) -> Iterator[Flaw]:
    yield from _length(f"{path}.title", button.title, MAX_TITLE)
    if "{{" in button.title or "\n" in button.title or _EMOJI.search(button.title):
        yield Flaw(f"{path}.title", "holds a placeholder, a line break or an emoji", "Use plain words.")
    if isinstance(button, ReplyButton):
        if not PAYLOAD.fullmatch(button.payload):
            yield Flaw(f"{path}.reply", "may hold 1 to 128 of a-z, 0-9, _ : . -", "Rename it, as in contact_us.")
        return
    yield from _link(path, button)


def _link(path: str, button: LinkButton) -> Iterator[Flaw]:
    if button.prefix is None and button.fact is not None:
        return  # a link of our own: its beginning is not the template's
    prefix = button.prefix or ""
    parts = urlsplit(prefix)
    if parts.scheme != "https" or not parts.hostname or not parts.path.startswith("/") or "@" in parts.netloc:
        # Without the slash the variable end could change the host: https://erp.example.com{{1}}.
        remedy = "Write it as https://erp.example.com/{{1}}."
        yield Flaw(f"{path}.url", "must begin with https://, a host name and a slash", remedy)
    if "{{" in prefix:
        yield Flaw(f"{path}.url", "may hold one {{1}}, at its end", "Move it to the end.")
    yield from _length(f"{path}.url", prefix, MAX_URL)


def _length(path: str, text: str, most: int) -> Iterator[Flaw]:
    if not 1 <= len(text) <= most:
        yield Flaw(path, f"has {len(text)} characters; Meta takes 1 to {most}", "Shorten it." if text else "Write it.")
