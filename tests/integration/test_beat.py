"""The timetable's own process, as the Procfile starts it."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import redis

ENVIRONMENT = {
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
    "EVENT_SECRETS": "odoo=whsec_AAAA",
    "SEALING_KEYS": "k1=" + "A" * 43 + "=",
    "BLIND_KEY": "blind",
}


def test_who_decides_is_asked_as_soon_as_the_house_runs(redis_url: str, tmp_path: Path) -> None:
    command = (sys.executable, "-m", "celery", "-A", "scheduler.beat", "beat", "--schedule", str(tmp_path / "schedule"))
    beat = subprocess.Popen(command, env={**os.environ, **ENVIRONMENT, "REDIS_URL": redis_url})
    try:
        with redis.Redis.from_url(redis_url) as client:
            for _ in range(300):
                if waiting := client.lrange("outbox", 0, -1):
                    break
                time.sleep(0.1)
    finally:
        beat.terminate()
        beat.wait()
    assert json.loads(waiting[-1])["headers"]["task"] == "sync_people"
