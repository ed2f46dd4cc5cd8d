"""The provider answers late, twice, in the wrong order or not at all: one request, and the furthest truth stands."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

from tests.faults.news import UNDELIVERABLE, News, order_confirmation, payment_reminder, receipt, webhook_body
from tests.faults.patience import eventually
from tests.faults.scene import Scene

RETRY_AFTER = timedelta(seconds=7)
SIX_DAYS = timedelta(days=6)


# The same webhook, again and again (12) -------------------------------------------------------------------------------


def test_a_webhook_posted_five_times_at_once_and_again_after_six_days_has_one_effect(scene: Scene):
    news, provider_id, attempt_id = taken_and_silent(scene)
    body = webhook_body(receipt("delivered", provider_id, news.phone, attempt_id))

    with ThreadPoolExecutor(5) as senders:
        answers = list(senders.map(scene.post_webhook, [body] * 5))
    scene.leg_in(news, "delivered")
    grow_old(scene, provider_id)
    answers.append(scene.post_webhook(body))
    scene.note("one webhook posted six times")

    settled(scene)
    assert answers == [200] * 6
    assert [row.state for row in requests_like(scene, body)] == ["parsed"]
    assert events_about(scene, provider_id) == ["delivered"]
    assert told_of(scene, news) == ["delivered"]


def test_a_receipt_that_comes_again_in_other_company_has_one_effect(scene: Scene):
    (one, its_id, its_attempt), (two, other_id, other_attempt) = taken_and_silent(scene), taken_and_silent(scene)
    first = receipt("delivered", its_id, one.phone, its_attempt)

    scene.post_receipts(first)
    scene.post_receipts(first, receipt("delivered", other_id, two.phone, other_attempt))
    scene.note("one receipt posted in two webhooks")

    scene.leg_in(two, "delivered")
    assert events_about(scene, its_id) == ["delivered"]
    assert told_of(scene, one) == ["delivered"]


# Receipts in the wrong order (13) -------------------------------------------------------------------------------------


def test_receipts_in_the_wrong_order_never_take_a_message_back(scene: Scene):
    news, provider_id, attempt_id = taken_and_silent(scene)

    for status, state in (("read", "read"), ("delivered", "read"), ("sent", "read")):
        scene.post_receipts(receipt(status, provider_id, news.phone, attempt_id))
        eventually(lambda status=status: status in told_of(scene, news), what=f"'{status}' is applied")
        assert scene.leg(news).state == state
    scene.note("read before delivered before sent")

    leg = scene.leg(news)
    assert leg.sent_at is not None
    assert leg.delivered_at is not None
    assert leg.read_at is not None


def test_a_delivery_after_a_failure_cancels_the_fallback_that_has_not_left(scene: Scene):
    news, provider_id, attempt_id = taken_and_silent(scene)

    with scene.paused("email"):
        fail_then_wait_for_fallback(scene, news, provider_id, attempt_id, "queued")
        scene.post_receipts(receipt("delivered", provider_id, news.phone, attempt_id))
        scene.leg_in(news, "cancelled", channel="email")
    scene.note("delivered after failed")

    assert scene.leg_in(news, "delivered").reason is None
    settled(scene)
    assert scene.witness.count(news.email) == 0


def test_a_delivery_after_a_failure_marks_the_fallback_that_has_left(scene: Scene):
    news, provider_id, attempt_id = taken_and_silent(scene)
    fail_then_wait_for_fallback(scene, news, provider_id, attempt_id, "sent")

    scene.post_receipts(receipt("delivered", provider_id, news.phone, attempt_id))
    scene.leg_in(news, "delivered")
    scene.note("delivered after failed")

    assert scene.leg(news, "email").possible_duplicate
    assert scene.witness.count(news.phone) == scene.witness.count(news.email) == 1


# Receipts that overtake (14, 27) --------------------------------------------------------------------------------------


def test_a_receipt_with_our_id_that_comes_before_the_answer_is_recorded_is_applied(scene: Scene):
    news = order_confirmation()
    scene.witness.will("no_receipts", "whatsapp", news.phone)
    with scene.armed("deliver.accepted=hold:3"):
        scene.post(news)
    [asked] = scene.witness.requests(news.phone)
    assert scene.leg(news).state == "sending"

    scene.post_receipts(receipt("delivered", asked.provider_id, news.phone, asked.attempt_id))
    scene.leg_in(news, "delivered", within=2)
    answer_is_recorded(scene, news)

    assert scene.leg(news).state == "delivered"
    assert scene.leg(news).provider_id == asked.provider_id
    assert scene.witness.count(news.phone) == 1


def test_a_receipt_without_our_id_that_comes_before_the_answer_is_kept_and_applied_afterwards(scene: Scene):
    news = order_confirmation()
    scene.witness.will("no_receipts", "whatsapp", news.phone)
    with scene.armed("deliver.accepted=hold:3"):
        scene.post(news)
    [asked] = scene.witness.requests(news.phone)

    scene.post_receipts(receipt("delivered", asked.provider_id, news.phone))
    parked = eventually(lambda: scene.ask(PARKED, key=f"{asked.provider_id}%"), within=2, what="it is parked")
    assert scene.leg(news).state == "sending"

    assert [row.state for row in parked] == ["parked"]
    scene.leg_in(news, "delivered")
    assert scene.witness.count(news.phone) == 1


def test_a_message_whose_receipts_come_before_the_answer_ends_delivered(scene: Scene):
    news = [order_confirmation() for _ in range(5)]
    for one in news:
        scene.witness.will("early_receipts", "whatsapp", one.phone)

    scene.post(*news)

    for one in news:
        leg = scene.leg_in(one, "delivered")
        answer_is_recorded(scene, one)
        [asked] = scene.witness.requests(one.phone)
        assert asked.fault == "early_receipts"
        assert leg.sent_at is not None
        assert scene.leg(one).state == "delivered"
    scene.note("receipts before the answer")


# No answer at all (28) ------------------------------------------------------------------------------------------------


def test_a_message_taken_over_a_connection_that_drops_is_neither_repeated_nor_replaced(scene: Scene):
    news = payment_reminder()
    scene.witness.will("vanished", "whatsapp", news.phone, times=5)

    scene.post(news)
    scene.leg_in(news, "unknown")
    eventually(lambda: scene.leg(news).reason == "unsettled", what="the window closes, and the leg is listed")

    assert [(one.fault, one.taken) for one in scene.witness.requests(news.phone)] == [("vanished", True)]
    assert set(scene.legs(news)) == {"whatsapp"}
    assert scene.witness.count(news.email) == 0
    scene.note("accepted, then dropped")


def test_a_receipt_settles_a_message_whose_answer_was_lost(scene: Scene):
    news = payment_reminder()
    scene.witness.will("dropped", "whatsapp", news.phone, times=5)

    scene.post(news)
    scene.leg_in(news, "delivered")

    assert [(one.fault, one.taken) for one in scene.witness.requests(news.phone)] == [("dropped", True)]
    assert scene.witness.count(news.email) == 0
    scene.note("accepted, then dropped")


# Too fast (33) --------------------------------------------------------------------------------------------------------


def test_a_retry_after_of_seven_seconds_is_kept_uncharged_and_slows_nobody_else(scene: Scene):
    slowed, neighbour, other_sender = payment_reminder(), payment_reminder(), payment_reminder(phone=None)
    scene.witness.will("throttled", "whatsapp", slowed.phone, seconds=RETRY_AFTER.total_seconds())

    scene.post(slowed)
    [refused] = eventually(lambda: scene.witness.requests(slowed.phone), what="the first request")
    scene.post(neighbour, other_sender)
    scene.leg_in(slowed, "delivered")

    _, again = scene.witness.requests(slowed.phone)
    assert (refused.fault, again.fault) == ("throttled", "")
    assert RETRY_AFTER <= again.at - refused.at < RETRY_AFTER + timedelta(seconds=2.5)
    leg = scene.leg(slowed)
    assert (leg.attempts, leg.tries) == (2, 1)
    for address in (neighbour.phone, other_sender.email):
        [asked] = scene.witness.requests(address)
        assert asked.at - refused.at < timedelta(seconds=3)
    scene.note("429 with Retry-After: 7")


# Steps ----------------------------------------------------------------------------------------------------------------

PARKED = "select state from inbox where kind = 'channel' and key like :key and state = 'parked'"


def taken_and_silent(scene: Scene) -> tuple[News, str, UUID]:
    """A message that the provider took and tells nothing about; the provider's id and ours."""
    news = payment_reminder()
    scene.witness.will("no_receipts", "whatsapp", news.phone)
    scene.post(news)
    scene.leg_in(news, "sent")
    [asked] = scene.witness.requests(news.phone)
    assert asked.attempt_id is not None
    return news, asked.provider_id, asked.attempt_id


