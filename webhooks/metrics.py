"""What the door counts, and /metrics: every process's counters, and what waits in the store."""

import os
from collections.abc import Callable, Iterator

from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

import workers.metrics  # noqa: F401  first: it says how processes are told apart, and its counters are shown here
from postroom.store.inbox import Unavailable
from postroom.store.survey import Figures
from webhooks.outage import Outage

Survey = Callable[[], Figures]

REQUESTS = Counter("postroom_requests_total", "Requests, by route, method and status", ["route", "method", "status"])
SECONDS = Histogram(
    "postroom_request_seconds",
    "From the request to its answer",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
EVENTS = Counter("postroom_events_total", "Events taken, new or repeated", ["signer", "type", "outcome"])
WEBHOOKS = Counter("postroom_webhooks_total", "Providers' webhooks taken, new or repeated", ["source", "outcome"])
REFUSALS = Counter("postroom_refusals_total", "Requests refused, by problem", ["problem"])


def measures(survey: Survey, outage: Outage) -> Blueprint:
    """The room that Prometheus reads."""
    room = Blueprint("metrics", __name__)

    @room.get("/metrics")
    def show_metrics() -> Response:
        return Response(_all(survey, outage), content_type=CONTENT_TYPE_LATEST)

    return room


def _all(survey: Survey, outage: Outage) -> bytes:
    return generate_latest(_counters()) + generate_latest(_waiting(survey, outage))


def _counters() -> CollectorRegistry:
    """Those of every process where they share a directory, else this one's."""
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return REGISTRY
    shared = CollectorRegistry()
    MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
    return shared


def _waiting(survey: Survey, outage: Outage) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(_Waiting(survey, outage))
    return registry


class _Waiting(Collector):
    """The store's figures, asked when they are read; without the store only that it is away."""

    def __init__(self, survey: Survey, outage: Outage) -> None:
        self._survey = survey
        self._outage = outage

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("postroom_store_up", "Whether PostgreSQL answers")
        try:
            with self._outage.watched():
                figures = self._survey()
        except Unavailable:
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        yield from _gauges(figures)


def _gauges(figures: Figures) -> Iterator[Metric]:
    legs = GaugeMetricFamily("postroom_legs", "Legs that are not final", labels=["channel", "lane", "state"])
    for channel, lane, state, number in figures.legs:
        legs.add_metric([channel, lane, state], number)
    yield legs
    inbox = GaugeMetricFamily("postroom_inbox", "Rows of the inbox that wait or are dead", labels=["kind", "state"])
    for kind, state, number in figures.inbox:
        inbox.add_metric([kind, state], number)
    yield inbox
    yield GaugeMetricFamily(
        "postroom_oldest_due_seconds",
        "How long the oldest due leg has waited",
        value=figures.oldest_due.total_seconds(),
    )
    circuit = GaugeMetricFamily(
        "postroom_circuit", "Whether a sender's circuit is in this state", labels=["channel", "account", "state"]
    )
    for channel, account, state in figures.circuits:
        circuit.add_metric([channel, account, state], 1)
    yield circuit
    yield from _outbox(figures)
    yield GaugeMetricFamily("postroom_webhooks_unread", "Raw webhooks that wait to be read", value=figures.unread)
    yield GaugeMetricFamily("postroom_notices_open", "Notices that wait for an operator", value=figures.notices)


def _outbox(figures: Figures) -> Iterator[Metric]:
    waiting = GaugeMetricFamily("postroom_outbox", "What waits to be written into Odoo", labels=["wire", "kind"])
    oldest = GaugeMetricFamily(
        "postroom_outbox_oldest_seconds", "How long the oldest of it has waited", labels=["wire", "kind"]
    )
    for wire, kind, number, age in figures.outbox:
        waiting.add_metric([wire, kind], number)
        oldest.add_metric([wire, kind], age.total_seconds())
    yield waiting
    yield oldest
