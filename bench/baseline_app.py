"""The baseline of the door: a bare Flask app that checks the signature and puts the event on a Redis Stream."""

import base64
import hashlib
import hmac
import os

import redis
from flask import Flask, Response, request

STREAM = "bench:events"


def create_app() -> Flask:
    """One route, and nothing kept anywhere but in Redis."""
    app = Flask(__name__)
    client = redis.Redis.from_url(os.environ["BENCH_BROKER"])
    key = base64.b64decode(os.environ["BENCH_SECRET"].removeprefix("whsec_"))

    @app.post("/v1/events")
    def take_event() -> Response:
        raw = request.get_data()
        words = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode() + raw
        expected = "v1," + base64.b64encode(hmac.new(key, words, hashlib.sha256).digest()).decode()
        if not hmac.compare_digest(expected, request.headers["webhook-signature"]):
            return Response(status=401)
        client.xadd(STREAM, {"event": raw})
        return Response("{}", 202, content_type="application/json")

    return app
