"""What a person opens from a message to decide what he was asked: it is shown to whoever holds the link, and decided by
nobody who has not proven by a code that he is who was asked."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import wraps
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, render_template, request

from postroom.domain import formats, languages
from postroom.domain.approval_words import BUTTONS, told
from postroom.domain.approvals import ANSWERS, Answer
from postroom.domain.channels import MOST_REASON, ChannelName
from postroom.domain.codes import LASTS, Proof, typed
from postroom.domain.deciding import CODE_CHANNELS, GONE, Standing
from postroom.domain.events import Event, EventRefused
from postroom.domain.facts import Link, Money, Prose
from postroom.domain.links import DECISIONS, Links, NotALink, Opening, Purpose, TooOld
from postroom.domain.routing import TITLES
from postroom.store.inbox import Unavailable, reaching
from webhooks import document_words
from webhooks.deciding_words import EN, Words, words_for
from webhooks.links import HEADERS, Foreign, Names, own_form
from webhooks.visitors import only_looks
from workers.tasks.look import Sight, look
from workers.tasks.prove import Forgotten, Given, answer, send_code
from workers.wiring import Rooms

LOOKS = 5
"""How often the page loads itself again while an answer is on its way into Odoo."""
PAUSE = 3
"""Seconds between two of them."""
SEND = "code:"
"""How the word of a button begins that sends a code; the channel follows."""
View = Callable[[str], Response]


@dataclass(frozen=True, slots=True)
class DecisionDesk:
    """What the pages work with."""

    links: Links
    rooms: Callable[[], Rooms]
    name_of: Names


@dataclass(frozen=True, slots=True)
class Said:
    """What is said at the top of a page, in answer to a form."""

    words: str = ""
    status: int = 200
    wait: int = 0
    """Seconds until it is worth trying again."""


NOTHING = Said()


def decisions(desk: DecisionDesk | None) -> Blueprint:
    """The room behind the links of approvals; without a secret to sign links there are none. Only a form changes."""
    room = Blueprint("decisions", __name__)
    if desk is None:
        return room

    @room.get(f"{DECISIONS}<token>")
    @_for_people
    def show_question(token: str) -> Response:
        opening = _opening(desk, token)
        with reaching():
            sight = look(desk.rooms(), opening.message)
        if sight is None:
            raise TooOld
        if only_looks(request.method, dict(request.headers)) and "open" not in request.args:
            return _cover(words_for(sight.letter.message.language))
        return _page(desk, token, sight)

    @room.post(f"{DECISIONS}<token>")
    @_for_people
    def take_form(token: str) -> Response:
        opening = _opening(desk, token)
        own_form(desk.links)
        if not desk.links.is_own_form(token, request.form.get("mark", "")):
            raise Foreign
        wish = request.form.get("do", "")
        with reaching():
            if wish in ANSWERS:
                return _take_answer(desk, token, opening, Answer(wish))
            return _take_wish(desk, token, opening, wish.removeprefix(SEND))

    return room


def _for_people(view: View) -> View:
    """Whatever goes wrong is told on a page, in words; a wrong link tells nothing at all."""

    @wraps(view)
    def answered(token: str) -> Response:
        words = document_words.EN
        try:
            response = view(token)
        except (TooOld, Forgotten, EventRefused):
            response = _plain(words.old, words.old_lead, 410)
        except NotALink:
            response = _plain(words.unknown, words.unknown_lead, 404)
        except Foreign:
            response = _plain(words.unknown, EN.refused, 403)
        except Unavailable:
            response = _plain(words.later, words.later_lead, 503)
            response.headers["Retry-After"] = "60"
        response.headers.update(HEADERS)
        return response

    return answered


def _opening(desk: DecisionDesk, token: str) -> Opening:
    opening = desk.links.opening(token, datetime.now(UTC))
    if opening.purpose is not Purpose.DECIDE:
        raise NotALink
    return opening


# Forms ----------------------------------------------------------------------------------------------------------------


def _take_wish(desk: DecisionDesk, token: str, opening: Opening, channel: str) -> Response:
    if channel not in CODE_CHANNELS:
        raise Foreign
    sending = send_code(desk.rooms(), opening.message, ChannelName(channel))
    if sending.sent:
        return _back(token)
    if sending.again_at is None:
        return _page(desk, token, sending.sight, Said(_words(sending.sight).late, 410))
    wait = max(1, int((sending.again_at - datetime.now(UTC)).total_seconds()))
    words = _words(sending.sight).many.format(at=_moment(sending.sight, sending.again_at))
    return _page(desk, token, sending.sight, Said(words, 429, wait))


def _take_answer(desk: DecisionDesk, token: str, opening: Opening, wish: Answer) -> Response:
    reason = request.form.get("reason", "").strip()[:MOST_REASON]
    code = typed(request.form.get("code", ""))
    rooms = desk.rooms()
    sight = look(rooms, opening.message)
    if sight is None:
        raise TooOld
    if sight.decidable and (code is None or (wish is Answer.REJECT and not reason)):
        words = _words(sight)
        return _page(desk, token, sight, Said(words.shape if code is None else words.reasonless, 422))
    trial = answer(rooms, opening.message, Given(code or "", wish, reason or None))
    if trial.proof is Proof.GOOD or (trial.proof is None and trial.sight.vote is not None):
        return _back(token)  # also where he sends the same form again
    return _page(desk, token, trial.sight, _refusal(trial.sight, trial.proof))


def _refusal(sight: Sight, proof: Proof | None) -> Said:
    words = _words(sight)
    left = sight.code.left if sight.code else 0
    if proof is Proof.WRONG and left:
        return Said(words.wrong.format(left=left), 403)
    if proof in (Proof.WRONG, Proof.WORN):
        return Said(words.worn, 429)
    return Said(words.old if proof is Proof.OLD else words.late, 410)


def _back(token: str) -> Response:
    """To the page itself, which may be loaded again as often as one likes."""
    return Response(status=303, headers={"Location": f"{DECISIONS}{token}?open=1"})


# Pages ----------------------------------------------------------------------------------------------------------------


def _page(desk: DecisionDesk, token: str, sight: Sight, said: Said = NOTHING) -> Response:
    words, event, code = _words(sight), sight.letter.event, sight.code
    usable = code is not None and code.holds(datetime.now(UTC))
    page = render_template(
        "deciding.html",
        w=words,
        company=desk.name_of(event.company.id) or event.company.name,
        title=words.title.format(document=_document(event)),
        said=said.words,
        lines=list(_lines(sight)),
        facts=list(_facts(sight)),
        bar=getattr(words, sight.bar) if sight.bar and sight.standing is Standing.OPEN else None,
        decidable=sight.decidable,
        sent=_sent(sight) if usable else None,
        ways=_ways(sight, again=usable) if sight.decidable else (),
        buttons=BUTTONS[words.tag],
        reason=request.form.get("reason", "")[:MOST_REASON],
        record=_record(event),
        undecided=sight.standing in (Standing.OPEN, Standing.EXPIRED),
        action=f"{DECISIONS}{token}",
        mark=desk.links.form_mark(token),
        reason_at_most=MOST_REASON,
    )
    response = Response(page, said.status if said.words else 410 if sight.standing in GONE else 200)
    if said.wait:
        response.headers["Retry-After"] = str(said.wait)
    if not said.words:
        _look_again(response, sight)
    return response


def _look_again(response: Response, sight: Sight) -> None:
    """While an answer is on its way into Odoo the page loads itself again, for a while."""
    given = request.args.get("look", "")
    looks = int(given) if given in {str(each) for each in range(LOOKS)} else 0
    under_way = sight.standing is Standing.DECIDED and sight.first is not None and sight.first.under_way
    if under_way and given != str(LOOKS):
        response.headers["Refresh"] = f"{PAUSE}; url=?open=1&look={looks + 1}"


def _lines(sight: Sight) -> Iterator[str]:
    """How it stands, in sentences."""
    words, vote, first = _words(sight), sight.vote, sight.first
    if sight.standing is Standing.DECIDED and first is not None:
        by = {"by": first.by, "answer": BUTTONS[words.tag][Answer(first.answer)], "at": _moment(sight, first.at)}
        yield words.decided.format_map(by)
        yield words.under_way if first.under_way else _in_odoo(sight, first.code)
    elif sight.standing is Standing.ANSWERED and vote is not None:
        at = _moment(sight, vote.at)
        yield words.answered.format(answer=BUTTONS[words.tag][Answer(vote.answer)], at=at)
    else:
        yield words.over if sight.standing is Standing.DECIDED else getattr(words, sight.standing)


def _in_odoo(sight: Sight, code: str | None) -> str:
    """What became of it in Odoo: the title by which whoever decided it was told."""
    facts = {"document": _text(sight.letter.event, "document_number"), "words": "", "amount": "", "state": ""}
    try:
        return f"{told(code or '', _words(sight).tag, facts)[0]}."
    except KeyError:  # a fault's code, which is nobody's to read here
        return _words(sight).under_way


def _facts(sight: Sight) -> Iterator[tuple[str, str]]:
    words, event, locale = _words(sight), sight.letter.event, _locale(sight)
    amount, deadline = event.facts.get("amount_total"), event.facts.get("deadline")
    if isinstance(amount, Money):
        yield words.amount, formats.money(amount, locale)
    yield words.requester, _text(event, "requester")
    yield words.description, _text(event, "description")
    if isinstance(deadline, date):
        yield words.deadline, formats.day(deadline, locale)
    yield words.asked, ", ".join(sight.asked)


def _ways(sight: Sight, *, again: bool) -> list[tuple[str, str]]:
    """The buttons that send a code: what each says to us, and to him."""
    words = _words(sight)
    sentence = words.send_again if again else words.send
    return [(f"{SEND}{way.channel}", sentence.format(channel=TITLES[way.channel])) for way in sight.ways]


def _sent(sight: Sight) -> str:
    assert sight.code is not None
    until = _moment(sight, sight.code.made_at + LASTS)
    return _words(sight).sent.format(channel=TITLES[sight.code.channel], at=until)


def _cover(words: Words) -> Response:
    """For link previews and scanners that say who they are: no name, no amount."""
    doc: Mapping[str, object] = {"title": words.yours, "leads": [words.yours_lead], "ways": [(words.look, "?open=1")]}
    return Response(render_template("document.html", w=words, company=None, **doc))


def _plain(title: str, lead: str, status: int) -> Response:
    return Response(render_template("plain.html", w=EN, title=title, lead=lead), status)


# What is read ---------------------------------------------------------------------------------------------------------


def _words(sight: Sight) -> Words:
    return words_for(sight.letter.message.language)


def _locale(sight: Sight) -> str:
    message = sight.letter.message
    return languages.locale_for(message.language, message.languages)


def _moment(sight: Sight, at: datetime) -> str:
    """By his own clock."""
    zone = (sight.person.timezone if sight.person else None) or sight.letter.run.tz
    return formats.moment(at.astimezone(ZoneInfo(zone)), _locale(sight))


def _document(event: Event) -> str:
    return f"{_text(event, 'document_type')} {_text(event, 'document_number')}"


def _text(event: Event, name: str) -> str:
    fact = event.facts.get(name)
    return fact.words if isinstance(fact, Prose) else str(fact or "")


def _record(event: Event) -> str | None:
    link = event.facts.get("record_url")
    return link.url if isinstance(link, Link) else None
