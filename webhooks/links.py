"""What a person opens from a message: his own preferences, and the one click that mutes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from typing import Any, Protocol
from urllib.parse import urlsplit

import structlog
from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as Answer

from postroom.domain.channels import ChannelName
from postroom.domain.digests import Section
from postroom.domain.links import Holder, Links, NotALink
from postroom.store.inbox import Unavailable
from webhooks.choices import Choices, Choosable, Sheet, Wish
from webhooks.link_words import EN, Words, words_for

MAX_FORM = 16 * 1024
HEADERS = {
    # The form may be sent, to us alone. The address is the key: it goes to nobody, but tells us where a form came from.
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
}
View = Callable[[str], Response]
log = structlog.get_logger(__name__)


class Names(Protocol):
    """What a company is called; None where nobody said."""

    def __call__(self, company: str) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Desk:
    """What the pages work with."""

    links: Links
    choices: Choices
    name_of: Names


class Foreign(Exception):
    """A form that was not sent from our own page."""


def links(desk: Desk | None) -> Blueprint:
    """The rooms for people who were sent a link; without a secret to sign links there are none."""
    room = Blueprint("links", __name__)
    if desk is None:
        return room

    @room.get("/preferences/<token>")
    @for_people
    def show_preferences(token: str) -> Response:
        holder = _holder(desk, token)
        return _page(desk, holder, desk.choices.sheet(holder))

    @room.post("/preferences/<token>")
    @for_people
    def save_preferences(token: str) -> Response:
        holder = _holder(desk, token)
        own_form(desk.links)
        changed = desk.choices.save(holder, _wish(request.form))
        turned = {"kinds": len(changed.kinds), "sections": len(changed.sections), "ways": len(changed.ways)}
        log.info("preferences_saved", company=holder.company, **turned)
        return _page(desk, holder, desk.choices.sheet(holder), changed)

    @room.get("/unsubscribe/<token>")
    def show_instead(token: str) -> Answer:
        # Scanners follow every link of a mail: what changes something is posted.
        return redirect(f"/preferences/{token}", 303)

    @room.post("/unsubscribe/<token>")
    @for_people
    def unsubscribe(token: str) -> Response:
        holder = _holder(desk, token)
        request.max_content_length = MAX_FORM
        if request.form.get("List-Unsubscribe") != "One-Click":  # RFC 8058: whoever means it says so
            return _page(desk, holder, desk.choices.sheet(holder))
        changed = desk.choices.mute(holder, ChannelName.EMAIL)
        log.info("unsubscribed", company=holder.company, message_type=holder.message_type)
        return _page(desk, holder, desk.choices.sheet(holder), changed)

    return room


def for_people(view: View) -> View:
    """Whatever goes wrong is told on a page, in words; a wrong link tells nothing at all."""

    @wraps(view)
    def answer(token: str) -> Response:
        try:
            response = view(token)
        except NotALink:
            response = _plain(EN, EN.gone, EN.gone_lead, 404)
        except Foreign:
            response = _plain(EN, EN.gone, EN.refused, 403)
        except Unavailable:
            response = _plain(EN, EN.later, EN.later_lead, 503)
            response.headers["Retry-After"] = "60"
        response.headers.update(HEADERS)
        return response

    return answer


def _holder(desk: Desk, token: str) -> Holder:
    return desk.links.holder(token, datetime.now(UTC))


def own_form(ours: Links) -> None:
    """Refuse a form that another site sent; the token is the secret, so this is a second lock."""
    request.max_content_length = MAX_FORM
    given = request.headers.get("Origin")
    if given is not None and urlsplit(given).netloc not in {urlsplit(ours.public_url).netloc, request.host}:
        raise Foreign


def _wish(form: Any) -> Wish:
    ticked = frozenset() if form.get("none") else _boxes(form.getlist("on"))
    ways = _ways(form.getlist("way"))
    sections = _sections(form.getlist("section"))
    return Wish(
        shown=_boxes(form.getlist("shown"))
        | _ways(form.getlist("shown_way"))
        | _sections(form.getlist("shown_section")),
        ticked=ticked | ways | sections,
    )


def _boxes(values: list[str]) -> frozenset[Choosable]:
    pairs = [value.partition(":") for value in values]
    return frozenset((kind, ChannelName(way)) for kind, _, way in pairs if way in CHANNELS)


def _ways(values: list[str]) -> frozenset[Choosable]:
    return frozenset(ChannelName(value) for value in values if value in CHANNELS)


def _sections(values: list[str]) -> frozenset[Choosable]:
    return frozenset(Section(value) for value in values if value in SECTIONS)


CHANNELS = frozenset(channel.value for channel in ChannelName)
SECTIONS = frozenset(section.value for section in Section)


def _page(desk: Desk, holder: Holder, sheet: Sheet, changed: Sheet | None = None) -> Response:
    words = words_for(holder.language)
    kinds: dict[str, dict[ChannelName, bool]] = {}
    for (kind, channel), on in sheet.kinds.items():
        kinds.setdefault(kind, {})[channel] = on
    told = None if changed is None else list(_told(words, changed)) or [words.unchanged]
    company = desk.name_of(holder.company)
    return Response(
        render_template(
            "preferences.html",
            w=words,
            kinds=kinds,
            sections=sheet.sections,
            ways=sheet.ways,
            told=told,
            company=company,
        )
    )


def _told(words: Words, changed: Sheet) -> list[str]:
    kinds = [
        (words.again if on else words.no_longer).format(what=words.kind(kind), channel=words.channel(channel))
        for (kind, channel), on in changed.kinds.items()
    ]
    ways = [
        _capitalised((words.way_again if on else words.way_closed).format(channel=words.channel(channel)))
        for channel, on in changed.ways.items()
    ]
    sections = [
        (words.section_again if on else words.section_gone).format(what=words.section(section))
        for section, on in changed.sections.items()
    ]
    return kinds + sections + ways


def _capitalised(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def _plain(words: Words, title: str, lead: str, status: int) -> Response:
    return Response(render_template("plain.html", w=words, title=title, lead=lead), status)
