"""One pace for all workers, through a real Redis; and one of its own for each while Redis is away."""

import threading
from datetime import timedelta

import pytest
import redis

from postroom.domain.channels import ChannelName
from postroom.domain.pacing import Pacing, Rate
from workers.pacing import Pacer, Turn, Whose

WHATSAPP = ChannelName.WHATSAPP
PACINGS = {WHATSAPP: Pacing(Rate(timedelta(minutes=1), 10), Rate(timedelta(minutes=5), 2))}


@pytest.fixture
def server(redis_url: str) -> redis.Redis:
    return redis.Redis.from_url(redis_url)


def test_two_workers_share_one_pace(server: redis.Redis, redis_url: str) -> None:
    workers = [Pacer(server, PACINGS), Pacer(redis.Redis.from_url(redis_url), PACINGS)]
    gone: list[Turn] = []

    def send(pacer: Pacer, first: int) -> None:
        gone.extend(pacer.turns(WHATSAPP, "1", [f"{first + number}" for number in range(20)]))

    threads = [threading.Thread(target=send, args=(pacer, 100 * at)) for at, pacer in enumerate(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(not turn.wait for turn in gone) == 10
    assert {turn.whose for turn in gone if turn.wait} == {Whose.SENDER}
    assert all(0 < turn.wait <= 60 for turn in gone if turn.wait)


def test_one_person_waits_and_the_others_do_not(server: redis.Redis) -> None:
    turns = Pacer(server, PACINGS).turns(WHATSAPP, "1", ["marta", "marta", "marta", "pedro"])

    assert [turn.whose for turn in turns] == [Whose.NOBODY, Whose.NOBODY, Whose.PAIR, Whose.NOBODY]
    assert 290 < turns[2].wait <= 300


def test_senders_do_not_slow_each_other(server: redis.Redis) -> None:
    pacer = Pacer(server, PACINGS)
    pacer.turns(WHATSAPP, "1", [str(number) for number in range(10)])

    assert pacer.turns(WHATSAPP, "1", ["x"])[0].wait
    assert not pacer.turns(WHATSAPP, "2", ["x"])[0].wait


def test_a_meter_is_forgotten_when_it_no_longer_matters(server: redis.Redis) -> None:
    Pacer(server, PACINGS).turns(WHATSAPP, "1", ["marta"])

    assert all(0 < server.pttl(key) <= 700_000 for key in server.keys("postroom:*"))


def test_without_redis_each_process_goes_on_alone_at_half_the_pace() -> None:
    nowhere = redis.Redis(port=9, socket_connect_timeout=0.1)
    turns = Pacer(nowhere, PACINGS).turns(WHATSAPP, "1", [str(number) for number in range(12)])

    assert [bool(turn.wait) for turn in turns] == [False] * 10 + [True] * 2
    assert 119 < turns[10].wait <= 120
