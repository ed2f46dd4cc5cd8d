"""The link of an approval: everybody may read behind it, and only he decides who proves by a code that he was asked."""

import re
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from postroom.domain.channels import ChannelName
from postroom.domain.links import Opening, Purpose
from postroom.domain.safety import Mode
from postroom.odoo.patience import Patience
from postroom.store.ids import new_id
from postroom.store.inbox import Unavailable
from postroom.store.safety import set_mode
from tests.approvers import BROWSER, LAURA, PABLO, Office, chains, words
from tests.boardroom import press, question
from tests.builders import SEALER, FixedClock, StubChannel, keep, query
from tests.contract.door.senders import Recorder, door_over
from webhooks.app import create_app
from webhooks.documents import DocumentDesk
from workers.wiring import Rooms

SLACK, EMAIL = ChannelName.SLACK, ChannelName.EMAIL


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def open_office(make_rooms: Callable[..., Rooms], clock: FixedClock) -> Callable[..., Office]:
    def made(needs: str = "any") -> Office:
        slack, email = StubChannel(SLACK), StubChannel(EMAIL)
        return Office(make_rooms(slack, email, clock=clock, chains=chains(needs)), slack, email)

    return made


@pytest.fixture
def office(open_office: Callable[..., Office]) -> Office:
    return open_office()


# Looking --------------------------------------------------------------------------------------------------------------


def test_whoever_holds_the_link_reads_what_is_asked_and_changes_nothing(office: Office) -> None:
    link = office.ask()
    before = office.everything()
    answer = office.open(link)
    office.client.head(link, headers=BROWSER)
    office.client.get(f"{link}?open=1&do=approve&code=123456", headers=BROWSER)

    assert answer.status_code == 200
    for told in ("P00042", "€8,400.00", "Pablo Soler", "200 m of cable", "27 November 2026", "Person 7", "Acme Iberia"):
        assert told in words(answer)
    assert "Nobody has decided it yet." in words(answer)
    assert office.everything() == before
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert answer.headers["Referrer-Policy"] == "same-origin"


def test_a_scanner_that_follows_every_link_of_a_mail_decides_nothing_and_learns_no_amount(office: Office) -> None:
    link = office.ask()
    before = office.everything()
    for agent in ("Mozilla/5.0 (compatible; Proofpoint)", "Slackbot-LinkExpanding 1.0", "WhatsApp/2.23"):
        answer = office.client.get(link, headers={"User-Agent": agent})
        assert answer.status_code == 200
        assert not re.search(r"8,400|P00042|Pablo|Person", answer.text)
    assert office.everything() == before


TOLD = {
    "es_ES": ["Aprobación: ", "8.400,00 €", "Nadie lo ha decidido", "un código por Slack"],
    "fr_FR": ["Approbation : ", "8 400,00 €", "Personne n’en a", "code par Slack"],
    "de_DE": ["Freigabe: ", "8.400,00 €", "Noch hat niemand", "Code per Slack senden"],
}


def test_the_page_is_in_the_language_of_its_message(office: Office) -> None:
    for document, (language, told) in enumerate(TOLD.items()):
        answer = office.open(office.ask(language=language, document=document + 1))
        assert f'<html lang="{language[:2]}">' in answer.text
        for each in told:
            assert each in words(answer).replace("\xa0", " ").replace("\u202f", " ")


def test_a_link_that_we_did_not_make_for_an_approval_opens_nothing_and_a_forgotten_one_says_so(office: Office) -> None:
    office.ask()
    assert [office.open(f"/a/{forged}").status_code for forged in ("x" * 39, "", "nobody.signed")] == [404] * 3
    links = office.rooms.links
    assert links is not None
    (row,) = query(office.rooms.engine, "select id from message_log")
    assert office.open(f"/a/{links.opening_token(Opening(row.id, Purpose.PAY))}").status_code == 404
    assert office.open(f"/a/{links.opening_token(Opening(new_id(), Purpose.DECIDE))}").status_code == 410


def test_under_a_whatsapp_button_it_begins_as_meta_approved_and_is_the_same_link(
    office: Office,
) -> None:
    token = office.ask().removeprefix("/a/")
    links = office.rooms.links
    assert links is not None
    memory: Any = None  # nothing is looked up
    desk = DocumentDesk(links, memory, lambda _: None, {}, lambda _: None, Patience(1))
    client = create_app(replace(door_over(None, Recorder(), None), document_desk=desk)).test_client()
    answer = client.get(f"/o/{token}")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/a/{token}")


