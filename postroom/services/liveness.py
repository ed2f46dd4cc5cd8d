"""Which processes run and yet do nothing: the canaries of their queues have fallen silent. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

SILENCE = timedelta(seconds=120)


@dataclass(frozen=True, slots=True)
class Watched:
    """A process that consumes queues, and how long it has run."""

    name: str
    queues: tuple[str, ...]
    age: timedelta


def stuck(watched: Iterable[Watched], heartbeats: Mapping[str, timedelta]) -> list[tuple[str, str, timedelta]]:
    """Each process with a silent queue, as (process, queue, silence). One that never had a canary is not judged.

    A process younger than the silence is left alone: it may still be catching up, and is restarted at most that often.
    """
    return [
        (process.name, queue, silence)
        for process in watched
        if process.age > SILENCE
        for queue, silence in [_quietest(process.queues, heartbeats)]
        if silence > SILENCE
    ]


def _quietest(queues: Iterable[str], heartbeats: Mapping[str, timedelta]) -> tuple[str, timedelta]:
    """The queue that has been silent for longest."""
    silences = [(heartbeats.get(f"queue:{queue}", timedelta(0)), queue) for queue in queues]
    silence, queue = max(silences, default=(timedelta(0), ""))
    return queue, silence
