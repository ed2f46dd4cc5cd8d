"""A dispatcher dies with the answer in its hand, or is not alone: the provider is asked once all the same."""

from tests.faults import duels
from tests.faults.news import order_confirmation, payment_reminder, receipt
from tests.faults.patience import eventually
from tests.faults.scene import Scene
from tests.faults.witness import most


def test_a_reminder_accepted_just_before_its_sender_was_killed_is_never_sent_again(scene: Scene):
    news = payment_reminder()

    duels.kill_after_acceptance(scene, news)
    unknown = scene.leg_in(news, "unknown")
    eventually(lambda: scene.leg(news).reason == "unsettled", what="the leg is listed for an operator")

    assert [one.taken for one in scene.witness.requests(news.phone)] == [True]
    assert scene.witness.count(news.email) == 0
    [notice] = scene.ask("select * from notice where key = :key", key=f"unsettled:{unknown.id}")
    assert notice.closed_at is None


def test_a_receipt_with_our_id_settles_what_a_killed_sender_left_unknown(scene: Scene):
    news = payment_reminder()
    duels.kill_after_acceptance(scene, news)
    scene.leg_in(news, "unknown")
    eventually(lambda: scene.leg(news).reason == "unsettled", what="the leg is listed for an operator")
    [asked] = scene.witness.requests(news.phone)

    scene.post_receipts(receipt("sent", asked.provider_id, news.phone, asked.attempt_id))

    sent = scene.leg_in(news, "sent")
    assert (sent.provider_id, sent.reason) == (asked.provider_id, None)
    assert not scene.ask("select from notice where key = :key and closed_at is null", key=f"unsettled:{sent.id}")
    [attempt] = scene.attempts(news)
    assert (attempt.id, attempt.outcome) == (asked.attempt_id, "accepted")
    assert scene.witness.count(news.phone) == 1


def test_an_urgent_message_is_sent_once_more_after_its_window_and_never_a_third_time(scene: Scene):
    news = order_confirmation()

    duels.kill_after_acceptance(scene, news, lane="urgent")
    first = scene.leg_in(news, "unknown")
    with scene.armed("deliver.accepted=kill"):  # the second sender dies just as the first one did
        scene.witness.will("no_receipts", "whatsapp", news.phone)
    eventually(lambda: scene.leg(news).reason == "unsettled", what="the second unknown is listed for an operator")

    asked = scene.witness.requests(news.phone)
    assert [one.taken for one in asked] == [True, True]
    assert asked[1].at > first.lease_until  # not before the window had closed
    assert [one.attempt_id for one in asked] == [attempt.id for attempt in scene.attempts(news)]
    assert [attempt.possible_duplicate for attempt in scene.attempts(news)] == [False, True]
    assert scene.leg(news).possible_duplicate
    assert scene.witness.count(news.email) == 0


def test_two_workers_that_get_the_same_message_at_once_make_one_request(scene: Scene):
    news = payment_reminder()

    with scene.second_worker("whatsapp") as said:
        duels.let_both_reach_for(scene, news, said)
    scene.leg_in(news, "delivered")

    assert [one.taken for one in scene.witness.requests(news.phone)] == [True]
    assert len(scene.attempts(news)) == 1


def test_two_workers_with_eight_hints_at_once_share_a_backlog_without_overlap(scene: Scene):
    news = [payment_reminder() for _ in range(600)]
    with scene.second_worker("whatsapp") as said:
        duels.share_a_backlog(scene, news, said)

    asked = [one for one in scene.witness.requests() if one.recipient in {each.phone for each in news}]
    assert len(asked) == len(news)
    assert most(one.recipient for one in asked) == 1