def test_while_postgresql_is_away_the_page_asks_for_patience(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    link = office.ask()

    def away(*_: object) -> None:
        raise Unavailable("PostgreSQL cannot be reached")

    monkeypatch.setattr("webhooks.deciding.look", away)
    answer = office.open(link)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")


# Deciding -------------------------------------------------------------------------------------------------------------


def test_a_code_from_slack_decides_and_the_decision_goes_into_odoo_once_in_his_name(office: Office) -> None:
    link = office.ask()
    code = office.ask_for_code(link)
    assert "A code went to you by Slack" in words(office.open(link))
    first = office.submit(link, do="approve", code=f"{code[:3]} {code[3:]}")
    again = office.submit(link, do="approve", code=code)

    assert (first.status_code, again.status_code) == (303, 303)
    assert office.votes() == [("partner:107", "approve", "link:email")]
    (writing,) = office.writings()
    assert (writing["uid"], writing["answer"], writing["model"], writing["id"]) == (7, "approve", "purchase.order", 42)
    page = office.open(first.headers["Location"])
    assert page.status_code == 200
    assert "Person 7 answered “Approve” on" in words(page)
    assert "on its way into Odoo" in words(page)
    assert page.headers["Refresh"].startswith("3; url=?open=1&look=1")
    assert office.trail() == ["began", "fired", "code_sent", "voted", "decided"]


def test_two_answers_in_the_same_moment_are_one(office: Office) -> None:
    link = office.ask()
    code, mark = office.ask_for_code(link), office.mark_of(link)
    together, answers = threading.Barrier(4), list[int]()

    def send(wish: str) -> None:
        form = {"mark": mark, "do": wish, "code": code, "reason": "Twice the price"}
        together.wait()
        answers.append(office.app.test_client().post(link, data=form).status_code)

    threads = [threading.Thread(target=send, args=(wish,)) for wish in ("approve", "reject", "approve", "reject")]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert answers == [303, 303, 303, 303]  # whoever is not first is led to the page that says what was
    assert len(office.votes()) == len(office.writings()) == 1


def test_who_rejects_says_why_and_the_reason_goes_into_odoo_sealed_until_then(office: Office) -> None:
    link = office.ask()
    code = office.ask_for_code(link)
    silent = office.submit(link, do="reject", code=code, reason="  ")
    assert (silent.status_code, office.votes()) == (422, [])
    assert "Say why you reject it." in words(silent)
    office.submit(link, do="reject", code=code, reason="Twice the usual price")

    assert office.votes() == [("partner:107", "reject", "link:email")]
    assert office.writings()[0]["reason"] == "Twice the usual price"
    (vote,) = query(office.rooms.engine, "select reason from vote")
    assert b"usual price" not in vote.reason
    assert SEALER.open_text(vote.reason, "vote.reason") == "Twice the usual price"


def test_where_all_must_agree_he_reads_that_others_are_still_to_answer(open_office: Callable[..., Office]) -> None:
    office = open_office("all")
    link = office.ask(LAURA)
    other = office.ask(PABLO)
    office.decide(link, "approve")
    assert "You answered “Approve” on" in words(office.open(link))
    assert "Others are still to answer" in words(office.open(link))
    assert "code by Slack" not in words(office.open(link))
    office.decide(other, "approve")
    assert "Person 8 answered “Approve” on" in words(office.open(link))
    assert len(office.writings()) == 1


def test_what_somebody_decided_elsewhere_is_told_and_decided_no_second_time(office: Office) -> None:
    link = office.ask(LAURA)
    code = office.ask_for_code(link)
    keep(office.rooms.engine, question(PABLO))
    office.mail()
    assert press(office.rooms, PABLO, "reject")
    page = office.open(link)
    late = office.submit(link, do="approve", code=code)

    assert "Person 8 answered “Reject” on" in words(page)
    assert page.status_code == 200
    assert late.status_code == 410
    assert "Your answer decided nothing" in words(late)
    assert [answer for _, answer, _ in office.votes()] == ["reject"]


def test_an_answer_after_the_end_is_told_that_it_came_too_late(office: Office) -> None:
    link = office.ask(LAURA)
    code = office.ask_for_code(link)
    query(office.rooms.engine, "update run set status = 'cancelled', ended_at = began_at")
    late = office.submit(link, do="approve", code=code)
    assert late.status_code == 410
    assert "Your answer decided nothing" in words(late)
    assert office.votes() == []


# What is not his to decide --------------------------------------------------------------------------------------------


def test_a_forwarded_link_sends_codes_to_nobody_but_himself(office: Office) -> None:
    link = office.ask(LAURA)
    assert office.submit(link, do="code:email").status_code == 403
    assert office.submit(link, do="code:teams").status_code == 410
    assert office.submit(link, do="code:U0PERSON8").status_code == 403
    office.ask_for_code(link)
    assert [to for _, to, _ in office.slack.sent] == ["U0PERSON7"]


def test_a_code_for_one_question_answers_no_other(office: Office) -> None:
    mine, another = office.ask(LAURA, document=42), office.ask(LAURA, document=43)
    code = office.ask_for_code(mine)
    while (fresh := office.ask_for_code(another)) == code:  # one time in a million
        pass
    assert office.submit(mine, do="approve", code=fresh).status_code == 403
    assert office.submit(another, do="approve", code=code).status_code == 403
    assert office.votes() == []


def test_a_code_is_guessed_five_times_at_most_and_three_are_sent_in_an_hour(office: Office) -> None:
    link = office.ask()
    code = office.ask_for_code(link)
    wrong = f"{(int(code) + 1) % 10**6:06}"
    tried = [office.submit(link, do="approve", code=wrong) for _ in range(5)]
    assert [each.status_code for each in tried] == [403, 403, 403, 403, 429]
    assert "Tries left: 4." in words(tried[0])
    right = office.submit(link, do="approve", code=code)
    assert (right.status_code, office.votes()) == (429, [])
    assert office.trail().count("code_wrong") == 5

    office.ask_for_code(link)
    third = office.ask_for_code(link)
    fourth = office.submit(link, do="code:slack")
    assert fourth.status_code == 429
    assert 3000 < int(fourth.headers["Retry-After"]) <= 3600
    assert "Too many codes were sent" in words(fourth)
    assert office.submit(link, do="approve", code=third).status_code == 303


def test_a_newer_code_is_the_one_that_counts_and_each_is_good_once(office: Office) -> None:
    link = office.ask()
    older = office.ask_for_code(link)
    while (newer := office.ask_for_code(link)) == older:
        pass
    assert office.submit(link, do="approve", code=older).status_code == 403
    assert office.submit(link, do="approve", code=newer).status_code == 303


def test_a_code_is_too_old_after_ten_minutes(office: Office) -> None:
    link = office.ask()
    code = office.ask_for_code(link)
    query(office.rooms.engine, "update decision_code set made_at = made_at - interval '10 minutes'")
    answer = office.submit(link, do="approve", code=code)
    assert answer.status_code == 410
    assert "Ask for another" in words(answer)
    assert office.votes() == []


def test_what_is_no_code_costs_no_try_and_what_was_written_besides_stays(office: Office) -> None:
    link = office.ask()
    code = office.ask_for_code(link)
    assert ">Twice &lt;b&gt;</textarea>" in office.submit(link, do="reject", code="", reason="Twice <b>").text
    for typed in ("", "12345", "1234567", "abcdef", "١٢٣٤٥٦"):
        assert office.submit(link, do="approve", code=typed).status_code == 422
    assert office.submit(link, do="approve", code=code).status_code == 303


def test_of_a_code_only_what_recognises_it_is_kept(office: Office) -> None:
    code = office.ask_for_code(office.ask())
    (row,) = query(office.rooms.engine, "select * from decision_code")
    assert code.encode() not in b"".join(bytes(str(value), "utf8") for value in row)
    (sealed,) = query(office.rooms.engine, "select payload from inbox where type = 'postroom.decision.code'")
    assert code.encode() not in bytes(sealed.payload)


def test_a_form_from_elsewhere_does_nothing(office: Office) -> None:
    link = office.ask()
    mark = office.mark_of(link)
    before = office.everything()
    other = office.ask(document=43)
    unmarked = office.client.post(link, data={"do": "code:slack"})
    borrowed = office.client.post(other, data={"do": "code:slack", "mark": mark})
    foreign = office.client.post(
        link, data={"do": "code:slack", "mark": mark}, headers={"Origin": "https://evil.example"}
    )
    assert [each.status_code for each in (unmarked, borrowed, foreign)] == [403, 403, 403]
    assert office.everything()["decision_code"] == before["decision_code"]


UNPROVEN = {
    "active = false": "we do not know whoever was asked",
    "active = true, companies = '[2]'": "a company that you do not work for",
    "companies = '[1]', wire = 'live'": "we do not know whoever was asked",
}
"""What becomes of a person, and what he reads then."""


def test_where_he_cannot_prove_himself_he_reads_and_is_led_into_odoo(office: Office) -> None:
    link = office.ask()
    pages = []
    for change, told in UNPROVEN.items():
        query(office.rooms.engine, f"update person set {change}")
        pages.append(office.open(link))
        assert told in words(pages[-1])
    query(office.rooms.engine, "update person set wire = 'sandbox'")
    query(office.rooms.engine, "update person_account set removed_at = clock_timestamp()")
    pages.append(office.open(link))
    assert "we know no other account" in words(pages[-1])
    for page in pages:
        assert page.status_code == 200
        assert "https://erp.example.com/odoo/purchase/42" in page.text
        assert "<form" not in page.text


def test_no_code_goes_where_only_the_sandbox_or_only_real_people_are_reached(office: Office) -> None:
    link = office.ask()
    with office.rooms.engine.begin() as connection:
        set_mode(connection, "1", SLACK, Mode.LIVE)
    assert "we know no other account" in words(office.open(link))


# What is over ---------------------------------------------------------------------------------------------------------


def test_a_question_about_a_document_that_changed_is_void(office: Office) -> None:
    link = office.ask(revision="2026-11-22 09:00:00")
    fresh = office.ask(revision="2026-11-22 10:00:00")
    page = office.open(link)
    assert page.status_code == 410
    assert "The document has changed since" in words(page)
    assert office.open(fresh).status_code == 200


def test_a_question_that_has_expired_says_so(office: Office, clock: FixedClock) -> None:
    link = office.ask()
    clock.time += timedelta(days=4)
    page = office.open(link)
    assert page.status_code == 410
    assert "The question has expired" in words(page)
    assert "<form" not in page.text