def fail_then_wait_for_fallback(scene: Scene, news: News, provider_id: str, attempt_id: UUID, *states: str) -> None:
    """The provider says that nobody was reached; the email follows."""
    scene.post_receipts(receipt("failed", provider_id, news.phone, attempt_id, **UNDELIVERABLE))
    scene.leg_in(news, "failed")
    scene.leg_in(news, *states, channel="email")


def answer_is_recorded(scene: Scene, news: News) -> None:
    """The dispatcher has let go of its hold and written the answer down."""

    def recorded() -> bool:
        return bool(scene.ask("select from provider_ref where message_id = :id", id=scene.leg(news).id))

    eventually(recorded, what="the provider's id is known")


def settled(scene: Scene) -> None:
    """A webhook that is posted now is applied: whatever was posted before it is, too."""
    news, provider_id, attempt_id = taken_and_silent(scene)
    scene.post_receipts(receipt("delivered", provider_id, news.phone, attempt_id))
    scene.leg_in(news, "delivered")


def grow_old(scene: Scene, provider_id: str) -> None:
    """What was kept about this message was kept six days ago."""
    for table in ("request", "inbox"):
        scene.ask(f"update {table} set received_at = received_at - :span", span=SIX_DAYS)
    assert scene.ask("select from inbox where key like :key", key=f"{provider_id}%")


def requests_like(scene: Scene, body: bytes) -> list[object]:
    """The raw requests with these very bytes."""
    return list(scene.ask("select state from request where source = 'meta' and sha256 = sha256(:body)", body=body))


def events_about(scene: Scene, provider_id: str) -> list[str]:
    """The kinds of the provider's events about one message, each as often as it was kept."""
    return [row.type for row in scene.ask("select type from inbox where key like :key", key=f"{provider_id}%")]


def told_of(scene: Scene, news: News) -> list[str]:
    """What a leg's story tells, each as often as it was applied."""
    sql = "select what from message_event where message_id = :id order by id"
    return [row.what for row in scene.ask(sql, id=scene.leg(news).id)]
