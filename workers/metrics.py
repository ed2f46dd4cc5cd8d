"""What is counted; Prometheus reads it from every process through the door's /metrics."""

import os
import socket

from prometheus_client import Counter, Gauge, Histogram, values
from prometheus_client.values import MultiProcessValue

if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
    # Containers share the directory, and in each of them the process is number 1: the host's name tells them apart.
    values.ValueClass = MultiProcessValue(  # type: ignore[no-untyped-call]
        lambda: f"{socket.gethostname().replace('_', '-')}-{os.getpid()}"
    )

HINTS = Counter("postroom_hints_total", "Hints published, by task; 'lost' when Redis was away", ["task"])
ATTEMPTS = Counter("postroom_attempts_total", "Attempts, by channel, outcome and code", ["channel", "outcome", "code"])
SEND_SECONDS = Histogram(
    "postroom_send_seconds",
    "From the request's start to the provider's answer",
    ["channel"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
ROUTED = Counter("postroom_routed_total", "Events routed, by message type and outcome", ["message_type", "outcome"])
OBSERVED = Counter("postroom_observed_total", "Provider events, by channel and kind", ["channel", "kind"])
UNREAD = Counter(
    "postroom_webhook_parts_total", "Webhook parts ignored on purpose or unknown", ["channel", "how", "label"]
)
WORDINGS = Counter("postroom_digest_wordings_total", "Openings of digests that were asked for, by outcome", ["outcome"])
SWEPT = Counter("postroom_swept_total", "Rows that a sweep put right, by what was wrong", ["what"])
TIMER_LAG = Gauge(
    "postroom_timer_lag_seconds", "How late the latest due timer is, once a minute", multiprocess_mode="mostrecent"
)
TIMERS_OVERDUE = Gauge(
    "postroom_timers_overdue", "Timers that are due and were not fired, once a minute", multiprocess_mode="mostrecent"
)
TIMERS_ABANDONED = Gauge(
    "postroom_timers_abandoned", "Of them, those whose claimer died, once a minute", multiprocess_mode="mostrecent"
)
PACED = Counter("postroom_paced_total", "Messages that waited for a pace, by channel and whose", ["channel", "whose"])
WRITTEN = Counter(
    "postroom_written_total", "Tries to write into Odoo, by kind, ending and code", ["kind", "ending", "code"]
)
