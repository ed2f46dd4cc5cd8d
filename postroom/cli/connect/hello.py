"""The first message: one attempt over the provider's wire to the operator himself, and what becomes of it."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol, runtime_checkable
from uuid import UUID

from config.template_files import load_templates
from postroom.cli.faults import Refused
from postroom.domain import languages
from postroom.domain.channels import ChannelEvent, ChannelName, Receipt, Rendered
from postroom.domain.event_types import ORDER_CONFIRMED
from postroom.domain.own_links import sample_facts
from postroom.domain.rendering import render
from postroom.store.first_words import about
from postroom.store.ids import new_id
from workers.channels.base import Channel, ChannelError
from workers.channels.registry import capabilities

WORDS = "Postroom is connected. If you read this, messages from your ERP can reach you here."
TITLE = "Postroom is connected"
SKEW = timedelta(minutes=1)
"""Two clocks, ours and PostgreSQL's."""
LOOK_EVERY = 0.5
"""Seconds."""

Telling = Callable[[datetime], list[ChannelEvent]]
"""The receipts that came since then."""


@runtime_checkable
class Closing(Protocol):
    """A channel that keeps a connection open for the next message."""

    def close(self) -> None:
        """Let go of it."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that the provider took."""

    key: UUID
    receipt: Receipt
    at: datetime


def hello(channel: ChannelName) -> Rendered:
    """What is written: a plain sentence, or where only approved templates may go, our own order confirmation."""
    if capabilities(channel).template_outside_window:
        return _by_template(channel)
    carries = capabilities(channel)
    html = f"<p>{WORDS}</p>" if carries.html else None
    return Rendered(channel, "en", WORDS, subject=TITLE if carries.subject else None, html=html)


def _by_template(channel: ChannelName) -> Rendered:
    version = load_templates().find("order_confirmation", [languages.LAST_RESORT], channel)
    facts = sample_facts(ORDER_CONFIRMED.name)
    return render(version, facts, language=version.language, capabilities=capabilities(channel))


def say_hello(channel: Channel, to: str) -> Sent:
    """Make one attempt. Raises Refused with the provider's own words."""
    key, at = new_id(), datetime.now(UTC)
    try:
        return Sent(key, channel.send(hello(channel.name), to, key), at)
    except ChannelError as error:
        fault = error.fault
        words = f"The message was not taken: {fault.code}, {fault.detail} ({fault.verdict})."
        raise Refused(words, f"postroom connect {channel.name}") from None
    finally:
        if isinstance(channel, Closing):
            channel.close()


def hear_back(sent: Sent, telling: Telling, patience: timedelta) -> Iterator[ChannelEvent]:
    """Each receipt as it comes, until one is final or patience has run out."""
    heard: set[str] = set()
    deadline = time.monotonic() + patience.total_seconds()
    while time.monotonic() < deadline:
        for event in about(telling(sent.at - SKEW), sent.receipt.provider_id, sent.key):
            if event.key not in heard:
                heard.add(event.key)
                yield event
        time.sleep(LOOK_EVERY)
