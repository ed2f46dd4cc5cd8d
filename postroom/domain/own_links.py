"""Which of an event's links become links of our own, and what they then look like."""

from uuid import UUID

from postroom.domain.event_types import EventType, shape_of
from postroom.domain.events import sample_event
from postroom.domain.facts import MADE, Fact, Facts, FactSpec, Link
from postroom.domain.links import Links, Opening

SAMPLE = Links("sample", "https://post.example.com")
_SAMPLE_MESSAGE = UUID("019ab000-0000-7000-8000-000000000000")


def with_own_links(facts: Facts, shape: EventType, links: Links, message: UUID) -> Facts:
    """The facts of one message, each link that we can resolve replaced by ours; also one that the event leaves out."""
    own = {spec.name: _own(facts.get(spec.name), spec, links, message) for spec in shape.facts}
    return {**facts, **own}


def supposed(facts: Facts, shape: EventType) -> Facts:
    """The facts as a message would have them, where none is written: for previews and simulations."""
    return with_own_links(facts, shape, SAMPLE, _SAMPLE_MESSAGE)


def sample_facts(pattern: str) -> Facts:
    """Made-up facts as a message has them, for previews and for Meta's examples."""
    shape = shape_of(pattern)
    return supposed(sample_event(shape).facts, shape)


def _own(fact: Fact, spec: FactSpec, links: Links, message: UUID) -> Fact:
    if spec.opens is None or (fact is None and spec.opens not in MADE):
        return fact
    opening = Opening(message, spec.opens)
    direct = fact.url if isinstance(fact, Link) else ""
    # A colleague's link asks nothing of Odoo: it is ours only where a provider approves beginnings.
    url = links.document(opening) if spec.opens in MADE else direct
    return Link(url, links.opening_token(opening), direct)
